#include "model/emitter.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/utf8.h"

enum { EARLY_MAX = 1024 * 1024 }; /* bytes of arguments kept while a call has no name */

void emitter_init(struct emitter *emitter, struct arena *arena, model_sink *sink, void *user) {
    *emitter = (struct emitter){.sink = sink, .user = user, .arena = arena};
}

void emitter_release(struct emitter *emitter) {
    emitter->muted = true;
    buffer_finish(&emitter->scratch);
    for (struct emitter_call *call = emitter->calls; call; call = call->next)
        buffer_finish(&call->early);
}

static void emit(struct emitter *emitter, const struct model_event *event) {
    if (!emitter->started)
        emitter_start(emitter, (struct slice){NULL, 0}, (struct slice){NULL, 0});
    if (!emitter->muted)
        emitter->sink(emitter->user, event);
}

static struct slice keep_string(struct emitter *emitter, struct slice value) {
    struct text_join whole = {0};
    return arena_copy(emitter->arena, text_join_read(&whole, value, &emitter->scratch));
}

void emitter_start(struct emitter *emitter, struct slice id, struct slice model) {
    if (emitter->started || emitter->muted)
        return;
    emitter->started = true;
    struct model_event event = {
        .kind = MODEL_EVENT_START,
        .id = keep_string(emitter, id),
        .model = keep_string(emitter, model),
    };
    emit(emitter, &event);
}

static struct text_join *join_of(struct emitter *emitter, enum model_event_kind kind) {
    if (kind == MODEL_EVENT_REASONING)
        return &emitter->reasoning;
    return kind == MODEL_EVENT_REFUSAL ? &emitter->refusal : &emitter->text;
}

static void emit_text(struct emitter *emitter, enum model_event_kind kind, struct slice text) {
    if (text.size == 0)
        return;
    struct model_event event = {.kind = kind, .text = text};
    emitter->spoken = true;
    emit(emitter, &event);
}

void emitter_text(struct emitter *emitter, enum model_event_kind kind, struct slice value) {
    emit_text(emitter, kind, text_join_read(join_of(emitter, kind), value, &emitter->scratch));
}

void emitter_signature(struct emitter *emitter, struct slice value) {
    struct text_join whole = {0};
    emit_text(emitter, MODEL_EVENT_SIGNATURE, text_join_read(&whole, value, &emitter->scratch));
}

void emitter_redacted(struct emitter *emitter, struct slice value) {
    struct text_join whole = {0};
    struct model_event event = {
        .kind = MODEL_EVENT_SIGNATURE,
        .text = text_join_read(&whole, value, &emitter->scratch),
        .redacted = true,
    };
    if (event.text.size == 0)
        return;
    emitter->spoken = true;
    emit(emitter, &event);
}

void emitter_usage(struct emitter *emitter, const struct model_usage *usage) {
    struct model_event event = {.kind = MODEL_EVENT_USAGE, .usage = *usage};
    emit(emitter, &event);
}

/* --- tool calls --- */

struct emitter_call *emitter_find_key(struct emitter *emitter, int64_t key) {
    struct emitter_call *found = NULL;
    /* The last of that key: a vendor that always says 0 means the newest call. */
    for (struct emitter_call *call = emitter->calls; call; call = call->next)
        if (call->key == key)
            found = call;
    return found;
}

struct emitter_call *emitter_find_id(struct emitter *emitter, struct slice id) {
    for (struct emitter_call *call = emitter->calls; call; call = call->next)
        if (slice_equal(call->id, id))
            return call;
    return NULL;
}

struct emitter_call *emitter_find_position(struct emitter *emitter, size_t position) {
    for (struct emitter_call *call = emitter->calls; call; call = call->next)
        if (call->position == position)
            return call;
    return NULL;
}

