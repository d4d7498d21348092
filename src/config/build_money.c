#include "config/builder.h"
#include "gate/zone.h"
#include "model/catalogue.h"
#include "model/provider.h"

/* --- the models that a bot names beside its list --- */

static void build_choice(struct builder *builder, const struct draft_bot *draft,
                         const struct place *bot_place, const char *section, const char *option,
                         const char *text, struct model_choice *choice) {
    if (!text)
        return;
    struct place place = below(bot_place, section), at = below(&place, option);
    const struct yaml_node *node = yaml_get(yaml_get(draft->entry.node, section), option);
    struct model_choice found;
    if (node && resolve_model(builder, text, node, &at, &found) && !found.provider->off)
        *choice = found;
}

/* --- prices --- */

static bool limits_cost(const struct spend_settings *spend) {
    return spend->cost_per_day >= 0 || spend->cost_per_month >= 0;
}

static bool key_limits_cost(const struct provider_settings *provider) {
    for (size_t i = 0; i < provider->key_count; i++)
        if (limits_cost(&provider->keys[i].spend))
            return true;
    return false;
}

static bool bot_limits_cost(const struct bot *bot) {
    return limits_cost(&bot->user_limits.spend) || limits_cost(&bot->bot_limits.spend) ||
           limits_cost(&bot->key_limits.spend) || bot->conversation_cost >= 0;
}

static void check_price(struct builder *builder, const struct draft_bot *draft,
                        const struct place *bot_place, const struct model_choice *choice) {
    const struct bot *bot = &draft->bot;
    if (!choice->provider || answers_itself(choice->provider) || bot->budget.unpriced ||
        (!bot_limits_cost(bot) && !key_limits_cost(choice->provider)))
        return;
    if (choice->info && choice->info->price.input >= 0 && choice->info->price.output >= 0)
        return;
    struct place place = below(bot_place, "models");
    errors_add(builder->errors, option_offset(draft->entry.node, "models", draft->entry.offset),
               &place,
               "there are limits on cost, but no price is known of %s/%s: give its input_price and "
               "output_price under providers.%s.models, or set budget.allow_unpriced",
               choice->provider->name, choice->model, choice->provider->name);
}

/* Limits that have no option: not of this kind of subject. */
static void clear_others(struct bot *bot) {
    const struct spend_settings none = {-1, -1, -1, -1};
    bot->address_limits.spend = none;
    bot->bot_limits.streams = -1;
    bot->user_limits.pages = bot->bot_limits.pages = bot->key_limits.pages = -1;
    bot->key_limits.streams = bot->key_limits.messages_per_minute = -1;
    bot->key_limits.messages_per_day = -1;
}

void build_money(struct builder *builder, struct draft_bot *draft, const struct place *bot_place) {
    struct bot *bot = &draft->bot;
    struct place budget = below(bot_place, "budget"), context = below(bot_place, "context");
    clear_others(bot);
    build_webhook(builder, draft, bot_place, "budget", &bot->budget.webhook);
    build_choice(builder, draft, bot_place, "budget", "cheaper_model", draft->cheaper,
                 &bot->budget.cheaper);
    build_choice(builder, draft, bot_place, "context", "summary_model", draft->summary_model,
                 &bot->context.summary_model);
    struct fault fault;
    const char *zone = bot->budget.time_zone;
    if (zone && strcmp(zone, "UTC") != 0 && !zone_load(slice_of(zone), &bot->budget.zone, &fault)) {
        struct place place = below(&budget, "time_zone");
        const struct yaml_node *node = yaml_get(draft->entry.node, "budget");
        errors_add(builder->errors, option_offset(node, "time_zone", draft->entry.offset), &place,
                   "%s", fault.message);
    }
    if (bot->context.summary_keep >= bot->context.summary_after) {
        struct place place = below(&context, "summary_keep");
        const struct yaml_node *node = yaml_get(draft->entry.node, "context");
        errors_add(builder->errors,
                   node ? option_offset(node, "summary_keep", draft->entry.offset)
                        : draft->entry.offset,
                   &place, "must be less than summary_after (%zu)", bot->context.summary_after);
    }
    for (size_t i = 0; i < bot->model_count; i++)
        check_price(builder, draft, bot_place, &bot->models[i]);
    check_price(builder, draft, bot_place, &bot->budget.cheaper);
    if (bot->context.strategy == CONTEXT_SUMMARY)
        check_price(builder, draft, bot_place, &bot->context.summary_model);
}
