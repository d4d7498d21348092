/* Requests and replies over sockets: persistence, order, framing, limits, timeouts. */
#include "rig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#define HOST      "Host: example.com\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static struct rig rig;

static int start(void **state) {
    (void)state;
    struct http_options options = rig_options();
    rig_start(&rig, &options);
    return 0;
}

static int stop(void **state) {
    (void)state;
    rig_stop(&rig);
    return 0;
}

static void test_keep_alive(void **state) {
    (void)state;
    struct client client;
    client_open(&client, &rig);
    for (int i = 0; i < 100; i++)
        client_ask(&client, GET("/echo?a=b"), 200, "GET /echo?a=b ");
    client_ask(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody\r\n", 200,
               "POST /echo? body"); /* and the empty line that old clients send behind it */
    client_ask(&client, "GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 200,
               "GET /echo? ");
    client_read_end(&client);
    assert_int_equal(client.in.size, 0);
    client_close(&client);
}

static void test_reply_head(void **state) {
    (void)state;
    struct client client;
    struct reply reply = {0};
    client_open(&client, &rig);
    client_say(&client, GET("/echo"));
    client_read(&client, &reply, false);
    assert_true(reply_has(&reply, "Content-Type: text/plain"));
    assert_true(reply_has(&reply, "Content-Length: 11"));
    assert_true(slice_find(buffer_slice(&reply.head), SLICE("\r\nDate: ")) != SIZE_MAX);
    assert_true(slice_find(buffer_slice(&reply.head), SLICE("Connection:")) == SIZE_MAX);
    client_say(&client, GET("/headers"));
    client_read(&client, &reply, true);
    assert_int_equal(reply.status, 204);
    assert_true(reply_has(&reply, "X-One: 1") && reply_has(&reply, "X-Empty: "));
    assert_true(slice_find(buffer_slice(&reply.head), SLICE("Content-Length")) == SIZE_MAX);
    client_ask(&client, GET("/echo"), 200, "GET /echo? ");
    reply_finish(&reply);
    client_close(&client);
}

static void test_pipeline(void **state) {
    (void)state;
    enum { COUNT = 500 };
    struct client client;
    struct reply reply = {0};
    struct buffer text = {0};
    client_open(&client, &rig);
    for (int i = 0; i < COUNT; i++)
        buffer_printf(&text, "POST /echo%d HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n%03d", i,
                      i);
    assert_true(client_send(&client, buffer_slice(&text)));
    for (int i = 0; i < COUNT; i++) {
        char body[64];
        snprintf(body, sizeof body, "POST /echo%d? %03d", i, i);
        client_read(&client, &reply, false);
        assert_string_equal(buffer_string(&reply.body), body);
    }
    reply_finish(&reply);
    buffer_finish(&text);
    client_close(&client);
}

/* The second request waits for the first reply, however late that comes. */
static void test_pipeline_behind_a_late_reply(void **state) {
    (void)state;
    struct client client;
    client_open(&client, &rig);
    int before = atomic_load(&rig.requests);
    client_say(&client, GET("/hold") GET("/echo1") GET("/open") GET("/echo2"));
    rig_wait(&rig, &rig.requests, before + 1);
    assert_int_equal(atomic_load(&rig.requests), before + 1);
    rig_release(&rig);
    client_ask(&client, "", 200, "released");
    client_ask(&client, "", 200, "GET /echo1? ");
    rig_wait(&rig, &rig.requests, before + 3);
    assert_int_equal(atomic_load(&rig.requests), before + 3);
    rig_release(&rig);
    client_ask(&client, "", 200, "begunended");
    client_ask(&client, "", 200, "GET /echo2? ");
    client_close(&client);
}

/* Large replies to many requests, read late: they wait for the reader, in order. */
static void test_pipeline_of_large_replies(void **state) {
    (void)state;
    struct client client;
    struct reply reply = {0};
    client_open(&client, &rig);
    client_say(&client, GET("/large") GET("/echo1") GET("/large") GET("/echo2"));
    for (int i = 1; i <= 2; i++) {
        client_read(&client, &reply, false);
        assert_int_equal(reply.body.size, 8 << 20);
        client_read(&client, &reply, false);
        assert_string_equal(buffer_string(&reply.body), i == 1 ? "GET /echo1? " : "GET /echo2? ");
    }
    reply_finish(&reply);
    client_close(&client);
}

