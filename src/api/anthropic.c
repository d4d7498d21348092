#include "api/anthropic.h"
#include "api/api_state.h"
#include "api/door.h"
#include "api/reply.h"
#include "base/json.h"
#include "chat/settings.h"
#include "http/server.h"

/* Anthropic's Messages API, as its official clients need it (PROTOCOLS.md, section 2): named events
 * whose data repeats the name as `type`, one text block and one for each call of a tool of the
 * client's own, the counts at the end. */

/* --- errors --- */

/* The status that this API has where OpenAI's differs. */
static int status_of(const struct fault *fault) {
    int status = reply_status(fault);
    return status == 503 ? 529 : status;
}

static const char *type_of(int status) {
    switch (status) {
    case 400:
        return "invalid_request_error";
    case 401:
        return "authentication_error";
    case 403:
        return "permission_error";
    case 404:
        return "not_found_error";
    case 409:
        return "conflict_error";
    case 413:
        return "request_too_large";
    case 429:
        return "rate_limit_error";
    case 504:
        return "timeout_error";
    case 529:
        return "overloaded_error";
    default:
        return "api_error";
    }
}

int anthropic_error(const struct fault *fault, struct slice request_id, struct buffer *out) {
    int status = status_of(fault);
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "type", SLICE("error"));
    json_key(&json, "error");
    json_begin_object(&json);
    json_member_string(&json, "type", slice_of(type_of(status)));
    struct buffer message = {0};
    /* There is no code for it: clients know it by these words. */
    if (fault->kind == FAULT_PROVIDER_CONTEXT_TOO_LONG && !strstr(fault->message, "prompt is too"))
        buffer_append_string(&message, "prompt is too long: ");
    buffer_append_string(&message, fault->message);
    json_member_string(&json, "message", buffer_slice(&message));
    buffer_finish(&message);
    json_end_object(&json);
    if (request_id.size > 0)
        json_member_string(&json, "request_id", request_id);
    json_end_object(&json);
    return status;
}

static int refusal(const struct door_request *request, const struct fault *fault,
                   struct buffer *out) {
    int status = anthropic_error(fault, id_slice(&request->id), out);
    buffer_append_byte(out, '\n');
    return status;
}

static void error(struct door_request *request, const struct fault *fault, struct buffer *out) {
    buffer_append(out, SLICE("event: error\ndata: "));
    anthropic_error(fault, id_slice(&request->id), out);
    buffer_append(out, SLICE("\n\n"));
}

/* --- the stream --- */

static void begin_message(const struct door_request *request, struct buffer *out) {
    buffer_printf(out, "{\"id\":\"msg_%s\",\"type\":\"message\",\"role\":\"assistant\",\"model\":",
                  request->id.text);
    json_append_string(out, slice_of(request->bot->name));
}

/* What went in is not known before the end. */
static void start(struct door_request *request, struct buffer *out) {
    buffer_append(out, SLICE("event: message_start\ndata: "
                             "{\"type\":\"message_start\",\"message\":"));
    begin_message(request, out);
    buffer_append(out, SLICE(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
                             "\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}}\n\n"));
}

/* The first block, for all text; it begins with the first of it: before, only heartbeats may have
 * been sent. */
static void begin_block(struct door_request *request, struct buffer *out) {
    if (request->part_open)
        return;
    request->part_open = true;
    request->prefix = SLICE("event: content_block_delta\ndata: "
                            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
                            "{\"type\":\"text_delta\",\"text\":\"");
    request->suffix = SLICE("\"}}\n\n");
    buffer_append(out, SLICE("event: content_block_start\ndata: "
                             "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
                             "{\"type\":\"text\",\"text\":\"\"}}\n\n"));
}

static void end_block(struct door_request *request, struct buffer *out) {
    buffer_printf(out,
                  "event: content_block_stop\ndata: "
                  "{\"type\":\"content_block_stop\",\"index\":%u}\n\n",
                  request->part);
    request->part++;
    request->part_open = false;
}

