#include "api/door.h"
#include "api/address.h"
#include "api/api_state.h"
#include "api/credentials.h"
#include "api/origin.h"
#include "api/reply.h"
#include "base/arena.h"
#include "base/clock.h"
#include "chat/chat.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "gate/apikey.h"
#include "http/server.h"
#include "tool/tool.h"
#include <assert.h>

enum {
    HEARTBEAT_MS = 15 * 1000,
    /* Bytes that wait for a slow client before its upstream is paused. */
    BACK_PRESSURE = 64 * 1024,
    TURN_ARENA = 2048,
    LANGUAGE_MAX = 35, /* of a language tag, by RFC 5646 */
};

static void release(struct door_request *request) {
    timer_stop(&request->heartbeat);
    arena_destroy(request->arena);
    request->arena = NULL;
    buffer_finish(&request->text);
    buffer_finish(&request->calls);
    buffer_finish(&request->cards);
    settings_release(request->settings);
    request->settings = NULL;
    request->exchange = NULL;
}

static struct buffer *scratch(struct door_request *request) {
    buffer_clear(&request->api->scratch);
    return &request->api->scratch;
}

static void fail(struct door_request *request, const struct fault *fault) {
    struct http_exchange *exchange = request->exchange;
    struct buffer *out = scratch(request);
    int status = request->door->dialect->refusal(request, fault, out);
    release(request);
    reply_error_as(exchange, fault, status, buffer_slice(out));
}

static void add_id(struct door_request *request) {
    const char *name = request->door->dialect->id_header;
    http_exchange_add_header(request->exchange, "X-Request-Id", id_slice(&request->id));
    if (name)
        http_exchange_add_header(request->exchange, name, id_slice(&request->id));
}

static void refuse(struct door_request *request, const struct fault *fault) {
    struct metrics *metrics = chat_parts(request->api->chat)->metrics;
    atomic_fetch_add(&metrics->refused[fault->kind], 1);
    add_id(request);
    fail(request, fault);
}

/* --- what goes out --- */

static void add_headers(struct door_request *request) {
    add_id(request);
    http_exchange_add_header(request->exchange, "X-Conversation-Id", request->conversation_id);
    http_exchange_add_header(request->exchange, "Cache-Control", SLICE("no-store"));
    if (request->offline)
        http_exchange_add_header(request->exchange, "X-Switchboard-Offline", SLICE("true"));
    if (request->cached)
        http_exchange_add_header(request->exchange, "X-Switchboard-Cache", SLICE("hit"));
    if (request->body.ignored.size > 0)
        http_exchange_add_header(request->exchange, "X-Switchboard-Ignored", request->body.ignored);
}

static void begin(struct door_request *request) {
    request->begun = true;
    add_headers(request);
    /* nginx and its like must not collect the stream. */
    http_exchange_add_header(request->exchange, "X-Accel-Buffering", SLICE("no"));
    const struct dialect *dialect = request->door->dialect;
    if (dialect->stream_header)
        http_exchange_add_header(request->exchange, dialect->stream_header,
                                 slice_of(dialect->stream_header_value));
    http_stream_begin(request->exchange, 200, request->door->dialect->content_type);
}

static void write_out(struct door_request *request, struct buffer *out) {
    if (out->size > 0)
        http_stream_write(request->exchange, buffer_slice(out));
}

/* The scratch buffer, with the stream's beginning where it has not begun. */
static struct buffer *begun(struct door_request *request) {
    struct buffer *out = scratch(request);
    if (!request->begun) {
        begin(request);
        request->door->dialect->start(request, out);
    }
    return out;
}

static void send_tool(struct door_request *request, const struct turn_tool *tool) {
    if (!request->body.stream || !request->door->dialect->tool)
        return;
    struct buffer *out = begun(request);
    request->door->dialect->tool(request, tool, out);
    write_out(request, out);
}

