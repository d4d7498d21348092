#include "oracle_mistral.h"
#include <jansson.h>

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int64_t count_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static void take_usage(struct oracle_answer *answer, const json_t *usage) {
    if (!json_is_object(usage))
        return;
    const json_t *details = json_object_get(usage, "prompt_tokens_details");
    int64_t cached = count_of(details, "cached_tokens"), heard = count_of(details, "audio_tokens");
    answer->usage = model_usage_unknown();
    answer->usage.input =
        count_of(usage, "prompt_tokens") - (cached > 0 ? cached : 0) + (heard > 0 ? heard : 0);
    answer->usage.cache_read = cached;
    answer->usage.output = count_of(usage, "completion_tokens");
}

/* --- what is said --- */

static void take_thinking(struct oracle_answer *answer, const json_t *part) {
    size_t index;
    json_t *inner;
    json_array_foreach(json_object_get(part, "thinking"), index, inner) {
        buffer_append_string(&answer->reasoning, text_of(inner, "text"));
    }
    buffer_append_string(&answer->signatures, text_of(part, "signature"));
}

static void take_content(struct oracle_answer *answer, const json_t *content) {
    size_t index;
    json_t *part;
    if (json_is_string(content))
        buffer_append_string(&answer->text, json_string_value(content));
    json_array_foreach(content, index, part) {
        if (strcmp(text_of(part, "type"), "thinking") == 0)
            take_thinking(answer, part);
        if (strcmp(text_of(part, "type"), "text") == 0)
            buffer_append_string(&answer->text, text_of(part, "text"));
    }
}

/* A call begins where there is an id; what follows without one goes on with the last. */
static void take_calls(struct oracle_answer *answer, const json_t *calls) {
    size_t index;
    json_t *value;
    json_array_foreach(calls, index, value) {
        const json_t *function = json_object_get(value, "function");
        if (*text_of(value, "id") && answer->call_count < ORACLE_CALLS_MAX) {
            struct oracle_call *call = &answer->calls[answer->call_count++];
            buffer_append_string(&call->id, text_of(value, "id"));
            buffer_append_string(&call->name, text_of(function, "name"));
        }
        if (answer->call_count > 0)
            buffer_append_string(&answer->calls[answer->call_count - 1].arguments,
                                 text_of(function, "arguments"));
    }
}

static enum model_finish finish_of(const char *reason) {
    if (strcmp(reason, "length") == 0 || strcmp(reason, "model_length") == 0)
        return MODEL_FINISH_LENGTH;
    if (strcmp(reason, "tool_calls") == 0)
        return MODEL_FINISH_TOOL_CALLS;
    return strcmp(reason, "error") == 0 ? MODEL_FINISH_ERROR : MODEL_FINISH_STOP;
}

/* A chunk, or the whole answer; false where it is neither. */
static bool take_object(struct oracle_answer *answer, const json_t *object) {
    const json_t *choices = json_object_get(object, "choices");
    const json_t *choice = json_array_get(choices, 0);
    const json_t *said = json_object_get(choice, "delta");
    if (!json_is_array(choices))
        return false;
    if (!said)
        said = json_object_get(choice, "message");
    take_content(answer, json_object_get(said, "content"));
    take_calls(answer, json_object_get(said, "tool_calls"));
    if (*text_of(choice, "finish_reason"))
        answer->finish = finish_of(text_of(choice, "finish_reason"));
    take_usage(answer, json_object_get(object, "usage"));
    return true;
}

static bool take_text(struct oracle_answer *answer, struct slice text) {
    json_t *object = json_loadb(text.data, text.size, JSON_ALLOW_NUL, NULL);
    bool ok = take_object(answer, object);
    json_decref(object);
    return ok;
}

bool oracle_mistral(struct slice body, bool events, struct oracle_answer *ret_answer,
                    const char **ret_reason) {
    struct slice line;
    bool ok = true;
    *ret_answer = (struct oracle_answer){.usage = model_usage_unknown()};
    *ret_reason = "it is no chat completion";
    if (!events)
        return take_text(ret_answer, body);
    while (ok && slice_split(&body, '\n', &line)) {
        struct slice data = slice_trim(slice_from(line, 5));
        if (slice_starts_with(line, SLICE("data:")) && !slice_is(data, "[DONE]"))
            ok = take_text(ret_answer, data);
    }
    return ok;
}

void oracle_mistral_message(struct slice body, struct buffer *message) {
    json_t *root = json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL);
    const char *detail = text_of(root, "detail");
    buffer_append_string(message, *detail ? detail : text_of(root, "message"));
    json_decref(root);
}
