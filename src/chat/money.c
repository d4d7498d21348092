#include "chat/money.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "chat/accounts.h"
#include "chat/call.h"
#include "chat/estimates.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/turn_state.h"
#include "chat/webhook.h"
#include "model/catalogue.h"
#include "model/tokens.h"

/* The longest answer of a model of which nothing is known. */
enum { ANSWER_TOKENS = 4096 };
/* A report above it is none. */
#define TOKENS_SANE INT64_C(1000000000)

/* --- counting --- */

struct tokens *money_tokens(struct chat *chat, const struct model_info *info) {
    enum tokens_encoding encoding = TOKENS_O200K_BASE;
    if (info && info->tokenizer)
        tokens_encoding_find(slice_of(info->tokenizer), &encoding);
    if (!chat->tokens[encoding])
        chat->tokens[encoding] = tokens_create(encoding);
    return chat->tokens[encoding];
}

void money_count(struct turn *turn, const struct model_choice *choice) {
    turn->counted = (int64_t)tokens_count_call(money_tokens(turn->chat, choice->info), &turn->what);
}

static struct tokens_estimate estimate_of(const struct turn *turn,
                                          const struct model_choice *choice) {
    return estimates_get(turn->chat->parts.estimates, choice->provider->name, choice->model,
                         choice->info);
}

int64_t money_prompt_most(const struct turn *turn, const struct model_choice *choice) {
    struct tokens_estimate estimate = estimate_of(turn, choice);
    return tokens_estimate_most(&estimate, turn->counted);
}

/* --- reserving --- */

int64_t money_answer_most(const struct turn *turn, const struct model_choice *choice) {
    int64_t most = choice->info ? choice->info->output_max : 0;
    int64_t wanted = turn->bot->max_tokens > 0 ? turn->bot->max_tokens
                     : most > 0                ? most
                                               : ANSWER_TOKENS;
    return most > 0 && wanted > most ? most : wanted;
}

/* The dearest that these tokens can come to: the whole prompt may be written into a cache. */
static struct ledger_amount most_of(const struct turn *turn, const struct model_choice *choice) {
    int64_t prompt = money_prompt_most(turn, choice), answer = money_answer_most(turn, choice);
    struct ledger_amount most = {0, prompt + answer};
    if (!choice->info)
        return most;
    struct model_usage read = model_usage_unknown(), written = model_usage_unknown();
    read.input = prompt;
    written.cache_write = prompt;
    read.output = written.output = answer;
    written.input = 0;
    int64_t plain = catalogue_cost_microdollars(choice->info, &read);
    int64_t cached = choice->info->price.cache_write > choice->info->price.input
                         ? catalogue_cost_microdollars(choice->info, &written)
                         : -1;
    most.microdollars = plain > cached ? plain : cached;
    if (most.microdollars < 0) /* no price is known, which the configuration allows */
        most.microdollars = 0;
    return most;
}

bool money_reserve(struct turn *turn, const struct model_choice *choice, struct fault *fault) {
    turn->reserved = (struct ledger_amount){0};
    turn->counted = -1;
    int64_t now_ms = clock_wall_ms();
    struct accounts accounts = accounts_of(turn, choice->provider, now_ms);
    if (accounts.count == 0)
        return true;
    money_count(turn, choice);
    struct ledger_amount most = most_of(turn, choice);
    if (!ledger_hold(turn->chat->parts.ledger, accounts.limits, accounts.count, most, now_ms,
                     &turn->hold, fault))
        return false;
    turn->reserved = most;
    return true;
}

bool money_is_short(struct turn *turn) {
    const struct bot *bot = turn->bot;
    if (!bot->budget.cheaper.provider || bot->budget.cheaper_at == 0)
        return false;
    int64_t now_ms = clock_wall_ms();
    struct accounts accounts = accounts_of(turn, NULL, now_ms);
    return ledger_used(turn->chat->parts.ledger, accounts.limits, accounts.count, now_ms, NULL) >=
           (double)bot->budget.cheaper_at / 100;
}

/* --- settling --- */

static bool is_sane(int64_t tokens) {
    return tokens >= -1 && tokens <= TOKENS_SANE;
}

/* What a provider says that cannot be is as good as nothing said. */
static bool is_reported(const struct model_usage *usage) {
    return (usage->input >= 0 || usage->output >= 0) && is_sane(usage->input) &&
           is_sane(usage->cache_read) && is_sane(usage->cache_write) &&
           is_sane(usage->cache_write_1h) && is_sane(usage->output) && is_sane(usage->reasoning);
}