static void send_client_call(struct door_request *request, const struct turn_tool *call) {
    const struct dialect *dialect = request->door->dialect;
    if (!dialect->client_call)
        return;
    if (!request->body.stream) {
        dialect->client_call(request, call, &request->calls);
    } else {
        struct buffer *out = begun(request);
        dialect->client_call(request, call, out);
        write_out(request, out);
    }
    request->call_count++;
}

static void send_card(struct door_request *request, const struct turn_confirm *confirm) {
    const struct dialect *dialect = request->door->dialect;
    if (!dialect->confirm)
        return;
    if (!request->body.stream) {
        dialect->confirm(request, confirm, &request->cards);
        return;
    }
    struct buffer *out = begun(request);
    dialect->confirm(request, confirm, out);
    write_out(request, out);
}

static void send_text(struct door_request *request, struct slice text) {
    if (!request->body.stream) {
        buffer_append(&request->text, text);
        return;
    }
    struct buffer *out = begun(request);
    request->door->dialect->text(request, text, out);
    write_out(request, out);
}

static void send_error(struct door_request *request, const struct fault *fault) {
    request->failed = true;
    if (!request->begun) {
        /* Replied at the end of the turn: with the reply the request itself may be gone. */
        request->refusal = arena_allocate(http_exchange_arena(request->exchange), sizeof *fault);
        *request->refusal = *fault;
        return;
    }
    struct buffer *out = scratch(request);
    request->door->dialect->error(request, fault, out);
    write_out(request, out);
}

static void send_end(struct door_request *request, const struct turn_event *end) {
    struct http_exchange *exchange = request->exchange;
    const struct dialect *dialect = request->door->dialect;
    if (request->refusal) {
        const struct fault fault = *request->refusal;
        add_headers(request);
        fail(request, &fault);
        return;
    }
    if (!request->body.stream) {
        struct buffer *out = scratch(request);
        add_headers(request);
        dialect->whole(request, buffer_slice(&request->text), end, out);
        release(request);
        reply_json(exchange, 200, buffer_slice(out));
        return;
    }
    struct buffer *out = begun(request);
    if (!request->failed)
        dialect->end(request, end, out);
    write_out(request, out);
    release(request);
    http_stream_end(exchange);
}

static void on_event(void *user, const struct turn_event *event) {
    struct door_request *request = user;
    if (!request->exchange)
        return;
    switch (event->kind) {
    case TURN_EVENT_START:
        request->offline = event->offline;
        request->cached = event->cached;
        break;
    case TURN_EVENT_TEXT:
        send_text(request, event->text);
        break;
    case TURN_EVENT_TOOL:
        send_tool(request, event->tool);
        break;
    case TURN_EVENT_CONFIRM:
        send_card(request, event->confirm);
        break;
    case TURN_EVENT_CLIENT_CALL:
        send_client_call(request, event->tool);
        break;
    case TURN_EVENT_ERROR:
        send_error(request, event->fault);
        break;
    case TURN_EVENT_END:
        request->turn = NULL;
        send_end(request, event);
        break;
    default:
        break;
    }
}

static void on_flush(void *user) {
    struct door_request *request = user;
    if (!request->exchange || !request->begun)
        return;
    http_stream_flush(request->exchange);
    timer_set(&request->heartbeat, HEARTBEAT_MS);
    if (!request->paused && request->turn &&
        http_stream_waiting(request->exchange) > BACK_PRESSURE) {
        request->paused = true;
        turn_pause(request->turn);
    }
}

static const struct turn_sink sink = {.event = on_event, .flush = on_flush};

/* Keeps proxies between us and the client from giving up while a model thinks or a queue is long.
 */
static void on_heartbeat(void *user) {
    struct door_request *request = user;
    if (!request->begun) {
        write_out(request, begun(request));
    }
    http_stream_write(request->exchange, slice_of(request->door->dialect->heartbeat));
    http_stream_flush(request->exchange);
    timer_set(&request->heartbeat, HEARTBEAT_MS);
}

/* --- the client's side --- */

