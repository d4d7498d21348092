#include "oracle_gemini.h"
#include <jansson.h>

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* --- counts: the last report --- */

static json_int_t count_of(const json_t *usage, const char *key) {
    const json_t *value = json_object_get(usage, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static void take_counts(struct oracle_answer *answer, const json_t *usage) {
    json_int_t prompt = count_of(usage, "promptTokenCount");
    json_int_t tools = count_of(usage, "toolUsePromptTokenCount");
    json_int_t cached = count_of(usage, "cachedContentTokenCount");
    if (prompt < 0)
        return;
    answer->usage = model_usage_unknown();
    answer->usage.input = prompt + (tools > 0 ? tools : 0) - (cached > 0 ? cached : 0);
    answer->usage.cache_read = cached;
    answer->usage.output = count_of(usage, "candidatesTokenCount");
    answer->usage.reasoning = count_of(usage, "thoughtsTokenCount");
}

/* --- calls --- */

struct replay {
    struct oracle_answer *answer;
    json_t *partial; /* arguments under way, or NULL */
    bool known;      /* something of an answer was seen */
};

static void close_partial(struct replay *replay) {
    struct oracle_answer *answer = replay->answer;
    if (!replay->partial)
        return;
    char *text = json_dumps(replay->partial, JSON_COMPACT);
    buffer_append_string(&answer->calls[answer->call_count - 1].arguments, text);
    free(text);
    json_decref(replay->partial);
    replay->partial = NULL;
}

/* Sets or continues the value at ".a[0].b", making what is missing on the way. */
static void set_at(json_t *at, char *path, json_t *value) {
    char *name = path + 1, *end = name + strcspn(name, ".[]");
    char stop = *end, *rest = end;
    if (*path == '[' && stop == ']')
        stop = *++rest;
    *end = '\0';
    bool is_index = *path == '[';
    size_t index = is_index ? strtoul(name, NULL, 10) : 0;
    json_t *old = is_index ? json_array_get(at, index) : json_object_get(at, name);
    json_t *next = json_incref(value);
    if (old && stop) {
        json_decref(next);
        next = json_incref(old);
    } else if (stop) {
        json_decref(next);
        next = stop == '[' ? json_array() : json_object();
    } else if (old && json_is_string(old)) {
        json_decref(next);
        next = json_sprintf("%s%s", json_string_value(old), json_string_value(value));
    }
    if (is_index && index < json_array_size(at))
        json_array_set(at, index, next);
    else if (is_index)
        json_array_append(at, next);
    else
        json_object_set(at, name, next);
    *rest = stop;
    if (stop)
        set_at(next, rest, value);
    json_decref(next);
}

static void take_partial(struct replay *replay, const json_t *piece) {
    static const char *const kinds[] = {"stringValue", "numberValue", "boolValue"};
    char path[256];
    snprintf(path, sizeof path, "%s", text_of(piece, "jsonPath") + 1);
    for (size_t i = 0; i < 3; i++) {
        json_t *value = json_object_get(piece, kinds[i]);
        if (value)
            set_at(replay->partial, path, value);
    }
}

static void begin_call(struct replay *replay, const json_t *call, bool partial) {
    struct oracle_answer *answer = replay->answer;
    close_partial(replay);
    struct oracle_call *new = &answer->calls[answer->call_count++];
    buffer_append_string(&new->name, text_of(call, "name"));
    buffer_append_string(&new->id, text_of(call, "id"));
    if (partial) {
        replay->partial = json_object();
        return;
    }
    char *text = json_dumps(json_object_get(call, "args"), JSON_COMPACT);
    buffer_append_string(&new->arguments, text ? text : "{}");
    free(text);
}

static void take_call(struct replay *replay, const json_t *call) {
    bool continues = json_is_true(json_object_get(call, "willContinue"));
    json_t *pieces = json_object_get(call, "partialArgs"), *piece;
    size_t index;
    if (*text_of(call, "name"))
        begin_call(replay, call, continues || pieces);
    json_array_foreach(pieces, index, piece) {
        take_partial(replay, piece);
    }
    if (!continues)
        close_partial(replay);
}

/* --- candidates --- */

static enum model_finish finish_of(const char *reason) {
    static const char *const filtered[] = {
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR",
    };
    for (size_t i = 0; i < sizeof filtered / sizeof filtered[0]; i++)
        if (strcmp(reason, filtered[i]) == 0)
            return MODEL_FINISH_CONTENT_FILTER;
    if (strcmp(reason, "MALFORMED_FUNCTION_CALL") == 0 || strcmp(reason, "OTHER") == 0)
        return MODEL_FINISH_ERROR;
    return strcmp(reason, "MAX_TOKENS") == 0 ? MODEL_FINISH_LENGTH : MODEL_FINISH_STOP;
}

static void take_part(struct replay *replay, const json_t *part) {
    struct oracle_answer *answer = replay->answer;
    bool thought = json_is_true(json_object_get(part, "thought"));
    const json_t *call = json_object_get(part, "functionCall");
    if (call)
        take_call(replay, call);
    else
        close_partial(replay);
    buffer_append_string(thought ? &answer->reasoning : &answer->text, text_of(part, "text"));
    buffer_append_string(&answer->signatures, text_of(part, "thoughtSignature"));
}

static void take_finish(struct oracle_answer *answer, const json_t *candidate) {
    const json_t *reason = json_object_get(candidate, "finishReason");
    if (json_is_integer(reason))
        answer->finish = json_integer_value(reason) == 1 ? MODEL_FINISH_STOP : MODEL_FINISH_LENGTH;
    else if (json_is_string(reason))
        answer->finish = finish_of(json_string_value(reason));
    if (answer->finish == MODEL_FINISH_CONTENT_FILTER && answer->text.size == 0)
        buffer_append_string(&answer->refusal, text_of(candidate, "finishMessage"));
}

static void take_piece(struct replay *replay, const json_t *piece) {
    struct oracle_answer *answer = replay->answer;
    const json_t *candidates = json_object_get(piece, "candidates");
    const json_t *candidate = json_array_get(candidates, 0);
    const json_t *feedback = json_object_get(piece, "promptFeedback");
    json_t *part;
    size_t index;
    replay->known = replay->known || candidates || feedback;
    json_array_foreach(json_object_get(json_object_get(candidate, "content"), "parts"), index,
                       part) {
        take_part(replay, part);
    }
    take_finish(answer, candidate);
    if (*text_of(feedback, "blockReason") || *text_of(feedback, "blockReasonMessage"))
        answer->finish = MODEL_FINISH_CONTENT_FILTER;
    buffer_append_string(&answer->refusal, text_of(feedback, "blockReasonMessage"));
    take_counts(answer, json_object_get(piece, "usageMetadata"));
}

static void take_text(struct replay *replay, struct slice text) {
    json_t *value = json_loadb(text.data, text.size, JSON_ALLOW_NUL, NULL), *piece;
    size_t index;
    if (json_is_array(value))
        json_array_foreach(value, index, piece) {
            take_piece(replay, piece);
        }
    else
        take_piece(replay, value);
    json_decref(value);
}

/* --- bodies --- */

static void take_stray(struct oracle_answer *answer, struct slice text) {
    struct buffer message = {0};
    int status;
    enum fault_kind kind = oracle_gemini_failure(text, &message, &status);
    answer->fault = status ? kind : FAULT_PROVIDER_MALFORMED;
    buffer_finish(&message);
}

static void read_events(struct replay *replay, struct slice body) {
    struct slice rest = body, line;
    while (slice_split(&rest, '\n', &line)) {
        if (slice_starts_with(line, SLICE("data:"))) {
            take_text(replay, slice_trim(slice_from(line, 5)));
        } else if (slice_trim(line).size > 0) {
            size_t at = (size_t)(line.data - body.data);
            take_stray(replay->answer, slice_trim(slice_from(body, at)));
            break;
        }
    }
}

bool oracle_gemini(struct slice body, bool events, struct oracle_answer *ret_answer,
                   const char **ret_reason) {
    struct replay replay = {.answer = ret_answer};
    *ret_answer = (struct oracle_answer){.usage = model_usage_unknown()};
    if (events)
        read_events(&replay, body);
    else
        take_text(&replay, body);
    close_partial(&replay);
    if (ret_answer->finish == MODEL_FINISH_NONE && !ret_answer->fault)
        ret_answer->fault = FAULT_PROVIDER_TRUNCATED;
    if (ret_answer->finish == MODEL_FINISH_STOP && ret_answer->call_count > 0)
        ret_answer->finish = MODEL_FINISH_TOOL_CALLS;
    *ret_reason = "it is no answer of the model (a list of models, a count of tokens)";
    return replay.known;
}

/* --- failures --- */

enum fault_kind oracle_gemini_failure(struct slice body, struct buffer *message, int *ret_status) {
    json_t *root = json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL);
    const json_t *error = json_object_get(root, "error");
    *ret_status = (int)json_integer_value(json_object_get(error, "code"));
    buffer_append_string(message, text_of(error, "message"));
    json_decref(root);
    switch (*ret_status) {
    case 400:
        if (strstr(buffer_string(message), "API key not valid"))
            return FAULT_PROVIDER_AUTH;
        return strstr(buffer_string(message), "token count") ? FAULT_PROVIDER_CONTEXT_TOO_LONG
                                                             : FAULT_PROVIDER_BAD_REQUEST;
    case 401:
    case 403:
        return FAULT_PROVIDER_AUTH;
    case 404:
        return FAULT_PROVIDER_MODEL_NOT_FOUND;
    case 429:
        return FAULT_PROVIDER_RATE_LIMITED;
    default:
        return FAULT_PROVIDER_OVERLOADED;
    }
}
