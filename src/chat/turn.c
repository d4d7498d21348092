#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "chat/answer.h"
#include "chat/answer_cache.h"
#include "chat/confirm.h"
#include "chat/knowledge_search.h"
#include "chat/metrics.h"
#include "chat/money.h"
#include "chat/open.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/summary.h"
#include "chat/tools.h"
#include "chat/tools_mcp.h"
#include "chat/turn_state.h"
#include <assert.h>

static const char *const step_names[] = {
    [TURN_OPEN] = "open",     [TURN_ADMIT] = "admit",
    [TURN_LOAD] = "load",     [TURN_FIT] = "fit",
    [TURN_CACHE] = "cache",   [TURN_CALL] = "call",
    [TURN_COMMIT] = "commit", [TURN_TOOLS] = "tools",
    [TURN_RECORD] = "record", [TURN_SUMMARIZE] = "summarize",
    [TURN_DONE] = "done",
};

static void destroy(struct turn *turn) {
    struct chat *chat = turn->chat;
    if (turn->next)
        turn->next->previous = turn->previous;
    if (turn->previous)
        turn->previous->next = turn->next;
    else
        chat->turns = turn->next;
    chat->turn_count--;
    atomic_fetch_sub(&chat->parts.metrics->turns_active, 1);
    buffer_finish(&turn->answer);
    redactor_finish(&turn->shown);
    redactor_finish(&turn->shown_reasoning);
    round_finish(&turn->round);
    tools_mcp_release(turn);
    confirm_release(turn);
    settings_release(turn->settings);
    arena_destroy(turn->arena); /* the turn itself lies in it */
    chat_turn_gone(chat);
}

/* --- the sink --- */

void turn_emit(struct turn *turn, const struct turn_event *event) {
    if (!turn->ended && turn->sink)
        turn->sink->event(turn->sink_user, event);
}

void turn_flush(struct turn *turn) {
    if (!turn->ended && turn->sink)
        turn->sink->flush(turn->sink_user);
}

void turn_accept(struct turn *turn) {
    if (turn->accepted)
        return;
    turn->accepted = true;
    const struct turn_event event = {.kind = TURN_EVENT_ACCEPTED};
    turn_emit(turn, &event);
}

static void add_tokens(int64_t *sum, int64_t tokens) {
    if (tokens >= 0)
        *sum = (*sum > 0 ? *sum : 0) + tokens;
}

static struct model_usage usage_of_turn(const struct turn *turn) {
    struct model_usage sum = model_usage_unknown();
    for (const struct call *call = turn->ended_calls; call; call = call->next) {
        add_tokens(&sum.input, call->usage.input);
        add_tokens(&sum.cache_read, call->usage.cache_read);
        add_tokens(&sum.cache_write, call->usage.cache_write);
        add_tokens(&sum.cache_write_1h, call->usage.cache_write_1h);
        add_tokens(&sum.output, call->usage.output);
        add_tokens(&sum.reasoning, call->usage.reasoning);
    }
    return sum;
}

/* -1 when no price is known of one of its calls. */
static int64_t cost_of_turn(const struct turn *turn) {
    int64_t sum = 0;
    for (const struct call *call = turn->ended_calls; call; call = call->next) {
        if (call->cost < 0)
            return -1;
        sum += call->cost;
    }
    return sum;
}

/* The last event: after it the client's side may be gone. */
static void emit_end(struct turn *turn) {
    struct turn_event event = {.kind = TURN_EVENT_END,
                               .finish = turn->finish,
                               .usage = usage_of_turn(turn),
                               .replies = turn->replies,
                               .handoff = turn->handoff};
    turn_emit(turn, &event);
    turn->ended = true;
    turn->sink = NULL;
    money_stream_end(turn);
}

/* --- admit: may they --- */

static void add_limit(struct turn *turn, const char *key, int64_t window_ms, int64_t most,
                      const char *name) {
    if (most < 0)
        return;
    assert(turn->limit_count < TURN_LIMITS_MAX);
    turn->limits[turn->limit_count++] = (struct limit){slice_of(key), window_ms, most, name};
}

