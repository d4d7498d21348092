#include "model/openai_stream.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/emitter.h"
#include "model/failure.h"
#include "model/json_key.h"
#include "model/openai_delta.h"
#include "model/openai_usage.h"
#include "model/sse.h"

enum body_kind { BODY_UNKNOWN, BODY_EVENTS, BODY_WHOLE };

struct model_stream {
    struct emitter emitter;
    struct sse_reader sse;
    enum body_kind kind;
    struct buffer whole;  /* a body that is one JSON value instead of events */
    struct fault *fault;  /* of the call of feed or end in progress */
    bool done;            /* [DONE] was seen */
    bool busy, abandoned; /* closed by its own sink: freed once the call in progress returns */
};

static void release(struct model_stream *stream) {
    emitter_release(&stream->emitter);
    sse_finish(&stream->sse);
    buffer_finish(&stream->whole);
}

/* --- one chunk --- */

struct chunk {
    struct slice id, model, choices, usage, x_groq;
    struct slice error, message, detail, object;
};

static struct chunk read_chunk(struct slice value) {
    struct chunk chunk = {0};
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (JSON_KEY(key, "choices"))
            chunk.choices = member;
        else if (JSON_KEY(key, "id"))
            chunk.id = member;
        else if (JSON_KEY(key, "model"))
            chunk.model = member;
        else if (JSON_KEY(key, "usage"))
            chunk.usage = member;
        else if (JSON_KEY(key, "x_groq"))
            chunk.x_groq = member;
        else if (JSON_KEY(key, "error"))
            chunk.error = member;
        else if (JSON_KEY(key, "message"))
            chunk.message = member;
        else if (JSON_KEY(key, "detail"))
            chunk.detail = member;
        else if (JSON_KEY(key, "object"))
            chunk.object = member;
    }
    return chunk;
}

/* An `error` member that says something, or one of the shapes without such a member. */
static bool is_error(const struct chunk *chunk) {
    enum json_type type = json_type(chunk->error);
    if (type == JSON_OBJECT || type == JSON_ARRAY || (type == JSON_STRING && chunk->error.size > 2))
        return true;
    if (json_string_is(chunk->object, "error"))
        return true;
    if (json_type(chunk->choices) != JSON_MISSING)
        return false;
    return json_type(chunk->message) == JSON_STRING || chunk->detail.size > 0;
}

static struct slice usage_of(const struct chunk *chunk) {
    struct slice usage = chunk->usage;
    if (json_type(usage) != JSON_OBJECT && chunk->x_groq.size > 0)
        usage = json_get(chunk->x_groq, "usage");
    if (json_type(usage) != JSON_OBJECT && json_type(chunk->usage) == JSON_MISSING)
        usage = json_path(chunk->choices, "0", "usage", NULL); /* Moonshot */
    return usage;
}

static bool take_chunk(struct model_stream *stream, struct slice value) {
    struct chunk chunk = read_chunk(value);
    struct emitter *emitter = &stream->emitter;
    bool named = chunk.id.size > 2 || chunk.model.size > 2; /* Azure's first chunk has "" */
    if (named && !emitter->started && json_type(chunk.choices) != JSON_MISSING)
        emitter_start(emitter, chunk.id, chunk.model);
    openai_choices(emitter, chunk.choices);
    struct slice usage = usage_of(&chunk);
    if (json_type(usage) == JSON_OBJECT) {
        struct model_usage counts = openai_usage(usage);
        emitter_usage(emitter, &counts);
    }
    return !is_error(&chunk) || failure_in_stream(value, stream->fault);
}

/* The payload is what a server cut within a character, or it is not JSON at all. */
static bool take_mended(struct model_stream *stream, struct slice payload) {
    struct buffer mended = {0};
    text_join_mend(payload, &mended);
    bool ok = json_validate(buffer_slice(&mended), NULL) &&
              json_type(buffer_slice(&mended)) == JSON_OBJECT;
    if (ok)
        ok = take_chunk(stream, buffer_slice(&mended));
    else
        fault_set(stream->fault, FAULT_PROVIDER_MALFORMED,
                  "The model service sent something that is not a chat completion.");
    buffer_finish(&mended);
    return ok;
}