static void estimate_usage(struct turn *turn, struct call *call) {
    const struct model_choice choice = {call->provider, call->model, call->info};
    struct tokens *tokens = money_tokens(turn->chat, call->info);
    struct slice text = slice_from(buffer_slice(&turn->answer), call->answer_from);
    if (turn->counted < 0)
        money_count(turn, &choice);
    struct tokens_estimate estimate = estimate_of(turn, &choice);
    call->usage = model_usage_unknown();
    call->usage.input = tokens_estimate_of(&estimate, turn->counted);
    call->usage.output = tokens_estimate_of(&estimate, (int64_t)tokens_count(tokens, text));
    call->estimated = true;
}

static void price(struct turn *turn, struct call *call) {
    if (!call->is_remote) {
        call->cost = 0;
        return;
    }
    if (!is_reported(&call->usage)) {
        if (call->fault && call->status != 200) {
            call->usage = model_usage_unknown();
            call->cost = 0;
            return;
        }
        estimate_usage(turn, call);
    } else if (turn->counted >= 0) {
        estimates_learn(turn->chat->parts.estimates, call->provider->name, call->model, call->info,
                        turn->counted, model_usage_prompt(&call->usage));
        metrics_count_drift(call->metrics, turn->counted, model_usage_prompt(&call->usage));
    }
    call->cost = call->info ? catalogue_cost_microdollars(call->info, &call->usage) : -1;
}

static void warn(struct turn *turn, const struct accounts *accounts, int64_t now_ms) {
    const struct budget_settings *budget = &turn->bot->budget;
    for (size_t i = 0; i < accounts->count && budget->warn_at > 0; i++) {
        struct ledger_amount spent;
        const struct ledger_limit *limit = &accounts->limits[i];
        if (!ledger_warn_once(turn->chat->parts.ledger, limit, (double)budget->warn_at / 100,
                              now_ms, &spent))
            continue;
        atomic_fetch_add(&turn->chat->parts.metrics->budget_warnings, 1);
        log_warning("a budget is nearly spent", LOG_SLICE("account", limit->key),
                    LOG_STRING("limit", limit->name),
                    LOG_NUMBER("spent_microdollars", spent.microdollars),
                    LOG_NUMBER("most_microdollars", limit->most.microdollars),
                    LOG_NUMBER("spent_tokens", spent.tokens),
                    LOG_NUMBER("most_tokens", limit->most.tokens), );
        webhook_budget(turn, limit, spent);
    }
}

void money_settle(struct turn *turn, struct call *call) {
    price(turn, call);
    const struct ledger_amount spent = {call->cost > 0 ? call->cost : 0,
                                        model_usage_prompt(&call->usage) +
                                            model_usage_answer(&call->usage)};
    if (call->cost > 0)
        atomic_fetch_add_explicit(&call->metrics->cost_microdollars, (uint64_t)call->cost,
                                  memory_order_relaxed);
    if (turn->hold.count == 0)
        return;
    ledger_settle(turn->chat->parts.ledger, &turn->hold, spent);
    int64_t now_ms = clock_wall_ms();
    struct accounts accounts = accounts_of(turn, call->provider, now_ms);
    warn(turn, &accounts, now_ms);
}

/* --- answers under way --- */

static void add_streams(struct accounts *accounts, const char *key, int64_t most) {
    if (most >= 0)
        accounts->limits[accounts->count++] = (struct ledger_limit){
            .key = slice_of(key), .end_ms = INT64_MAX, .most = {-1, most}, .name = "streams"};
}

bool money_stream_begin(struct turn *turn, struct fault *fault) {
    const struct bot *bot = turn->bot;
    if (bot->user_limits.streams < 0 && bot->address_limits.streams < 0)
        return true;
    char address[64];
    limit_address(turn->address, address);
    struct accounts accounts = {.count = 0};
    add_streams(&accounts,
                arena_printf(turn->arena, "streams/%s/user/%s", bot->name, turn->who.user),
                bot->user_limits.streams);
    add_streams(&accounts, arena_printf(turn->arena, "streams/%s/address/%s", bot->name, address),
                bot->address_limits.streams);
    if (ledger_hold(turn->chat->parts.ledger, accounts.limits, accounts.count,
                    (struct ledger_amount){0, 1}, clock_wall_ms(), &turn->stream, fault))
        return true;
    fault_set(fault, FAULT_RATE_LIMITED,
              "Too many answers are under way at once. Please wait until one has ended.");
    snprintf(fault->code, sizeof fault->code, "streams");
    fault->retry_after_ms = 1000;
    return false;
}

void money_stream_end(struct turn *turn) {
    ledger_settle(turn->chat->parts.ledger, &turn->stream, (struct ledger_amount){0});
}
