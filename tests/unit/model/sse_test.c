#include "model/sse.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct reading {
    struct buffer events; /* "name|data;" each */
    size_t count, stop_after;
};

static bool on_event(void *user, const struct sse_event *event) {
    struct reading *reading = user;
    buffer_printf(&reading->events, "%.*s|%.*s;", SLICE_ARG(event->name), SLICE_ARG(event->data));
    return ++reading->count != reading->stop_after;
}

static void read_cut(struct slice bytes, size_t first, size_t piece, struct reading *reading) {
    struct sse_reader reader;
    struct fault fault = {0};
    sse_init(&reader, on_event, reading);
    for (size_t at = 0, size = first; at < bytes.size; at += size, size = piece) {
        /* A copy of the exact size, so that a read too far shows. */
        char *copy = slice_to_string(slice_first(slice_from(bytes, at), size));
        size_t copied = slice_first(slice_from(bytes, at), size).size;
        assert_true(sse_feed(&reader, (struct slice){copy, copied}, &fault));
        free(copy);
    }
    assert_true(sse_end(&reader, &fault));
    sse_finish(&reader);
}

/* In two pieces, cut at every byte, and byte by byte. */
static void expect(struct slice bytes, const char *events) {
    for (size_t cut = 1; cut <= bytes.size; cut++) {
        struct reading reading = {0};
        read_cut(bytes, cut, cut == 1 ? 1 : bytes.size, &reading);
        assert_string_equal(buffer_string(&reading.events), events);
        buffer_finish(&reading.events);
    }
}

static void test_line_ends(void **state) {
    (void)state;
    expect(SLICE("data: a\n\ndata: b\n\n"), "|a;|b;");
    expect(SLICE("data: a\r\n\r\ndata: b\r\n\r\n"), "|a;|b;");
    expect(SLICE("data: a\r\rdata: b\r\r"), "|a;|b;");
    expect(SLICE("data: a\r\n\ndata: b\n\r\ndata: c\r\n\r"), "|a;|b;|c;");
    expect(SLICE("data: a\n\r\n\r\n\rdata: b\r\r\n"), "|a;|b;");
}

static void test_several_data_lines(void **state) {
    (void)state;
    expect(SLICE("data: a\ndata: b\ndata:\ndata: c\n\n"), "|a\nb\n\nc;");
    expect(SLICE("data\n\n"), "|;");
    expect(SLICE("data:\ndata:\n\n"), "|\n;");
}

static void test_names_comments_and_other_fields(void **state) {
    (void)state;
    expect(SLICE("event: e\ndata: a\n\ndata: b\n\n"), "e|a;|b;");
    expect(SLICE(": one\n:\nid: 1\nretry: 5\ndatax: no\n data: no\ndata: a\n: two\n\n"), "|a;");
    expect(SLICE("event: lost\n\ndata: a\n\n"), "|a;");
    expect(SLICE("event: x\nevent: y\ndata: a\nevent:\n\n"), "|a;");
}

static void test_one_blank_behind_the_colon(void **state) {
    (void)state;
    expect(SLICE("data:a\n\ndata:  b\n\ndata: c: d\n\n"), "|a;| b;|c: d;");
}

static void test_byte_order_mark(void **state) {
    (void)state;
    expect(SLICE("\xEF\xBB\xBF"
                 "data: a\n\n"),
           "|a;");
    /* Only at the very beginning. */
    expect(SLICE("data: a\n\n\xEF\xBB\xBF"
                 "data: b\n\ndata: c\n\n"),
           "|a;|c;");
}

static void test_a_last_event_without_its_blank_line(void **state) {
    (void)state;
    expect(SLICE("data: a\n\ndata: [DONE]\n"), "|a;|[DONE];");
    expect(SLICE("data: a\n\ndata: [DONE]"), "|a;|[DONE];");
    expect(SLICE("data: a\n\nevent: x\n"), "|a;");
}

