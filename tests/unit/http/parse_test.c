/* What the parser lets through and what not: each input whole, byte by byte, and cut in two at
 * every position, which must all come to the same. */
#include "http/chunk.h"
#include "http/parse.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "hostile.h"

enum { HEADER_MAX = 16384, BODY_MAX = 1000 };

/* The parser, fed as a connection would feed it, and what came out of it as text. */
struct pump {
    struct http_parse parse;
    struct buffer kept, transcript;
    bool refused;
};

static void pump_message(struct pump *pump) {
    struct http_message *message = http_parse_take(&pump->parse);
    const struct http_request *request = &message->request;
    buffer_printf(&pump->transcript, "%.*s %.*s", SLICE_ARG(request->method),
                  SLICE_ARG(request->path));
    if (request->query.size > 0)
        buffer_printf(&pump->transcript, "?%.*s", SLICE_ARG(request->query));
    for (size_t i = 0; i < request->header_count; i++)
        buffer_printf(&pump->transcript, " [%.*s=%.*s]", SLICE_ARG(request->headers[i].name),
                      SLICE_ARG(request->headers[i].value));
    buffer_append_string(&pump->transcript, " (");
    buffer_append(&pump->transcript, request->body);
    buffer_printf(&pump->transcript, ") %s%s%s\n", message->keep_alive ? "keep" : "close",
                  message->http_1_0 ? " 1.0" : "", message->wants_continue ? " expects" : "");
    http_message_destroy(message);
}

static void pump_feed(struct pump *pump, struct slice bytes) {
    buffer_append(&pump->kept, bytes);
    while (!pump->refused && pump->kept.size > 0) {
        size_t used;
        enum http_refusal refusal;
        enum http_parse_event event =
            http_parse_feed(&pump->parse, buffer_slice(&pump->kept), &used, &refusal);
        if (event == HTTP_PARSE_REFUSED) {
            const struct http_refusal_text *text = http_refusal_text(refusal);
            buffer_printf(&pump->transcript, "%d %s\n", text->status, text->code);
            pump->refused = true;
            break;
        }
        buffer_consume(&pump->kept, used);
        if (event == HTTP_PARSE_COMPLETE)
            pump_message(pump);
        if (event == HTTP_PARSE_MORE)
            break;
    }
}

static struct pump pump_start(size_t header_max) {
    struct pump pump = {0};
    http_parse_init(&pump.parse, header_max, BODY_MAX);
    return pump;
}

static void pump_finish(struct pump *pump) {
    http_parse_finish(&pump->parse);
    buffer_finish(&pump->kept);
    buffer_finish(&pump->transcript);
}

static const char *row = ""; /* of the table, for the message of a failure */

static void check_cut(struct slice bytes, size_t header_max, size_t first, size_t step,
                      const char *expected) {
    struct pump pump = pump_start(header_max);
    pump_feed(&pump, slice_first(bytes, first));
    for (size_t at = first; at < bytes.size; at += step)
        pump_feed(&pump, slice_first(slice_from(bytes, at), step));
    if (strcmp(buffer_string(&pump.transcript), expected) != 0)
        fail_msg("%s, cut at %zu, then every %zu:\n%s\ninstead of\n%s", row, first, step,
                 buffer_string(&pump.transcript), expected);
    pump_finish(&pump);
}

/* `cuts` false for inputs too large to be cut everywhere. */
static void check_all(struct slice bytes, size_t header_max, bool cuts, const char *expected) {
    check_cut(bytes, header_max, bytes.size, 1, expected);
    check_cut(bytes, header_max, 0, 1, expected);
    for (size_t at = 1; cuts && at < bytes.size; at++)
        check_cut(bytes, header_max, at, bytes.size, expected);
}

#define LEGAL(name, text, expected)                                                                \
    { name, {text, sizeof(text) - 1}, expected }
static const struct {
    const char *name;
    struct slice bytes;
    const char *expected;
} legal[] = {
#include "legal.inc"
};
#undef LEGAL

static void test_legal(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof legal / sizeof legal[0]; i++) {
        row = legal[i].name;
        check_all(legal[i].bytes, HEADER_MAX, true, legal[i].expected);
    }
}

static void test_hostile(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof hostile_requests / sizeof hostile_requests[0]; i++) {
        const struct hostile *hostile = &hostile_requests[i];
        row = hostile->name;
        struct pump pump = pump_start(HEADER_MAX);
        pump_feed(&pump, hostile->bytes);
        struct buffer wanted = {0};
        buffer_printf(&wanted, "%d %s\n", hostile->status, hostile->code);
        struct slice got = buffer_slice(&pump.transcript);
        if (hostile->behind_good) /* its own line stands in front of the refusal's */
            got = slice_from(got, slice_find_byte(got, '\n') + 1);
        if (!slice_equal(got, buffer_slice(&wanted)))
            fail_msg("%s: %.*s instead of %s", row, SLICE_ARG(got), buffer_string(&wanted));
        check_all(hostile->bytes, HEADER_MAX, true, buffer_string(&pump.transcript));
        buffer_finish(&wanted);
        pump_finish(&pump);
    }
}

/* "GET /aaa… HTTP/1.1" with a request line of `size` bytes. */
static struct buffer long_line(size_t size) {
    struct buffer text = {0};
    buffer_append_string(&text, "GET /");
    while (text.size < size - strlen(" HTTP/1.1"))
        buffer_append_byte(&text, 'a');
    buffer_append_string(&text, " HTTP/1.1");
    return text;
}

