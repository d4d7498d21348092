#include "api/openai.h"
#include "api/ai_sdk.h"
#include "api/api_state.h"
#include "api/door.h"
#include "api/reply.h"
#include "base/arena.h"
#include "base/json.h"
#include "chat/confirm.h"
#include "chat/settings.h"
#include "http/server.h"

/* OpenAI's Chat Completions, as its official clients need it (PROTOCOLS.md, section 7): one id and
 * `created` for all chunks, the role in the first, exactly one finish_reason, the usage in a chunk
 * with no choices. */

static void append_head(const struct door_request *request, const char *object,
                        struct buffer *out) {
    buffer_printf(out, "{\"id\":\"chatcmpl-%s\",\"object\":\"%s\",\"created\":%lld,\"model\":",
                  request->id.text, object, (long long)request->created_s);
    json_append_string(out, slice_of(request->bot->name));
    /* The member that says what the answer was made with: no language model. */
    if (request->offline)
        buffer_append(out, SLICE(",\"system_fingerprint\":\"offline\""));
}

static void append_chunk(const struct door_request *request, const char *delta, const char *finish,
                         struct buffer *out) {
    buffer_append(out, SLICE("data: "));
    append_head(request, "chat.completion.chunk", out);
    buffer_append(out, SLICE(",\"choices\":[{\"index\":0,\"delta\":"));
    buffer_append_string(out, delta);
    buffer_append(out, SLICE(",\"finish_reason\":"));
    if (finish)
        buffer_printf(out, "\"%s\"", finish);
    else
        buffer_append(out, SLICE("null"));
    buffer_append(out, SLICE("}]"));
    if (request->body.include_usage)
        buffer_append(out, SLICE(",\"usage\":null"));
    buffer_append(out, SLICE("}\n\n"));
}

static void start(struct door_request *request, struct buffer *out) {
    append_chunk(request, "{\"role\":\"assistant\",\"content\":\"\"}", NULL, out);
    /* What stands around the text of every delta is the same: made once. */
    struct buffer frame = {0};
    append_chunk(request, "{\"content\":\"\"}", NULL, &frame);
    struct slice whole = buffer_slice(&frame);
    size_t cut = slice_find(whole, SLICE("\"delta\":{\"content\":\"")) + 20;
    struct slice copy = arena_copy(http_exchange_arena(request->exchange), whole);
    request->prefix = slice_first(copy, cut);
    request->suffix = slice_from(copy, cut);
    buffer_finish(&frame);
}

static void text(struct door_request *request, struct slice delta, struct buffer *out) {
    buffer_append(out, request->prefix);
    json_append_escaped(out, delta);
    buffer_append(out, request->suffix);
}

static void put_call(const struct turn_tool *call, size_t index, bool with_index,
                     struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    if (with_index)
        json_member_int(&json, "index", (int64_t)index);
    json_member_string(&json, "id", call->id);
    json_member_string(&json, "type", SLICE("function"));
    json_key(&json, "function");
    json_begin_object(&json);
    json_member_string(&json, "name", call->name);
    json_member_string(&json, "arguments", call->arguments);
    json_end_object(&json);
    json_end_object(&json);
}

/* A chunk with the whole call; where nothing is streamed, an element of the message's list. */
static void client_call(struct door_request *request, const struct turn_tool *call,
                        struct buffer *out) {
    if (!request->body.stream) {
        if (request->call_count > 0)
            buffer_append_byte(out, ',');
        put_call(call, request->call_count, false, out);
        return;
    }
    struct buffer delta = {0};
    buffer_append(&delta, SLICE("{\"tool_calls\":["));
    put_call(call, request->call_count, true, &delta);
    buffer_append(&delta, SLICE("]}"));
    append_chunk(request, buffer_string(&delta), NULL, out);
    buffer_finish(&delta);
}

/* A chunk without choices, which clients that do not know it pass over; where nothing is streamed,
 * an element of a list. */
static void confirm(struct door_request *request, const struct turn_confirm *card,
                    struct buffer *out) {
    if (!request->body.stream) {
        if (out->size > 0)
            buffer_append_byte(out, ',');
        confirm_write(card, out);
        return;
    }
    buffer_append(out, SLICE("data: "));
    append_head(request, "chat.completion.chunk", out);
    buffer_append(out, SLICE(",\"choices\":[],\"confirmation\":"));
    confirm_write(card, out);
    buffer_append(out, SLICE("}\n\n"));
}

