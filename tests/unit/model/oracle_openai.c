#include "oracle_openai.h"
#include <jansson.h>

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void append(struct buffer *out, const json_t *text) {
    if (json_is_string(text))
        buffer_append(out, (struct slice){json_string_value(text), json_string_length(text)});
}

/* --- counts --- */

static json_int_t count_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static json_int_t first_known(json_int_t a, json_int_t b) {
    return a >= 0 ? a : b;
}

static struct model_usage read_usage(const json_t *object) {
    const json_t *prompt = json_object_get(object, "prompt_tokens_details");
    const json_t *completion = json_object_get(object, "completion_tokens_details");
    json_int_t input = count_of(object, "prompt_tokens");
    json_int_t output = count_of(object, "completion_tokens");
    json_int_t total = count_of(object, "total_tokens");
    json_int_t cached = first_known(count_of(prompt, "cached_tokens"),
                                    first_known(count_of(object, "prompt_cache_hit_tokens"),
                                                count_of(object, "cached_tokens")));
    json_int_t written = count_of(prompt, "cache_write_tokens");
    json_int_t thought =
        first_known(count_of(completion, "reasoning_tokens"), count_of(object, "reasoning_tokens"));
    struct model_usage usage = model_usage_unknown();
    if (cached > input) /* Azure's count of what is not charged */
        cached = input;
    usage.input = input - (cached > 0 ? cached : 0) - (written > 0 ? written : 0);
    usage.cache_read = cached;
    usage.cache_write = written;
    usage.reasoning = thought;
    /* Whoever counts the thinking beside the completion says so by the total. */
    json_int_t rest = total - input - output;
    if (total < 0 || rest < 0)
        rest = 0;
    usage.output = thought > 0 && rest != thought ? output - thought : output;
    if (rest > 0 && rest != thought)
        usage.reasoning = (thought > 0 ? thought : 0) + rest;
    return usage;
}

static const json_t *find_usage(const json_t *chunk) {
    const json_t *usage = json_object_get(chunk, "usage");
    if (!json_is_object(usage))
        usage = json_object_get(json_object_get(chunk, "x_groq"), "usage");
    if (!json_is_object(usage) && !json_object_get(chunk, "usage"))
        usage = json_object_get(json_array_get(json_object_get(chunk, "choices"), 0), "usage");
    return json_is_object(usage) ? usage : NULL;
}

/* --- calls --- */

struct replay {
    struct oracle_answer *answer;
    json_int_t indexes[ORACLE_CALLS_MAX];
    bool ended;
};

static bool is_of(const struct replay *replay, size_t number, const json_t *call,
                  json_int_t index) {
    struct oracle_call *known = &replay->answer->calls[number];
    const char *id = text_of(call, "id");
    const char *name = text_of(json_object_get(call, "function"), "name");
    if (replay->indexes[number] != index)
        return false;
    return !*id || !*name || strcmp(id, buffer_string(&known->id)) == 0;
}

static void take_call(struct replay *replay, const json_t *call, size_t position) {
    struct oracle_answer *answer = replay->answer;
    const json_t *function = json_object_get(call, "function");
    json_int_t index = count_of(call, "index");
    size_t number = answer->call_count;
    if (index < 0) /* all in one piece, told apart by their places */
        index = (json_int_t)(*text_of(function, "name") ? 1000 + answer->call_count : position);
    while (number > 0 && !is_of(replay, number - 1, call, index))
        number--;
    if (number == 0) {
        if (answer->call_count == ORACLE_CALLS_MAX)
            return;
        number = ++answer->call_count;
        replay->indexes[number - 1] = index;
        append(&answer->calls[number - 1].id, json_object_get(call, "id"));
        append(&answer->calls[number - 1].name, json_object_get(function, "name"));
    }
    const json_t *arguments = json_object_get(function, "arguments");
    append(&answer->calls[number - 1].arguments, arguments);
    if (json_is_object(arguments)) {
        char *text = json_dumps(arguments, JSON_COMPACT);
        buffer_append_string(&answer->calls[number - 1].arguments, text);
        free(text);
    }
}

/* --- text --- */

static void take_content(struct oracle_answer *answer, const json_t *content) {
    size_t index;
    json_t *part;
    append(&answer->text, content);
    json_array_foreach(content, index, part) {
        append(&answer->text, json_object_get(part, "text"));
    }
}

static void take_reasoning(struct oracle_answer *answer, const json_t *delta) {
    const char *name = *text_of(delta, "reasoning") ? "reasoning" : "reasoning_content";
    bool said = *text_of(delta, name) != '\0';
    size_t index;
    json_t *detail;
    append(&answer->reasoning, json_object_get(delta, name));
    json_array_foreach(json_object_get(delta, "reasoning_details"), index, detail) {
        if (!said) {
            append(&answer->reasoning, json_object_get(detail, "text"));
            append(&answer->reasoning, json_object_get(detail, "summary"));
        }
        append(&answer->signatures, json_object_get(detail, "signature"));
        append(&answer->signatures, json_object_get(detail, "data"));
    }
}

/* The form before tool_calls: one call without an id. */
static void take_old_call(struct oracle_answer *answer, const json_t *function) {
    if (*text_of(function, "name") && answer->call_count == 0)
        append(&answer->calls[answer->call_count++].name, json_object_get(function, "name"));
    if (answer->call_count == 1)
        append(&answer->calls[0].arguments, json_object_get(function, "arguments"));
}

