/* The parsers without sockets: URLs, heads, chunks. */
#include "contract.h"
#include "fetch/dechunk.h"
#include "fetch/head.h"
#include "fetch/url.h"

static void test_urls(void **state) {
    (void)state;
    struct url url;
    assert_true(url_parse(SLICE("http://example.com"), &url));
    assert_false(url.tls);
    assert_slice(url.host, "example.com");
    assert_slice(url.host_port, "example.com");
    assert_slice(url.target, "");
    assert_int_equal(url.port, 80);
    assert_true(url_parse(SLICE("HTTPS://me:pw@[2001:db8::1]:8443/a/b?c=d&e#f"), &url));
    assert_true(url.tls);
    assert_slice(url.user, "me:pw");
    assert_slice(url.host, "2001:db8::1");
    assert_slice(url.host_port, "[2001:db8::1]:8443");
    assert_slice(url.target, "/a/b?c=d&e");
    assert_int_equal(url.port, 8443);
    assert_true(url_parse(SLICE("https://h?x=http://y@z/"), &url));
    assert_slice(url.host, "h");
    assert_slice(url.user, "");
    assert_slice(url.target, "?x=http://y@z/");
    assert_int_equal(url.port, 443);
    static const char *const wrong[] = {
        "",
        "http:",
        "http:/h",
        "//h",
        "http://h:",
        "http://h:x",
        "http://h:-1",
        "http://h:000080",
        "http://[::1]8",
        "http://[]/",
        "http://[1.2]",
        "http://a@b@c/",
        "http://h%00/",
        "http://\xc3\xa4/",
        "http://h/\xc3\xa4",
        "http://h/\x7f",
        "httpx://h/",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (url_parse(slice_of(wrong[i]), &url))
            fail_msg("taken: %s", wrong[i]);
    char *endless = malloc(URL_SIZE_MAX + 2);
    snprintf(endless, URL_SIZE_MAX + 2, "http://h/%0*d", URL_SIZE_MAX + 1 - 9, 0);
    assert_true(url_parse((struct slice){endless, URL_SIZE_MAX}, &url));
    assert_false(url_parse((struct slice){endless, URL_SIZE_MAX + 1}, &url));
    free(endless);
}

static void test_redaction(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"https://h:1/p/q?key=1#f", "https://h:1/p/q"},
        {"https://u:p@h/p?k", "https://h/p"},
        {"https://u:p@q@h/p", "https://h/p"},
        {"https://u:p@h#f", "https://h"},
        {"https://h/@scope/x", "https://h/@scope/x"},
        {"u:p@h?x", "h"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = url_redact(cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

static void test_heads(void **state) {
    (void)state;
    struct head head;
    struct slice text =
        SLICE("HTTP/1.1 429 Too Many\r\nRetry-After:  7 \r\nX:\r\nConnection: Upgrade, "
              "Close\r\nContent-Length: 10\r\nContent-Length: 10\r\n\r\n");
    assert_null(head_parse(text, &head));
    assert_int_equal(head.fetch.status, 429);
    assert_int_equal(head.minor, 1);
    assert_int_equal(head.fetch.header_count, 5);
    assert_slice(fetch_header_get(&head.fetch, "retry-after"), "7");
    assert_slice(fetch_header_get(&head.fetch, "X"), "");
    assert_null(fetch_header_get(&head.fetch, "none").data);
    assert_int_equal(head.length, 10);
    assert_true(head.close);
    assert_null(head_parse(SLICE("HTTP/1.1 200\nA: b\n\n"), &head)); /* bare LF may be accepted */
    assert_slice(fetch_header_get(&head.fetch, "a"), "b");
    assert_null(head_parse(SLICE("HTTP/2 200 \r\ncontent-length: 1\r\n\r\n"), &head));
    assert_int_equal(head.major, 2);
    static const char *const wrong[] = {
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1 200 OK\r\n\r\n",
        "HTTP/x.1 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (!head_parse(slice_of(wrong[i]), &head))
            fail_msg("taken: %s", wrong[i]);
    assert_non_null(head_parse(SLICE("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n"), &head));
}

static void test_too_many_headers(void **state) {
    (void)state;
    struct buffer text = {0};
    struct head head;
    buffer_append_string(&text, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < HEAD_FIELDS_MAX; i++)
        buffer_append_string(&text, "a: b\r\n");
    assert_null(head_parse(buffer_slice(&text), &head));
    buffer_append_string(&text, "a: b\r\n");
    assert_string_equal(head_parse(buffer_slice(&text), &head), "too many headers");
    buffer_finish(&text);
}

static void test_end_of_head_at_every_cut(void **state) {
    (void)state;
    static const char *const texts[] = {"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n",
                                        "HTTP/1.1 200 OK\nA: b\n\nbody\n\n",
                                        "HTTP/1.1 200 OK\r\nA: b\n\r\nbody\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct slice text = slice_of(texts[i]);
        size_t right = slice_find(text, SLICE("body"));
        for (size_t cut = 0; cut <= text.size; cut++) {
            size_t scanned = 0;
            size_t end = head_find_end(slice_first(text, cut), &scanned);
            assert_int_equal(end, cut >= right ? right : 0);
            if (end == 0)
                assert_int_equal(head_find_end(text, &scanned), right);
        }
    }
}

/* Feeds `coded` in pieces of `piece` bytes; the outcome, the body and what is left over. */
static enum dechunk_outcome decode(struct slice coded, size_t piece, struct buffer *body,
                                   size_t *ret_rest) {
    struct dechunk dechunk = {0};
    enum dechunk_outcome outcome = DECHUNK_MORE;
    size_t at = 0;
    while (at < coded.size && outcome == DECHUNK_MORE) {
        /* A copy of the exact size, so that the sanitizer sees a byte too far. */
        size_t size = piece < coded.size - at ? piece : coded.size - at;
        char *copy = malloc(size);
        memcpy(copy, coded.data + at, size);
        struct slice part;
        size_t used;
        outcome = dechunk_feed(&dechunk, copy, size, &part, &used);
        assert_true(used <= size && (outcome != DECHUNK_MORE || used == size));
        buffer_append(body, part);
        at += used;
        free(copy);
    }
    *ret_rest = coded.size - at;
    return outcome;
}

static void test_chunks_cut_anywhere(void **state) {
    (void)state;
    static const struct {
        const char *coded, *body;
        enum dechunk_outcome outcome;
        size_t rest;
    } cases[] = {
        {"5\r\nhello\r\n0\r\n\r\n", "hello", DECHUNK_DONE, 0},
        {"5\r\nhello\r\n6\r\n world\r\n1;x=\"y\"\r\n!\r\n000\r\nA: b\r\nC: d\r\n\r\nHTTP/1.1",
         "hello world!", DECHUNK_DONE, 8},
        {"0A  \r\n0123456789\r\n0 \r\n\r\n", "0123456789", DECHUNK_DONE, 0},
        {"0\r\n\r\n", "", DECHUNK_DONE, 0},
        {"5\r\nhello\r\n", "hello", DECHUNK_MORE, 0},
        {"5\r\nhel", "hel", DECHUNK_MORE, 0},
        {"5\r\nhello\r\n0\r\n", "hello", DECHUNK_MORE, 0},
        {"5\r\nhello!", "hello", DECHUNK_WRONG, 0},
        {"5\r\nhello\n", "hello", DECHUNK_WRONG, 0},
        {"5\nhello", "", DECHUNK_WRONG, 5},
        {"\r\n", "", DECHUNK_WRONG, 1},
        {"-5\r\n", "", DECHUNK_WRONG, 3},
        {"0x5\r\n", "", DECHUNK_WRONG, 3},
        {";a\r\n", "", DECHUNK_WRONG, 3},
        {"1234567890123456", "", DECHUNK_WRONG, 0},
        {"5;a\nb\r\n", "", DECHUNK_WRONG, 3},
        {"0\r\n\rX", "", DECHUNK_WRONG, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice coded = slice_of(cases[i].coded);
        for (size_t piece = 1; piece <= coded.size; piece++) {
            struct buffer body = {0};
            size_t rest;
            enum dechunk_outcome outcome = decode(coded, piece, &body, &rest);
            assert_int_equal(outcome, cases[i].outcome);
            assert_slice(buffer_slice(&body), cases[i].body);
            if (outcome != DECHUNK_MORE)
                assert_int_equal(rest, cases[i].rest);
            buffer_finish(&body);
        }
    }
}

static void test_chunk_extras_are_bounded(void **state) {
    (void)state;
    static const char *const beginnings[] = {"5;", "0\r\nT: "};
    for (size_t i = 0; i < 2; i++) {
        struct buffer coded = {0}, body = {0};
        buffer_append_string(&coded, beginnings[i]);
        for (size_t k = 0; k < DECHUNK_TRAILERS_MAX + 1; k++)
            buffer_append_byte(&coded, 'a');
        size_t rest;
        assert_int_equal(decode(buffer_slice(&coded), 1000, &body, &rest), DECHUNK_WRONG);
        buffer_finish(&coded);
        buffer_finish(&body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_redaction),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_too_many_headers),
        cmocka_unit_test(test_end_of_head_at_every_cut),
        cmocka_unit_test(test_chunks_cut_anywhere),
        cmocka_unit_test(test_chunk_extras_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