static void put_call(const struct turn_tool *call, struct slice input, struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "type", SLICE("tool_use"));
    json_member_string(&json, "id", call->id);
    json_member_string(&json, "name", call->name);
    json_member_raw(&json, "input", input);
    json_end_object(&json);
}

/* The calls end the turn: no text comes behind them. Where nothing is streamed, an element of the
 * content. */
static void client_call(struct door_request *request, const struct turn_tool *call,
                        struct buffer *out) {
    if (!request->body.stream) {
        buffer_append_string(out, request->call_count > 0 ? "," : "");
        put_call(call, call->arguments, out);
        return;
    }
    if (request->part_open)
        end_block(request, out);
    buffer_printf(out,
                  "event: content_block_start\ndata: {\"type\":\"content_block_start\","
                  "\"index\":%u,\"content_block\":",
                  request->part);
    put_call(call, SLICE("{}"), out);
    buffer_printf(out,
                  "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
                  "\"index\":%u,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":",
                  request->part);
    json_append_string(out, call->arguments);
    buffer_append(out, SLICE("}}\n\n"));
    end_block(request, out);
}

static void text(struct door_request *request, struct slice delta, struct buffer *out) {
    begin_block(request, out);
    buffer_append(out, request->prefix);
    json_append_escaped(out, delta);
    buffer_append(out, request->suffix);
}

static int64_t known(int64_t tokens) {
    return tokens > 0 ? tokens : 0;
}

static void append_usage(const struct model_usage *usage, struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_int(&json, "input_tokens", known(usage->input));
    json_member_int(&json, "cache_creation_input_tokens",
                    known(usage->cache_write) + known(usage->cache_write_1h));
    json_member_int(&json, "cache_read_input_tokens", known(usage->cache_read));
    json_member_int(&json, "output_tokens", model_usage_answer(usage));
    json_key(&json, "output_tokens_details");
    json_begin_object(&json);
    json_member_int(&json, "thinking_tokens", known(usage->reasoning));
    json_end_object(&json);
    json_end_object(&json);
}

/* The bot's tools are no business of the client's: a turn ends with tool_use for its own only. */
static const char *reason_of(const struct turn_event *end) {
    if (end->finish == MODEL_FINISH_TOOL_CALLS)
        return "tool_use";
    if (end->finish == MODEL_FINISH_LENGTH)
        return "max_tokens";
    return end->finish == MODEL_FINISH_CONTENT_FILTER ? "refusal" : "end_turn";
}

static void end(struct door_request *request, const struct turn_event *event, struct buffer *out) {
    if (request->call_count == 0) {
        begin_block(request, out);
        end_block(request, out);
    }
    buffer_printf(out,
                  "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":"
                  "{\"stop_reason\":\"%s\",\"stop_sequence\":null},\"usage\":",
                  reason_of(event));
    append_usage(&event->usage, out);
    buffer_append(out, SLICE("}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

static void whole(struct door_request *request, struct slice answer, const struct turn_event *event,
                  struct buffer *out) {
    begin_message(request, out);
    buffer_append(out, SLICE(",\"content\":["));
    if (answer.size > 0 || request->call_count == 0) {
        buffer_append(out, SLICE("{\"type\":\"text\",\"text\":"));
        json_append_string(out, answer);
        buffer_append_string(out, request->call_count > 0 ? "}," : "}");
    }
    buffer_append(out, buffer_slice(&request->calls));
    buffer_printf(out,
                  "],\"stop_reason\":\"%s\",\"stop_sequence\":null,\"usage\":", reason_of(event));
    append_usage(&event->usage, out);
    buffer_append(out, SLICE("}\n"));
}

static const struct dialect dialect = {
    .content_type = "text/event-stream",
    .heartbeat = "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    .id_header = "Request-Id",
    .start = start,
    .text = text,
    .client_call = client_call,
    .error = error,
    .end = end,
    .whole = whole,
    .refusal = refusal,
};

static const struct door door = {
    .name = "anthropic",
    .bot_key = "model",
    .bot_required = true,
    .stream = false,
    .own_tools = true,
    .dialect = &dialect,
};

void anthropic_messages(struct api *api, struct http_exchange *exchange) {
    door_open(api, exchange, &door);
}