static void on_gone(void *user) {
    struct door_request *request = user;
    if (!request->exchange)
        return;
    if (request->identify)
        identify_cancel(request->identify);
    request->identify = NULL;
    struct turn *turn = request->turn;
    request->turn = NULL;
    release(request);
    if (turn)
        turn_cancel(turn);
}

static void on_drained(void *user) {
    struct door_request *request = user;
    if (!request->paused || !request->turn)
        return;
    request->paused = false;
    turn_resume(request->turn);
}

/* --- the way in --- */

/* The first of Accept-Language: what the visitor's browser prefers. */
static struct slice language_of(const struct http_request *http) {
    struct slice list = http_header_get(http, "Accept-Language");
    size_t end = 0;
    while (end < list.size && end < LANGUAGE_MAX &&
           (list.data[end] == '-' || (unsigned)((list.data[end] | 32) - 'a') < 26))
        end++;
    return slice_first(list, end);
}

static void start_turn(struct door_request *request, const struct identity *identity) {
    if (identity->session_token[0])
        credentials_keep(request->exchange, request->bot, identity->session_token);
    const struct api_options *options = &request->api->options;
    char address[64];
    struct turn_request turn = {
        .settings = request->settings,
        .bot = request->bot,
        .who = identity,
        .address = address_of(options, request->exchange, address),
        .door = request->door->name,
        .language = language_of(http_exchange_request(request->exchange)),
        .id = request->id,
        .conversation_id = request->conversation_id,
        .confirmation_id = request->body.confirmation_id,
        .confirmed = request->body.confirmed,
        .goes_on = request->body.conversation_id.size > 0,
        .messages = request->body.messages,
        .message_count = request->body.message_count,
        .tools = request->body.tools,
        .tool_count = request->body.tool_count,
        .arena = request->arena,
    };
    request->arena = NULL;
    if (request->body.stream)
        timer_set(&request->heartbeat, HEARTBEAT_MS);
    struct turn *started = turn_start(request->api->chat, &turn, &sink, request);
    if (started) /* else it is over already, and the request with it */
        request->turn = started;
}

static void on_identified(void *user, const struct identity *identity, const struct fault *fault) {
    struct door_request *request = user;
    request->identify = NULL;
    if (fault)
        refuse(request, fault);
    else
        start_turn(request, identity);
}

bool door_find_bot(const struct settings *settings, struct slice name, const char *param,
                   const struct bot **ret_bot, struct fault *fault) {
    const struct bot *bot = name.size ? settings_bot(settings, name) : settings->default_bot;
    if (bot) {
        *ret_bot = bot;
        return true;
    }
    fault_set(fault, FAULT_NOT_FOUND, "There is no bot of the name \"%.*s\".",
              (int)slice_first(name, 64).size, name.data);
    memcpy(fault->code, "model_not_found", sizeof "model_not_found");
    return fault_param(fault, "%s", param);
}

static bool find_bot(struct door_request *request, struct fault *fault) {
    const struct door *door = request->door;
    struct slice name;
    if (!body_string(&request->body, door->bot_key, request->arena, &name, fault))
        return false;
    if (name.size == 0 && door->bot_required) {
        fault_set(fault, FAULT_BAD_INPUT, "%s is missing: name one of the bots of GET /v1/models.",
                  door->bot_key);
        return fault_param(fault, "%s", door->bot_key);
    }
    return door_find_bot(request->settings, name, door->bot_key, &request->bot, fault);
}

static bool check_size(const struct door_request *request, struct fault *fault) {
    const struct model_message *last = &request->body.messages[request->body.message_count - 1];
    size_t size = 0;
    for (size_t i = 0; i < last->part_count; i++)
        size += last->parts[i].text.size;
    /* A result of a trusted client's own tool is no message of a visitor. */
    if (size <= request->bot->message_max || last->role != MODEL_USER)
        return true;
    fault_set(fault, FAULT_TOO_LARGE,
              "The message is too long: %zu bytes, and %zu are allowed. Please shorten it.", size,
              request->bot->message_max);
    return fault_param(fault, "messages[%zu].content", request->body.message_count - 1);
}

