/* Streamed replies: chunks, slow and vanishing readers, and stopping in the middle of them. */
#include "rig.h"
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST      "Host: example.com\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

enum { HEAD_ROOM = 1024 }; /* of a reply's head or a chunk's frame, at most */

static void start(struct rig *rig) {
    struct http_options options = rig_options();
    rig_start(rig, &options);
}

static void test_chunks(void **state) {
    (void)state;
    struct rig rig;
    struct client client;
    struct reply reply = {0};
    start(&rig);
    client_open(&client, &rig);
    client_say(&client, GET("/stream"));
    client_read(&client, &reply, true);
    assert_true(reply_has(&reply, "Transfer-Encoding: chunked"));
    assert_true(reply_has(&reply, "Content-Type: text/event-stream"));
    static const char wanted[] = "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n";
    client_fill(&client, sizeof wanted - 1);
    assert_string_equal(buffer_string(&client.in), wanted);
    buffer_clear(&client.in);
    client_ask(&client, GET("/echo"), 200, "GET /echo? ");
    reply_finish(&reply);
    client_close(&client);
    rig_stop(&rig);
}

/* A flushed piece arrives before the next one is written. */
static void test_flush_is_at_once(void **state) {
    (void)state;
    struct rig rig;
    struct client client;
    struct reply reply = {0};
    start(&rig);
    client_open(&client, &rig);
    client_say(&client, GET("/open"));
    client_read(&client, &reply, true);
    client_fill(&client, 10);
    assert_string_equal(buffer_string(&client.in), "5\r\nbegun\r\n");
    rig_release(&rig);
    client_fill(&client, 25);
    assert_string_equal(buffer_string(&client.in), "5\r\nbegun\r\n5\r\nended\r\n0\r\n\r\n");
    reply_finish(&reply);
    client_close(&client);
    rig_stop(&rig);
}

/* A reader that waits makes the source pause; nothing beyond the source's own limit is kept, and
 * all bytes arrive in the end. */
static void test_slow_reader(void **state) {
    (void)state;
    struct rig rig;
    struct client client;
    struct reply reply = {0};
    start(&rig);
    client_open(&client, &rig);
    client_say(&client, GET("/pump"));
    rig_wait(&rig, &rig.pauses, 1); /* not a byte was read */
    client_read(&client, &reply, false);
    assert_int_equal(reply.body.size, PUMP_SIZE);
    for (size_t i = 0; i < reply.body.size; i++)
        if (reply.body.data[i] != (char)('a' + i % 23))
            fail_msg("byte %zu is wrong", i);
    assert_true(atomic_load(&rig.waiting_most) > PUMP_LIMIT);
    assert_true(atomic_load(&rig.waiting_most) <= PUMP_LIMIT + PUMP_PIECE + HEAD_ROOM);
    assert_int_equal(atomic_load(&rig.gone), 0);
    reply_finish(&reply);
    client_close(&client);
    rig_stop(&rig);
}

/* A source that does not pause is cut off at output_max. */
static void test_output_max(void **state) {
    (void)state;
    struct http_options options = rig_options();
    struct rig rig;
    struct client client;
    rig_start(&rig, &options);
    client_open(&client, &rig);
    client_say(&client, GET("/rude"));
    rig_wait(&rig, &rig.gone, 1);
    assert_true(atomic_load(&rig.waiting_most) <= options.output_max);
    client_close(&client);
    rig_stop(&rig);
}

static void test_reader_without_progress(void **state) {
    (void)state;
    struct http_options options = rig_options();
    options.write_timeout_ms = 30;
    struct rig rig;
    struct client client;
    rig_start(&rig, &options);
    client_open(&client, &rig);
    client_say(&client, GET("/pump"));
    rig_wait(&rig, &rig.gone, 1);
    client_close(&client);
    rig_stop(&rig);
}

/* --- Clients that vanish --- */

static void reset(struct client *client) {
    struct linger now = {.l_onoff = 1};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client_close(client);
}

