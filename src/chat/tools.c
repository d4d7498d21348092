#include "chat/tools.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "chat/confirm.h"
#include "chat/metrics.h"
#include "chat/redact_turn.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/tool_result.h"
#include "chat/tool_run.h"
#include "chat/tools_mcp.h"
#include "tool/builtin.h"
#include "tool/schema.h"
#include "tool/tool.h"

/* One call that a model asked for. */
struct tool_use {
    struct tool_use *next;
    struct turn *turn;
    struct id log_id;
    size_t position; /* in its round */
    int64_t round;
    struct slice id, name, arguments;
    bool is_object;                     /* the arguments are a JSON object */
    const struct offered_tool *offered; /* NULL: there is no tool of that name */
    struct tool_run *run;               /* NULL when not under way */
    struct confirm_ask *ask;            /* the visitor's card is being kept; NULL when not */
    struct slice result;
    bool is_error, ended;
    const char *outcome; /* as it is logged */
    struct slice detail;
    struct slice logged; /* the arguments, redacted */
    int64_t started_wall_ms, started_us, duration_us;
    struct tool_use *same; /* an earlier one of the same tool and arguments: its result counts */
};

/* --- offering --- */

static bool shows_replies(const struct tool *tool) {
    return tool->kind == TOOL_BUILTIN && tool->builtin->kind == BUILTIN_QUICK_REPLIES;
}

static bool hands_over(const struct tool *tool) {
    return tool->kind == TOOL_BUILTIN && tool->builtin->kind == BUILTIN_HANDOFF;
}

/* What only a client that shows it has a use for. */
static bool needs_widget(const struct tool *tool) {
    return shows_replies(tool) || hands_over(tool);
}

void tools_offer(struct turn *turn) {
    const struct bot *bot = turn->bot;
    size_t count = bot->tool_count + tools_mcp_count(turn) + turn->client_tool_count;
    if (count == 0)
        return;
    struct model_tool *tools = arena_array(turn->arena, count, sizeof *tools);
    struct offered_tool *offered = arena_array(turn->arena, count, sizeof *offered);
    size_t used = 0;
    for (size_t i = 0; i < bot->tool_count; i++) {
        const struct tool *tool = bot->tools[i];
        if (tool->kind == TOOL_MCP || (needs_widget(tool) && !turn->has_buttons))
            continue;
        offered[used] = (struct offered_tool){tool, tool->schema, {NULL, 0}};
        tools[used++] =
            (struct model_tool){slice_of(tool->name), tool->description, tool->parameters};
    }
    tools_mcp_offer(turn, tools, offered, &used);
    for (size_t i = 0; i < turn->client_tool_count; i++)
        tools[used++] = turn->client_tools[i]; /* offered is zeroed: no tool of ours */
    turn->offered = offered;
    turn->what.tools = tools;
    turn->what.tool_count = used;
    if (bot->tool_count > 0)
        turn->what.system =
            slice_of(arena_printf(turn->arena, "%.*s%s" TOOLS_RULE, SLICE_ARG(turn->what.system),
                                  turn->what.system.size > 0 ? "\n\n" : ""));
}

static const struct offered_tool *find(const struct turn *turn, struct slice name) {
    for (size_t i = 0; i < turn->what.tool_count; i++)
        if (slice_equal(turn->what.tools[i].name, name))
            return &turn->offered[i];
    return NULL;
}

bool tools_wanted(const struct turn *turn) {
    return turn->round.calls > 0 && turn->what.tool_choice != MODEL_TOOL_NONE;
}

/* --- what the visitor sees --- */

