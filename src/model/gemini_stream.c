#include "model/gemini_stream.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/emitter.h"
#include "model/failure.h"
#include "model/gemini_arguments.h"
#include "model/gemini_usage.h"
#include "model/json_key.h"
#include "model/reply_reader.h"

enum {
    STRAY_MAX = 64 * 1024, /* bytes kept of what stands bare in a stream */
    ID_MAX = 27 /* bytes of an answer's id within those of its calls: some vendors take 40 */
};

/* The call whose arguments arrive in pieces. */
struct open_call {
    struct emitter_call *call; /* NULL when there is none */
    struct gemini_arguments arguments;
    struct slice signature; /* JSON, in the arena */
};

struct model_stream {
    struct emitter emitter;
    struct reply_reader reader;
    struct arena *arena;
    struct slice answer_id; /* what is kept of it */
    struct open_call open;
    struct buffer stray; /* from the first bare line on */
    bool straying;
    bool line_begins; /* the next byte is the first of a line */
    bool said;        /* text was seen */
    enum model_finish finish;
    char finish_raw[48];
};

/* --- calls --- */

static void close_call(struct model_stream *stream) {
    struct open_call open = stream->open;
    struct buffer arguments = {0};
    stream->open = (struct open_call){0};
    if (!open.call)
        return;
    gemini_arguments_write(&open.arguments, &arguments);
    emitter_call_arguments(&stream->emitter, open.call, buffer_slice(&arguments));
    emitter_signature(&stream->emitter, open.signature);
    buffer_finish(&arguments);
}

/* Most answers give their calls no ids, and ours must not repeat those of the answer before. */
static void append_id(struct model_stream *stream, struct slice id, struct buffer *out) {
    if (json_read_string(id, out) && out->size > 0)
        return;
    if (stream->answer_id.size > 0)
        buffer_printf(out, "call_%.*s_%zu", SLICE_ARG(stream->answer_id),
                      stream->emitter.call_count + 1);
}

static struct emitter_call *begin_call(struct model_stream *stream, struct slice id_value,
                                       struct slice name_value) {
    struct buffer id = {0}, name = {0};
    struct emitter_call *call = NULL;
    json_read_string(name_value, &name);
    if (name.size > 0) {
        append_id(stream, id_value, &id);
        call = emitter_call(&stream->emitter, -1, buffer_slice(&id));
    }
    if (call)
        emitter_call_name(&stream->emitter, call, buffer_slice(&name));
    buffer_finish(&id);
    buffer_finish(&name);
    return call;
}

struct function {
    struct slice id, name, args, pieces;
    bool continues;
};

static struct function read_function(struct slice value) {
    struct function function = {0};
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (JSON_KEY(key, "name"))
            function.name = member;
        else if (JSON_KEY(key, "id"))
            function.id = member;
        else if (JSON_KEY(key, "args"))
            function.args = member;
        else if (JSON_KEY(key, "partialArgs"))
            function.pieces = member;
        else if (JSON_KEY(key, "willContinue") && !json_read_bool(member, &function.continues))
            function.continues = false;
    }
    return function;
}

/* A call is whole in one part, or its first part has the name and says that others follow. */
static void take_call(struct model_stream *stream, struct slice value, struct slice signature) {
    struct function function = read_function(value);
    struct slice piece;
    size_t cursor = 0;
    if (function.name.size > 2) {
        close_call(stream);
        struct emitter_call *call = begin_call(stream, function.id, function.name);
        if (call && !function.continues && json_type(function.pieces) != JSON_ARRAY) {
            bool has_args = json_type(function.args) == JSON_OBJECT;
            emitter_call_arguments(&stream->emitter, call, has_args ? function.args : SLICE("{}"));
            emitter_signature(&stream->emitter, signature);
            return;
        }
        stream->open.call = call;
        stream->open.arguments.arena = stream->arena;
    }
    if (!stream->open.call)
        return;
    if (signature.size > 2)
        stream->open.signature = arena_copy(stream->arena, signature);
    while (json_next_element(function.pieces, &cursor, &piece))
        gemini_arguments_take(&stream->open.arguments, piece);
    if (!function.continues)
        close_call(stream);
}

/* --- candidates --- */

/* What Google runs by itself (code, searches) is not part of the text. */
static void take_part(struct model_stream *stream, struct slice part) {
    struct slice text = {NULL, 0}, signature = {NULL, 0}, function = {NULL, 0}, key, value;
    bool thought = false;
    size_t cursor = 0;
    while (json_next_member(part, &cursor, &key, &value)) {
        if (JSON_KEY(key, "text"))
            text = value;
        else if (JSON_KEY(key, "thoughtSignature"))
            signature = value;
        else if (JSON_KEY(key, "functionCall"))
            function = value;
        else if (JSON_KEY(key, "thought") && !json_read_bool(value, &thought))
            thought = false;
    }
    if (json_type(function) == JSON_OBJECT) {
        take_call(stream, function, signature);
        return;
    }
    close_call(stream);
    if (!thought && json_type(text) == JSON_STRING && text.size > 2)
        stream->said = true;
    emitter_text(&stream->emitter, thought ? MODEL_EVENT_REASONING : MODEL_EVENT_TEXT, text);
    emitter_signature(&stream->emitter, signature);
}

