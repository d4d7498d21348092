#include "oracle_anthropic.h"
#include <jansson.h>

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* --- counts: the last one said --- */

struct counts {
    json_int_t input, read, written, written_1h, output, thinking;
};

static void take_count(const json_t *object, const char *key, json_int_t *count) {
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value))
        *count = json_integer_value(value);
}

static void take_counts(const json_t *usage, struct counts *counts) {
    take_count(usage, "input_tokens", &counts->input);
    take_count(usage, "cache_read_input_tokens", &counts->read);
    take_count(usage, "cache_creation_input_tokens", &counts->written);
    take_count(usage, "output_tokens", &counts->output);
    take_count(json_object_get(usage, "cache_creation"), "ephemeral_1h_input_tokens",
               &counts->written_1h);
    take_count(json_object_get(usage, "output_tokens_details"), "thinking_tokens",
               &counts->thinking);
}

static struct model_usage classes_of(const struct counts *counts) {
    bool split = counts->written_1h >= 0 && counts->written >= 0;
    bool thought = counts->thinking >= 0;
    json_int_t written_1h =
        split && counts->written_1h > counts->written ? counts->written : counts->written_1h;
    return (struct model_usage){
        .input = counts->input,
        .cache_read = counts->read,
        .cache_write = split ? counts->written - written_1h : counts->written,
        .cache_write_1h = split ? written_1h : -1,
        .output = thought ? counts->output - counts->thinking : counts->output,
        .reasoning = counts->thinking,
    };
}

/* --- blocks --- */

static enum model_finish finish_of(const char *reason) {
    if (strcmp(reason, "max_tokens") == 0 || strcmp(reason, "model_context_window_exceeded") == 0)
        return MODEL_FINISH_LENGTH;
    if (strcmp(reason, "tool_use") == 0)
        return MODEL_FINISH_TOOL_CALLS;
    return strcmp(reason, "refusal") == 0 ? MODEL_FINISH_CONTENT_FILTER : MODEL_FINISH_STOP;
}

static struct oracle_call *add_call(struct oracle_answer *answer, const json_t *block) {
    if (answer->call_count == ORACLE_CALLS_MAX)
        return NULL;
    struct oracle_call *call = &answer->calls[answer->call_count++];
    buffer_append_string(&call->id, text_of(block, "id"));
    buffer_append_string(&call->name, text_of(block, "name"));
    char *text = json_dumps(json_object_get(block, "input"), JSON_COMPACT);
    buffer_append_string(&call->input, text ? text : "{}");
    free(text);
    return call;
}

static struct oracle_call *take_block(struct oracle_answer *answer, const json_t *block) {
    const char *type = text_of(block, "type");
    if (strcmp(type, "text") == 0)
        buffer_append_string(&answer->text, text_of(block, "text"));
    if (strcmp(type, "thinking") == 0) {
        buffer_append_string(&answer->reasoning, text_of(block, "thinking"));
        buffer_append_string(&answer->signatures, text_of(block, "signature"));
    }
    if (strcmp(type, "redacted_thinking") == 0)
        buffer_append_string(&answer->signatures, text_of(block, "data"));
    return strcmp(type, "tool_use") == 0 ? add_call(answer, block) : NULL;
}

static void take_content(struct oracle_answer *answer, const json_t *content) {
    size_t index;
    json_t *block;
    json_array_foreach(content, index, block) {
        take_block(answer, block);
    }
}

static void take_stop(struct oracle_answer *answer, const json_t *delta) {
    const char *reason = text_of(delta, "stop_reason");
    if (*reason)
        answer->finish = finish_of(reason);
    if (strcmp(reason, "refusal") == 0 && answer->text.size == 0)
        buffer_append_string(&answer->refusal,
                             text_of(json_object_get(delta, "stop_details"), "explanation"));
}

/* --- streams --- */

struct replay {
    struct oracle_answer *answer;
    struct counts counts;
    struct oracle_call *open;
    json_int_t open_index;
    char id[128];
    bool begun;
};

static void take_delta(struct replay *replay, const json_t *event) {
    const json_t *delta = json_object_get(event, "delta");
    const char *type = text_of(delta, "type");
    struct oracle_answer *answer = replay->answer;
    if (strcmp(type, "text_delta") == 0)
        buffer_append_string(&answer->text, text_of(delta, "text"));
    if (strcmp(type, "thinking_delta") == 0)
        buffer_append_string(&answer->reasoning, text_of(delta, "thinking"));
    if (strcmp(type, "signature_delta") == 0)
        buffer_append_string(&answer->signatures, text_of(delta, "signature"));
    if (strcmp(type, "input_json_delta") == 0 && replay->open &&
        json_integer_value(json_object_get(event, "index")) == replay->open_index)
        buffer_append_string(&replay->open->arguments, text_of(delta, "partial_json"));
}