static void emit(struct tool_use *use, enum turn_event_kind kind, enum turn_tool_state state) {
    const struct tool *tool = use->offered ? use->offered->tool : NULL;
    /* The client's own tools are called with what the model said. */
    struct slice shown = kind == TURN_EVENT_TOOL
                             ? turn_redacted_json(use->turn, REDACT_ANSWER, use->arguments)
                             : use->arguments;
    const struct turn_tool seen = {
        .id = use->id,
        .name = use->name,
        .arguments = use->is_object ? shown : SLICE("{}"),
        .state = state,
        .text = tool ? tool_text_for(tool->visible, tool->visible_count, use->turn->language)
                     : (struct slice){NULL, 0},
    };
    const struct turn_event event = {.kind = kind, .tool = &seen};
    turn_emit(use->turn, &event);
}

/* --- the end of a call --- */

static void note(const struct tool_use *use) {
    log_info("tool", LOG_STRING("turn", use->turn->id.text),
             LOG_STRING("tool",
                        use->offered && use->offered->tool ? use->offered->tool->name : "unknown"),
             LOG_STRING("outcome", use->outcome),
             LOG_NUMBER("result_bytes", (int64_t)use->result.size),
             LOG_NUMBER("ms", use->duration_us / 1000), );
    if (use->offered && use->offered->tool)
        metrics_count_tool(use->turn->chat->parts.metrics, use->offered->tool->name, use->is_error,
                           use->duration_us);
}

static void end_use(struct tool_use *use, struct slice result, const char *outcome) {
    use->result = result;
    use->outcome = outcome;
    use->is_error = strcmp(outcome, "done") != 0 && strcmp(outcome, "asked") != 0 &&
                    strcmp(outcome, "declined") != 0;
    use->ended = true;
    if (use->started_us > 0)
        use->duration_us = clock_monotonic_us() - use->started_us;
    note(use);
}

static void refuse(struct tool_use *use, const char *outcome, const char *why) {
    use->detail = slice_of(why);
    struct slice told = slice_of(arena_printf(use->turn->arena, "Error: %s", why));
    end_use(use, turn_redacted(use->turn, REDACT_MODEL, told), outcome);
}

static void share_result(struct turn *turn) {
    for (struct tool_use *use = turn->uses; use; use = use->next)
        if (use->round == turn->rounds && use->same) {
            use->ended = true;
            use->result = use->same->result;
            use->is_error = use->same->is_error;
            use->outcome = "same";
        }
}

/* The round as messages: the model's own, then one with all results in the order of its calls. */
static void exchange(struct turn *turn) {
    share_result(turn);
    struct slice said =
        arena_copy(turn->arena, slice_from(buffer_slice(&turn->answer), turn->round_from));
    struct model_message *messages =
        arena_array(turn->arena, turn->exchanged_count + 2, sizeof *messages);
    struct model_part *parts = arena_array(turn->arena, turn->round.calls, sizeof *parts);
    if (turn->exchanged_count > 0)
        memcpy(messages, turn->exchanged, turn->exchanged_count * sizeof *messages);
    for (const struct tool_use *use = turn->uses; use; use = use->next)
        if (use->round == turn->rounds)
            parts[use->position] = (struct model_part){
                .kind = MODEL_PART_TOOL_RESULT,
                .text = use->result,
                .tool_id = use->id,
                .tool_name = use->name,
                .is_error = use->is_error,
            };
    const struct model_message own = round_message(&turn->round, said, turn->arena);
    messages[turn->exchanged_count] = turn_message_redacted(turn, &own);
    messages[turn->exchanged_count + 1] =
        (struct model_message){MODEL_TOOL, parts, turn->round.calls};
    turn->exchanged = messages;
    turn->exchanged_count += 2;
    turn->exchanged_with =
        turn->ended_calls ? turn->choices[turn->choice].provider->translator : NULL;
}

/* The next call of the model is a call like the first: it may be tried again, and fall back. */
static enum turn_step next_round(struct turn *turn) {
    exchange(turn);
    bool over = turn->rounds >= turn->bot->tool_limits.rounds_max ||
                clock_monotonic_us() >= turn->tools_until_us ||
                turn->use_count >= (size_t)turn->bot->tool_limits.calls_max;
    if (over)
        turn->what.tool_choice = MODEL_TOOL_NONE;
    turn->attempts = 0;
    turn->visible = false;
    turn->round_from = turn->answer.size;
    turn->round_since_us = clock_monotonic_us();
    return TURN_CALL;
}

