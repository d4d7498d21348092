/* The table of hostile requests against a listening server: each must come to exactly one refusal
 * as JSON and a closed connection, and what stands behind it must never be taken for a request. */
#include "http/refusal.h"
#include "rig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "hostile.h"

/* An echo in the middle of the table's own good requests would need another path than "/", so the
 * good ones get 404 here, which is as good an answer as any. */
enum { GOOD = 404 };

static void check_refusal(const struct hostile *hostile, struct client *client) {
    struct reply reply = {0};
    struct buffer code = {0};
    client_read(client, &reply, false);
    buffer_printf(&code, "\"code\":\"%s\"}}", hostile->code);
    bool right =
        reply.status == hostile->status && reply_has(&reply, "Connection: close") &&
        reply_has(&reply, "Content-Type: application/json") &&
        slice_starts_with(buffer_slice(&reply.body), SLICE("{\"error\":{\"message\":\"")) &&
        slice_ends_with(buffer_slice(&reply.body), buffer_slice(&code));
    if (!right)
        fail_msg("%s: %s%s", hostile->name, buffer_string(&reply.head), buffer_string(&reply.body));
    client_read_end(client);
    if (client->in.size > 0)
        fail_msg("%s: behind the refusal: %s", hostile->name, buffer_string(&client->in));
    buffer_finish(&code);
    reply_finish(&reply);
}

/* `cut`: where the bytes are sent in two pieces; 0 for one. */
static void run_row(struct rig *rig, const struct hostile *hostile, size_t cut) {
    int before = atomic_load(&rig->requests);
    struct client client;
    client_open(&client, rig);
    client_send(&client, slice_first(hostile->bytes, cut));
    client_send(&client, slice_from(hostile->bytes, cut));
    client_send(&client, SLICE("GET /echo-evil HTTP/1.1\r\nHost: example.com\r\n\r\n"));
    if (hostile->behind_good) {
        struct reply reply = {0};
        client_read(&client, &reply, false);
        assert_int_equal(reply.status, GOOD);
        reply_finish(&reply);
    }
    check_refusal(hostile, &client);
    client_close(&client);
    int handled = atomic_load(&rig->requests) - before;
    if (handled != (hostile->behind_good ? 1 : 0))
        fail_msg("%s: %d requests reached the handler", hostile->name, handled);
}

static void test_refused_by_the_server(void **state) {
    (void)state;
    struct http_options options = rig_options();
    struct rig rig;
    rig_start(&rig, &options);
    for (size_t i = 0; i < sizeof hostile_requests / sizeof hostile_requests[0]; i++) {
        run_row(&rig, &hostile_requests[i], 0);
        run_row(&rig, &hostile_requests[i], hostile_requests[i].bytes.size / 2);
    }
    rig_stop(&rig);
}

/* A client that shuts its side in the middle of a request. */
static void test_cut_short(void **state) {
    (void)state;
    static const char *const texts[] = {
        "G",
        "\r\nG",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        POST "Content-Length: 5\r\n\r\nabcd",
        CHUNKS "5\r\nabcde\r\n0\r\n",
    };
    static const struct hostile incomplete = {
        .name = "cut short", .status = 400, .code = "incomplete_request"};
    struct http_options options = rig_options();
    struct rig rig;
    rig_start(&rig, &options);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct client client;
        client_open(&client, &rig);
        client_say(&client, texts[i]);
        assert_int_equal(shutdown(client.fd, SHUT_WR), 0);
        check_refusal(&incomplete, &client);
        client_close(&client);
    }
    assert_int_equal(atomic_load(&rig.requests), 0);
    rig_stop(&rig);
}

/* The refusal must reach a client that is still sending: no reset takes it away. */
static void test_refusal_survives_a_long_sender(void **state) {
    (void)state;
    static const struct hostile large = {.name = "long", .status = 413, .code = "body_too_large"};
    struct http_options options = rig_options();
    struct rig rig;
    rig_start(&rig, &options);
    struct client client;
    client_open(&client, &rig);
    client_say(&client, POST "Content-Length: 4000000\r\n\r\n");
    static const char piece[50000];
    for (int i = 0; i < 80; i++)
        assert_true(client_send(&client, (struct slice){piece, sizeof piece}));
    check_refusal(&large, &client);
    client_close(&client);
    rig_stop(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_by_the_server),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_refusal_survives_a_long_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
