#include "model/openai_encode.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/encode.h"

/* --- messages --- */

static void write_image(struct json_writer *json, const struct model_part *part) {
    struct buffer url = {0};
    json_begin_object(json);
    json_member_string(json, "type", SLICE("image_url"));
    json_key(json, "image_url");
    json_begin_object(json);
    if (part->url.size > 0)
        buffer_append(&url, part->url);
    else
        buffer_printf(&url, "data:%.*s;base64,%.*s", SLICE_ARG(part->media_type),
                      SLICE_ARG(part->data));
    json_member_string(json, "url", buffer_slice(&url));
    json_end_object(json);
    json_end_object(json);
    buffer_finish(&url);
}

static void write_content(struct json_writer *json, const struct model_message *message) {
    struct slice text;
    json_key(json, "content");
    if (encode_plain_text(message, &text)) {
        json_string(json, text);
        return;
    }
    json_begin_array(json);
    for (size_t i = 0; i < message->part_count; i++) {
        const struct model_part *part = &message->parts[i];
        if (part->kind == MODEL_PART_IMAGE) {
            write_image(json, part);
        } else if (part->kind == MODEL_PART_TEXT) {
            json_begin_object(json);
            json_member_string(json, "type", SLICE("text"));
            json_member_string(json, "text", part->text);
            json_end_object(json);
        }
    }
    json_end_array(json);
}

static size_t count_kind(const struct model_message *message, enum model_part_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < message->part_count; i++)
        count += message->parts[i].kind == kind;
    return count;
}