struct word {
    const char *text;
    enum model_finish finish;
};

/* In the order of their numbers, which some clients ask for in place of the words; then the words
 * of other doors and of blocked prompts. */
static const struct word words[] = {
    {"FINISH_REASON_UNSPECIFIED", MODEL_FINISH_ERROR},
    {"STOP", MODEL_FINISH_STOP},
    {"MAX_TOKENS", MODEL_FINISH_LENGTH},
    {"SAFETY", MODEL_FINISH_CONTENT_FILTER},
    {"RECITATION", MODEL_FINISH_CONTENT_FILTER},
    {"OTHER", MODEL_FINISH_ERROR},
    {"LANGUAGE", MODEL_FINISH_ERROR},
    {"BLOCKLIST", MODEL_FINISH_CONTENT_FILTER},
    {"PROHIBITED_CONTENT", MODEL_FINISH_CONTENT_FILTER},
    {"SPII", MODEL_FINISH_CONTENT_FILTER},
    {"MALFORMED_FUNCTION_CALL", MODEL_FINISH_ERROR},
    {"IMAGE_SAFETY", MODEL_FINISH_CONTENT_FILTER},
    {"UNEXPECTED_TOOL_CALL", MODEL_FINISH_ERROR},
    {"TOO_MANY_TOOL_CALLS", MODEL_FINISH_ERROR},
    {"MALFORMED_RESPONSE", MODEL_FINISH_ERROR},
    {"CONTINUATION", MODEL_FINISH_LENGTH},
    {"IMAGE_PROHIBITED_CONTENT", MODEL_FINISH_CONTENT_FILTER},
    {"IMAGE_RECITATION", MODEL_FINISH_CONTENT_FILTER},
    {"IMAGE_OTHER", MODEL_FINISH_ERROR},
    {"NO_IMAGE", MODEL_FINISH_ERROR},
    {"MODEL_ARMOR", MODEL_FINISH_CONTENT_FILTER},
};
enum { WORDS = sizeof words / sizeof words[0], NUMBERED = 11 };

/* Unknown words end the answer in order: the vendor said that it is over. */
static enum model_finish finish_of(struct slice word) {
    for (size_t i = 0; i < WORDS; i++)
        if (slice_is(word, words[i].text))
            return words[i].finish;
    return MODEL_FINISH_STOP;
}

/* The last word counts: old models end each piece with STOP, and one of another kind may follow. */
static void note_finish(struct model_stream *stream, enum model_finish finish, struct slice word) {
    stream->finish = finish;
    snprintf(stream->finish_raw, sizeof stream->finish_raw, "%.*s", SLICE_ARG(word));
}

/* A refusal without a word would leave the visitor with nothing. */
static void explain(struct model_stream *stream, struct slice message) {
    if (stream->finish == MODEL_FINISH_CONTENT_FILTER && !stream->said)
        emitter_text(&stream->emitter, MODEL_EVENT_REFUSAL, message);
}

static void take_finish(struct model_stream *stream, struct slice reason, struct slice message) {
    struct slice word = json_plain_string(reason);
    int64_t number;
    if (json_read_int64(reason, &number) && number >= 0 && number < NUMBERED)
        word = slice_of(words[number].text);
    if (word.size == 0)
        return;
    note_finish(stream, finish_of(word), word);
    explain(stream, message);
}

static void take_candidate(struct model_stream *stream, struct slice candidate) {
    struct slice content = {NULL, 0}, reason = {NULL, 0}, message = {NULL, 0}, key, value;
    int64_t index = 0;
    size_t cursor = 0;
    while (json_next_member(candidate, &cursor, &key, &value)) {
        if (JSON_KEY(key, "content"))
            content = value;
        else if (JSON_KEY(key, "finishReason"))
            reason = value;
        else if (JSON_KEY(key, "finishMessage"))
            message = value;
        else if (JSON_KEY(key, "index") && !json_read_int64(value, &index))
            index = 0;
    }
    if (index != 0)
        return;
    struct slice parts = json_get(content, "parts"), part;
    cursor = 0;
    while (json_next_element(parts, &cursor, &part))
        take_part(stream, part);
    take_finish(stream, reason, message);
}

/* --- pieces of an answer --- */

/* A prompt that was blocked has no candidates. */
static void take_feedback(struct model_stream *stream, struct slice feedback) {
    struct slice reason = json_plain_string(json_get(feedback, "blockReason"));
    struct slice message = json_get(feedback, "blockReasonMessage");
    if (reason.size == 0 && json_type(message) != JSON_STRING)
        return;
    note_finish(stream, MODEL_FINISH_CONTENT_FILTER, reason);
    explain(stream, message);
}

struct piece {
    struct slice candidates, usage, feedback, model, id, error;
};

