#include "base/arena.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/emitter.h"
#include "model/encode.h"
#include "model/offline_texts.h"
#include "model/offline_tools.h"
#include "model/vendors.h"

/* Answers without a network: with the site's tools where one fits the question, else from the
 * passages of the site's own documents that fit the question, and says plainly when there is none.
 * It never pretends to be a language model: what it says is a passage as it stands, what a tool
 * gave back, or one of a few texts. `encode` writes the whole answer as lines of JSON: a string is
 * text, an object the call of a tool; `feed` reads them. */

/* How well a passage must cover the question; see `coverage` in store/records.h for how it was
 * chosen. */
#define COVERAGE_LEAST 0.4
/* A second passage is added when it covers nearly as much as the best. */
#define COVERAGE_SECOND 0.75

enum { ANSWER_MAX = 1600, GREETING_WORDS_MAX = 5, PIECE_LEAST = 4 };

/* --- the answer --- */

static struct slice question_of(const struct model_call *call) {
    for (size_t i = call->message_count; i > 0; i--) {
        const struct model_message *message = &call->messages[i - 1];
        if (message->role != MODEL_USER)
            continue;
        /* The last text part is the visitor's own; knowledge may stand before it. */
        for (size_t j = message->part_count; j > 0; j--)
            if (message->parts[j - 1].kind == MODEL_PART_TEXT)
                return message->parts[j - 1].text;
    }
    return (struct slice){NULL, 0};
}

static bool is_mark(char c) {
    return strchr(" \t\r\n.,!?;:", c) != NULL;
}

/* Calls of a few words that only greet or thank get a short answer of that language. */
static const char *small_talk(struct slice question) {
    const struct offline_texts *found = NULL;
    bool thanks = false;
    size_t words = 0;
    while (question.size > 0) {
        size_t size = 0;
        while (size < question.size && !is_mark(question.data[size]))
            size++;
        struct slice word = slice_first(question, size);
        question = slice_from(question, size > 0 ? size : 1);
        if (size == 0)
            continue;
        const struct offline_texts *greeted = offline_texts_greeted(word);
        const struct offline_texts *thanked = offline_texts_thanked(word);
        if (++words > GREETING_WORDS_MAX || (!greeted && !thanked))
            return NULL;
        if (!found)
            found = thanked ? thanked : greeted;
        thanks = thanks || (thanked && !greeted);
    }
    return !found ? NULL : thanks ? found->thanks : found->greeting;
}

/* A long passage ends with a whole sentence or at least a whole word. */
static struct slice shortened(struct slice text) {
    if (text.size <= ANSWER_MAX)
        return text;
    size_t end = utf8_cut(text, ANSWER_MAX);
    for (size_t i = end; i > ANSWER_MAX / 2; i--)
        if (text.data[i - 1] == '\n' || (text.data[i - 1] == '.' && text.data[i] == ' '))
            return slice_trim(slice_first(text, i));
    while (end > 0 && text.data[end] != ' ')
        end--;
    return slice_trim(slice_first(text, end));
}

static void find_best(const struct model_call *call, const struct model_passage **ret_best,
                      const struct model_passage **ret_second) {
    const struct model_passage *best = NULL, *second = NULL;
    for (size_t i = 0; i < call->passage_count; i++) {
        const struct model_passage *passage = &call->passages[i];
        if (!best || passage->score > best->score) {
            second = best;
            best = passage;
        } else if (!second || passage->score > second->score) {
            second = passage;
        }
    }
    *ret_best = best;
    *ret_second = second;
}

static void compose(const struct model_call *call, struct slice language, struct buffer *answer) {
    const struct model_passage *best, *second;
    find_best(call, &best, &second);
    const char *talk = small_talk(question_of(call));
    if (talk) {
        buffer_append_string(answer, talk);
    } else if (!best || best->score < COVERAGE_LEAST) {
        buffer_append_string(answer, offline_texts_for(language)->no_answer);
    } else {
        buffer_append(answer, shortened(best->text));
        bool add = second && second->score >= COVERAGE_SECOND &&
                   second->score >= best->score * 0.95 &&
                   answer->size + second->text.size < ANSWER_MAX;
        if (add) {
            buffer_append_string(answer, "\n\n");
            buffer_append(answer, second->text);
        }
    }
}

/* Up to and with the blanks behind a word. */
static size_t piece_size(struct slice text) {
    size_t size = PIECE_LEAST < text.size ? PIECE_LEAST : text.size;
    while (size < text.size && text.data[size] != ' ' && text.data[size] != '\n')
        size++;
    while (size < text.size && (text.data[size] == ' ' || text.data[size] == '\n'))
        size++;
    return utf8_cut(text, size);
}