static void add_limits(struct turn *turn, const char *key, const struct limit_settings *settings) {
    add_limit(turn, key, LIMIT_MINUTE_MS, settings->messages_per_minute, "messages per minute");
    add_limit(turn, key, LIMIT_DAY_MS, settings->messages_per_day, "messages per day");
}

static enum turn_step admit(struct turn *turn) {
    const struct bot *bot = turn->bot;
    char address[64];
    limit_address(turn->address, address);
    add_limits(turn, arena_printf(turn->arena, "%s/user/%s", bot->name, turn->who.user),
               &bot->user_limits);
    add_limits(turn, arena_printf(turn->arena, "%s/address/%s", bot->name, address),
               &bot->address_limits);
    add_limits(turn, bot->name, &bot->bot_limits);
    struct fault fault;
    if (!money_stream_begin(turn, &fault)) {
        turn_refuse(turn, &fault);
        return TURN_WAIT;
    }
    if (turn->limit_count > 0 && turn->help.size == 0 &&
        !limiter_take(turn->chat->parts.limiter, turn->limits, turn->limit_count,
                      turn->created_wall_ms, turn->window_starts, &fault)) {
        turn_refuse(turn, &fault);
        return TURN_WAIT;
    }
    return TURN_LOAD;
}

void turn_refuse(struct turn *turn, const struct fault *fault) {
    atomic_fetch_add(&turn->chat->parts.metrics->refused[fault->kind], 1);
    struct turn_event event = {.kind = TURN_EVENT_ERROR, .fault = fault};
    turn->finish = MODEL_FINISH_ERROR;
    turn_emit(turn, &event);
    emit_end(turn);
    turn_advance(turn, TURN_DONE);
}

/* --- load: what the site knows about it --- */

static void on_passages(void *user) {
    struct turn *turn = user;
    if (turn->stopped)
        turn_fail(turn, turn->stopped);
    else
        turn_advance(turn, tools_mcp_load(turn));
}

static enum turn_step load(struct turn *turn) {
    if (turn->confirmation) {
        record_answer(turn);
        return TURN_WAIT;
    }
    if (turn->help.size > 0)
        return TURN_FIT;
    if (turn->bot->knowledge_count == 0)
        return tools_mcp_load(turn);
    knowledge_search_start(turn, on_passages, turn);
    return TURN_WAIT;
}

static enum turn_step fit(struct turn *turn) {
    fit_call(turn);
    if (turn->confirmation) {
        answer_line_up(turn);
        tools_confirmed(turn);
        return TURN_TOOLS;
    }
    return answer_cache_applies(turn) ? TURN_CACHE : TURN_CALL;
}

/* --- record: every admitted turn ends here --- */

/* While the client still listens. */
static void note_seen(struct turn *turn) {
    struct slice seen;
    if (!turn->sink || !turn->sink->is_cut || !turn->sink->is_cut(turn->sink_user, &seen))
        return;
    turn->cut = true;
    turn->seen = arena_copy(turn->arena, seen);
    turn->replies = (struct slice){NULL, 0};
}

static enum turn_step record(struct turn *turn) {
    note_seen(turn);
    tools_prepare_record(turn);
    record_end(turn);
    int64_t now_us = clock_monotonic_us();
    struct model_usage usage = usage_of_turn(turn);
    const struct call *last = turn->ended_calls;
    log_info("turn", LOG_STRING("turn", turn->id.text), LOG_STRING("bot", turn->bot->name),
             LOG_STRING("user", turn->who.user), LOG_STRING("door", turn->door),
             LOG_STRING("provider", last ? last->provider->name : ""),
             LOG_STRING("model", last ? last->model : ""),
             LOG_STRING("finish", model_finish_name(turn->finish)),
             LOG_STRING("error", turn->fault ? fault_kind_name(turn->fault->kind) : "none"),
             LOG_NUMBER("input_tokens", usage.input), LOG_NUMBER("output_tokens", usage.output),
             LOG_NUMBER("cost_microdollars", cost_of_turn(turn)),
             LOG_NUMBER("first_token_ms", last ? last->first_token_us / 1000 : -1),
             LOG_NUMBER("ms", (now_us - turn->created_us) / 1000), );
    emit_end(turn);
    /* A summary is written behind the visitor's back, once the log has what it is made of. */
    return summary_is_due(turn) ? TURN_WAIT : TURN_DONE;
}

