/* For the fuzzers of translators: bytes as a vendor may send them must give the same events however
 * they are cut, in the promised order, and a fault where they give no whole answer. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "model/provider.h"
#include <assert.h>

struct fuzz_answer {
    struct buffer events; /* deltas of a kind in a row are joined */
    enum model_event_kind last;
    size_t last_index, calls;
    bool started, finished;
};

static bool fuzz_is_delta(enum model_event_kind kind) {
    return kind == MODEL_EVENT_TEXT || kind == MODEL_EVENT_REASONING ||
           kind == MODEL_EVENT_REFUSAL || kind == MODEL_EVENT_TOOL_ARGUMENTS;
}

static void fuzz_check(const struct fuzz_answer *answer, const struct model_event *event) {
    assert(answer->started != (event->kind == MODEL_EVENT_START));
    assert(!answer->finished);
    assert(utf8_valid(event->text) && utf8_valid(event->tool_id) && utf8_valid(event->tool_name));
    assert(event->text.size > 0 || !fuzz_is_delta(event->kind));
    if (event->kind == MODEL_EVENT_TOOL_CALL)
        assert(event->index == answer->calls && event->tool_id.size > 0);
    if (event->kind == MODEL_EVENT_TOOL_ARGUMENTS)
        assert(event->index < answer->calls);
    if (event->kind == MODEL_EVENT_USAGE)
        assert(event->usage.input >= -1 && event->usage.cache_read >= -1 &&
               event->usage.cache_write >= -1 && event->usage.cache_write_1h >= -1 &&
               event->usage.output >= -1 && event->usage.reasoning >= -1);
    if (event->kind == MODEL_EVENT_FINISH)
        assert(event->finish != MODEL_FINISH_NONE);
}

static void fuzz_event(void *user, const struct model_event *event) {
    struct fuzz_answer *answer = user;
    fuzz_check(answer, event);
    bool joined = answer->started && event->kind == answer->last && fuzz_is_delta(event->kind) &&
                  event->index == answer->last_index;
    if (!joined)
        buffer_printf(&answer->events, "\n%d %zu %d %d ", event->kind, event->index,
                      (int)event->finish, event->redacted);
    buffer_append(&answer->events, event->text);
    buffer_append(&answer->events, event->tool_id);
    buffer_append(&answer->events, event->tool_name);
    buffer_append(&answer->events, event->id);
    buffer_append(&answer->events, event->finish_raw);
    if (event->kind == MODEL_EVENT_USAGE)
        buffer_append(&answer->events,
                      (struct slice){(const char *)&event->usage, sizeof event->usage});
    answer->last = event->kind;
    answer->last_index = event->index;
    answer->started = true;
    answer->calls += event->kind == MODEL_EVENT_TOOL_CALL;
    answer->finished = event->kind == MODEL_EVENT_FINISH;
}

/* Pieces of that size; 0: of pseudo-random sizes. */
static size_t fuzz_piece(size_t piece, uint32_t *seed) {
    *seed = *seed * 1664525U + 1013904223U;
    return piece > 0 ? piece : (*seed >> 16) % 64 + 1;
}

static struct fuzz_answer fuzz_read(const struct provider *provider, struct slice bytes,
                                    size_t piece) {
    struct fuzz_answer answer = {0};
    struct fault fault = {0};
    struct arena *arena = arena_create(1024);
    struct model_stream *stream = provider->open(arena, fuzz_event, &answer);
    bool ok = true;
    uint32_t seed = (uint32_t)bytes.size;
    for (struct slice rest = bytes; rest.size > 0 && ok;) {
        /* A copy of the exact size, so that a read too far shows. */
        struct slice part = slice_first(rest, fuzz_piece(piece, &seed));
        char *copy = malloc(part.size);
        assert(copy);
        memcpy(copy, part.data, part.size);
        ok = provider->feed(stream, (struct slice){copy, part.size}, &fault);
        free(copy);
        rest = slice_from(rest, part.size);
    }
    if (ok)
        ok = provider->end(stream, &fault);
    else
        provider->close(stream);
    assert(ok == (fault.kind == FAULT_NONE));
    assert(ok == answer.finished);
    buffer_printf(&answer.events, "\n%d %s", (int)fault.kind, fault.code);
    arena_destroy(arena);
    return answer;
}

static struct slice fuzz_no_header(const void *head, const char *name) {
    (void)head, (void)name;
    return (struct slice){NULL, 0};
}

/* For LLVMFuzzerTestOneInput. */
static int fuzz_provider(const struct provider *provider, const uint8_t *data, size_t size) {
    struct slice bytes = {(const char *)data, size};
    struct fuzz_answer whole = fuzz_read(provider, bytes, size ? size : 1);
    const size_t pieces[] = {1, 0, size / 2 + 1};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct fuzz_answer cut = fuzz_read(provider, bytes, pieces[i]);
        assert(slice_equal(buffer_slice(&cut.events), buffer_slice(&whole.events)));
        buffer_finish(&cut.events);
    }
    buffer_finish(&whole.events);
    struct fault fault = {0};
    struct model_reply_head head = {400 + (int)size % 200, fuzz_no_header, NULL};
    provider->failure(&head, bytes, &fault);
    assert(fault.kind >= FAULT_PROVIDER_AUTH && fault.message[0]);
    return 0;
}