static void use_ended(struct tool_use *use) {
    struct turn *turn = use->turn;
    turn_flush(turn);
    if (--turn->uses_running == 0)
        turn_advance(turn, next_round(turn));
}

static void on_result(void *user, struct slice result, const struct fault *fault) {
    struct tool_use *use = user;
    struct turn *turn = use->turn;
    use->run = NULL;
    if (fault) {
        refuse(use, "failed", arena_string(turn->arena, slice_of(fault->message)));
        use->detail = slice_of(arena_printf(turn->arena, "%s %s", fault->message, fault->detail));
    } else {
        result = turn_redacted_json(turn, REDACT_MODEL, result);
        bool hands = false;
        if (hands_over(use->offered->tool) &&
            json_read_bool(json_get(result, "handed_over"), &hands) && hands)
            turn->handoff = turn_redacted_json(turn, REDACT_LOG, use->arguments);
        end_use(use, tool_result_fit(turn, use->offered->tool, result), "done");
    }
    emit(use, TURN_EVENT_TOOL, use->is_error ? TURN_TOOL_FAILED : TURN_TOOL_DONE);
    use_ended(use);
}

static void on_asked(void *user, const struct fault *fault) {
    struct tool_use *use = user;
    use->ask = NULL;
    if (fault)
        refuse(use, "failed", "this cannot be done at the moment.");
    else
        end_use(use, SLICE(CONFIRM_ASKED), "asked");
    use_ended(use);
}

/* --- checking --- */

/* How often the turn called that tool before this call; `same` is one with the same arguments. */
static int64_t count_uses(const struct tool_use *use, struct tool_use **ret_same) {
    int64_t count = 0;
    for (struct tool_use *other = use->turn->uses; other && other != use; other = other->next) {
        if (other->offered != use->offered || other->same)
            continue;
        count++;
        bool failed = other->ended && other->is_error; /* it may do better now */
        if (!failed && slice_equal(other->arguments, use->arguments))
            *ret_same = other;
    }
    return count;
}

static struct slice names_of(const struct turn *turn) {
    struct buffer names = {0};
    for (size_t i = 0; i < turn->what.tool_count; i++) {
        buffer_append_string(&names, i > 0 ? ", " : "");
        buffer_append(&names, turn->what.tools[i].name);
    }
    struct slice copy = arena_copy(turn->arena, buffer_slice(&names));
    buffer_finish(&names);
    return copy;
}

static bool fits_schema(struct tool_use *use) {
    struct buffer complaints = {0};
    bool good =
        !use->offered->schema || schema_check(use->offered->schema, use->arguments, &complaints);
    if (!good)
        refuse(use, "invalid",
               arena_printf(use->turn->arena, "the arguments do not fit:\n%.*s",
                            SLICE_ARG(buffer_slice(&complaints))));
    buffer_finish(&complaints);
    return good;
}

/* True when it may be run; else it has ended, or another call's result is its own. */
static bool check(struct tool_use *use, const struct round_part *call) {
    struct turn *turn = use->turn;
    struct arena *arena = turn->arena;
    if (!use->offered) {
        refuse(use, "invalid",
               arena_printf(arena, "there is no tool '%.*s'. The tools are: %.*s.",
                            SLICE_ARG(slice_first(use->name, utf8_cut(use->name, 80))),
                            SLICE_ARG(names_of(turn))));
        return false;
    }
    if (call->too_long)
        refuse(use, "invalid",
               arena_printf(arena, "the arguments are longer than %d bytes.", ROUND_ARGUMENTS_MAX));
    else if (!use->is_object)
        refuse(use, "invalid", "the arguments are not a JSON object.");
    else if (turn->use_count > (size_t)turn->bot->tool_limits.calls_max)
        refuse(use, "refused",
               "too many calls of tools for one answer. Answer with what you have.");
    else if (clock_monotonic_us() >= turn->tools_until_us)
        refuse(use, "refused", "the time for tools is up. Answer with what you have.");
    if (use->ended)
        return false;
    if (count_uses(use, &use->same) >= use->offered->tool->per_turn && !use->same)
        refuse(use, "refused",
               "this tool was called too often for one answer. Answer with what you have.");
    return !use->ended && !use->same && fits_schema(use);
}