static void take_delta(struct replay *replay, const json_t *delta) {
    size_t position;
    json_t *call;
    take_reasoning(replay->answer, delta);
    take_content(replay->answer, json_object_get(delta, "content"));
    append(&replay->answer->refusal, json_object_get(delta, "refusal"));
    json_array_foreach(json_object_get(delta, "tool_calls"), position, call) {
        take_call(replay, call, position);
    }
    if (json_is_object(json_object_get(delta, "function_call")))
        take_old_call(replay->answer, json_object_get(delta, "function_call"));
}

static enum model_finish finish_of(const char *word) {
    if (strcmp(word, "stop") == 0)
        return MODEL_FINISH_STOP;
    if (strcmp(word, "length") == 0 || strcmp(word, "model_length") == 0)
        return MODEL_FINISH_LENGTH;
    if (strcmp(word, "tool_calls") == 0 || strcmp(word, "function_call") == 0)
        return MODEL_FINISH_TOOL_CALLS;
    return strcmp(word, "content_filter") == 0 ? MODEL_FINISH_CONTENT_FILTER : MODEL_FINISH_ERROR;
}

/* --- errors --- */

static enum fault_kind kind_of(int status, const char *code, const char *message) {
    if (strstr(message, "maximum context length"))
        return FAULT_PROVIDER_CONTEXT_TOO_LONG;
    if (strstr(message, "Incorrect API key"))
        return FAULT_PROVIDER_AUTH;
    if (strcmp(code, "insufficient_quota") == 0)
        return FAULT_PROVIDER_QUOTA;
    switch (status) {
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

static enum fault_kind kind_of_error(int status, const json_t *root, struct buffer *message) {
    const json_t *error = json_object_get(root, "error");
    append(message, json_is_string(error) ? error : json_object_get(error, "message"));
    /* What stands behind "Provider returned error". */
    const char *raw = text_of(json_object_get(error, "metadata"), "raw");
    if (*raw) {
        buffer_clear(message);
        buffer_append_string(message, raw);
    }
    bool refused = strcmp(text_of(error, "type"), "invalid_request_error") == 0;
    if (status == 0) /* in a stream */
        status = refused ? 400 : 500;
    return kind_of(status, text_of(error, "code"), buffer_string(message));
}

enum fault_kind oracle_openai_failure(int status, struct slice body, struct buffer *message) {
    json_t *root = json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL);
    enum fault_kind kind = kind_of_error(status, root, message);
    json_decref(root);
    return kind;
}

/* --- bodies --- */

static void take_chunk(struct replay *replay, const json_t *chunk) {
    struct oracle_answer *answer = replay->answer;
    size_t index;
    json_t *choice;
    json_array_foreach(json_object_get(chunk, "choices"), index, choice) {
        const json_t *delta = json_object_get(choice, "delta");
        if (json_integer_value(json_object_get(choice, "index")) != 0)
            continue;
        take_delta(replay, delta ? delta : json_object_get(choice, "message"));
        if (*text_of(choice, "finish_reason") && !replay->ended) {
            replay->ended = true;
            answer->finish = finish_of(text_of(choice, "finish_reason"));
        }
    }
    const json_t *usage = find_usage(chunk);
    if (usage)
        answer->usage = read_usage(usage);
    if (json_is_object(json_object_get(chunk, "error")))
        answer->fault = kind_of_error(0, chunk, &answer->message);
}

/* An event is one line in all recordings, and errors say of themselves that they are some. */
static struct slice payload_of(struct slice line) {
    if (slice_starts_with(line, SLICE("data:")))
        return slice_trim(slice_from(line, 5));
    return slice_starts_with(line, SLICE("error:")) ? slice_trim(slice_from(line, 6))
                                                    : (struct slice){NULL, 0};
}

static bool read_events(struct replay *replay, struct slice body, const char **ret_reason) {
    struct slice line;
    bool any = false;
    *ret_reason = "a payload is not JSON";
    while (slice_split(&body, '\n', &line) && replay->answer->fault == FAULT_NONE) {
        struct slice data = payload_of(line);
        if (slice_is(data, "[DONE]"))
            replay->ended = true;
        if (slice_is(data, "[DONE]") || data.size == 0)
            continue;
        json_t *chunk = json_loadb(data.data, data.size, JSON_ALLOW_NUL, NULL);
        if (!chunk)
            return false;
        any = any || json_is_array(json_object_get(chunk, "choices"));
        take_chunk(replay, chunk);
        json_decref(chunk);
    }
    *ret_reason = "another API: its events have no choices";
    return any;
}

static bool read_whole(struct replay *replay, struct slice body, const char **ret_reason) {
    json_t *root = json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL);
    const json_t *first = json_array_get(json_object_get(root, "choices"), 0);
    bool ok = json_is_object(json_object_get(first, "message"));
    *ret_reason = root ? "another API: the body has no choices" : "not one JSON value";
    if (ok)
        take_chunk(replay, root);
    replay->ended = ok;
    json_decref(root);
    return ok;
}

bool oracle_openai(struct slice body, bool events, struct oracle_answer *ret_answer,
                   const char **ret_reason) {
    *ret_answer = (struct oracle_answer){.usage = model_usage_unknown()};
    struct replay replay = {.answer = ret_answer};
    bool ok =
        events ? read_events(&replay, body, ret_reason) : read_whole(&replay, body, ret_reason);
    if (replay.ended && ret_answer->finish == MODEL_FINISH_NONE)
        ret_answer->finish = MODEL_FINISH_STOP;
    if (ret_answer->finish == MODEL_FINISH_STOP && ret_answer->call_count > 0)
        ret_answer->finish = MODEL_FINISH_TOOL_CALLS;
    for (size_t i = 0; i < ret_answer->call_count; i++)
        if (ret_answer->calls[i].id.size == 0)
            buffer_printf(&ret_answer->calls[i].id, "call_%zu", i + 1);
    return ok;
}