static void test_a_failure_in_a_field_of_its_own(void **state) {
    (void)state;
    expect(SLICE("data: a\n\nerror: {\"m\":1}\n\ndata: b\n\n"), "|a;error|{\"m\":1};|b;");
    expect(SLICE("error\ndata: a\n\n"), "|a;");
}

static void test_the_sink_stops(void **state) {
    (void)state;
    struct reading reading = {.stop_after = 2};
    struct sse_reader reader;
    struct fault fault = {0};
    sse_init(&reader, on_event, &reading);
    assert_false(sse_feed(&reader, SLICE("data: a\n\ndata: b\n\ndata: c\n\n"), &fault));
    assert_string_equal(buffer_string(&reading.events), "|a;|b;");
    assert_int_equal(fault.kind, FAULT_NONE);
    buffer_finish(&reading.events);
    sse_finish(&reader);
}

/* Feeds the text again and again; true if the reader has enough of it at last. */
static bool refuses(const char *begin, const char *again, size_t event_max) {
    struct reading reading = {0};
    struct sse_reader reader;
    struct fault fault = {0};
    sse_init(&reader, on_event, &reading);
    reader.event_max = event_max;
    bool ok = sse_feed(&reader, slice_of(begin), &fault);
    for (int i = 0; i < 100 && ok; i++) {
        ok = sse_feed(&reader, slice_of(again), &fault);
        assert_true(reader.line.size + reader.data.size <= 2 * event_max + 64);
    }
    assert_int_equal(fault.kind, ok ? FAULT_NONE : FAULT_PROVIDER_MALFORMED);
    buffer_finish(&reading.events);
    sse_finish(&reader);
    return !ok;
}

static void test_events_have_a_limit(void **state) {
    (void)state;
    assert_true(refuses("data: ", "0123456789", 500));
    assert_true(refuses("", "data: 0123456789\n", 500));
    assert_true(refuses(": ", "0123456789", 500));
    assert_true(refuses("", "data\n", 50));
    assert_false(refuses("", "data: 0123456789\n\n", 16));
    assert_false(refuses("", ": 0123456789\n", 16));
}

static void test_remembers_the_position(void **state) {
    (void)state;
    static const struct {
        struct slice bytes;
        const char *id;
        int64_t retry_ms;
    } cases[] = {
        {SLICE("data: a\n\n"), "", -1},
        {SLICE("id: 7\ndata:\n\n"), "7", -1},
        {SLICE("id: 7\nretry: 250\n\nid: 8/x\ndata: b\n\n"), "8/x", 250},
        {SLICE("id: 7\n\nid\ndata: b\n\n"), "", -1},
        {SLICE("id: 7\nid: a\0b\nretry: soon\nretry: -1\nretry:\n\n"), "7", -1},
        {SLICE("retry: 0\r\rid: 1"), "1", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sse_reader reader;
        struct reading reading = {0};
        struct fault fault;
        sse_init(&reader, on_event, &reading);
        for (size_t at = 0; at < cases[i].bytes.size; at++)
            assert_true(sse_feed(&reader, slice_first(slice_from(cases[i].bytes, at), 1), &fault));
        assert_true(sse_end(&reader, &fault));
        assert_string_equal(buffer_string(&reader.last_id), cases[i].id);
        assert_int_equal(reader.retry_ms, cases[i].retry_ms);
        sse_finish(&reader);
        buffer_finish(&reading.events);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remembers_the_position),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_several_data_lines),
        cmocka_unit_test(test_names_comments_and_other_fields),
        cmocka_unit_test(test_one_blank_behind_the_colon),
        cmocka_unit_test(test_byte_order_mark),
        cmocka_unit_test(test_a_last_event_without_its_blank_line),
        cmocka_unit_test(test_a_failure_in_a_field_of_its_own),
        cmocka_unit_test(test_the_sink_stops),
        cmocka_unit_test(test_events_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
