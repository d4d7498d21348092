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

static void write_text(struct json_writer *json, struct slice text) {
    json_begin_object(json);
    json_member_string(json, "type", SLICE("text"));
    json_member_string(json, "text", text);
    json_end_object(json);
}

static void write_content(struct json_writer *json, const struct model_message *message,
                          bool images) {
    struct slice text;
    json_key(json, "content");
    if (encode_plain_text(message, &text)) {
        json_string(json, text);
        return;
    }
    json_begin_array(json);
    for (size_t i = 0; i < message->part_count; i++) {
        const struct model_part *part = &message->parts[i];
        if (part->kind == MODEL_PART_IMAGE && images)
            write_image(json, part);
        else if (part->kind == MODEL_PART_IMAGE)
            write_text(json, SLICE(ENCODE_IMAGE_LEFT_OUT));
        else if (part->kind == MODEL_PART_TEXT)
            write_text(json, part->text);
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

static void write_assistant(struct json_writer *json, const struct model_message *message,
                            bool prefix) {
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
    else if (prefix)
        json_member_bool(json, "prefix", true);
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
                          const char *system_role, bool images, bool prefix) {
    if (message->role == MODEL_TOOL) {
        write_results(json, message);
        return;
    }
    if (message->role == MODEL_ASSISTANT) {
        write_assistant(json, message, prefix);
        return;
    }
    json_begin_object(json);
    json_member_string(json, "role",
                       slice_of(message->role == MODEL_SYSTEM ? system_role : "user"));
    write_content(json, message, images);
    json_end_object(json);
}

void openai_write_messages(struct json_writer *json, const struct model_call *call,
                           const char *system_role, bool prefix) {
    json_key(json, "messages");
    json_begin_array(json);
    if (call->system.size > 0) {
        json_begin_object(json);
        json_member_string(json, "role", slice_of(system_role));
        json_member_string(json, "content", call->system);
        json_end_object(json);
    }
    bool images = !encode_leaves_out_images(call);
    for (size_t i = 0; i < call->message_count; i++)
        write_message(json, &call->messages[i], system_role, images,
                      prefix && i + 1 == call->message_count);
    json_end_array(json);
}

/* --- tools --- */

static void write_choice(struct json_writer *json, const struct model_call *call,
                         const char *required_word) {
    static const char *const words[] = {[MODEL_TOOL_AUTO] = NULL, [MODEL_TOOL_NONE] = "none"};
    bool forced = call->tool_choice == MODEL_TOOL_REQUIRED || call->tool_choice == MODEL_TOOL_NAMED;
    if (call->tool_choice == MODEL_TOOL_AUTO ||
        (forced && call->info && call->info->no_forced_tool_choice))
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
    if (call->tool_count == 0 || (call->info && call->info->no_tools))
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

/* What is left out is what the catalogue says the model refuses; of a model that is not in it
 * nothing is known, and everything is sent. */
static const struct model_info *info_of(const struct model_call *call) {
    static const struct model_info anything = {.efforts = UINT8_MAX};
    return call->info ? call->info : &anything;
}

/* Some models take tools only when they do not think. */
static struct slice effort_of(const struct model_call *call) {
    const struct model_info *info = info_of(call);
    if (info->no_tools_with_reasoning && call->tool_count > 0)
        return SLICE("none");
    bool taken = !call->info || (info->efforts & model_effort_of(call->reasoning_effort));
    return taken ? call->reasoning_effort : SLICE("");
}

static void write_sampling(struct json_writer *json, const struct model_call *call,
                           struct slice effort) {
    const struct model_info *info = info_of(call);
    if (info->no_temperature && !(info->temperature_with_effort_none && slice_is(effort, "none")))
        return;
    if (encode_is_set(call->temperature)) {
        json_key(json, "temperature");
        json_double(json, call->temperature);
    }
    if (encode_is_set(call->top_p)) {
        json_key(json, "top_p");
        json_double(json, call->top_p);
    }
}

void openai_write_limits(struct json_writer *json, const struct model_call *call, bool own_host) {
    const struct model_info *info = info_of(call);
    struct slice effort = effort_of(call);
    /* OpenAI's newer models refuse max_tokens, on Azure too; the servers that imitate it mostly
     * know nothing else. */
    if (call->max_tokens >= 0)
        json_member_int(
            json, own_host || info->max_completion_tokens ? "max_completion_tokens" : "max_tokens",
            encode_max_tokens(call, call->max_tokens));
    write_sampling(json, call, effort);
    if (!info->no_stop)
        write_stop(json, call);
    if (effort.size > 0)
        json_member_string(json, "reasoning_effort", effort);
}

struct model_request openai_request(const struct model_call *call, const char *vendor_url,
                                    struct buffer *body, struct arena *arena) {
    struct model_request request = {
        .url = encode_url(call, vendor_url, "/chat/completions", arena),
        .body = encode_body(body, arena),
    };
    encode_header(&request, arena, "content-type", SLICE("application/json"));
    encode_header(&request, arena, "accept", SLICE("text/event-stream"));
    if (call->key.size > 0) {
        char *bearer = arena_printf(arena, "Bearer %.*s", SLICE_ARG(call->key));
        encode_header(&request, arena, "authorization", slice_of(bearer));
    }
    return request;
}

bool openai_encode(const struct model_call *call, struct arena *arena,
                   struct model_request *ret_request, struct fault *fault) {
    if (!encode_check_key(call->key, fault))
        return false;
    bool own_host = call->base_url.size == 0;
    struct buffer body = {0};
    struct json_writer json = json_writer_start(&body);
    json_begin_object(&json);
    json_member_string(&json, "model", call->model);
    bool developer = own_host && info_of(call)->developer_role;
    openai_write_messages(&json, call, developer ? "developer" : "system", false);
    openai_write_tools(&json, call, "required");
    openai_write_limits(&json, call, own_host);
    json_member_bool(&json, "stream", true);
    json_key(&json, "stream_options");
    json_begin_object(&json);
    json_member_bool(&json, "include_usage", true);
    json_end_object(&json);
    if (own_host && call->cache_key.size > 0)
        json_member_string(&json, "prompt_cache_key", call->cache_key);
    json_end_object(&json);

    *ret_request = openai_request(call, "https://api.openai.com/v1", &body, arena);
    return true;
}