static void test_request_line_limit(void **state) {
    (void)state;
    struct buffer text = long_line(HTTP_REQUEST_LINE_MAX - 2);
    buffer_append_string(&text, "\r\nHost: a\r\n\r\n");
    struct pump pump = pump_start(HEADER_MAX);
    pump_feed(&pump, buffer_slice(&text));
    assert_false(pump.refused);
    assert_true(pump.transcript.size > HTTP_REQUEST_LINE_MAX - 20);
    pump_finish(&pump);
    buffer_finish(&text);

    text = long_line(HTTP_REQUEST_LINE_MAX - 1);
    buffer_append_string(&text, "\r\nHost: a\r\n\r\n");
    check_all(buffer_slice(&text), HEADER_MAX, false, "414 target_too_long\n");
    buffer_finish(&text);

    text = long_line(300);
    check_all(buffer_slice(&text), 256, true, "414 target_too_long\n");
    buffer_finish(&text);
}

static void test_head_limit(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    while (text.size < 508)
        buffer_append_byte(&text, 'x');
    buffer_append_string(&text, "\r\n\r\n");
    check_cut(buffer_slice(&text), 511, text.size, 1, "431 headers_too_large\n");
    check_all(buffer_slice(&text), 511, true, "431 headers_too_large\n");
    struct pump pump = pump_start(512);
    pump_feed(&pump, buffer_slice(&text));
    assert_false(pump.refused);
    assert_true(pump.transcript.size > 400);
    /* The limit is of each head, not of all together. */
    pump_feed(&pump, buffer_slice(&text));
    assert_false(pump.refused);
    pump_finish(&pump);
    buffer_finish(&text);
}

static void test_header_count(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < HTTP_HEADERS_MAX; i++)
        buffer_append_string(&text, "X: y\r\n");
    struct pump pump = pump_start(HEADER_MAX);
    pump_feed(&pump, buffer_slice(&text));
    pump_feed(&pump, SLICE("\r\n"));
    assert_false(pump.refused);
    assert_true(pump.transcript.size > 0);
    pump_finish(&pump);
    buffer_append_string(&text, "X: y\r\n\r\n");
    check_all(buffer_slice(&text), HEADER_MAX, true, "431 too_many_headers\n");
    buffer_finish(&text);
}

static void test_chunk_limits(void **state) {
    (void)state;
    struct buffer text = {0};
    /* A byte a time, each with an extension: allowed until the extensions add up. */
    buffer_append_string(&text, CHUNKS);
    for (int i = 0; i < 500; i++)
        buffer_append_string(&text, "1;ab\r\nx\r\n");
    buffer_append_string(&text, "0\r\n\r\n");
    check_all(buffer_slice(&text), HEADER_MAX, false, "400 invalid_chunk\n");
    buffer_clear(&text);
    buffer_append_string(&text, CHUNKS "0\r\n");
    for (int i = 0; i < 1000; i++)
        buffer_append_string(&text, "X: y\r\n");
    check_all(buffer_slice(&text), HEADER_MAX, false, "400 invalid_trailer\n");
    buffer_clear(&text);
    /* The body may be as large as the limit, and not a byte larger. */
    buffer_append_string(&text, CHUNKS "3e8\r\n");
    for (int i = 0; i < 1000; i++)
        buffer_append_byte(&text, 'x');
    struct pump pump = pump_start(HEADER_MAX);
    pump_feed(&pump, buffer_slice(&text));
    pump_feed(&pump, SLICE("\r\n0\r\n\r\n"));
    assert_false(pump.refused);
    assert_true(pump.transcript.size > 1000);
    pump_finish(&pump);
    buffer_append_string(&text, "\r\n1\r\n");
    check_all(buffer_slice(&text), HEADER_MAX, false, "413 body_too_large\n");
    buffer_finish(&text);
}

/* A large Content-Length must not cost memory before the bytes are there. */
static void test_memory_follows_the_bytes(void **state) {
    (void)state;
    struct http_parse parse;
    http_parse_init(&parse, HEADER_MAX, 1 << 30);
    size_t used;
    enum http_refusal refusal;
    struct slice head = SLICE(POST "Content-Length: 1000000000\r\n\r\n");
    assert_int_equal(http_parse_feed(&parse, head, &used, &refusal), HTTP_PARSE_HEAD);
    assert_int_equal(used, head.size);
    assert_int_equal(http_parse_feed(&parse, SLICE("abc"), &used, &refusal), HTTP_PARSE_MORE);
    assert_int_equal(used, 3);
    assert_true(parse.message->grown.capacity < 1000);
    http_parse_finish(&parse);
}

static void test_refusals_are_complete(void **state) {
    (void)state;
    for (int i = HTTP_REFUSE_NONE + 1; i < HTTP_REFUSAL_COUNT; i++) {
        const struct http_refusal_text *text = http_refusal_text((enum http_refusal)i);
        assert_true(text->status >= 400 && text->status <= 599);
        assert_true(strlen(text->code) > 0 && strlen(text->message) > 0 && strlen(text->rule) > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_legal),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_request_line_limit),
        cmocka_unit_test(test_head_limit),
        cmocka_unit_test(test_header_count),
        cmocka_unit_test(test_chunk_limits),
        cmocka_unit_test(test_memory_follows_the_bytes),
        cmocka_unit_test(test_refusals_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
