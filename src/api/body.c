#include "api/body.h"
#include "api/body_tools.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/json.h"

/* What OpenAI's clients may send and the bot's configuration decides here. */
static const char *const not_for_clients[] = {
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "seed",
    "response_format",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "reasoning_effort",
    "system",
    "modalities",
    "web_search_options",
    "parallel_tool_calls",
    /* and Anthropic's */
    "top_k",
    "stop_sequences",
    "thinking",
    "output_config",
    "mcp_servers",
    "container",
    "context_management",
};

static bool copy_string(struct slice value, struct arena *arena, struct slice *ret_text) {
    struct buffer text = {0};
    bool ok = json_read_string(value, &text);
    if (ok)
        *ret_text = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return ok;
}

static bool wrong(struct fault *fault, const char *path, const char *what) {
    fault_set(fault, FAULT_BAD_INPUT, "%s %s", path, what);
    return fault_param(fault, "%s", path);
}

/* --- parts of a message --- */

/* "data:image/png;base64,iVBOR…" */
static bool split_data_url(struct slice url, struct model_part *part) {
    struct slice rest = slice_from(url, 5);
    size_t comma = slice_find_byte(rest, ',');
    struct slice type = slice_first(rest, comma == SIZE_MAX ? 0 : comma);
    if (!slice_starts_with(type, SLICE("image/")) || !slice_ends_with(type, SLICE(";base64")))
        return false;
    part->media_type = slice_first(type, type.size - 7);
    part->data = slice_from(rest, comma + 1);
    return part->data.size > 0;
}

static bool read_image(struct slice value, const char *path, struct arena *arena,
                       struct model_part *ret_part, struct fault *fault) {
    struct slice image = json_get(value, "image_url"), url;
    struct slice text = json_type(image) == JSON_OBJECT ? json_get(image, "url") : image;
    if (!copy_string(text, arena, &url))
        return wrong(fault, path, "must have image_url.url, a string.");
    struct model_part part = {.kind = MODEL_PART_IMAGE};
    if (slice_starts_with(url, SLICE("data:"))) {
        if (!split_data_url(url, &part))
            return wrong(fault, path, "has a data URL that is not an image in base64.");
    } else if (slice_starts_with(url, SLICE("https://")) ||
               slice_starts_with(url, SLICE("http://"))) {
        part.url = url;
    } else {
        return wrong(fault, path, "has an image URL that is neither http, https nor data.");
    }
    *ret_part = part;
    return true;
}

/* Anthropic's form: {"type":"image","source":{"type":"base64","media_type":…,"data":…}}, or with
 * "type":"url" and "url". */
static bool read_source(struct slice source, const char *path, struct arena *arena,
                        struct model_part *ret_part, struct fault *fault) {
    struct model_part part = {.kind = MODEL_PART_IMAGE};
    bool ok;
    if (json_string_is(json_get(source, "type"), "url"))
        ok = copy_string(json_get(source, "url"), arena, &part.url) &&
             (slice_starts_with(part.url, SLICE("https://")) ||
              slice_starts_with(part.url, SLICE("http://")));
    else
        ok = json_string_is(json_get(source, "type"), "base64") &&
             copy_string(json_get(source, "media_type"), arena, &part.media_type) &&
             copy_string(json_get(source, "data"), arena, &part.data) &&
             slice_starts_with(part.media_type, SLICE("image/")) && part.data.size > 0;
    if (!ok)
        return wrong(fault, path,
                     "must have a source: an http or https URL, or an image in base64.");
    *ret_part = part;
    return true;
}

/* The AI SDK's form: {"type":"file","mediaType":"image/png","url":"data:…"} */
static bool read_file(struct slice value, const char *path, struct arena *arena,
                      struct model_part *ret_part, struct fault *fault) {
    struct model_part part = {.kind = MODEL_PART_IMAGE};
    struct slice url;
    bool ok = copy_string(json_get(value, "url"), arena, &url) &&
              slice_starts_with(json_plain_string(json_get(value, "mediaType")), SLICE("image/"));
    if (ok && slice_starts_with(url, SLICE("data:")))
        ok = split_data_url(url, &part);
    else if (ok && slice_starts_with(url, SLICE("https://")))
        part.url = url;
    else
        ok = false;
    if (!ok)
        return wrong(fault, path, "must be an image: a data URL in base64, or an https URL.");
    *ret_part = part;
    return true;
}

