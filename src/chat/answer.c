#include "chat/answer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "chat/breaker.h"
#include "chat/failover.h"
#include "chat/keyring.h"
#include "chat/metrics.h"
#include "chat/money.h"
#include "chat/redact_turn.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/tools.h"
#include "loop/loop.h"
#include "model/offline_texts.h"

enum { KEY_REST_MS = 60000 };

static int64_t now_ms(const struct turn *turn) {
    return loop_now_ms(turn->chat->parts.loop);
}

static uint32_t random_number(void) {
    uint32_t number;
    id_random(&number, sizeof number);
    return number;
}

/* The built-in provider: always there, needs no key, and cannot continue somebody else's text. */
static bool is_offline(const struct model_choice *choice) {
    return !choice->provider->translator->base_url && !choice->provider->url;
}

/* --- choosing --- */

static void remember_sooner(struct fault *best, const struct fault *other) {
    if (best->kind == FAULT_NONE ||
        (other->retry_after_ms >= 0 && other->retry_after_ms < best->retry_after_ms))
        *best = *other;
}

static bool may_call(struct turn *turn, const struct model_choice *choice, struct fault *fault) {
    int64_t wait_ms = 0;
    const struct chat_parts *parts = &turn->chat->parts;
    turn->breaker = NULL;
    if (is_offline(choice))
        return true;
    if (!keyrings_choose(parts->keyrings, choice->provider, now_ms(turn), random_number(),
                         &turn->key_index, fault))
        return false;
    struct breaker *breaker = breakers_get(parts->breakers, choice->provider->name, choice->model);
    if (!breaker_allow(breaker, now_ms(turn), &wait_ms)) {
        fault_set(fault, FAULT_UNAVAILABLE, "The model service cannot be used at the moment.");
        fault_detail(fault, "the breaker of %s/%s is open", choice->provider->name, choice->model);
        fault->retry_after_ms = wait_ms;
        return false;
    }
    turn->breaker = breaker;
    return true;
}

static void release_breaker(struct turn *turn) {
    if (turn->breaker)
        breaker_abandoned(turn->breaker);
    turn->breaker = NULL;
}

/* The built-in provider costs nothing; where a budget is what keeps the models from answering, the
 * owner may want a refusal instead of it. */
static bool may_pay(struct turn *turn, const struct model_choice *choice, bool refused_by_budget,
                    struct fault *fault) {
    if (is_offline(choice)) {
        if (!refused_by_budget || turn->bot->budget.end == BUDGET_OFFLINE)
            return true;
        fault_set(fault, FAULT_BUDGET, "The budget is spent.");
        return false;
    }
    if (money_reserve(turn, choice, fault))
        return true;
    release_breaker(turn);
    return false;
}

static bool may_fit(struct turn *turn, const struct model_choice *choice, struct fault *fault) {
    if (is_offline(choice)) {
        fit_whole(turn, choice);
        return true;
    }
    if (fit_model(turn, choice, fault))
        return true;
    release_breaker(turn);
    return false;
}

/* A key whose own budget is spent rests for a while; true when another of the provider's may do. */
static bool rest_key(struct turn *turn, const struct model_choice *choice,
                     const struct fault *fault) {
    if (fault->kind != FAULT_BUDGET ||
        !slice_starts_with(slice_of(fault->code), SLICE("provider_key")))
        return false;
    struct fault rest;
    fault_set(&rest, FAULT_PROVIDER_RATE_LIMITED, "The key's budget is spent.");
    rest.retry_after_ms = KEY_REST_MS;
    return keyrings_report(turn->chat->parts.keyrings, choice->provider, turn->key_index, &rest,
                           now_ms(turn));
}