/* Whether it is a good one is seen later; who has none brings no tools. */
static bool has_api_key(struct http_exchange *exchange) {
    struct id id;
    unsigned char hash[APIKEY_HASH_SIZE];
    return apikey_parse(credentials_bearer(exchange), &id, hash);
}

/* An MCP server's tools bear its name in front of their own, and are not known yet. */
static bool may_be_of(const struct tool *tool, struct slice name) {
    struct slice own = slice_of(tool->name);
    return slice_equal(name, own) || (tool->kind == TOOL_MCP && slice_starts_with(name, own) &&
                                      slice_starts_with(slice_from(name, own.size), SLICE("_")));
}

/* A call must be of one tool, ours or the client's. */
static bool check_tools(const struct door_request *request, struct fault *fault) {
    for (size_t i = 0; i < request->body.tool_count; i++)
        for (size_t j = 0; j < request->bot->tool_count; j++)
            if (may_be_of(request->bot->tools[j], request->body.tools[i].name)) {
                fault_set(fault, FAULT_BAD_INPUT,
                          "tools[%zu] has the name of a tool that the bot has already.", i);
                return fault_param(fault, "tools[%zu]", i);
            }
    return true;
}

/* Whatever a client calls its chat by itself is no id of ours, and no mistake. */
static void find_conversation(struct door_request *request) {
    struct slice id;
    struct fault ignored;
    if (request->body.conversation_id.size == 0 && request->door->conversation_key &&
        body_string(&request->body, request->door->conversation_key, request->arena, &id,
                    &ignored) &&
        id_valid(id))
        request->body.conversation_id = id;
}

/* What is kept of a conversation is what was said, not which tools of a client's own were called.
 */
static bool check_results(const struct door_request *request, struct fault *fault) {
    const struct body *body = &request->body;
    if (body->conversation_id.size == 0 ||
        body->messages[body->message_count - 1].role != MODEL_TOOL)
        return true;
    fault_set(fault, FAULT_BAD_INPUT,
              "conversation_id does not go with results of the client's own tools: send the whole "
              "conversation without it.");
    return fault_param(fault, "conversation_id");
}

static void identify_client(struct door_request *request) {
    const struct credentials credentials = credentials_of(request->exchange, request->bot);
    struct identify *identify = identify_start(request->api->chat, request->settings, request->bot,
                                               &credentials, on_identified, request);
    if (identify)
        request->identify = identify;
}

void door_open(struct api *api, struct http_exchange *exchange, const struct door *door) {
    struct door_request *request = arena_allocate(http_exchange_arena(exchange), sizeof *request);
    request->api = api;
    request->exchange = exchange;
    request->door = door;
    request->settings = settings_reference(chat_settings(api->chat));
    request->arena = arena_create(TURN_ARENA);
    request->created_s = clock_wall_ms() / 1000;
    request->id = id_create();
    timer_init(&request->heartbeat, chat_parts(api->chat)->loop, on_heartbeat, request);
    http_exchange_watch(exchange, &(struct http_watch){on_gone, on_drained, request});
    struct fault fault;
    if (!body_read(http_exchange_request(exchange)->body, door->stream,
                   door->own_tools && has_api_key(exchange), request->arena, &request->body,
                   &fault) ||
        !find_bot(request, &fault) || !check_tools(request, &fault) ||
        !origin_check(exchange, request->bot, &fault) || !check_size(request, &fault) ||
        !check_results(request, &fault)) {
        refuse(request, &fault);
        return;
    }
    find_conversation(request);
    request->body.stream = request->body.stream || door->only_streams;
    struct id fresh = id_create();
    request->conversation_id =
        request->body.conversation_id.size ? request->body.conversation_id : id_slice(&fresh);
    request->conversation_id = arena_copy(http_exchange_arena(exchange), request->conversation_id);
    identify_client(request);
}
