#include "model/anthropic_stream.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/anthropic_usage.h"
#include "model/emitter.h"
#include "model/failure.h"
#include "model/json_key.h"
#include "model/reply_reader.h"

/* The tool call whose arguments arrive. The input that its block began with counts only where no
 * deltas follow: mostly it is {}, but calls made by code that the vendor runs have all of it there.
 */
struct open_call {
    struct emitter_call *call; /* NULL when there is none */
    struct slice input;        /* JSON, in the arena */
    bool has_arguments;
};

struct model_stream {
    struct emitter emitter;
    struct reply_reader reader;
    struct arena *arena;
    struct anthropic_usage usage;
    struct slice message_id; /* of the message under way, raw JSON in the arena */
    struct open_call open;
    bool begun; /* message_start was seen */
    bool said;  /* text was */
};

/* --- blocks --- */

static void close_call(struct model_stream *stream) {
    struct open_call open = stream->open;
    stream->open = (struct open_call){0};
    if (open.call && !open.has_arguments)
        emitter_call_arguments(&stream->emitter, open.call,
                               json_type(open.input) == JSON_OBJECT ? open.input : SLICE("{}"));
}

/* What the vendor runs by itself (server_tool_use, mcp_tool_use) is no call of ours, nor is one
 * without a name: that comes here or never. */
static void open_call(struct model_stream *stream, struct slice block, int64_t index) {
    struct buffer id = {0}, name = {0};
    close_call(stream);
    json_read_string(json_get(block, "id"), &id);
    json_read_string(json_get(block, "name"), &name);
    struct emitter_call *call =
        name.size > 0 ? emitter_call(&stream->emitter, index, buffer_slice(&id)) : NULL;
    if (call) {
        emitter_call_name(&stream->emitter, call, buffer_slice(&name));
        struct slice input = json_get(block, "input");
        stream->open.call = call;
        stream->open.input = arena_copy(stream->arena, input);
    }
    buffer_finish(&id);
    buffer_finish(&name);
}

static void take_text(struct model_stream *stream, struct slice text) {
    stream->said = stream->said || text.size > 2;
    emitter_text(&stream->emitter, MODEL_EVENT_TEXT, text);
}

/* A block as its start or a whole answer has it. */
static void take_block(struct model_stream *stream, struct slice block, int64_t index) {
    struct slice type = json_get(block, "type");
    if (json_string_is(type, "text")) {
        take_text(stream, json_get(block, "text"));
    } else if (json_string_is(type, "thinking")) {
        emitter_text(&stream->emitter, MODEL_EVENT_REASONING, json_get(block, "thinking"));
        emitter_signature(&stream->emitter, json_get(block, "signature"));
    } else if (json_string_is(type, "redacted_thinking")) {
        emitter_redacted(&stream->emitter, json_get(block, "data"));
    } else if (json_string_is(type, "tool_use")) {
        open_call(stream, block, index);
    }
}

static void take_blocks(struct model_stream *stream, struct slice content) {
    struct slice block;
    size_t cursor = 0;
    for (int64_t i = 0; json_next_element(content, &cursor, &block); i++)
        take_block(stream, block, i);
    close_call(stream);
}

static void take_arguments(struct model_stream *stream, struct slice piece, int64_t index) {
    struct open_call *open = &stream->open;
    if (!open->call || open->call->key != index || piece.size <= 2)
        return;
    open->has_arguments = true;
    emitter_call_arguments(&stream->emitter, open->call, piece);
}

static void take_delta(struct model_stream *stream, struct slice delta, int64_t index) {
    struct slice key, value;
    size_t cursor = 0;
    /* Each kind of delta has a member of its own name; `type` says nothing more. */
    while (json_next_member(delta, &cursor, &key, &value)) {
        if (JSON_KEY(key, "text"))
            take_text(stream, value);
        else if (JSON_KEY(key, "partial_json"))
            take_arguments(stream, value, index);
        else if (JSON_KEY(key, "thinking"))
            emitter_text(&stream->emitter, MODEL_EVENT_REASONING, value);
        else if (JSON_KEY(key, "signature"))
            emitter_signature(&stream->emitter, value);
    }
}

/* --- the message --- */

static void take_usage(struct model_stream *stream, struct slice value) {
    if (json_type(value) != JSON_OBJECT)
        return;
    anthropic_usage_take(&stream->usage, value);
    struct model_usage classes = anthropic_usage_classes(&stream->usage);
    emitter_usage(&stream->emitter, &classes);
}

/* Unknown words end the answer in order: the vendor said that it is over. */
static enum model_finish finish_of(struct slice word) {
    static const struct {
        const char *word;
        enum model_finish finish;
    } words[] = {
        {"max_tokens", MODEL_FINISH_LENGTH},
        {"model_context_window_exceeded", MODEL_FINISH_LENGTH},
        {"tool_use", MODEL_FINISH_TOOL_CALLS},
        {"refusal", MODEL_FINISH_CONTENT_FILTER},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_is(word, words[i].word))
            return words[i].finish;
    return MODEL_FINISH_STOP;
}

/* `message` has stop_reason and stop_details: the delta at the end, or a whole answer. */
static void take_stop(struct model_stream *stream, struct slice message) {
    struct slice word = json_plain_string(json_get(message, "stop_reason"));
    if (word.size == 0)
        return;
    /* A refusal without a word would leave the visitor with nothing. */
    if (slice_is(word, "refusal") && !stream->said)
        emitter_text(&stream->emitter, MODEL_EVENT_REFUSAL,
                     json_path(message, "stop_details", "explanation", NULL));
    emitter_note_finish(&stream->emitter, finish_of(word), word);
}