/* --- running --- */

static void ask(struct tool_use *use) {
    use->turn->uses_running++;
    use->ask =
        confirm_ask_start(use->turn, use->offered->tool, use->name, use->arguments, on_asked, use);
}

static void run(struct tool_use *use) {
    struct turn *turn = use->turn;
    const struct tool *tool = use->offered->tool;
    int64_t left_ms = (turn->tools_until_us - clock_monotonic_us()) / 1000;
    struct tool_run_request request = {
        .settings = turn->settings,
        .bot = turn->bot,
        .tool = tool,
        .mcp_name = use->offered->mcp_name,
        .arguments = use->arguments,
        .timeout_ms = left_ms < 1                  ? 1
                      : left_ms < tool->timeout_ms ? left_ms
                                                   : tool->timeout_ms,
    };
    tool_bindings(turn, tool, use->arguments, &request);
    turn->uses_running++;
    if (shows_replies(tool)) /* the last ones count */
        turn->replies = json_get(use->arguments, "replies");
    emit(use, TURN_EVENT_TOOL, TURN_TOOL_RUNNING);
    use->started_wall_ms = clock_wall_ms();
    use->started_us = clock_monotonic_us();
    use->run = tool_run_start(turn->chat, &request, on_result, use);
}

static struct tool_use *add_use(struct turn *turn, const struct round_part *call, size_t position) {
    struct tool_use *use = arena_allocate(turn->arena, sizeof *use);
    struct slice text = buffer_slice(&call->text);
    use->turn = turn;
    use->log_id = id_create();
    use->position = position;
    use->round = turn->rounds;
    use->id = call->id;
    use->name = call->name;
    use->offered = find(turn, call->name);
    if (slice_trim(text).size == 0) /* what some models send for "no arguments" */
        text = SLICE("{}");
    use->is_object = json_validate(text, NULL) && json_type(text) == JSON_OBJECT;
    use->arguments = arena_copy(turn->arena, text);
    use->started_wall_ms = clock_wall_ms();
    if (turn->last_use)
        turn->last_use->next = use;
    else
        turn->uses = use;
    turn->last_use = use;
    turn->use_count++;
    return use;
}

/* What it takes of the visitor first. */
static void begin(struct tool_use *use) {
    const struct confirmation *confirmation = use->turn->confirmation;
    bool answered = confirmation && use == use->turn->uses;
    if (answered && !confirmation->yes)
        end_use(use, SLICE(CONFIRM_DECLINED), "declined");
    else if (use->offered->tool->confirm && !answered)
        ask(use);
    else
        run(use);
}

void tools_confirmed(struct turn *turn) {
    const struct confirmation *confirmation = turn->confirmation;
    round_begin(&turn->round, turn->arena);
    round_event(&turn->round, &(struct model_event){.kind = MODEL_EVENT_TOOL_CALL,
                                                    .tool_id = SLICE("confirmed"),
                                                    .tool_name = confirmation->tool});
    round_event(&turn->round, &(struct model_event){.kind = MODEL_EVENT_TOOL_ARGUMENTS,
                                                    .text = confirmation->arguments});
}

/* The client has to run them: the turn ends with its calls. Ours of the same round are not run: the
 * client comes back with results of its own only, and the model asks for ours again then. */