void turn_fail(struct turn *turn, const struct fault *fault) {
    turn->fault = arena_allocate(turn->arena, sizeof *turn->fault);
    *turn->fault = *fault;
    turn->finish = MODEL_FINISH_ERROR;
    turn_accept(turn); /* it is recorded, as what failed */
    answer_show_rest(turn);
    struct turn_event event = {.kind = TURN_EVENT_ERROR, .fault = turn->fault};
    turn_emit(turn, &event);
    turn_advance(turn, TURN_RECORD);
}

struct call *turn_call(struct turn *turn, const struct model_choice *choice, const char *purpose,
                       bool is_remote, const struct call_handler *handler) {
    const struct provider_settings *provider = choice->provider;
    struct call *call =
        call_create(turn->chat, provider, choice->model, turn->arena, handler, turn);
    call->info = choice->info;
    call->purpose = purpose;
    call->is_remote = is_remote;
    call->key_name =
        turn->key_index < provider->key_count ? provider->keys[turn->key_index].name : "";
    call->answer_from = turn->answer.size;
    call->counted = is_remote ? turn->counted : -1;
    call->reserved = is_remote ? turn->reserved : (struct ledger_amount){0};
    call->cost = -1;
    return call;
}

/* --- the steps --- */

static void set_step(struct turn *turn, enum turn_step step) {
    int64_t now_us = clock_monotonic_us();
    log_debug("step", LOG_STRING("turn", turn->id.text), LOG_STRING("from", step_names[turn->step]),
              LOG_STRING("to", step_names[step]), LOG_NUMBER("us", now_us - turn->step_since_us), );
    turn->step = step;
    turn->step_since_us = now_us;
}

static enum turn_step run_step(struct turn *turn) {
    switch (turn->step) {
    case TURN_OPEN:
        open_conversation(turn);
        return TURN_WAIT;
    case TURN_ADMIT:
        return admit(turn);
    case TURN_LOAD:
        return load(turn);
    case TURN_FIT:
        return fit(turn);
    case TURN_CACHE:
        return answer_cache_look(turn);
    case TURN_CALL:
        return answer_step(turn);
    case TURN_COMMIT:
        record_open(turn);
        return TURN_WAIT;
    case TURN_TOOLS:
        return tools_step(turn);
    case TURN_RECORD:
        return record(turn);
    case TURN_SUMMARIZE:
        return summary_start(turn);
    default:
        return TURN_WAIT;
    }
}

void turn_advance(struct turn *turn, enum turn_step next) {
    while (next != TURN_WAIT) {
        set_step(turn, next);
        if (next == TURN_DONE) {
            turn->done = true;
            turn->jobs++; /* so that one place frees it */
            turn_job_done(turn);
            return;
        }
        next = run_step(turn);
    }
}

void turn_job_done(struct turn *turn) {
    turn->jobs--;
    if (turn->done && turn->jobs == 0)
        destroy(turn);
}

/* --- the doors' side --- */