static void test_vanishing_reader(void **state) {
    (void)state;
    static const char *const texts[] = {GET("/open"), GET("/hold"), GET("/pump"),
                                        GET("/hold") GET("/echo")};
    struct rig rig;
    start(&rig);
    int gone = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int how = 0; how < 2; how++) {
            struct client client;
            int before = atomic_load(&rig.requests);
            client_open(&client, &rig);
            client_say(&client, texts[i]);
            rig_wait(&rig, &rig.requests, before + 1);
            if (how == 0)
                client_close(&client);
            else
                reset(&client);
            rig_wait(&rig, &rig.gone, ++gone);
        }
    }
    rig_stop(&rig);
    assert_int_equal(atomic_load(&rig.gone), gone);
}

/* Who does not watch may still reply, to nobody. */
static void test_reply_to_nobody(void **state) {
    (void)state;
    struct rig rig;
    struct client client;
    start(&rig);
    client_open(&client, &rig);
    client_say(&client, GET("/forget"));
    rig_wait(&rig, &rig.requests, 1);
    rig_drain(&rig);
    client_close(&client);
    rig_wait(&rig, &rig.emptied, 1); /* the connection is gone, the exchange is not */
    rig_release(&rig);
    assert_int_equal(atomic_load(&rig.gone), 0);
    rig_stop(&rig);
}

/* --- Stopping --- */

static void test_drain(void **state) {
    (void)state;
    struct rig rig;
    struct client idle, streaming, sending;
    struct reply reply = {0};
    start(&rig);
    client_open(&idle, &rig);
    client_ask(&idle, GET("/echo"), 200, "GET /echo? ");
    client_open(&streaming, &rig);
    client_say(&streaming, GET("/open"));
    client_read(&streaming, &reply, true);
    client_fill(&streaming, 10);
    client_open(&sending, &rig);
    client_say(&sending,
               "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    client_read(&sending, &reply, true);
    rig_drain(&rig);

    client_read_end(&idle); /* closed at once */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)rig.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);

    client_say(&sending, "abc"); /* a request that had begun is served, and is the last */
    client_read(&sending, &reply, false);
    assert_int_equal(reply.status, 200);
    assert_true(reply_has(&reply, "Connection: close"));
    client_read_end(&sending);
    assert_int_equal(atomic_load(&rig.emptied), 0);

    rig_release(&rig); /* a stream that had begun goes on to its end */
    client_read_end(&streaming);
    assert_string_equal(buffer_string(&streaming.in), "5\r\nbegun\r\n5\r\nended\r\n0\r\n\r\n");
    rig_wait(&rig, &rig.emptied, 1);
    reply_finish(&reply);
    client_close(&idle);
    client_close(&streaming);
    client_close(&sending);
    rig_stop(&rig);
    assert_int_equal(atomic_load(&rig.emptied), 1);
}

static void test_drain_of_nothing(void **state) {
    (void)state;
    struct rig rig;
    start(&rig);
    rig_drain(&rig);
    assert_int_equal(atomic_load(&rig.emptied), 1);
    rig_stop(&rig);
}

/* Destroying cuts what is open, and tells its owner. */
static void test_destroy_in_the_middle(void **state) {
    (void)state;
    static const char *const texts[] = {GET("/open"), GET("/hold"), GET("/pump"), "GET / HTTP/1.1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct rig rig;
        struct client idle, busy;
        start(&rig);
        client_open(&idle, &rig);
        client_ask(&idle, GET("/echo"), 200, "GET /echo? ");
        client_open(&busy, &rig);
        client_say(&busy, texts[i]);
        bool held = i < 3;
        if (held)
            rig_wait(&rig, &rig.requests, 2);
        rig_stop(&rig);
        assert_int_equal(atomic_load(&rig.gone), held ? 1 : 0);
        client_close(&idle);
        client_close(&busy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_flush_is_at_once),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_output_max),
        cmocka_unit_test(test_reader_without_progress),
        cmocka_unit_test(test_vanishing_reader),
        cmocka_unit_test(test_reply_to_nobody),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_drain_of_nothing),
        cmocka_unit_test(test_destroy_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