/* Moves turn->choice to a model that may be called now and is paid for. */
static bool choose(struct turn *turn, struct fault *fault) {
    struct fault best = {0}, one;
    bool budget = false;
    for (; turn->choice < turn->choice_count; turn->choice++, turn->attempts = 0) {
        const struct model_choice *choice = &turn->choices[turn->choice];
        if (turn->visible && is_offline(choice))
            continue;
        bool ready;
        do
            ready = may_call(turn, choice, &one) && may_fit(turn, choice, &one) &&
                    may_pay(turn, choice, budget, &one);
        while (!ready && rest_key(turn, choice, &one));
        if (ready)
            return true;
        if (budget && one.kind == FAULT_BUDGET)
            continue; /* the first refusal says which limit it is */
        budget = budget || one.kind == FAULT_BUDGET;
        remember_sooner(&best, &one);
    }
    if (budget && !turn->visible && turn->choices[turn->choice_count].provider)
        return true;               /* the one behind the last, see line_up */
    if (best.kind == FAULT_BUDGET) /* the visitor reads it */
        snprintf(best.message, sizeof best.message, "%s", offline_texts_for(turn->language)->spent);
    /* What a call said is better than that nobody was left to call. */
    const struct call *last = turn->ended_calls;
    if (last && last->fault)
        *fault = *last->fault;
    else if (best.kind != FAULT_NONE)
        *fault = best;
    else
        fault_set(fault, FAULT_UNAVAILABLE, "No model can be used at the moment.");
    return false;
}

/* --- events of the call --- */

static void emit_start(struct turn *turn) {
    if (turn->started)
        return;
    turn->started = true;
    struct turn_event event = {.kind = TURN_EVENT_START,
                               .provider = turn->call->provider->name,
                               .model = turn->call->model,
                               .offline = is_offline(&turn->choices[turn->choice])};
    turn_emit(turn, &event);
}

static void emit_delta(struct turn *turn, enum turn_event_kind kind, struct slice text) {
    const struct turn_event event = {.kind = kind, .text = text};
    if (text.size > 0)
        turn_emit(turn, &event);
}

/* What of the text the client may see, as far as that is decided. */
static void show(struct turn *turn, enum turn_event_kind kind, struct redactor *redactor,
                 struct slice text) {
    if (!redact_has(turn->bot->redact, REDACT_ANSWER)) {
        emit_delta(turn, kind, text);
        return;
    }
    struct buffer out = {0};
    redactor_feed(redactor, text, &out);
    emit_delta(turn, kind, buffer_slice(&out));
    buffer_finish(&out);
}

/* What was held back. */
static void show_rest(struct turn *turn, enum turn_event_kind kind, struct redactor *redactor) {
    struct buffer out = {0};
    if (redactor->text.size == 0)
        return;
    redactor_end(redactor, &out);
    emit_delta(turn, kind, buffer_slice(&out));
    buffer_finish(&out);
}

void answer_show_rest(struct turn *turn) {
    show_rest(turn, TURN_EVENT_REASONING, &turn->shown_reasoning);
    show_rest(turn, TURN_EVENT_TEXT, &turn->shown);
}

static void put_text(struct turn *turn, struct slice text) {
    buffer_append(&turn->answer, text);
    show_rest(turn, TURN_EVENT_REASONING, &turn->shown_reasoning);
    show(turn, TURN_EVENT_TEXT, &turn->shown, text);
}

static void emit_text(struct turn *turn, struct slice text) {
    if (text.size == 0)
        return;
    emit_start(turn);
    turn->visible = true;
    /* What is said after tools were run is a paragraph of its own. */
    if (turn->rounds > 0 && turn->round_from > 0 && turn->answer.size == turn->round_from) {
        put_text(turn, SLICE("\n\n"));
        turn->round_from = turn->answer.size;
    }
    put_text(turn, text);
}

/* A continuation that cannot be joined is stopped when its piece has been read: not inside the
 * parser. */
static void take_text(struct turn *turn, struct slice text) {
    if (!turn->splice) {
        emit_text(turn, text);
        return;
    }
    struct buffer fresh = {0};
    turn->unjoinable = turn->unjoinable || !splice_feed(turn->splice, text, &fresh);
    emit_text(turn, buffer_slice(&fresh));
    buffer_finish(&fresh);
}