static void take_start(struct replay *replay, const json_t *message) {
    const char *id = text_of(message, "id");
    if (replay->begun && strcmp(id, replay->id) != 0)
        replay->answer->fault = FAULT_PROVIDER_MALFORMED;
    if (replay->begun)
        return;
    replay->begun = true;
    snprintf(replay->id, sizeof replay->id, "%s", id);
    take_counts(json_object_get(message, "usage"), &replay->counts);
    take_content(replay->answer, json_object_get(message, "content"));
    take_stop(replay->answer, message);
}

static void take_event(struct replay *replay, const json_t *event) {
    const char *type = text_of(event, "type");
    if (strcmp(type, "message_start") == 0)
        take_start(replay, json_object_get(event, "message"));
    if (strcmp(type, "content_block_start") == 0) {
        replay->open = take_block(replay->answer, json_object_get(event, "content_block"));
        replay->open_index = json_integer_value(json_object_get(event, "index"));
    }
    if (strcmp(type, "content_block_delta") == 0)
        take_delta(replay, event);
    if (strcmp(type, "message_delta") == 0) {
        take_counts(json_object_get(event, "usage"), &replay->counts);
        take_stop(replay->answer, json_object_get(event, "delta"));
    }
}

static bool take_line(struct replay *replay, struct slice line) {
    if (!slice_starts_with(line, SLICE("data:")))
        return true;
    struct slice data = slice_trim(slice_from(line, 5));
    json_t *event = json_loadb(data.data, data.size, JSON_ALLOW_NUL, NULL);
    if (event && !replay->answer->fault)
        take_event(replay, event);
    json_decref(event);
    return event != NULL;
}

static const struct counts unknown = {-1, -1, -1, -1, -1, -1};

static bool read_events(struct slice body, struct oracle_answer *answer, const char **ret_reason) {
    struct replay replay = {.answer = answer, .counts = unknown};
    struct slice line;
    while (slice_split(&body, '\n', &line))
        if (!take_line(&replay, line)) {
            *ret_reason = "a payload is not JSON";
            return false;
        }
    answer->usage = classes_of(&replay.counts);
    *ret_reason = "no message begins in it";
    return replay.begun;
}

static bool read_whole(struct slice body, struct oracle_answer *answer, const char **ret_reason) {
    json_t *message = json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL);
    bool ok = strcmp(text_of(message, "type"), "message") == 0;
    struct counts counts = unknown;
    *ret_reason = "it is no message (a count of tokens, a file)";
    if (ok) {
        take_content(answer, json_object_get(message, "content"));
        take_stop(answer, message);
        take_counts(json_object_get(message, "usage"), &counts);
        answer->usage = classes_of(&counts);
    }
    json_decref(message);
    return ok;
}

bool oracle_anthropic(struct slice body, bool events, struct oracle_answer *ret_answer,
                      const char **ret_reason) {
    *ret_answer = (struct oracle_answer){0};
    bool ok = events ? read_events(body, ret_answer, ret_reason)
                     : read_whole(body, ret_answer, ret_reason);
    for (size_t i = 0; i < ret_answer->call_count; i++)
        if (ret_answer->calls[i].arguments.size == 0)
            buffer_append(&ret_answer->calls[i].arguments,
                          buffer_slice(&ret_answer->calls[i].input));
    /* Orderly ends with calls end with calls. */
    if (ret_answer->finish == MODEL_FINISH_STOP && ret_answer->call_count > 0)
        ret_answer->finish = MODEL_FINISH_TOOL_CALLS;
    return ok;
}

/* --- failures --- */

enum fault_kind oracle_anthropic_failure(int status, struct slice body, struct buffer *message) {
    json_t *root = json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL);
    buffer_append_string(message, text_of(json_object_get(root, "error"), "message"));
    json_decref(root);
    bool too_long = strstr(buffer_string(message), "prompt is too long") != NULL;
    switch (status) {
    case 400:
        return too_long ? FAULT_PROVIDER_CONTEXT_TOO_LONG : FAULT_PROVIDER_BAD_REQUEST;
    case 401:
    case 403:
        return FAULT_PROVIDER_AUTH;
    case 404:
        return FAULT_PROVIDER_MODEL_NOT_FOUND;
    case 429:
        return FAULT_PROVIDER_RATE_LIMITED;
    default:
        return status >= 500 ? FAULT_PROVIDER_OVERLOADED : FAULT_PROVIDER_BAD_REQUEST;
    }
}
