#include "lines.h"
#include "base/arena.h"
#include "base/buffer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct reading {
    struct buffer lines;
    enum model_event_kind last;
    size_t last_index;
    struct fault fault; /* kind NONE when it ended in order */
};

static void join(struct reading *reading, const char *name, const struct model_event *event) {
    bool same = reading->last == event->kind && reading->last_index == event->index &&
                reading->lines.size > 0 && event->kind != MODEL_EVENT_SIGNATURE;
    if (!same && reading->lines.size > 0)
        buffer_append_byte(&reading->lines, '\n');
    if (!same)
        buffer_append_string(&reading->lines, name);
    buffer_append(&reading->lines, event->text);
    reading->last = event->kind;
    reading->last_index = event->index;
}

static void on_event(void *user, const struct model_event *event) {
    struct reading *reading = user;
    const struct model_usage *usage = &event->usage;
    struct buffer *out = &reading->lines;
    switch (event->kind) {
    case MODEL_EVENT_START:
        buffer_printf(out, "start %.*s %.*s", SLICE_ARG(event->id), SLICE_ARG(event->model));
        break;
    case MODEL_EVENT_TEXT:
        join(reading, "text ", event);
        break;
    case MODEL_EVENT_REASONING:
        join(reading, "reasoning ", event);
        break;
    case MODEL_EVENT_SIGNATURE:
        join(reading, event->redacted ? "redacted " : "signature ", event);
        break;
    case MODEL_EVENT_REFUSAL:
        join(reading, "refusal ", event);
        break;
    case MODEL_EVENT_TOOL_CALL:
        buffer_printf(out, "\ncall %zu %.*s %.*s", event->index, SLICE_ARG(event->tool_id),
                      SLICE_ARG(event->tool_name));
        break;
    case MODEL_EVENT_TOOL_ARGUMENTS:
        join(reading, "arguments ", event);
        break;
    case MODEL_EVENT_USAGE:
        buffer_printf(out, "\nusage %lld %lld %lld %lld %lld %lld", (long long)usage->input,
                      (long long)usage->cache_read, (long long)usage->cache_write,
                      (long long)usage->cache_write_1h, (long long)usage->output,
                      (long long)usage->reasoning);
        break;
    case MODEL_EVENT_FINISH:
        buffer_printf(out, "\nfinish %s %.*s", model_finish_name(event->finish),
                      SLICE_ARG(event->finish_raw));
        break;
    }
    reading->last = event->kind;
}

/* Feeds the bytes in two pieces, the first of that size. */
static struct reading read_cut(const struct provider *provider, struct slice bytes, size_t cut) {
    struct reading reading = {.last = MODEL_EVENT_START};
    struct arena *arena = arena_create(1024);
    struct model_stream *stream = provider->open(arena, on_event, &reading);
    struct fault fault = {0};
    bool ok = provider->feed(stream, slice_first(bytes, cut), &fault);
    if (ok)
        ok = provider->feed(stream, slice_from(bytes, cut), &fault);
    if (!ok)
        provider->close(stream);
    else
        ok = provider->end(stream, &fault);
    if (!ok)
        reading.fault = fault;
    arena_destroy(arena);
    return reading;
}

void lines_expect(const struct provider *provider, const char *bytes, enum fault_kind kind,
                  const char *lines) {
    struct slice all = slice_of(bytes);
    for (size_t cut = 0; cut <= all.size; cut++) {
        struct reading reading = read_cut(provider, all, cut);
        assert_string_equal(buffer_string(&reading.lines), lines);
        assert_string_equal(fault_kind_name(reading.fault.kind), fault_kind_name(kind));
        buffer_finish(&reading.lines);
    }
}

/* The sink gives the stream up at the first text. */
struct closing {
    const struct provider *provider;
    struct model_stream *stream;
};

static void close_at_text(void *user, const struct model_event *event) {
    struct closing *closing = user;
    assert_non_null(closing->stream);
    if (event->kind != MODEL_EVENT_TEXT)
        return;
    closing->provider->close(closing->stream);
    closing->stream = NULL;
}

void lines_close_at_text(const struct provider *provider, const char *bytes) {
    struct closing closing = {.provider = provider};
    struct arena *arena = arena_create(1024);
    struct fault fault;
    struct model_stream *stream = provider->open(arena, close_at_text, &closing);
    closing.stream = stream;
    (void)!provider->feed(stream, slice_of(bytes), &fault);
    assert_null(closing.stream);
    arena_destroy(arena);
}