static void on_event(void *user, const struct model_event *event) {
    struct turn *turn = user;
    if (turn->what.tool_count > 0)
        round_event(&turn->round, event);
    if (event->kind == MODEL_EVENT_TEXT || event->kind == MODEL_EVENT_REFUSAL) {
        take_text(turn, event->text);
    } else if (event->kind == MODEL_EVENT_REASONING && event->text.size > 0) {
        show(turn, TURN_EVENT_REASONING, &turn->shown_reasoning, event->text);
    }
}

static void give_up_joining(struct turn *turn) {
    struct fault fault;
    fault_set(&fault, FAULT_PROVIDER_MALFORMED,
              "The answer broke off and could not be continued. Please ask again.");
    answer_stop(turn, &fault);
    turn_fail(turn, &fault);
}

static void on_flush(void *user) {
    struct turn *turn = user;
    turn_flush(turn);
    if (turn->unjoinable)
        give_up_joining(turn);
}

/* --- its end --- */

static void end_splice(struct turn *turn) {
    if (!turn->splice)
        return;
    struct buffer fresh = {0};
    if (splice_end(turn->splice, &fresh))
        emit_text(turn, buffer_slice(&fresh));
    buffer_finish(&fresh);
    splice_finish(turn->splice);
    turn->splice = NULL;
}

static void note_call(struct turn *turn) {
    struct call *call = turn->call;
    money_settle(turn, call);
    if (call->fault)
        turn_redact_detail(turn, call->fault);
    call->next = turn->ended_calls;
    turn->ended_calls = call;
    LOG_RECORD(call->fault ? LOG_WARNING : LOG_DEBUG, "model call",
               LOG_STRING("turn", turn->id.text), LOG_STRING("provider", call->provider->name),
               LOG_STRING("model", call->model), LOG_NUMBER("status", call->status),
               LOG_NUMBER("ms", call->duration_us / 1000),
               LOG_NUMBER("cost_microdollars", call->cost),
               LOG_STRING("error", call->fault ? fault_kind_name(call->fault->kind) : "none"),
               LOG_STRING("detail", call->fault ? call->fault->detail : ""), );
}

/* Tells breaker and key; true when another key may be tried at once. */
static bool report(struct turn *turn, const struct fault *fault) {
    struct breaker *breaker = turn->breaker;
    turn->breaker = NULL;
    if (!breaker)
        return false;
    if (!fault) {
        breaker_succeeded(breaker);
        return false;
    }
    breaker_failed(breaker, fault, now_ms(turn));
    const struct provider_settings *provider = turn->call->provider;
    if (fault->kind == FAULT_PROVIDER_AUTH && turn->key_index < provider->key_count)
        log_error("a provider refused a key; it is taken out for ten minutes",
                  LOG_STRING("provider", provider->name),
                  LOG_STRING("key", provider->keys[turn->key_index].name),
                  LOG_STRING("detail", fault->detail), );
    return keyrings_report(turn->chat->parts.keyrings, provider, turn->key_index, fault,
                           now_ms(turn));
}

static struct failover_decision decide(struct turn *turn, const struct fault *fault) {
    const struct bot *bot = turn->bot;
    bool has_next = turn->choice + 1 < turn->choice_count;
    int64_t spent_ms = (clock_monotonic_us() - turn->round_since_us) / 1000;
    const struct failover_case it = {
        .fault = fault,
        .visible = turn->visible,
        .has_next = has_next,
        .next_is_offline = has_next && is_offline(&turn->choices[turn->choice + 1]),
        .attempts = turn->attempts,
        .retries_max = (unsigned)bot->retries,
        .left_ms = bot->retry_deadline_ms - spent_ms,
        .random = random_number(),
    };
    return failover_decide(&it);
}

static void on_retry(void *user) {
    turn_advance(user, TURN_CALL);
}