static void error(struct door_request *request, const struct fault *fault, struct buffer *out) {
    (void)request;
    buffer_append(out, SLICE("data: "));
    reply_error_json(fault, out);
    buffer_append(out, SLICE("\n\n"));
}

static int64_t known(int64_t tokens) {
    return tokens > 0 ? tokens : 0;
}

static void append_usage(const struct model_usage *usage, struct buffer *out) {
    int64_t prompt = model_usage_prompt(usage), completion = model_usage_answer(usage);
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_int(&json, "prompt_tokens", prompt);
    json_member_int(&json, "completion_tokens", completion);
    json_member_int(&json, "total_tokens", prompt + completion);
    json_key(&json, "prompt_tokens_details");
    json_begin_object(&json);
    json_member_int(&json, "cached_tokens", known(usage->cache_read));
    json_end_object(&json);
    json_key(&json, "completion_tokens_details");
    json_begin_object(&json);
    json_member_int(&json, "reasoning_tokens", known(usage->reasoning));
    json_end_object(&json);
    json_end_object(&json);
}

static const char *finish_of(const struct turn_event *end) {
    return end->finish == MODEL_FINISH_NONE || end->finish == MODEL_FINISH_ERROR
               ? "stop"
               : model_finish_name(end->finish);
}

static void end(struct door_request *request, const struct turn_event *event, struct buffer *out) {
    append_chunk(request, "{}", finish_of(event), out);
    if (request->body.include_usage) {
        buffer_append(out, SLICE("data: "));
        append_head(request, "chat.completion.chunk", out);
        buffer_append(out, SLICE(",\"choices\":[],\"usage\":"));
        append_usage(&event->usage, out);
        buffer_append(out, SLICE("}\n\n"));
    }
    buffer_append(out, SLICE("data: [DONE]\n\n"));
}

static void whole(struct door_request *request, struct slice answer, const struct turn_event *event,
                  struct buffer *out) {
    append_head(request, "chat.completion", out);
    buffer_append(out, SLICE(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                             "\"content\":"));
    if (answer.size == 0 && request->call_count > 0)
        buffer_append(out, SLICE("null"));
    else
        json_append_string(out, answer);
    if (request->call_count > 0) {
        buffer_append(out, SLICE(",\"tool_calls\":["));
        buffer_append(out, buffer_slice(&request->calls));
        buffer_append_byte(out, ']');
    }
    buffer_printf(out, ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"%s\"}],\"usage\":",
                  finish_of(event));
    append_usage(&event->usage, out);
    if (request->cards.size > 0)
        buffer_printf(out, ",\"confirmations\":[%.*s]", SLICE_ARG(buffer_slice(&request->cards)));
    buffer_append(out, SLICE("}\n"));
}

static int refusal(const struct door_request *request, const struct fault *fault,
                   struct buffer *out) {
    (void)request;
    reply_error_json(fault, out);
    buffer_append_byte(out, '\n');
    return reply_status(fault);
}

static const struct dialect openai_dialect = {
    .content_type = "text/event-stream",
    .heartbeat = ": waiting\n\n",
    .start = start,
    .text = text,
    .client_call = client_call,
    .confirm = confirm,
    .error = error,
    .end = end,
    .whole = whole,
    .refusal = refusal,
};

static const struct door completions_door = {
    .name = "openai",
    .bot_key = "model",
    .bot_required = true,
    .stream = false,
    .own_tools = true,
    .dialect = &openai_dialect,
};

static const struct door chat_door = {
    .name = "chat",
    .bot_key = "bot",
    .bot_required = false,
    .stream = true,
    .dialect = &openai_dialect,
};

void openai_completions(struct api *api, struct http_exchange *exchange) {
    door_open(api, exchange, &completions_door);
}

void openai_chat(struct api *api, struct http_exchange *exchange) {
    if (ai_sdk_wanted(exchange))
        ai_sdk_chat(api, exchange);
    else
        door_open(api, exchange, &chat_door);
}