static bool take_payload(struct model_stream *stream, struct slice payload) {
    if (json_validate(payload, NULL) && json_type(payload) == JSON_OBJECT)
        return take_chunk(stream, payload);
    return take_mended(stream, payload);
}

/* --- the body: events, or one JSON value --- */

static bool on_event(void *user, const struct sse_event *event) {
    struct model_stream *stream = user;
    struct slice payload = slice_trim(event->data);
    if (stream->done || payload.size == 0)
        return true;
    if (slice_is(event->name, "error"))
        return failure_in_stream(payload, stream->fault);
    if (slice_is(payload, "[DONE]")) {
        stream->done = true;
        if (stream->emitter.finish != MODEL_FINISH_NONE)
            emitter_finish(&stream->emitter);
        return true;
    }
    return take_payload(stream, payload) && !stream->abandoned;
}

static bool keep_whole(struct model_stream *stream, struct slice bytes) {
    if (stream->whole.size + bytes.size > stream->sse.event_max)
        return fault_set(stream->fault, FAULT_PROVIDER_MALFORMED,
                         "The model service sent an answer larger than %zu bytes.",
                         stream->sse.event_max);
    buffer_append(&stream->whole, bytes);
    return true;
}

/* No line of an event stream starts with a brace: such a server did not stream. */
static bool take_bytes(struct model_stream *stream, struct slice bytes) {
    if (stream->done) /* whatever comes, the answer is complete */
        return true;
    if (stream->kind == BODY_UNKNOWN) {
        while (bytes.size > 0 && slice_trim(slice_first(bytes, 1)).size == 0)
            bytes = slice_from(bytes, 1);
        if (bytes.size == 0)
            return true;
        stream->kind = bytes.data[0] == '{' || bytes.data[0] == '[' ? BODY_WHOLE : BODY_EVENTS;
    }
    if (stream->kind == BODY_WHOLE)
        return keep_whole(stream, bytes);
    return sse_feed(&stream->sse, bytes, stream->fault);
}

static bool take_whole(struct model_stream *stream) {
    struct slice body = slice_trim(buffer_slice(&stream->whole)), first;
    size_t cursor = 0;
    if (!json_validate(body, NULL))
        return fault_set(stream->fault, FAULT_PROVIDER_TRUNCATED,
                         "The model service ended its answer in the middle.");
    /* Google's door for OpenAI's clients wraps an error into an array. */
    if (json_type(body) == JSON_ARRAY && json_next_element(body, &cursor, &first))
        body = first;
    return take_payload(stream, body);
}

/* --- the functions of the table --- */

struct model_stream *openai_open(struct arena *arena, model_sink *sink, void *user) {
    struct model_stream *stream = arena_allocate(arena, sizeof *stream);
    emitter_init(&stream->emitter, arena, sink, user);
    sse_init(&stream->sse, on_event, stream);
    return stream;
}

bool openai_feed(struct model_stream *stream, struct slice bytes, struct fault *fault) {
    stream->fault = fault;
    stream->busy = true;
    bool ok = take_bytes(stream, bytes);
    stream->busy = false;
    if (stream->abandoned)
        release(stream);
    return ok;
}

static bool finish(struct model_stream *stream) {
    bool ok =
        stream->kind == BODY_WHOLE ? take_whole(stream) : sse_end(&stream->sse, stream->fault);
    if (!ok)
        return false;
    /* [DONE] without a reason is an orderly end, too, and so is that of a whole answer (Snowflake
     * gives no reasons); the end of the connection alone is not. */
    bool whole = stream->kind == BODY_WHOLE && stream->emitter.started;
    if (stream->emitter.finish == MODEL_FINISH_NONE && (stream->done || whole))
        emitter_note_finish(&stream->emitter, MODEL_FINISH_STOP, (struct slice){NULL, 0});
    if (stream->emitter.finish == MODEL_FINISH_NONE)
        return fault_set(stream->fault, FAULT_PROVIDER_TRUNCATED,
                         "The model service ended its answer in the middle.");
    emitter_finish(&stream->emitter);
    return true;
}

bool openai_end(struct model_stream *stream, struct fault *fault) {
    stream->fault = fault;
    stream->busy = true;
    bool ok = finish(stream);
    release(stream);
    return ok;
}

void openai_close(struct model_stream *stream) {
    if (stream->busy)
        stream->abandoned = true;
    else
        release(stream);
}