/* The vendor counts more than we do: once, with half of the conversation. */
static bool shrink(struct turn *turn, const struct fault *fault) {
    if (fault->kind != FAULT_PROVIDER_CONTEXT_TOO_LONG || turn->room_max > 0 || turn->visible ||
        turn->what.message_count < 2)
        return false;
    const struct model_choice *choice = &turn->choices[turn->choice];
    money_count(turn, choice);
    turn->room_max = money_prompt_most(turn, choice) / 2;
    LOG_RECORD(LOG_WARNING, "the conversation is too long for the model; trying with half of it",
               LOG_STRING("turn", turn->id.text), LOG_STRING("model", choice->model),
               LOG_NUMBER("counted_tokens", turn->counted), );
    return true;
}

static void after_failure(struct turn *turn, const struct fault *fault, bool another_key) {
    struct metrics_model *metrics = turn->call->metrics;
    if (shrink(turn, fault)) {
        turn_advance(turn, TURN_CALL);
        return;
    }
    struct failover_decision decision = {FAILOVER_RETRY, 0};
    if (another_key)
        turn->attempts--; /* the key failed, not the model */
    else
        decision = decide(turn, fault);
    if (decision.action == FAILOVER_FAIL) {
        turn_fail(turn, fault);
        return;
    }
    if (decision.action == FAILOVER_NEXT) {
        atomic_fetch_add(&metrics->fallbacks, 1);
        turn->choice++;
        turn->attempts = 0;
        turn_advance(turn, TURN_CALL);
        return;
    }
    atomic_fetch_add(&metrics->retries, 1);
    timer_init(&turn->retry, turn->chat->parts.loop, on_retry, turn);
    timer_set(&turn->retry, decision.wait_ms);
}

static void on_end(void *user, const struct fault *fault) {
    struct turn *turn = user;
    end_splice(turn);
    note_call(turn);
    bool another_key = report(turn, turn->call->fault);
    if (!fault) {
        emit_start(turn); /* an empty answer is an answer */
        answer_show_rest(turn);
        turn->finish = turn->call->finish;
        bool tools = tools_wanted(turn);
        if (!tools && turn->finish == MODEL_FINISH_TOOL_CALLS)
            turn->finish = MODEL_FINISH_STOP; /* it was told that there are no more, and called */
        turn_advance(turn, tools ? TURN_TOOLS : TURN_RECORD);
    } else {
        struct fault copy = *fault;
        after_failure(turn, &copy, another_key);
    }
}

static const struct call_handler callbacks = {on_event, on_flush, on_end};

/* --- calling --- */

/* The conversation with the part of the answer that the client has seen, and the request to go on.
 */
static void continue_answer(struct turn *turn, struct model_call *what) {
    struct slice said =
        arena_copy(turn->arena, slice_from(buffer_slice(&turn->answer), turn->round_from));
    said = turn_redacted(turn, REDACT_MODEL, said); /* what it repeats is what it was shown */
    struct model_message *messages =
        arena_array(turn->arena, what->message_count + 2, sizeof *messages);
    struct model_part *parts = arena_array(turn->arena, 2, sizeof *parts);
    memcpy(messages, what->messages, what->message_count * sizeof *messages);
    parts[0] = (struct model_part){.kind = MODEL_PART_TEXT, .text = said};
    parts[1] = (struct model_part){
        .kind = MODEL_PART_TEXT,
        .text = SLICE(
            "Your last message was cut off by a technical fault. Continue it exactly where it "
            "stops. Do not repeat any of it and write nothing before the continuation.")};
    messages[what->message_count] = (struct model_message){MODEL_ASSISTANT, &parts[0], 1};
    messages[what->message_count + 1] = (struct model_message){MODEL_USER, &parts[1], 1};
    what->messages = messages;
    what->message_count += 2;
    turn->splice = arena_allocate(turn->arena, sizeof *turn->splice);
    splice_init(turn->splice, said);
}

/* What answers from the knowledge files when the money is spent, though the bot does not list it;
 * zeroed when nothing does. */