static bool read_part(struct slice value, const char *path, struct arena *arena,
                      struct model_part *ret_part, struct fault *fault) {
    struct slice type = json_get(value, "type");
    /* Only where the client may have tools of its own: left out elsewhere, see left_out_as. */
    if (json_string_is(type, "tool_use"))
        return body_tool_use_read(value, path, arena, ret_part, fault);
    if (json_string_is(type, "tool_result"))
        return body_tool_result_read(value, path, arena, ret_part, fault);
    if (json_string_is(type, "text") || json_string_is(type, "input_text") ||
        json_string_is(type, "output_text")) {
        *ret_part = (struct model_part){.kind = MODEL_PART_TEXT};
        if (!copy_string(json_get(value, "text"), arena, &ret_part->text))
            return wrong(fault, path, "must have text, a string.");
        return true;
    }
    if (json_string_is(type, "image_url"))
        return read_image(value, path, arena, ret_part, fault);
    if (json_string_is(type, "image"))
        return read_source(json_get(value, "source"), path, arena, ret_part, fault);
    if (json_string_is(type, "file"))
        return read_file(value, path, arena, ret_part, fault);
    return wrong(fault, path, "must be a part of type text, image or image_url.");
}

/* What the AI SDK's page keeps of an answer besides its text. */
static bool is_page_part(struct slice type) {
    static const char *const beginnings[] = {"tool-",   "dynamic-tool", "step-start", "reasoning",
                                             "source-", "data-",        "custom"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (slice_starts_with(type, slice_of(beginnings[i])))
            return true;
    return false;
}

/* What Anthropic's clients send back of tools and thinking: a bot has its own. */
static const char *left_out_as(struct slice part, bool own_tools) {
    struct slice type = json_plain_string(json_get(part, "type"));
    if (is_page_part(type))
        return "parts of the page";
    if (own_tools && (slice_is(type, "tool_use") || slice_is(type, "tool_result")))
        return NULL;
    if (slice_ends_with(type, SLICE("tool_use")) || slice_ends_with(type, SLICE("tool_result")))
        return "tool messages";
    return slice_ends_with(type, SLICE("thinking")) ? "thinking" : NULL;
}

static bool read_parts(struct slice content, const char *path, struct arena *arena, bool own_tools,
                       struct model_message *message, struct fault *fault) {
    struct model_part parts[BODY_PARTS_MAX];
    size_t count = 0, cursor = 0;
    struct slice element;
    for (size_t i = 0; json_next_element(content, &cursor, &element); i++) {
        char part_path[96];
        snprintf(part_path, sizeof part_path, "%s[%zu]", path, i);
        if (left_out_as(element, own_tools))
            continue;
        if (count == BODY_PARTS_MAX)
            return wrong(fault, path, "has too many parts (at most 100).");
        if (!read_part(element, part_path, arena, &parts[count], fault))
            return false;
        count++;
    }
    struct model_part *copy = arena_array(arena, count, sizeof *copy);
    if (count > 0)
        memcpy(copy, parts, count * sizeof *copy);
    message->parts = copy;
    message->part_count = count;
    return true;
}

static bool read_content(struct slice content, const char *path, struct arena *arena,
                         bool own_tools, struct model_message *message, struct fault *fault) {
    if (json_type(content) == JSON_ARRAY)
        return read_parts(content, path, arena, own_tools, message, fault);
    struct model_part *part = arena_allocate(arena, sizeof *part);
    part->kind = MODEL_PART_TEXT;
    if (!copy_string(content, arena, &part->text))
        return wrong(fault, path, "must be a string or an array of parts.");
    message->parts = part;
    message->part_count = 1;
    return true;
}

/* --- messages --- */

static bool is_empty(const struct model_message *message) {
    for (size_t i = 0; i < message->part_count; i++)
        if (message->parts[i].kind != MODEL_PART_TEXT ||
            slice_trim(message->parts[i].text).size > 0)
            return false;
    return true;
}

static void ignore(struct buffer *ignored, const char *what) {
    if (slice_find(buffer_slice(ignored), slice_of(what)) != SIZE_MAX)
        return;
    if (ignored->size > 0)
        buffer_append_string(ignored, ", ");
    buffer_append_string(ignored, what);
}

/* Names the parts that are left out; true when that is all there is. */
static bool ignore_parts(struct slice content, bool own_tools, struct buffer *ignored) {
    struct slice part;
    size_t cursor = 0, kept = 0, left_out = 0;
    while (json_next_element(content, &cursor, &part)) {
        const char *name = left_out_as(part, own_tools);
        if (name)
            ignore(ignored, name);
        *(name ? &left_out : &kept) += 1;
    }
    return left_out > 0 && kept == 0;
}

/* An assistant's message of nothing but tool calls has content null or "": it says nothing to us.
 */
static bool says_nothing(struct slice message) {
    enum json_type type = json_type(json_get(message, "content"));
    return (type == JSON_NULL || type == JSON_MISSING) &&
           json_type(json_get(message, "tool_calls")) == JSON_ARRAY;
}

enum reading { READ_FAILED, READ_TAKEN, READ_LEFT_OUT };

/* A message of the role `tool`, or an assistant's with `tool_calls`: OpenAI's form of a client's
 * own tools. Left out where it is neither. */
static enum reading read_tool_message(struct slice value, const char *path, struct arena *arena,
                                      struct model_message *ret_message, struct fault *fault) {
    struct slice calls = json_get(value, "tool_calls"), content = json_get(value, "content");
    struct model_message message = {.role = MODEL_TOOL};
    if (json_string_is(json_get(value, "role"), "tool")) {
        struct model_part *part = arena_allocate(arena, sizeof *part);
        if (!body_result_read(value, path, arena, part, fault))
            return READ_FAILED;
        *ret_message = (struct model_message){MODEL_TOOL, part, 1};
        return READ_TAKEN;
    }
    if (!json_string_is(json_get(value, "role"), "assistant") || json_type(calls) != JSON_ARRAY)
        return READ_LEFT_OUT;
    message.role = MODEL_ASSISTANT;
    enum json_type type = json_type(content);
    bool says = type != JSON_NULL && type != JSON_MISSING && !json_string_is(content, "");
    char content_path[80];
    snprintf(content_path, sizeof content_path, "%s.content", path);
    if ((says && !read_content(content, content_path, arena, true, &message, fault)) ||
        !body_calls_read(calls, path, arena, &message, fault))
        return READ_FAILED;
    *ret_message = message;
    return READ_TAKEN;
}

static enum reading read_role(struct slice value, const char *path, struct buffer *ignored,
                              enum model_role *ret_role, struct fault *fault) {
    struct slice role = json_get(value, "role");
    if (json_string_is(role, "user")) {
        *ret_role = MODEL_USER;
    } else if (json_string_is(role, "assistant") || json_string_is(role, "ai")) {
        *ret_role = MODEL_ASSISTANT;
        if (says_nothing(value))
            return ignore(ignored, "tool messages"), READ_LEFT_OUT;
    } else if (json_string_is(role, "system") || json_string_is(role, "developer")) {
        return ignore(ignored, "system messages"), READ_LEFT_OUT;
    } else if (json_string_is(role, "tool") || json_string_is(role, "function")) {
        return ignore(ignored, "tool messages"), READ_LEFT_OUT;
    } else {
        char role_path[80];
        snprintf(role_path, sizeof role_path, "%s.role", path);
        return wrong(fault, role_path, "must be user or assistant."), READ_FAILED;
    }
    return READ_TAKEN;
}

static enum reading read_message(struct slice value, const char *path, struct arena *arena,
                                 struct buffer *ignored, bool own_tools,
                                 struct model_message *ret_message, struct fault *fault) {
    struct model_message message = {0};
    char content_path[80];
    snprintf(content_path, sizeof content_path, "%s.content", path);
    if (json_type(value) != JSON_OBJECT)
        return wrong(fault, path, "must be an object with role and content."), READ_FAILED;
    enum reading reading =
        own_tools ? read_tool_message(value, path, arena, ret_message, fault) : READ_LEFT_OUT;
    if (reading != READ_LEFT_OUT)
        return reading;
    reading = read_role(value, path, ignored, &message.role, fault);
    if (reading != READ_TAKEN)
        return reading;
    struct slice content = json_get(value, "content"), parts = json_get(value, "parts");
    if (json_type(content) == JSON_MISSING && json_type(parts) == JSON_ARRAY) { /* the AI SDK */
        content = parts;
        snprintf(content_path, sizeof content_path, "%s.parts", path);
    }
    if (ignore_parts(content, own_tools, ignored))
        return READ_LEFT_OUT;
    if (!read_content(content, content_path, arena, own_tools, &message, fault))
        return READ_FAILED;
    if (message.role == MODEL_USER && is_empty(&message))
        return wrong(fault, content_path, "must not be empty."), READ_FAILED;
    *ret_message = message;
    return READ_TAKEN;
}

/* One message of the client's is one of ours, or two: Anthropic's clients put results and what the
 * visitor says to them into one. */
static bool take_message(struct model_message *message, const char *path, struct arena *arena,
                         struct body *body, struct body_calls *calls, struct fault *fault) {
    struct model_message results;
    if (!body_results_split(message, path, arena, &results, fault))
        return false;
    if (results.part_count > 0) {
        if (!body_calls_take(calls, &results, path, arena, fault))
            return false;
        body->messages[body->message_count++] = results;
    }
    if (message->part_count == 0 && results.part_count > 0)
        return true;
    if (!body_calls_take(calls, message, path, arena, fault))
        return false;
    body->messages[body->message_count++] = *message;
    return true;
}

static bool check_messages(const struct body *body, struct fault *fault) {
    size_t visitors = 0;
    for (size_t i = 0; i < body->message_count; i++)
        visitors += body->messages[i].role == MODEL_USER;
    if (visitors == 0)
        return wrong(fault, "messages", "must hold at least one message of the user.");
    enum model_role last = body->messages[body->message_count - 1].role;
    if (last != MODEL_USER && last != MODEL_TOOL)
        return wrong(fault, "messages", "must end with a message of the user.");
    return true;
}

static bool read_messages(struct slice root, struct arena *arena, struct buffer *ignored,
                          struct body *body, struct fault *fault) {
    struct slice list = json_get(root, "messages"), element;
    if (json_type(list) != JSON_ARRAY)
        return wrong(fault, "messages", "must be an array of messages.");
    size_t count = 0, cursor = 0;
    while (json_next_element(list, &cursor, &element))
        if (++count > BODY_MESSAGES_MAX)
            return wrong(fault, "messages", "has too many elements (at most 10000).");
    body->messages = arena_array(arena, 2 * count, sizeof *body->messages);
    struct body_calls calls = {0};
    cursor = 0;
    for (size_t index = 0; json_next_element(list, &cursor, &element); index++) {
        struct model_message message;
        char path[64];
        snprintf(path, sizeof path, "messages[%zu]", index);
        enum reading reading =
            read_message(element, path, arena, ignored, body->own_tools, &message, fault);
        if (reading == READ_FAILED)
            return false;
        if (reading == READ_TAKEN && !take_message(&message, path, arena, body, &calls, fault))
            return false;
    }
    return body_calls_end(&calls, fault) && check_messages(body, fault);
}

/* --- the answer to a card --- */

static bool read_confirm(struct slice value, struct arena *arena, struct body *body,
                         struct fault *fault) {
    struct slice answer = json_get(value, "answer");
    if (json_type(value) != JSON_OBJECT)
        return wrong(fault, "confirm", "must be an object with id and answer.");
    if (!copy_string(json_get(value, "id"), arena, &body->confirmation_id) ||
        !id_valid(body->confirmation_id))
        return wrong(fault, "confirm.id", "is not the id of a confirmation.");
    body->confirmed = json_string_is(answer, "yes");
    if (!body->confirmed && !json_string_is(answer, "no"))
        return wrong(fault, "confirm.answer", "must be \"yes\" or \"no\".");
    struct model_part *part = arena_allocate(arena, sizeof *part);
    part->kind = MODEL_PART_TEXT;
    body->messages = arena_allocate(arena, sizeof *body->messages);
    body->messages[0] = (struct model_message){MODEL_USER, part, 1};
    body->message_count = 1;
    return true;
}

static bool read_said(struct slice root, struct arena *arena, struct buffer *ignored,
                      struct body *body, struct fault *fault) {
    struct slice confirm = json_get(root, "confirm");
    enum json_type type = json_type(confirm);
    if (type == JSON_MISSING || type == JSON_NULL)
        return read_messages(root, arena, ignored, body, fault);
    if (!json_string_is(json_get(root, "conversation_id"), "") &&
        json_type(json_get(root, "conversation_id")) == JSON_STRING)
        return read_confirm(confirm, arena, body, fault);
    return wrong(fault, "conversation_id", "is missing: a confirmation belongs to one.");
}

/* --- the rest --- */

static bool read_flag(struct slice value, const char *path, bool *flag, struct fault *fault) {
    enum json_type type = json_type(value);
    if (type == JSON_MISSING || type == JSON_NULL)
        return true;
    return json_read_bool(value, flag) || wrong(fault, path, "must be true or false.");
}

static bool read_settings(struct slice root, struct arena *arena, struct buffer *ignored,
                          struct body *body, struct fault *fault) {
    for (size_t i = 0; i < sizeof not_for_clients / sizeof not_for_clients[0]; i++) {
        enum json_type type = json_type(json_get(root, not_for_clients[i]));
        bool is_tools = strcmp(not_for_clients[i], "tools") == 0;
        if (type != JSON_MISSING && type != JSON_NULL && !(is_tools && body->own_tools))
            ignore(ignored, not_for_clients[i]);
    }
    struct slice tools = json_get(root, "tools");
    if (body->own_tools && json_type(tools) != JSON_MISSING && json_type(tools) != JSON_NULL &&
        !body_tools_read(tools, arena, &body->tools, &body->tool_count, fault))
        return false;
    int64_t n;
    struct slice choices = json_get(root, "n");
    if (json_type(choices) == JSON_NUMBER && (!json_read_int64(choices, &n) || n != 1))
        return wrong(fault, "n", "must be 1: a bot gives one answer.");
    if (!read_flag(json_get(root, "stream"), "stream", &body->stream, fault) ||
        !read_flag(json_path(root, "stream_options", "include_usage", NULL),
                   "stream_options.include_usage", &body->include_usage, fault) ||
        !body_string(body, "conversation_id", arena, &body->conversation_id, fault))
        return false;
    if (body->conversation_id.size > 0 && !id_valid(body->conversation_id))
        return wrong(fault, "conversation_id", "is not an id that this server gave.");
    return true;
}

bool body_string(const struct body *body, const char *key, struct arena *arena,
                 struct slice *ret_text, struct fault *fault) {
    struct slice value = json_get(body->root, key);
    enum json_type type = json_type(value);
    if (type == JSON_MISSING || type == JSON_NULL) {
        *ret_text = (struct slice){NULL, 0};
        return true;
    }
    return copy_string(value, arena, ret_text) || wrong(fault, key, "must be a string.");
}

bool body_check(struct slice text, struct fault *fault) {
    size_t error_at;
    if (slice_trim(text).size == 0)
        return fault_set(fault, FAULT_BAD_INPUT, "The request has no body; send JSON.");
    if (!json_validate(text, &error_at))
        return fault_set(fault, FAULT_BAD_INPUT,
                         "The body is not valid JSON (in UTF-8): error at byte %zu.", error_at);
    if (json_type(text) != JSON_OBJECT)
        return fault_set(fault, FAULT_BAD_INPUT, "The body must be a JSON object.");
    return true;
}

bool body_read(struct slice text, bool stream, bool own_tools, struct arena *arena,
               struct body *ret_body, struct fault *fault) {
    if (!body_check(text, fault))
        return false;
    struct body body = {.root = text, .stream = stream, .own_tools = own_tools};
    struct buffer ignored = {0};
    bool ok = read_said(text, arena, &ignored, &body, fault) &&
              read_settings(text, arena, &ignored, &body, fault);
    if (ok) {
        body.ignored = arena_copy(arena, buffer_slice(&ignored));
        *ret_body = body;
    }
    buffer_finish(&ignored);
    return ok;
}

bool body_is_key(struct slice key) {
    enum { KEY_MIN = 16, KEY_MAX = 64 };
    for (size_t i = 0; i < key.size; i++) {
        char c = key.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '-' || c == '_'))
            return false;
    }
    return key.size >= KEY_MIN && key.size <= KEY_MAX;
}