static bool hand_to_client(struct turn *turn) {
    size_t count = 0;
    for (size_t i = 0; i < turn->round.calls; i++) {
        const struct round_part *call = round_call(&turn->round, i);
        const struct offered_tool *offered = find(turn, call->name);
        if (!offered || offered->tool || call->too_long)
            continue;
        struct tool_use use = {.turn = turn, .id = call->id, .name = call->name};
        use.arguments = buffer_slice(&call->text);
        use.is_object =
            json_validate(use.arguments, NULL) && json_type(use.arguments) == JSON_OBJECT;
        emit(&use, TURN_EVENT_CLIENT_CALL, TURN_TOOL_RUNNING);
        count++;
    }
    return count > 0;
}

enum turn_step tools_step(struct turn *turn) {
    if (hand_to_client(turn)) {
        turn->finish = MODEL_FINISH_TOOL_CALLS;
        return TURN_RECORD;
    }
    turn->rounds++;
    turn->cacheable = false; /* what tools say is of this visitor and this moment */
    if (turn->tools_until_us == 0)
        turn->tools_until_us =
            clock_monotonic_us() + turn->bot->tool_limits.deadline_ms * INT64_C(1000);
    struct tool_use *first = NULL;
    for (size_t i = 0; i < turn->round.calls; i++) {
        const struct round_part *call = round_call(&turn->round, i);
        struct tool_use *use = add_use(turn, call, i);
        first = first ? first : use;
        if (!check(use, call))
            use->outcome = use->outcome ? use->outcome : "same";
    }
    turn->uses_running++; /* those that end at once do not end the round before all have begun */
    for (struct tool_use *use = first; use; use = use->next)
        if (!use->ended && !use->same)
            begin(use);
    turn_flush(turn);
    return --turn->uses_running == 0 ? next_round(turn) : TURN_WAIT;
}

void tools_stop(struct turn *turn) {
    for (struct tool_use *use = turn->uses; use; use = use->next)
        if (use->run) {
            tool_run_cancel(use->run);
            use->run = NULL;
            refuse(use, "cancelled", "the turn was ended.");
        } else if (use->ask) {
            confirm_ask_cancel(use->ask);
            use->ask = NULL;
            refuse(use, "cancelled", "the turn was ended.");
        }
    turn->uses_running = 0;
}

/* --- the log --- */

void tools_prepare_record(struct turn *turn) {
    for (struct tool_use *use = turn->uses; use; use = use->next) {
        const struct tool *tool = use->offered ? use->offered->tool : NULL;
        use->logged = tool_arguments_redacted(tool, use->arguments, use->is_object, turn->arena);
        use->logged = turn_redacted_json(turn, REDACT_LOG, use->logged);
        use->detail = turn_redacted(turn, REDACT_LOG, use->detail);
        if (!use->outcome)
            use->outcome = "cancelled";
    }
}

bool tools_record(struct store_session *session, const struct turn *turn, struct fault *fault) {
    for (const struct tool_use *use = turn->uses; use; use = use->next) {
        const struct store_tool_call call = {
            .id = id_slice(&use->log_id),
            .turn_id = id_slice(&turn->id),
            .conversation_id = id_slice(&turn->conversation_id),
            .bot = slice_of(turn->bot->name),
            .user = slice_of(turn->who.user),
            .tool = slice_first(use->name, utf8_cut(use->name, 128)),
            .arguments = use->logged,
            .outcome = slice_of(use->outcome),
            .detail = use->detail,
            .result_bytes = (int64_t)use->result.size,
            .started_ms = use->started_wall_ms,
            .duration_ms = use->duration_us / 1000,
        };
        if (!store_tool_call_add(session, &call, fault))
            return false;
    }
    bool ran = turn->uses && turn->uses->started_us > 0;
    return confirm_record(session, turn, ran, fault);
}
