#include "chat/accounts.h"
#include "base/arena.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/turn_state.h"
#include "gate/zone.h"
#include "store/records.h"

static bool is_set(const struct spend_settings *spend) {
    return spend->cost_per_day >= 0 || spend->cost_per_month >= 0 || spend->tokens_per_day >= 0 ||
           spend->tokens_per_month >= 0;
}

static void add(struct accounts *accounts, const char *key, struct zone_window window,
                int64_t microdollars, int64_t tokens, const char *name) {
    if (microdollars < 0 && tokens < 0)
        return;
    accounts->limits[accounts->count++] = (struct ledger_limit){
        .key = slice_of(key),
        .start_ms = window.start_ms,
        .end_ms = window.end_ms,
        .most = {microdollars, tokens},
        .name = name,
    };
}

struct names {
    const char *day, *month;
};

/* `spend` is set. The names of the accounts are the same here and in accounts_restore. */
static void add_spend(struct accounts *accounts, struct arena *arena, const char *subject,
                      const struct spend_settings *spend, const struct zone *zone, int64_t now_ms,
                      struct names names) {
    add(accounts, arena_printf(arena, "%s/day", subject), zone_day(zone, now_ms),
        spend->cost_per_day, spend->tokens_per_day, names.day);
    add(accounts, arena_printf(arena, "%s/month", subject), zone_month(zone, now_ms),
        spend->cost_per_month, spend->tokens_per_month, names.month);
}

static const char *conversation_key(struct turn *turn) {
    return arena_printf(turn->arena, "conversation/%s", turn->conversation_id.text);
}

void accounts_restore_conversation(struct turn *turn, struct ledger_amount spent) {
    ledger_restore(turn->chat->parts.ledger, slice_of(conversation_key(turn)), 0, spent);
}

struct accounts accounts_of(struct turn *turn, const struct provider_settings *provider,
                            int64_t now_ms) {
    const struct bot *bot = turn->bot;
    const struct zone *zone = bot->budget.zone;
    struct arena *arena = turn->arena;
    struct accounts accounts = {.count = 0};
    /* Most bots limit little: only the names of limits that are set are written. */
    if (is_set(&bot->user_limits.spend))
        add_spend(&accounts, arena, arena_printf(arena, "user/%s/%s", bot->name, turn->who.user),
                  &bot->user_limits.spend, zone, now_ms,
                  (struct names){"user_day_budget", "user_month_budget"});
    if (turn->who.kind == IDENTITY_KEY && is_set(&bot->key_limits.spend))
        add_spend(&accounts, arena, arena_printf(arena, "key/%s/%s", bot->name, turn->who.user),
                  &bot->key_limits.spend, zone, now_ms,
                  (struct names){"key_day_budget", "key_month_budget"});
    if (is_set(&bot->bot_limits.spend))
        add_spend(&accounts, arena, arena_printf(arena, "bot/%s", bot->name),
                  &bot->bot_limits.spend, zone, now_ms,
                  (struct names){"bot_day_budget", "bot_month_budget"});
    if (bot->conversation_cost >= 0 || bot->conversation_tokens >= 0)
        add(&accounts, conversation_key(turn), (struct zone_window){0, INT64_MAX},
            bot->conversation_cost, bot->conversation_tokens, "conversation_budget");
    if (provider && turn->key_index < provider->key_count) {
        const struct provider_key *key = &provider->keys[turn->key_index];
        if (is_set(&key->spend))
            add_spend(&accounts, arena,
                      arena_printf(arena, "provider/%s/%s", provider->name, key->name), &key->spend,
                      NULL, now_ms,
                      (struct names){"provider_key_day_budget", "provider_key_month_budget"});
    }
    return accounts;
}

/* --- restoring --- */

struct restoring {
    struct ledger *ledger;
    struct store_session *session;
    struct arena *arena;
    int64_t now_ms;
    struct fault *fault;
};

/* One window's sums under "PREFIX/SUBJECT/WINDOW". `only` keeps subjects that begin so. */
static bool restore_window(struct restoring *it, enum store_spender by, const char *bot,
                           struct zone_window window, const char *prefix, const char *only,
                           const char *suffix) {
    struct store_spending *rows;
    size_t count;
    if (!store_spending_list(it->session, by, slice_of(bot), window.start_ms, it->arena, &rows,
                             &count, it->fault))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!slice_starts_with(rows[i].subject, slice_of(only)))
            continue;
        const char *key = by == STORE_BY_BOT ? arena_printf(it->arena, "%s/%s", prefix, suffix)
                                             : arena_printf(it->arena, "%s/%.*s/%s", prefix,
                                                            SLICE_ARG(rows[i].subject), suffix);
        ledger_restore(it->ledger, slice_of(key), window.start_ms,
                       (struct ledger_amount){rows[i].microdollars, rows[i].tokens});
    }
    return true;
}

static bool restore_spend(struct restoring *it, const struct spend_settings *spend,
                          enum store_spender by, const char *bot, const struct zone *zone,
                          const char *prefix, const char *only) {
    bool by_day = spend->cost_per_day >= 0 || spend->tokens_per_day >= 0;
    bool by_month = spend->cost_per_month >= 0 || spend->tokens_per_month >= 0;
    return (!by_day ||
            restore_window(it, by, bot, zone_day(zone, it->now_ms), prefix, only, "day")) &&
           (!by_month ||
            restore_window(it, by, bot, zone_month(zone, it->now_ms), prefix, only, "month"));
}

static bool restore_bot(struct restoring *it, const struct bot *bot) {
    const struct zone *zone = bot->budget.zone;
    return restore_spend(it, &bot->user_limits.spend, STORE_BY_USER, bot->name, zone,
                         arena_printf(it->arena, "user/%s", bot->name), "") &&
           restore_spend(it, &bot->key_limits.spend, STORE_BY_USER, bot->name, zone,
                         arena_printf(it->arena, "key/%s", bot->name), "key:") &&
           restore_spend(it, &bot->bot_limits.spend, STORE_BY_BOT, bot->name, zone,
                         arena_printf(it->arena, "bot/%s", bot->name), "");
}

static bool restore_provider(struct restoring *it, const struct provider_settings *provider) {
    for (size_t i = 0; i < provider->key_count; i++) {
        const char *subject =
            arena_printf(it->arena, "%s/%s", provider->name, provider->keys[i].name);
        if (!restore_spend(it, &provider->keys[i].spend, STORE_BY_PROVIDER_KEY, "", NULL,
                           "provider", subject))
            return false;
    }
    return true;
}

bool accounts_restore(struct ledger *ledger, const struct settings *settings,
                      struct store_session *session, int64_t now_ms, struct fault *fault) {
    struct restoring it = {ledger, session, arena_create(4096), now_ms, fault};
    bool ok = true;
    for (size_t i = 0; i < settings->bot_count && ok; i++)
        ok = restore_bot(&it, &settings->bots[i]);
    for (size_t i = 0; i < settings->provider_count && ok; i++)
        ok = restore_provider(&it, &settings->providers[i]);
    arena_destroy(it.arena);
    return ok;
}