/* The same message announced twice is a hiccup; another one in the middle of this one means that
 * two answers got mixed on their way, and nothing of it can be trusted. */
static bool take_start(struct model_stream *stream, struct slice message, struct fault *fault) {
    struct slice id = json_get(message, "id");
    if (stream->begun) {
        if (slice_equal(id, stream->message_id))
            return true;
        return fault_set(fault, FAULT_PROVIDER_MALFORMED,
                         "The model service began another answer in the middle of one.");
    }
    stream->begun = true;
    stream->message_id = arena_copy(stream->arena, id);
    emitter_start(&stream->emitter, id, json_get(message, "model"));
    take_usage(stream, json_get(message, "usage"));
    /* A message may be all there at its start: calls that were made for a tool of the vendor's. */
    take_blocks(stream, json_get(message, "content"));
    take_stop(stream, message);
    return true;
}

/* An answer that was not streamed. */
static void take_message(struct model_stream *stream, struct slice message) {
    emitter_start(&stream->emitter, json_get(message, "id"), json_get(message, "model"));
    take_blocks(stream, json_get(message, "content"));
    take_usage(stream, json_get(message, "usage"));
    take_stop(stream, message);
}

static void take_end(struct model_stream *stream) {
    close_call(stream);
    stream->reader.done = true;
    if (stream->emitter.finish != MODEL_FINISH_NONE)
        emitter_finish(&stream->emitter);
}

/* --- events --- */

struct event {
    struct slice type, delta, block, message, usage, error;
    int64_t index;
};

static struct event read_event(struct slice value) {
    struct event event = {.index = -1};
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (JSON_KEY(key, "type"))
            event.type = json_plain_string(member);
        else if (JSON_KEY(key, "index") && !json_read_int64(member, &event.index))
            event.index = -1;
        else if (JSON_KEY(key, "delta"))
            event.delta = member;
        else if (JSON_KEY(key, "content_block"))
            event.block = member;
        else if (JSON_KEY(key, "message"))
            event.message = member;
        else if (JSON_KEY(key, "usage"))
            event.usage = member;
        else if (JSON_KEY(key, "error"))
            event.error = member;
    }
    return event;
}

static bool is_error(const struct event *event) {
    enum json_type type = json_type(event->error);
    return slice_is(event->type, "error") || type == JSON_OBJECT ||
           (type == JSON_STRING && event->error.size > 2);
}

/* Types that are not known are left out (ping is one). */
static bool on_object(void *user, struct slice value, struct fault *fault) {
    struct model_stream *stream = user;
    struct event event = read_event(value);
    if (stream->reader.done)
        return true;
    if (is_error(&event))
        return failure_in_stream(value, fault);
    if (slice_is(event.type, "content_block_delta")) {
        take_delta(stream, event.delta, event.index);
    } else if (slice_is(event.type, "content_block_start")) {
        take_block(stream, event.block, event.index);
    } else if (slice_is(event.type, "content_block_stop")) {
        if (stream->open.call && stream->open.call->key == event.index)
            close_call(stream);
    } else if (slice_is(event.type, "message_start")) {
        return take_start(stream, event.message, fault);
    } else if (slice_is(event.type, "message_delta")) {
        take_usage(stream, event.usage);
        take_stop(stream, event.delta);
    } else if (slice_is(event.type, "message_stop")) {
        take_end(stream);
    } else if (slice_is(event.type, "message")) {
        take_message(stream, value);
    }
    return true;
}

/* --- the functions of the table --- */

struct model_stream *anthropic_open(struct arena *arena, model_sink *sink, void *user) {
    struct model_stream *stream = arena_allocate(arena, sizeof *stream);
    stream->arena = arena;
    stream->usage = anthropic_usage_unknown();
    emitter_init(&stream->emitter, arena, sink, user);
    reply_reader_init(&stream->reader, on_object, stream);
    return stream;
}

bool anthropic_feed(struct model_stream *stream, struct slice bytes, struct fault *fault) {
    bool ok = reply_reader_feed(&stream->reader, bytes, fault);
    if (stream->reader.abandoned)
        emitter_release(&stream->emitter);
    return ok;
}

static bool finish(struct model_stream *stream, struct fault *fault) {
    if (stream->emitter.finish == MODEL_FINISH_NONE && stream->reader.done)
        emitter_note_finish(&stream->emitter, MODEL_FINISH_STOP, (struct slice){NULL, 0});
    if (stream->emitter.finish == MODEL_FINISH_NONE)
        return fault_set(fault, FAULT_PROVIDER_TRUNCATED,
                         "The model service ended its answer in the middle.");
    close_call(stream);
    emitter_finish(&stream->emitter);
    return true;
}

bool anthropic_end(struct model_stream *stream, struct fault *fault) {
    bool ok = reply_reader_end(&stream->reader, fault) && finish(stream, fault);
    if (!stream->reader.abandoned)
        reply_reader_release(&stream->reader);
    emitter_release(&stream->emitter);
    return ok;
}

void anthropic_close(struct model_stream *stream) {
    bool busy = stream->reader.busy;
    reply_reader_release(&stream->reader);
    if (busy)
        stream->emitter.muted = true;
    else
        emitter_release(&stream->emitter);
}
