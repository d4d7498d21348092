/* When a person is called for. */
#include "base/arena.h"
#include "config/builder.h"
#include "config/calendar.h"
#include "tool/builtin.h"

static struct tool *make_tool(struct builder *builder) {
    struct tool *tool = arena_allocate(builder->arena, sizeof *tool);
    struct builtin_tool *builtin = arena_allocate(builder->arena, sizeof *builtin);
    builtin->kind = BUILTIN_HANDOFF;
    *tool = (struct tool){
        .name = "handoff_to_operator",
        .description = builtin_description(BUILTIN_HANDOFF),
        .parameters = builtin_parameters(BUILTIN_HANDOFF),
        .kind = TOOL_BUILTIN,
        .builtin = builtin,
        .timeout_ms = 10000,
        .output_max = 2000,
        .per_turn = 2,
    };
    return tool;
}

void build_handoff(struct builder *builder, struct draft_bot *draft,
                   const struct place *bot_place) {
    struct handoff_settings *handoff = &draft->bot.handoff;
    const struct yaml_node *node = yaml_get(draft->entry.node, "handoff");
    struct place place = below(bot_place, "handoff"), holidays = below(&place, "holidays");
    if (!node)
        return;
    build_webhook(builder, draft, bot_place, "handoff", &handoff->webhook);
    build_hours(builder, draft->handoff_hours, &place, &handoff->hours.openings,
                &handoff->hours.opening_count);
    handoff->hours.zone = draft->bot.budget.zone;
    for (size_t i = 0; i < handoff->hours.holiday_count; i++) {
        const char *day = handoff->hours.holidays[i];
        if (day && !hours_is_holiday(slice_of(day))) /* else reported */
            errors_add(builder->errors, option_offset(node, "holidays", draft->entry.offset),
                       &holidays, "\"%s\" is no day such as 2026-12-24 or 12-25", day);
    }
    if (handoff->enabled && handoff->tool)
        bring_tool(builder, draft, &place, make_tool(builder));
}