static struct slice text_of(const struct turn_request *request) {
    if (request->message_count == 0)
        return (struct slice){NULL, 0};
    /* Behind the visitor's message there may be calls of the client's own tools. */
    size_t index = request->message_count - 1;
    while (index > 0 && request->messages[index].role != MODEL_USER)
        index--;
    const struct model_message *last = &request->messages[index];
    struct buffer text = {0};
    for (size_t i = 0; i < last->part_count; i++)
        if (last->parts[i].kind == MODEL_PART_TEXT) {
            if (text.size > 0)
                buffer_append_byte(&text, '\n');
            buffer_append(&text, last->parts[i].text);
        }
    struct slice copy = arena_copy(request->arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

struct turn *turn_start(struct chat *chat, const struct turn_request *request,
                        const struct turn_sink *sink, void *user) {
    struct turn *turn = arena_allocate(request->arena, sizeof *turn);
    turn->chat = chat;
    turn->settings = settings_reference(request->settings);
    turn->bot = request->bot;
    redactor_init(&turn->shown, turn->bot->redact, REDACT_ANSWER);
    redactor_init(&turn->shown_reasoning, turn->bot->redact, REDACT_ANSWER);
    turn->arena = request->arena;
    turn->sink = sink;
    turn->sink_user = user;
    turn->door = request->door;
    turn->who = *request->who;
    turn->who.claims = arena_copy(turn->arena, request->who->claims);
    turn->language = arena_copy(turn->arena, request->language);
    turn->address = arena_string(turn->arena, slice_of(request->address));
    turn->id = request->id;
    turn->user_message_id = request->message_id.text[0] ? request->message_id : id_create();
    turn->answer_id = request->answer_id.text[0] ? request->answer_id : id_create();
    turn->key = arena_copy(turn->arena, request->key);
    assert(request->conversation_id.size == ID_SIZE);
    memcpy(turn->conversation_id.text, request->conversation_id.data, ID_SIZE);
    turn->created_wall_ms = clock_wall_ms();
    turn->created_us = turn->round_since_us = turn->step_since_us = clock_monotonic_us();
    turn->messages = request->messages;
    turn->message_count = request->message_count;
    turn->user_text = text_of(request);
    turn->attachments = request->attachments;
    turn->attachment_count = request->attachment_count;
    turn->client_tools = request->tools;
    turn->client_tool_count = request->tool_count;
    turn->goes_on = request->goes_on;
    turn->must_exist = request->must_exist;
    turn->again = request->again;
    turn->has_buttons = request->has_buttons;
    turn->help = arena_copy(turn->arena, request->help);
    if (request->confirmation_id.size > 0)
        confirm_begin(turn, request);
    turn->next = chat->turns;
    if (turn->next)
        turn->next->previous = turn;
    chat->turns = turn;
    chat->turn_count++;
    atomic_fetch_add(&chat->parts.metrics->turns, 1);
    atomic_fetch_add(&chat->parts.metrics->turns_active, 1);
    turn->jobs++; /* held until the end of this function, whatever the steps do */
    turn_advance(turn, request->goes_on ? TURN_OPEN : TURN_ADMIT);
    bool over = turn->ended;
    turn_job_done(turn);
    return over ? NULL : turn;
}

/* Ends what is under way. While the store is asked the turn cannot be ended: it is when the answer
 * is back. */
static void stop(struct turn *turn, const struct fault *why) {
    if (turn->step == TURN_OPEN || turn->step == TURN_LOAD || turn->step == TURN_CACHE ||
        turn->step == TURN_COMMIT) {
        turn->stopped = arena_allocate(turn->arena, sizeof *turn->stopped);
        *turn->stopped = *why;
        return;
    }
    if (turn->step == TURN_CALL)
        answer_stop(turn, why);
    if (turn->step == TURN_TOOLS)
        tools_stop(turn);
    turn_fail(turn, why);
}

static bool is_over(const struct turn *turn) {
    return turn->step == TURN_RECORD || turn->step == TURN_SUMMARIZE || turn->done;
}

void turn_cancel(struct turn *turn) {
    if (is_over(turn))
        return;
    atomic_fetch_add(&turn->chat->parts.metrics->turns_cancelled, 1);
    note_seen(turn);
    turn->sink = NULL;
    turn->ended = true;
    money_stream_end(turn);
    struct fault fault;
    fault_set(&fault, FAULT_CANCELLED, "The client went away.");
    stop(turn, &fault);
}

void turn_shut_down(struct turn *turn) {
    summary_stop(turn);
    if (is_over(turn))
        return;
    struct fault fault;
    fault_set(&fault, FAULT_UNAVAILABLE, "The server is shutting down. Please try again.");
    stop(turn, &fault);
}

void turn_pause(struct turn *turn) {
    if (turn->step == TURN_CALL && turn->call)
        call_pause(turn->call);
}

void turn_resume(struct turn *turn) {
    if (turn->step == TURN_CALL && turn->call)
        call_resume(turn->call);
}