struct emitter_call *emitter_call(struct emitter *emitter, int64_t key, struct slice id) {
    if (emitter->call_count == EMITTER_CALLS_MAX)
        return NULL;
    struct emitter_call *call = arena_allocate(emitter->arena, sizeof *call);
    call->key = key;
    call->position = emitter->call_count++;
    /* Two calls of one id could not be told apart when their results come back. */
    if (id.size > 0 && !emitter_find_id(emitter, id))
        call->id = arena_copy(emitter->arena, id);
    if (emitter->last_call)
        emitter->last_call->next = call;
    else
        emitter->calls = call;
    emitter->last_call = call;
    return call;
}

static void emit_arguments(struct emitter *emitter, const struct emitter_call *call,
                           struct slice text) {
    if (text.size == 0)
        return;
    struct model_event event = {
        .kind = MODEL_EVENT_TOOL_ARGUMENTS, .index = call->number, .text = text};
    emit(emitter, &event);
}

/* A vendor that leaves out one id may give another call the one that we would make. */
static struct slice free_id(struct emitter *emitter, const struct emitter_call *call) {
    size_t number = call->number + 1;
    struct slice id;
    do
        id = slice_of(arena_printf(emitter->arena, "call_%zu", number++));
    while (emitter_find_id(emitter, id));
    return id;
}

static void announce(struct emitter *emitter, struct emitter_call *call) {
    call->announced = true;
    call->number = emitter->announced_count++;
    emitter->spoken = true;
    if (call->id.size == 0)
        call->id = free_id(emitter, call);
    struct model_event event = {
        .kind = MODEL_EVENT_TOOL_CALL,
        .index = call->number,
        .tool_id = call->id,
        .tool_name = call->name,
    };
    emit(emitter, &event);
    emit_arguments(emitter, call, buffer_slice(&call->early));
    buffer_finish(&call->early);
}

void emitter_call_name(struct emitter *emitter, struct emitter_call *call, struct slice name) {
    if (call->announced || name.size == 0)
        return;
    call->name = arena_copy(emitter->arena, name);
    announce(emitter, call);
}

void emitter_call_arguments(struct emitter *emitter, struct emitter_call *call,
                            struct slice value) {
    enum json_type type = json_type(value);
    struct slice text = value;
    if (type == JSON_STRING)
        text = text_join_read(&call->join, value, &emitter->scratch);
    else if (type != JSON_OBJECT)
        return;
    if (call->announced) {
        emit_arguments(emitter, call, text);
        return;
    }
    buffer_append(&call->early, text);
    if (call->early.size > EARLY_MAX)
        announce(emitter, call);
}

/* --- the end --- */

void emitter_note_finish(struct emitter *emitter, enum model_finish finish, struct slice raw) {
    if (emitter->finish != MODEL_FINISH_NONE)
        return;
    emitter->finish = finish;
    size_t size = utf8_cut(raw, sizeof emitter->finish_raw - 1);
    if (size > 0) /* there may be no word, and no data then */
        memcpy(emitter->finish_raw, raw.data, size);
    emitter->finish_raw[size] = '\0';
}

void emitter_finish(struct emitter *emitter) {
    if (emitter->finished)
        return;
    emitter->finished = true;
    emit_text(emitter, MODEL_EVENT_REASONING, text_join_rest(&emitter->reasoning));
    emit_text(emitter, MODEL_EVENT_TEXT, text_join_rest(&emitter->text));
    emit_text(emitter, MODEL_EVENT_REFUSAL, text_join_rest(&emitter->refusal));
    for (struct emitter_call *call = emitter->calls; call; call = call->next) {
        if (!call->announced)
            announce(emitter, call);
        emit_arguments(emitter, call, text_join_rest(&call->join));
    }
    if (emitter->finish == MODEL_FINISH_STOP && emitter->call_count > 0)
        emitter->finish = MODEL_FINISH_TOOL_CALLS;
    struct model_event event = {
        .kind = MODEL_EVENT_FINISH,
        .finish = emitter->finish,
        .finish_raw = slice_of(emitter->finish_raw),
    };
    emit(emitter, &event);
}
