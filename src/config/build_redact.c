/* What a bot's texts are rid of. */
#include "base/arena.h"
#include "chat/redact.h"
#include "config/builder.h"

static void add_rule(struct builder *builder, const struct draft_redact *draft,
                     const struct place *place, struct redact *redact) {
    struct place at = below(place, draft->entry.name), pattern = below(&at, "pattern");
    const struct yaml_node *node = yaml_get(draft->entry.node, "pattern");
    struct redact_rule_settings rule = {.name = draft->entry.name,
                                        .pattern = slice_of(draft->pattern),
                                        .keep = draft->keep,
                                        .keep_count = draft->keep_count};
    struct fault fault;
    for (size_t i = 0; i < draft->from_count; i++)
        rule.from |= (unsigned)draft->from[i];
    const struct yaml_node *from = yaml_get(draft->entry.node, "from");
    struct place from_at = below(&at, "from");
    if (!from)
        rule.from = REDACT_LOG | REDACT_MODEL;
    else if (from->kind == YAML_SEQUENCE && from->count == 0)
        errors_add(builder->errors, from->start, &from_at,
                   "says out of nothing: log, model, answer");
    for (size_t i = 0; i < draft->keep_count; i++)
        if (!draft->keep[i])
            return; /* reported */
    if (node && !draft->pattern)
        return;
    if (node && redact_is_built_in(rule.name))
        errors_add(builder->errors, node->start, &pattern,
                   "%s has a pattern already; give yours another name", rule.name);
    else if (!node && !redact_is_built_in(rule.name))
        errors_add(builder->errors, draft->entry.offset, &at,
                   "pattern is missing; only card, email and phone need none");
    else if (!redact_add(redact, &rule, &fault))
        errors_add(builder->errors, node ? node->start : draft->entry.offset, &pattern, "%s",
                   fault.message);
}

void build_redact(struct builder *builder, struct draft_bot *draft, const struct place *bot_place) {
    const struct draft_redact *rules = draft->redact.entries;
    struct place place = below(bot_place, "redact");
    if (draft->redact.count == 0)
        return;
    struct redact *redact = redact_create(builder->arena);
    for (size_t i = 0; i < draft->redact.count; i++)
        add_rule(builder, &rules[i], &place, redact);
    draft->bot.redact = redact;
}
