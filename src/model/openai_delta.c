#include "model/openai_delta.h"
#include "base/json.h"
#include "model/json_key.h"

/* --- text --- */

static bool has_text(struct slice value) {
    return json_type(value) == JSON_STRING && value.size > 2;
}

/* Mistral's thinking part: {"thinking":[{"type":"text","text":"…"}],"signature":…}, or a string. */
static void take_thinking(struct emitter *emitter, struct slice part) {
    struct slice thinking = json_get(part, "thinking"), inner;
    size_t cursor = 0;
    emitter_text(emitter, MODEL_EVENT_REASONING, thinking);
    while (json_next_element(thinking, &cursor, &inner))
        emitter_text(emitter, MODEL_EVENT_REASONING, json_get(inner, "text"));
    emitter_signature(emitter, json_get(part, "signature"));
}

static void take_part(struct emitter *emitter, struct slice part) {
    struct slice type = json_get(part, "type");
    if (json_type(part) == JSON_STRING)
        emitter_text(emitter, MODEL_EVENT_TEXT, part);
    else if (json_string_is(type, "thinking"))
        take_thinking(emitter, part);
    else if (json_string_is(type, "refusal"))
        emitter_text(emitter, MODEL_EVENT_REFUSAL, json_get(part, "refusal"));
    else
        emitter_text(emitter, MODEL_EVENT_TEXT, json_get(part, "text"));
}

static void take_content(struct emitter *emitter, struct slice content) {
    struct slice part;
    size_t cursor = 0;
    emitter_text(emitter, MODEL_EVENT_TEXT, content);
    while (json_next_element(content, &cursor, &part))
        take_part(emitter, part);
}

/* OpenRouter says the same in `reasoning` and in `reasoning_details`; what only the latter have is
 * the signature that the vendor behind it wants back. */
static void take_details(struct emitter *emitter, struct slice details, bool text_too) {
    struct slice detail;
    size_t cursor = 0;
    while (json_next_element(details, &cursor, &detail)) {
        if (text_too) {
            emitter_text(emitter, MODEL_EVENT_REASONING, json_get(detail, "text"));
            emitter_text(emitter, MODEL_EVENT_REASONING, json_get(detail, "summary"));
        }
        emitter_signature(emitter, json_get(detail, "signature"));
        emitter_signature(emitter, json_get(detail, "data"));
    }
}

/* --- tool calls --- */

static struct slice read_name(struct emitter *emitter, struct slice value) {
    struct text_join whole = {0};
    return text_join_read(&whole, value, &emitter->scratch);
}

struct call_delta {
    struct slice id, name;  /* may be empty */
    struct slice arguments; /* a JSON value */
    int64_t index;          /* -1 if there is none */
    size_t position;        /* in its array */
};

static bool begins_arguments(struct slice arguments) {
    return json_type(arguments) == JSON_OBJECT ||
           (arguments.size > 2 && slice_starts_with(arguments, SLICE("\"{")));
}

/* Where neither index nor id say which call goes on: a delta without a name continues; one with a
 * name begins a call, unless it repeats the name of the last one in the middle of its arguments. */
static struct emitter_call *find_unmarked(struct emitter *emitter, const struct call_delta *delta) {
    struct emitter_call *last = emitter->last_call;
    if (delta->name.size == 0)
        return delta->position > 0 ? emitter_find_position(emitter, delta->position) : last;
    bool goes_on = last && slice_equal(last->name, delta->name) &&
                   !begins_arguments(delta->arguments) && delta->arguments.size > 2;
    return goes_on ? last : NULL;
}

/* Some servers number all calls 0: a new id with a name is then a new call. */
static bool is_another(const struct emitter_call *call, const struct call_delta *delta) {
    return call->id.size > 0 && delta->id.size > 0 && delta->name.size > 0 && call->announced &&
           !slice_equal(call->id, delta->id);
}

static struct emitter_call *find_call(struct emitter *emitter, const struct call_delta *delta) {
    if (delta->index < 0 && delta->id.size > 0)
        return emitter_find_id(emitter, delta->id);
    if (delta->index < 0)
        return find_unmarked(emitter, delta);
    struct emitter_call *call = emitter_find_key(emitter, delta->index);
    if (!call || !is_another(call, delta))
        return call;
    call = emitter_find_id(emitter, delta->id);
    return call && call->key == delta->index ? call : NULL;
}

static void read_function(struct slice function, struct slice *ret_name,
                          struct slice *ret_arguments) {
    struct slice key, value;
    size_t cursor = 0;
    while (json_next_member(function, &cursor, &key, &value)) {
        if (JSON_KEY(key, "name"))
            *ret_name = value;
        else if (JSON_KEY(key, "arguments"))
            *ret_arguments = value;
    }
}

static void take_call(struct emitter *emitter, struct slice value, size_t position) {
    struct slice key, member, id = {NULL, 0}, name = {NULL, 0};
    struct call_delta delta = {.index = -1, .position = position};
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (JSON_KEY(key, "index") && !json_read_int64(member, &delta.index))
            delta.index = -1;
        else if (JSON_KEY(key, "id"))
            id = member;
        else if (JSON_KEY(key, "function"))
            read_function(member, &name, &delta.arguments);
    }
    struct buffer id_text = {0}; /* the scratch buffer is for the name */
    struct text_join whole = {0};
    delta.id = text_join_read(&whole, id, &id_text);
    delta.name = read_name(emitter, name);
    struct emitter_call *call = find_call(emitter, &delta);
    if (!call)
        call = emitter_call(emitter, delta.index, delta.id);
    buffer_finish(&id_text);
    if (!call)
        return;
    emitter_call_name(emitter, call, delta.name);
    emitter_call_arguments(emitter, call, delta.arguments);
}

