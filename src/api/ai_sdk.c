#include "api/ai_sdk.h"
#include "api/api_state.h"
#include "api/door.h"
#include "api/reply.h"
#include "base/json.h"
#include "chat/confirm.h"
#include "http/server.h"

/* Each event is one JSON object; text stands between a start and an end with the same id, so that
 * parts of an answer keep their order among the tools. Source: the package `ai`,
 * uiMessageChunkSchema. */

static struct json_writer begin_event(struct buffer *out, const char *type) {
    buffer_append(out, SLICE("data: "));
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "type", slice_of(type));
    return json;
}

static void end_event(struct json_writer *json) {
    json_end_object(json);
    buffer_append(json->out, SLICE("\n\n"));
}

static void put_event(struct buffer *out, const char *type) {
    struct json_writer json = begin_event(out, type);
    end_event(&json);
}

static void put_part(const struct door_request *request, struct buffer *out, const char *type) {
    char id[24];
    snprintf(id, sizeof id, "text-%u", request->part);
    struct json_writer json = begin_event(out, type);
    json_member_string(&json, "id", slice_of(id));
    end_event(&json);
}

static void close_text(struct door_request *request, struct buffer *out) {
    if (request->part_open)
        put_part(request, out, "text-end");
    request->part_open = false;
}

static void start(struct door_request *request, struct buffer *out) {
    struct json_writer json = begin_event(out, "start");
    json_member_string(&json, "messageId", id_slice(&request->id));
    json_key(&json, "messageMetadata");
    json_begin_object(&json);
    json_member_string(&json, "conversation_id", request->conversation_id);
    if (request->offline)
        json_member_bool(&json, "offline", true);
    json_end_object(&json);
    end_event(&json);
    put_event(out, "start-step");
}

static void text(struct door_request *request, struct slice delta, struct buffer *out) {
    if (!request->part_open) {
        if (slice_trim(delta).size == 0 && request->part > 0)
            return; /* what parts the paragraphs elsewhere: here it is the parts themselves */
        request->part++;
        request->part_open = true;
        put_part(request, out, "text-start");
    }
    buffer_printf(out,
                  "data: {\"type\":\"text-delta\",\"id\":\"text-%u\",\"delta\":", request->part);
    json_append_string(out, delta);
    buffer_append(out, SLICE("}\n\n"));
}

/* The server ran it: the client shows it and has nothing to do. */
static void put_call(struct json_writer *json, const struct turn_tool *tool, bool named) {
    json_member_string(json, "toolCallId", tool->id);
    if (named)
        json_member_string(json, "toolName", tool->name);
    json_member_bool(json, "providerExecuted", true);
    json_member_bool(json, "dynamic", true);
}

/* An event is one line; between JSON's tokens a model may have written more of them. */
static void put_input(struct json_writer *json, struct slice value) {
    json_key(json, "input");
    size_t from = json->out->size;
    json_raw(json, value);
    for (size_t i = from; i < json->out->size; i++)
        if (json->out->data[i] == '\n' || json->out->data[i] == '\r')
            json->out->data[i] = ' ';
}

static void tool(struct door_request *request, const struct turn_tool *tool, struct buffer *out) {
    struct json_writer json;
    close_text(request, out);
    switch (tool->state) {
    case TURN_TOOL_RUNNING:
        json = begin_event(out, "tool-input-available");
        put_call(&json, tool, true);
        put_input(&json, tool->arguments);
        if (tool->text.size > 0)
            json_member_string(&json, "title", tool->text);
        break;
    case TURN_TOOL_DONE:
        json = begin_event(out, "tool-output-available");
        put_call(&json, tool, false);
        json_member_raw(&json, "output", SLICE("{\"status\":\"done\"}"));
        break;
    default:
        json = begin_event(out, "tool-output-error");
        put_call(&json, tool, false);
        json_member_string(&json, "errorText", SLICE("This did not work."));
    }
    end_event(&json);
}

/* A part of the package's kind "data": a later one with the same id replaces it. */
static void confirm(struct door_request *request, const struct turn_confirm *card,
                    struct buffer *out) {
    close_text(request, out);
    struct json_writer json = begin_event(out, "data-confirmation");
    json_member_string(&json, "id", card->id);
    json_key(&json, "data");
    confirm_write(card, out);
    end_event(&json);
}

static void error(struct door_request *request, const struct fault *fault, struct buffer *out) {
    close_text(request, out);
    struct json_writer json = begin_event(out, "error");
    json_member_string(&json, "errorText", slice_of(fault->message));
    end_event(&json);
    buffer_append(out, SLICE("data: [DONE]\n\n"));
}

static const char *reason_of(enum model_finish finish) {
    switch (finish) {
    case MODEL_FINISH_LENGTH:
        return "length";
    case MODEL_FINISH_CONTENT_FILTER:
        return "content-filter";
    case MODEL_FINISH_STOP:
        return "stop";
    default:
        return "other";
    }
}

static void end(struct door_request *request, const struct turn_event *event, struct buffer *out) {
    close_text(request, out);
    put_event(out, "finish-step");
    struct json_writer json = begin_event(out, "finish");
    json_member_string(&json, "finishReason", slice_of(reason_of(event->finish)));
    end_event(&json);
    buffer_append(out, SLICE("data: [DONE]\n\n"));
}

static int refusal(const struct door_request *request, const struct fault *fault,
                   struct buffer *out) {
    (void)request;
    reply_error_json(fault, out);
    buffer_append_byte(out, '\n');
    return reply_status(fault);
}

static const struct dialect ai_sdk_dialect = {
    .content_type = "text/event-stream",
    .stream_header = "x-vercel-ai-ui-message-stream",
    .stream_header_value = "v1",
    .heartbeat = ": waiting\n\n",
    .start = start,
    .text = text,
    .tool = tool,
    .confirm = confirm,
    .error = error,
    .end = end,
    .refusal = refusal,
};

static const struct door ai_sdk_door = {
    .name = "chat",
    .bot_key = "bot",
    .bot_required = false,
    .stream = true,
    .only_streams = true,
    .conversation_key = "id",
    .dialect = &ai_sdk_dialect,
};

bool ai_sdk_wanted(struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    struct slice query = request->query, pair;
    while (slice_split(&query, '&', &pair))
        if (slice_is(pair, "dialect=ai-sdk"))
            return true;
    return slice_find(http_header_get(request, "Accept"), SLICE("dialect=ai-sdk")) != SIZE_MAX;
}

void ai_sdk_chat(struct api *api, struct http_exchange *exchange) {
    door_open(api, exchange, &ai_sdk_door);
}