static void write_call(const struct offline_decision *decision, struct buffer *body) {
    struct json_writer json = json_writer_start(body);
    json_begin_object(&json);
    json_member_string(&json, "name", decision->tool);
    json_member_raw(&json, "arguments", decision->arguments);
    json_end_object(&json);
    buffer_append_byte(body, '\n');
}

static bool encode(const struct model_call *call, struct arena *arena,
                   struct model_request *ret_request, struct fault *fault) {
    (void)fault;
    struct buffer answer = {0}, body = {0};
    const struct model_passage *best, *second;
    find_best(call, &best, &second);
    bool covered = best && best->score >= COVERAGE_LEAST;
    struct slice question = question_of(call),
                 language = offline_tools_language(call, question, arena);
    struct offline_decision decision =
        offline_tools_decide(call, question, language, covered, arena);
    if (decision.move == OFFLINE_PASSAGES)
        compose(call, language, &answer);
    else if (decision.move == OFFLINE_SAY)
        buffer_append(&answer, decision.say);
    else
        write_call(&decision, &body);
    for (struct slice rest = buffer_slice(&answer); rest.size > 0;) {
        size_t size = piece_size(rest);
        json_append_string(&body, slice_first(rest, size ? size : rest.size));
        buffer_append_byte(&body, '\n');
        rest = slice_from(rest, size ? size : rest.size);
    }
    buffer_finish(&answer);
    *ret_request = (struct model_request){.url = "", .body = encode_body(&body, arena)};
    return true;
}

/* --- reading it back --- */

struct model_stream {
    struct emitter emitter;
    struct buffer line;
};

static struct model_stream *open_stream(struct arena *arena, model_sink *sink, void *user) {
    struct model_stream *stream = arena_allocate(arena, sizeof *stream);
    emitter_init(&stream->emitter, arena, sink, user);
    return stream;
}

static void take_call(struct model_stream *stream, struct slice line) {
    struct emitter_call *call = emitter_call(&stream->emitter, -1, (struct slice){NULL, 0});
    if (!call)
        return;
    emitter_call_name(&stream->emitter, call, json_plain_string(json_get(line, "name")));
    emitter_call_arguments(&stream->emitter, call, json_get(line, "arguments"));
}

static bool take_line(struct model_stream *stream, struct fault *fault) {
    struct slice line = slice_trim(buffer_slice(&stream->line));
    bool valid = line.size == 0 || json_validate(line, NULL);
    if (valid && json_type(line) == JSON_OBJECT)
        take_call(stream, line);
    else if (valid && (line.size == 0 || json_type(line) == JSON_STRING))
        emitter_text(&stream->emitter, MODEL_EVENT_TEXT, line);
    else
        return fault_set(fault, FAULT_PROVIDER_MALFORMED, "The offline answer is damaged.");
    buffer_clear(&stream->line);
    return true;
}

static bool feed(struct model_stream *stream, struct slice bytes, struct fault *fault) {
    while (bytes.size > 0) {
        size_t end = slice_find_byte(bytes, '\n');
        buffer_append(&stream->line, slice_first(bytes, end));
        if (end == SIZE_MAX)
            return true;
        if (!take_line(stream, fault))
            return false;
        bytes = slice_from(bytes, end + 1);
    }
    return true;
}

static void close_stream(struct model_stream *stream) {
    emitter_release(&stream->emitter);
    buffer_finish(&stream->line);
}

static bool end(struct model_stream *stream, struct fault *fault) {
    bool ok = take_line(stream, fault);
    if (ok) {
        emitter_usage(&stream->emitter, &(struct model_usage){0});
        emitter_note_finish(&stream->emitter, MODEL_FINISH_STOP, SLICE("stop"));
        emitter_finish(&stream->emitter);
    }
    close_stream(stream);
    return ok;
}

static void failure(const struct model_reply_head *head, struct slice body,
                    struct fault *ret_fault) {
    (void)body;
    fault_set(ret_fault, FAULT_INTERNAL, "The offline provider answered with status %d.",
              head->status);
}

const struct provider offline_provider = {
    .name = "offline",
    .base_url = NULL,
    .needs_key = false,
    .encode = encode,
    .open = open_stream,
    .feed = feed,
    .end = end,
    .close = close_stream,
    .failure = failure,
};