static void test_chunked_body(void **state) {
    (void)state;
    struct client client;
    client_open(&client, &rig);
    static const char text[] = "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                               "3;a=b\r\nabc\r\n002\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n";
    client_ask(&client, text, 200, "POST /echo? abcde");
    for (const char *at = text; *at; at++)
        assert_true(client_send(&client, (struct slice){at, 1}));
    client_ask(&client, "", 200, "POST /echo? abcde");
    client_close(&client);
}

static void test_continue(void **state) {
    (void)state;
    struct client client;
    struct reply reply = {0};
    client_open(&client, &rig);
    client_say(&client,
               "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    client_read(&client, &reply, true);
    assert_string_equal(buffer_string(&reply.head), "HTTP/1.1 100 Continue\r\n\r\n");
    client_ask(&client, "abc", 200, "POST /echo? abc");
    /* Who does not wait for it gets none. */
    client_ask(&client,
               "POST /echo HTTP/1.1\r\n" HOST
               "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
               200, "POST /echo? abc");
    /* Nor does who may not send it. */
    client_say(&client, "POST /echo HTTP/1.1\r\n" HOST
                        "Expect: 100-continue\r\nContent-Length: 3000\r\n\r\n");
    client_read(&client, &reply, false);
    assert_int_equal(reply.status, 413);
    client_read_end(&client);
    reply_finish(&reply);
    client_close(&client);
}

static void test_http_1_0(void **state) {
    (void)state;
    struct client client;
    struct reply reply = {0};
    client_open(&client, &rig);
    client_say(&client, "GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_read(&client, &reply, false);
    assert_true(reply_has(&reply, "Connection: keep-alive"));
    assert_string_equal(buffer_string(&reply.body), "GET /echo? ");
    /* A stream to it has no chunks and ends with the connection. */
    client_say(&client, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_read(&client, &reply, true);
    assert_true(reply_has(&reply, "Connection: close"));
    assert_false(reply_has(&reply, "Transfer-Encoding: chunked"));
    client_read_end(&client);
    assert_string_equal(buffer_string(&client.in), "onetwothree");
    client_close(&client);

    client_open(&client, &rig);
    client_say(&client, "GET /echo HTTP/1.0\r\n\r\n" GET("/echo"));
    client_read(&client, &reply, false);
    assert_true(reply_has(&reply, "Connection: close"));
    client_read_end(&client);
    assert_int_equal(client.in.size, 0);
    reply_finish(&reply);
    client_close(&client);
}

static void test_head(void **state) {
    (void)state;
    struct client client;
    struct reply reply = {0};
    client_open(&client, &rig);
    client_say(&client, "HEAD /echo HTTP/1.1\r\n" HOST "\r\n");
    client_read(&client, &reply, true);
    assert_true(reply_has(&reply, "Content-Length: 12"));
    client_say(&client, "HEAD /stream HTTP/1.1\r\n" HOST "\r\n");
    client_read(&client, &reply, true);
    assert_int_equal(reply.status, 200);
    assert_true(reply_has(&reply, "Transfer-Encoding: chunked"));
    client_ask(&client, GET("/echo"), 200, "GET /echo? ");
    reply_finish(&reply);
    client_close(&client);
}

/* --- Limits --- */

static void check_refused(struct client *client, int status, const char *code) {
    struct reply reply = {0};
    struct buffer end = {0};
    client_read(client, &reply, false);
    assert_int_equal(reply.status, status);
    buffer_printf(&end, "\"code\":\"%s\"}}", code);
    assert_true(slice_ends_with(buffer_slice(&reply.body), buffer_slice(&end)));
    assert_true(reply_has(&reply, "Connection: close"));
    assert_true(reply_has(&reply, "Content-Type: application/json"));
    client_read_end(client);
    assert_int_equal(client->in.size, 0);
    buffer_finish(&end);
    reply_finish(&reply);
    client_close(client);
}

/* A request of exactly `size` bytes of head. */
static void say_head_of(struct client *client, size_t size) {
    struct buffer text = {0};
    buffer_append_string(&text, "GET /echo HTTP/1.1\r\n" HOST "X: ");
    while (text.size < size - 4)
        buffer_append_byte(&text, 'x');
    buffer_append_string(&text, "\r\n\r\n");
    assert_true(client_send(client, buffer_slice(&text)));
    buffer_finish(&text);
}

static void test_limits(void **state) {
    (void)state;
    struct client client;
    struct buffer text = {0};
    client_open(&client, &rig);
    say_head_of(&client, 16384);
    client_ask(&client, "", 200, "GET /echo? ");
    say_head_of(&client, 16385);
    check_refused(&client, 431, "headers_too_large");

    client_open(&client, &rig);
    client_say(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n");
    check_refused(&client, 413, "body_too_large");

    buffer_append_string(&text, "GET /");
    for (int i = 0; i < 9000; i++)
        buffer_append_byte(&text, 'a');
    client_open(&client, &rig);
    assert_true(client_send(&client, buffer_slice(&text)));
    check_refused(&client, 414, "target_too_long");
    buffer_finish(&text);
}

static void test_connections_max(void **state) {
    (void)state;
    struct http_options options = rig_options();
    options.connections_max = 2;
    struct rig small;
    rig_start(&small, &options);
    struct client first, second, third;
    client_open(&first, &small);
    client_ask(&first, GET("/echo"), 200, "GET /echo? ");
    client_open(&second, &small);
    client_ask(&second, GET("/echo"), 200, "GET /echo? ");
    for (int i = 0; i < 3; i++) {
        client_open(&third, &small);
        check_refused(&third, 503, "too_many_connections"); /* unasked: it need not read first */
    }
    client_ask(&first, GET("/echo"), 200, "GET /echo? ");
    client_close(&second);
    /* The server notices in its own time; then there is room again. */
    struct reply reply = {0};
    while (reply.status != 200) {
        client_open(&third, &small);
        client_say(&third, GET("/echo"));
        client_read(&third, &reply, false);
        assert_true(reply.status == 200 || reply.status == 503);
        client_close(&third);
    }
    reply_finish(&reply);
    client_close(&first);
    rig_stop(&small);
}

/* --- Time --- */

/* Says `text` to a server with the limits given, and waits for the refusal, or for the end alone
 * where `status` is 0. */
static void check_time_out(struct http_options options, const char *text, int status) {
    struct rig impatient;
    struct client client;
    rig_start(&impatient, &options);
    client_open(&client, &impatient);
    client_say(&client, text);
    if (status) {
        check_refused(&client, status, "request_timeout");
    } else {
        client_read_end(&client);
        assert_int_equal(client.in.size, 0);
        client_close(&client);
    }
    rig_stop(&impatient);
}

static void test_time_outs(void **state) {
    (void)state;
    struct http_options options = rig_options();
    options.header_timeout_ms = 20;
    check_time_out(options, "G", 408);
    check_time_out(options, "GET /echo HTTP/1.1\r\n" HOST, 408);
    options = rig_options();
    options.body_timeout_ms = 20;
    check_time_out(options, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab", 408);
    check_time_out(options,
                   "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
                   408);
    options = rig_options();
    options.idle_timeout_ms = 20;
    check_time_out(options, "", 0);
    check_time_out(options, "\r\n", 0);
}

/* A drop now and then does not keep a request alive: head and body have limits as a whole. */
static void test_time_out_in_spite_of_drops(void **state) {
    (void)state;
    static const char *const beginnings[] = {
        "GET /echo HTTP/1.1\r\n" HOST "X: ",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n",
    };
    struct http_options options = rig_options();
    options.header_timeout_ms = options.body_timeout_ms = 30;
    struct rig impatient;
    rig_start(&impatient, &options);
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        struct client client;
        char byte;
        client_open(&client, &impatient);
        client_say(&client, beginnings[i]);
        /* Until the answer is there: how many drops fit is up to the machine; a body of a thousand
         * is never completed, because one drop is sent per millisecond at most. */
        struct timeval pause = {.tv_usec = 1000};
        setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
        for (int drops = 0; drops < 900 && recv(client.fd, &byte, 1, MSG_PEEK) < 0; drops++)
            client_send(&client, SLICE("x"));
        pause = (struct timeval){.tv_sec = PATIENCE_S};
        setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
        check_refused(&client, 408, "request_timeout");
    }
    rig_stop(&impatient);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_reply_head),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_pipeline_behind_a_late_reply),
        cmocka_unit_test(test_pipeline_of_large_replies),
        cmocka_unit_test(test_chunked_body),
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_http_1_0),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_connections_max),
        cmocka_unit_test(test_time_outs),
        cmocka_unit_test(test_time_out_in_spite_of_drops),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