static struct piece read_piece(struct slice value) {
    struct piece piece = {0};
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (JSON_KEY(key, "candidates"))
            piece.candidates = member;
        else if (JSON_KEY(key, "usageMetadata"))
            piece.usage = member;
        else if (JSON_KEY(key, "promptFeedback"))
            piece.feedback = member;
        else if (JSON_KEY(key, "modelVersion"))
            piece.model = member;
        else if (JSON_KEY(key, "responseId"))
            piece.id = member;
        else if (JSON_KEY(key, "error"))
            piece.error = member;
    }
    return piece;
}

static void keep_id(struct model_stream *stream, struct slice id) {
    struct slice text = slice_first(json_plain_string(id), ID_MAX);
    if (stream->answer_id.size == 0 && text.size > 0)
        stream->answer_id = arena_copy(stream->arena, text);
}

static bool on_object(void *user, struct slice value, struct fault *fault) {
    struct model_stream *stream = user;
    struct piece piece = read_piece(value);
    struct model_usage usage;
    struct slice candidate;
    size_t cursor = 0;
    enum json_type error = json_type(piece.error);
    if (error == JSON_OBJECT || (error == JSON_STRING && piece.error.size > 2))
        return failure_in_stream(value, fault);
    keep_id(stream, piece.id);
    if (piece.id.size > 0 || piece.model.size > 0)
        emitter_start(&stream->emitter, piece.id, piece.model);
    while (json_next_element(piece.candidates, &cursor, &candidate))
        take_candidate(stream, candidate);
    take_feedback(stream, piece.feedback);
    if (gemini_usage(piece.usage, &usage))
        emitter_usage(&stream->emitter, &usage);
    return true;
}

/* --- bare lines --- */

/* Where an error comes in the middle of a stream, it may stand there as JSON without "data:", in
 * several lines. Returns where it begins. */
static size_t find_stray(struct model_stream *stream, struct slice bytes) {
    size_t at = 0;
    if (stream->reader.kind == REPLY_WHOLE)
        return bytes.size;
    if (stream->reader.kind == REPLY_UNKNOWN) {
        while (at < bytes.size && slice_trim(slice_first(slice_from(bytes, at), 1)).size == 0)
            at++;
        if (at == bytes.size || bytes.data[at] == '{' || bytes.data[at] == '[')
            return bytes.size;
        stream->line_begins = false;
    }
    while (at < bytes.size) {
        if (stream->line_begins && (bytes.data[at] == '{' || bytes.data[at] == '['))
            return at;
        size_t newline = slice_find_byte(slice_from(bytes, at), '\n');
        stream->line_begins = newline != SIZE_MAX;
        at = newline == SIZE_MAX ? bytes.size : at + newline + 1;
    }
    return bytes.size;
}

static void keep_stray(struct model_stream *stream, struct slice bytes) {
    buffer_append(&stream->stray, slice_first(bytes, STRAY_MAX - stream->stray.size));
}

static bool judge_stray(const struct model_stream *stream, struct fault *fault) {
    struct slice text = slice_trim(buffer_slice(&stream->stray));
    if (!stream->straying)
        return true;
    if (json_validate(text, NULL))
        return failure_in_stream(text, fault);
    return fault_set(fault, FAULT_PROVIDER_MALFORMED,
                     "The model service sent something that is not part of an answer.");
}

/* --- the functions of the table --- */

struct model_stream *gemini_open(struct arena *arena, model_sink *sink, void *user) {
    struct model_stream *stream = arena_allocate(arena, sizeof *stream);
    stream->arena = arena;
    emitter_init(&stream->emitter, arena, sink, user);
    reply_reader_init(&stream->reader, on_object, stream);
    return stream;
}

static void release(struct model_stream *stream) {
    emitter_release(&stream->emitter);
    buffer_finish(&stream->stray);
}

bool gemini_feed(struct model_stream *stream, struct slice bytes, struct fault *fault) {
    size_t stray = stream->straying ? 0 : find_stray(stream, bytes);
    bool ok = stray == 0 || reply_reader_feed(&stream->reader, slice_first(bytes, stray), fault);
    if (stream->reader.abandoned) {
        release(stream);
        return ok;
    }
    if (stray < bytes.size) {
        stream->straying = true;
        keep_stray(stream, slice_from(bytes, stray));
    }
    return ok;
}

static bool finish(struct model_stream *stream, struct fault *fault) {
    if (!judge_stray(stream, fault))
        return false;
    if (stream->finish == MODEL_FINISH_NONE)
        return fault_set(fault, FAULT_PROVIDER_TRUNCATED,
                         "The model service ended its answer in the middle.");
    close_call(stream);
    emitter_note_finish(&stream->emitter, stream->finish, slice_of(stream->finish_raw));
    emitter_finish(&stream->emitter);
    return true;
}

bool gemini_end(struct model_stream *stream, struct fault *fault) {
    bool ok = reply_reader_end(&stream->reader, fault) && finish(stream, fault);
    if (!stream->reader.abandoned)
        reply_reader_release(&stream->reader);
    release(stream);
    return ok;
}

void gemini_close(struct model_stream *stream) {
    bool busy = stream->reader.busy;
    reply_reader_release(&stream->reader);
    if (busy)
        stream->emitter.muted = true;
    else
        release(stream);
}