static void write_tool_calls(struct json_writer *json, const struct model_message *message) {
    json_key(json, "tool_calls");
    json_begin_array(json);
    for (size_t i = 0; i < message->part_count; i++) {
        const struct model_part *part = &message->parts[i];
        if (part->kind != MODEL_PART_TOOL_CALL)
            continue;
        json_begin_object(json);
        json_member_string(json, "id", part->tool_id);
        json_member_string(json, "type", SLICE("function"));
        json_key(json, "function");
        json_begin_object(json);
        json_member_string(json, "name", part->tool_name);
        json_member_string(json, "arguments", encode_object(part->arguments));
        json_end_object(json);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_assistant(struct json_writer *json, const struct model_message *message) {
    struct buffer text = {0};
    for (size_t i = 0; i < message->part_count; i++)
        if (message->parts[i].kind == MODEL_PART_TEXT)
            buffer_append(&text, message->parts[i].text);
    bool calls = count_kind(message, MODEL_PART_TOOL_CALL) > 0;
    json_begin_object(json);
    json_member_string(json, "role", SLICE("assistant"));
    json_key(json, "content");
    if (text.size == 0 && calls)
        json_null(json);
    else
        json_string(json, buffer_slice(&text));
    if (calls)
        write_tool_calls(json, message);
    json_end_object(json);
    buffer_finish(&text);
}

/* Each result is a message of its own. */
static void write_results(struct json_writer *json, const struct model_message *message) {
    for (size_t i = 0; i < message->part_count; i++) {
        const struct model_part *part = &message->parts[i];
        if (part->kind != MODEL_PART_TOOL_RESULT)
            continue;
        json_begin_object(json);
        json_member_string(json, "role", SLICE("tool"));
        json_member_string(json, "tool_call_id", part->tool_id);
        json_member_string(json, "content", part->text);
        json_end_object(json);
    }
}

static void write_message(struct json_writer *json, const struct model_message *message,
                          const char *system_role) {
    if (message->role == MODEL_TOOL) {
        write_results(json, message);
        return;
    }
    if (message->role == MODEL_ASSISTANT) {
        write_assistant(json, message);
        return;
    }
    json_begin_object(json);
    json_member_string(json, "role",
                       slice_of(message->role == MODEL_SYSTEM ? system_role : "user"));
    write_content(json, message);
    json_end_object(json);
}

void openai_write_messages(struct json_writer *json, const struct model_call *call,
                           const char *system_role) {
    json_key(json, "messages");
    json_begin_array(json);
    if (call->system.size > 0) {
        json_begin_object(json);
        json_member_string(json, "role", slice_of(system_role));
        json_member_string(json, "content", call->system);
        json_end_object(json);
    }
    for (size_t i = 0; i < call->message_count; i++)
        write_message(json, &call->messages[i], system_role);
    json_end_array(json);
}

/* --- tools --- */

static void write_choice(struct json_writer *json, const struct model_call *call,
                         const char *required_word) {
    static const char *const words[] = {[MODEL_TOOL_AUTO] = NULL, [MODEL_TOOL_NONE] = "none"};
    if (call->tool_choice == MODEL_TOOL_AUTO)
        return;
    json_key(json, "tool_choice");
    if (call->tool_choice == MODEL_TOOL_NAMED) {
        json_begin_object(json);
        json_member_string(json, "type", SLICE("function"));
        json_key(json, "function");
        json_begin_object(json);
        json_member_string(json, "name", call->tool_choice_name);
        json_end_object(json);
        json_end_object(json);
    } else {
        json_string(json,
                    slice_of(call->tool_choice == MODEL_TOOL_REQUIRED ? required_word
                                                                      : words[call->tool_choice]));
    }
}

void openai_write_tools(struct json_writer *json, const struct model_call *call,
                        const char *required_word) {
    if (call->tool_count == 0)
        return;
    json_key(json, "tools");
    json_begin_array(json);
    for (size_t i = 0; i < call->tool_count; i++) {
        const struct model_tool *tool = &call->tools[i];
        json_begin_object(json);
        json_member_string(json, "type", SLICE("function"));
        json_key(json, "function");
        json_begin_object(json);
        json_member_string(json, "name", tool->name);
        if (tool->description.size > 0)
            json_member_string(json, "description", tool->description);
        json_member_raw(json, "parameters", encode_object(tool->schema));
        json_end_object(json);
        json_end_object(json);
    }
    json_end_array(json);
    write_choice(json, call, required_word);
    if (call->no_parallel_tools)
        json_member_bool(json, "parallel_tool_calls", false);
}

/* --- the request --- */

static void write_stop(struct json_writer *json, const struct model_call *call) {
    if (call->stop_count == 0)
        return;
    json_key(json, "stop");
    json_begin_array(json);
    for (size_t i = 0; i < call->stop_count; i++)
        json_string(json, call->stop[i]);
    json_end_array(json);
}

static void write_limits(struct json_writer *json, const struct model_call *call, bool own_host,
                         bool reasoning) {
    /* OpenAI's newer models refuse max_tokens; the servers that imitate it mostly know nothing
     * else. */
    if (call->max_tokens >= 0)
        json_member_int(json, own_host ? "max_completion_tokens" : "max_tokens", call->max_tokens);
    bool sampling = !reasoning && !(call->info && call->info->no_temperature);
    if (sampling && encode_is_set(call->temperature)) {
        json_key(json, "temperature");
        json_double(json, call->temperature);
    }
    if (sampling && encode_is_set(call->top_p)) {
        json_key(json, "top_p");
        json_double(json, call->top_p);
    }
    if (!reasoning)
        write_stop(json, call);
    if (call->reasoning_effort.size > 0)
        json_member_string(json, "reasoning_effort", call->reasoning_effort);
}

bool openai_encode(const struct model_call *call, struct arena *arena,
                   struct model_request *ret_request, struct fault *fault) {
    if (!encode_check_key(call->key, fault))
        return false;
    bool own_host = call->base_url.size == 0;
    bool reasoning = call->info && call->info->reasoning;
    struct buffer body = {0};
    struct json_writer json = json_writer_start(&body);
    json_begin_object(&json);
    json_member_string(&json, "model", call->model);
    openai_write_messages(&json, call, own_host && reasoning ? "developer" : "system");
    openai_write_tools(&json, call, "required");
    write_limits(&json, call, own_host, reasoning);
    json_member_bool(&json, "stream", true);
    json_key(&json, "stream_options");
    json_begin_object(&json);
    json_member_bool(&json, "include_usage", true);
    json_end_object(&json);
    if (own_host && call->cache_key.size > 0)
        json_member_string(&json, "prompt_cache_key", call->cache_key);
    json_end_object(&json);

    struct model_request request = {
        .url = encode_url(call, "https://api.openai.com/v1", "/chat/completions", arena),
        .body = encode_body(&body, arena),
    };
    encode_header(&request, arena, "content-type", SLICE("application/json"));
    encode_header(&request, arena, "accept", SLICE("text/event-stream"));
    if (call->key.size > 0) {
        char *bearer = arena_printf(arena, "Bearer %.*s", SLICE_ARG(call->key));
        encode_header(&request, arena, "authorization", slice_of(bearer));
    }
    *ret_request = request;
    return true;
}