static void take_calls(struct emitter *emitter, struct slice calls) {
    struct slice call;
    size_t cursor = 0;
    for (size_t i = 0; json_next_element(calls, &cursor, &call); i++)
        take_call(emitter, call, i);
}

/* The form before `tool_calls`: there is one call, without an id. */
static void take_function_call(struct emitter *emitter, struct slice function) {
    struct slice name = {NULL, 0}, arguments = {NULL, 0};
    if (json_type(function) != JSON_OBJECT)
        return;
    read_function(function, &name, &arguments);
    struct emitter_call *call = emitter_find_key(emitter, 0);
    /* Snowflake has one without a name in each answer, beside the real calls. */
    if (!call && has_text(name))
        call = emitter_call(emitter, 0, (struct slice){NULL, 0});
    if (!call)
        return;
    emitter_call_name(emitter, call, read_name(emitter, name));
    emitter_call_arguments(emitter, call, arguments);
}

/* --- the choice --- */

/* The order within a delta is ours: thinking, saying, doing. */
struct delta {
    struct slice content, refusal, reasoning, reasoning_content, details, calls, function_call;
};

static struct delta read_delta(struct slice value) {
    struct delta delta = {0};
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (JSON_KEY(key, "content"))
            delta.content = member;
        else if (JSON_KEY(key, "refusal"))
            delta.refusal = member;
        else if (JSON_KEY(key, "reasoning"))
            delta.reasoning = member;
        else if (JSON_KEY(key, "reasoning_content"))
            delta.reasoning_content = member;
        else if (JSON_KEY(key, "reasoning_details"))
            delta.details = member;
        else if (JSON_KEY(key, "tool_calls"))
            delta.calls = member;
        else if (JSON_KEY(key, "function_call"))
            delta.function_call = member;
    }
    return delta;
}

static void take_delta(struct emitter *emitter, struct slice value) {
    struct delta delta = read_delta(value);
    struct slice reasoning = has_text(delta.reasoning) ? delta.reasoning : delta.reasoning_content;
    if (has_text(reasoning))
        emitter_text(emitter, MODEL_EVENT_REASONING, reasoning);
    if (delta.details.size > 2)
        take_details(emitter, delta.details, !has_text(reasoning));
    if (delta.content.size > 2)
        take_content(emitter, delta.content);
    if (delta.refusal.size > 2)
        emitter_text(emitter, MODEL_EVENT_REFUSAL, delta.refusal);
    if (delta.calls.size > 2)
        take_calls(emitter, delta.calls);
    if (delta.function_call.size > 2)
        take_function_call(emitter, delta.function_call);
}

/* Unknown words end the answer in order: the vendor said that it is over. */
static enum model_finish finish_of(struct slice word) {
    static const struct {
        const char *word;
        enum model_finish finish;
    } words[] = {
        {"stop", MODEL_FINISH_STOP},
        {"length", MODEL_FINISH_LENGTH},
        {"max_tokens", MODEL_FINISH_LENGTH},
        {"model_length", MODEL_FINISH_LENGTH},
        {"tool_calls", MODEL_FINISH_TOOL_CALLS},
        {"tool_use", MODEL_FINISH_TOOL_CALLS},
        {"function_call", MODEL_FINISH_TOOL_CALLS},
        {"content_filter", MODEL_FINISH_CONTENT_FILTER},
        {"sensitive", MODEL_FINISH_CONTENT_FILTER},
        {"safety", MODEL_FINISH_CONTENT_FILTER},
        {"error", MODEL_FINISH_ERROR},
        {"network_error", MODEL_FINISH_ERROR},
        {"insufficient_system_resource", MODEL_FINISH_ERROR},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_is(word, words[i].word))
            return words[i].finish;
    return MODEL_FINISH_STOP;
}

static void take_finish(struct emitter *emitter, struct slice value) {
    struct slice word = json_plain_string(value);
    if (word.size > 0)
        emitter_note_finish(emitter, finish_of(word), word);
}

static void take_choice(struct emitter *emitter, struct slice choice) {
    struct slice key, value, delta = {NULL, 0}, message = {NULL, 0}, finish = {NULL, 0};
    int64_t index = 0;
    size_t cursor = 0;
    while (json_next_member(choice, &cursor, &key, &value)) {
        if (JSON_KEY(key, "delta"))
            delta = value;
        else if (JSON_KEY(key, "message"))
            message = value;
        else if (JSON_KEY(key, "finish_reason"))
            finish = value;
        else if (JSON_KEY(key, "index") && !json_read_int64(value, &index))
            index = 0;
    }
    if (index != 0)
        return;
    /* A `message` beside or after deltas repeats them (Perplexity). */
    if (json_type(delta) == JSON_OBJECT)
        take_delta(emitter, delta);
    else if (!emitter->spoken)
        take_delta(emitter, message);
    take_finish(emitter, finish);
}

void openai_choices(struct emitter *emitter, struct slice choices) {
    struct slice choice;
    size_t cursor = 0;
    while (json_next_element(choices, &cursor, &choice))
        take_choice(emitter, choice);
}
