/* The reader of events, cut at pseudo-random places, against a plain reading of the whole text. */
#include "base/buffer.h"
#include "model/sse.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENT_MAX = 4096 }; /* inputs are smaller, so that no event is too large */

static void write_event(struct buffer *out, struct slice name, struct slice data) {
    buffer_printf(out, "%zu %zu ", name.size, data.size);
    buffer_append(out, name);
    buffer_append(out, data);
}

static bool on_event(void *user, const struct sse_event *event) {
    write_event(user, event->name, event->data);
    return true;
}

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 16;
}

static void read_cut(struct slice bytes, uint32_t seed, size_t most, struct buffer *out) {
    struct sse_reader reader;
    struct fault fault = {0};
    sse_init(&reader, on_event, out);
    reader.event_max = EVENT_MAX;
    while (bytes.size > 0) {
        /* A copy of the exact size, so that a read too far shows. */
        struct slice piece = slice_first(bytes, next_random(&seed) % most + 1);
        char *copy = malloc(piece.size);
        assert(copy);
        memcpy(copy, piece.data, piece.size);
        bool ok = sse_feed(&reader, (struct slice){copy, piece.size}, &fault);
        assert(ok);
        free(copy);
        bytes = slice_from(bytes, piece.size);
    }
    bool ok = sse_end(&reader, &fault);
    assert(ok && fault.kind == FAULT_NONE);
    sse_finish(&reader);
}

/* --- the plain reading: all line ends become LF, then line by line --- */

static void unify_lines(struct slice bytes, struct buffer *out) {
    if (slice_starts_with(bytes, SLICE("\xEF\xBB\xBF")))
        bytes = slice_from(bytes, 3);
    for (size_t i = 0; i < bytes.size; i++) {
        bool second = bytes.data[i] == '\n' && i > 0 && bytes.data[i - 1] == '\r';
        if (!second)
            buffer_append_byte(out, bytes.data[i] == '\r' ? '\n' : bytes.data[i]);
    }
}

struct plain_event {
    struct buffer name, data;
    bool any;
};

static void take_field(struct plain_event *event, struct slice field, struct slice value) {
    bool failed = slice_is(field, "error") && value.size > 0;
    if (slice_is(field, "event") || failed) {
        buffer_clear(&event->name);
        buffer_append(&event->name, failed ? field : value);
    }
    if (slice_is(field, "data") || failed) {
        if (event->any)
            buffer_append_byte(&event->data, '\n');
        buffer_append(&event->data, value);
        event->any = true;
    }
}

static void end_event(struct plain_event *event, struct buffer *out) {
    if (event->any)
        write_event(out, buffer_slice(&event->name), buffer_slice(&event->data));
    buffer_clear(&event->name);
    buffer_clear(&event->data);
    event->any = false;
}

static void read_plainly(struct slice bytes, struct buffer *out) {
    struct buffer text = {0};
    struct plain_event event = {0};
    struct slice line;
    unify_lines(bytes, &text);
    for (struct slice rest = buffer_slice(&text); slice_split(&rest, '\n', &line);) {
        size_t colon = slice_find_byte(line, ':');
        struct slice value = slice_from(line, colon == SIZE_MAX ? line.size : colon + 1);
        if (slice_starts_with(value, SLICE(" ")))
            value = slice_from(value, 1);
        if (line.size == 0)
            end_event(&event, out);
        else
            take_field(&event, slice_first(line, colon), value);
    }
    end_event(&event, out);
    buffer_finish(&text);
    buffer_finish(&event.name);
    buffer_finish(&event.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice bytes = {(const char *)data, size};
    if (size > EVENT_MAX)
        return 0;
    struct buffer expected = {0};
    read_plainly(bytes, &expected);
    const size_t most[] = {1, 3, 40, EVENT_MAX};
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        struct buffer events = {0};
        read_cut(bytes, (uint32_t)(size + i), most[i], &events);
        assert(slice_equal(buffer_slice(&events), buffer_slice(&expected)));
        buffer_finish(&events);
    }
    buffer_finish(&expected);
    return 0;
}