static struct model_choice last_resort(const struct turn *turn) {
    const struct settings *settings = turn->settings;
    bool wanted = turn->bot->budget.end == BUDGET_OFFLINE && turn->bot->knowledge_count > 0;
    for (size_t i = 0; i < settings->provider_count && wanted; i++) {
        const struct model_choice choice = {.provider = &settings->providers[i], .model = ""};
        if (is_offline(&choice))
            return choice;
    }
    return (struct model_choice){0};
}

/* The bot's models in their order; the cheaper one first once money is short, else behind those
 * that the budget may refuse. Behind the last, not counted: what is left when none can be paid. */
void answer_line_up(struct turn *turn) {
    const struct bot *bot = turn->bot;
    const struct model_choice *cheaper = bot->budget.cheaper.provider ? &bot->budget.cheaper : NULL;
    struct model_choice *choices = arena_array(turn->arena, bot->model_count + 2, sizeof *choices);
    size_t count = 0;
    if (cheaper && money_is_short(turn)) {
        choices[count++] = *cheaper;
        cheaper = NULL;
    }
    for (size_t i = 0; i < bot->model_count; i++) {
        if (cheaper && is_offline(&bot->models[i])) {
            choices[count++] = *cheaper;
            cheaper = NULL;
        }
        choices[count++] = bot->models[i];
    }
    if (cheaper)
        choices[count++] = *cheaper;
    choices[count] = last_resort(turn);
    turn->choices = choices;
    turn->choice_count = count;
}

enum turn_step answer_step(struct turn *turn) {
    struct fault fault;
    if (!turn->choices)
        answer_line_up(turn);
    if (!choose(turn, &fault)) {
        turn_fail(turn, &fault);
        return TURN_WAIT;
    }
    turn->attempts++;
    const struct model_choice *choice = &turn->choices[turn->choice];
    turn->call = turn_call(turn, choice, "answer", !is_offline(choice), &callbacks);
    return TURN_COMMIT;
}

void answer_committed(struct turn *turn) {
    if (turn->stopped) {
        release_breaker(turn);
        call_cancel(turn->call, turn->stopped);
        note_call(turn);
        turn_fail(turn, turn->stopped);
        return;
    }
    const struct model_choice *choice = &turn->choices[turn->choice];
    struct model_call what = turn->what;
    call_address(&what, choice, turn->key_index);
    if (turn->visible) {
        LOG_RECORD(LOG_WARNING, "continuing a broken answer", LOG_STRING("turn", turn->id.text),
                   LOG_STRING("provider", choice->provider->name),
                   LOG_STRING("model", choice->model), );
        continue_answer(turn, &what);
        atomic_fetch_add(&turn->call->metrics->continuations, 1);
    }
    round_begin(&turn->round, turn->arena);
    turn->step = TURN_CALL; /* the call may end before call_start returns */
    call_start(turn->call, &what);
}

void answer_stop(struct turn *turn, const struct fault *why) {
    if (turn->retry.loop)
        timer_stop(&turn->retry);
    if (turn->splice) {
        splice_finish(turn->splice);
        turn->splice = NULL;
    }
    release_breaker(turn);
    if (turn->call && !turn->call->ended) {
        call_cancel(turn->call, why);
        note_call(turn);
    }
}

void answer_again(struct turn *turn, const char *model, struct slice text) {
    static const struct provider_settings cache = {.name = "cache"};
    struct call *call = call_create(turn->chat, &cache, model, turn->arena, &callbacks, turn);
    call->purpose = "cache";
    call->key_name = "";
    call->counted = -1;
    call->finish = MODEL_FINISH_STOP;
    call->ended = true;
    turn->call = call;
    turn->started = true;
    turn_accept(turn);
    struct turn_event start = {
        .kind = TURN_EVENT_START, .provider = cache.name, .model = model, .cached = true};
    turn_emit(turn, &start);
    emit_text(turn, text);
    answer_show_rest(turn);
    turn_flush(turn);
    turn->finish = MODEL_FINISH_STOP;
    note_call(turn);
}
