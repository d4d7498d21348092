/* Replies that come whole, in every framing, and requests as they are sent. */
#include "contract.h"

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void answer(struct peer *peer) {
    while (peer_read_request(peer))
        peer_send(peer, peer->server->user);
}

/* One GET answered with `reply` and closed by us; keeps nothing. */
static void get_once(struct call *call, const char *reply, const char *method) {
    struct server *server = server_start(answer, (void *)(uintptr_t)reply);
    struct client client;
    client_init(&client, contract_create);
    struct fetch_request request = {.method = method, .url = server_url(server, "/")};
    call_start(&client, call, &request);
    client_run(&client);
    client_finish(&client);
    server_stop(server);
}

static void test_content_length(void **state) {
    (void)state;
    struct call call = {0};
    get_once(&call,
             "HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 5\r\nx-two:  b c \r\n\r\nhello",
             "GET");
    assert_whole(&call, 201, "hello");
    assert_slice(buffer_slice(&call.headers), "X-One: 1\nContent-Length: 5\nx-two: b c\n");
    call_finish(&call);
}

static void test_chunked(void **state) {
    (void)state;
    struct call call = {0};
    get_once(&call,
             CHUNKED
             "5\r\nhello\r\n6;a=b\r\n world\r\n0a\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n",
             "GET");
    assert_whole(&call, 200, "hello world0123456789");
    call_finish(&call);
}

static void test_no_body(void **state) {
    (void)state;
    static const struct {
        const char *reply, *method;
        int status;
    } cases[] = {
        {"HTTP/1.1 204 No Content\r\n\r\n", "GET", 204},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 70\r\n\r\n", "GET", 304},
        {"HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n", "HEAD", 200},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", 200},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", 200},
        {CHUNKED "0\r\n\r\n", "GET", 200},
        {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "DELETE", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct call call = {0};
        get_once(&call, cases[i].reply, cases[i].method);
        assert_whole(&call, cases[i].status, "");
        assert_int_equal(call.pieces, 0);
        call_finish(&call);
    }
}

static void test_interim_replies_are_skipped(void **state) {
    (void)state;
    struct call call = {0};
    get_once(&call,
             "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
             "POST");
    assert_whole(&call, 200, "ok");
    assert_slice(buffer_slice(&call.headers), "Content-Length: 2\n");
    call_finish(&call);
}

static void test_errors_and_redirects_are_replies(void **state) {
    (void)state;
    struct call call = {0};
    get_once(&call, "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 4\r\n\r\ngone",
             "GET");
    assert_whole(&call, 302, "gone");
    call_finish(&call);
    struct call other = {0};
    get_once(&other, "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nbusy",
             "POST");
    assert_whole(&other, 503, "busy");
    call_finish(&other);
}

static void answer_and_close(struct peer *peer) {
    peer_read_request(peer);
    peer_send(peer, peer->server->user);
}

static void test_body_until_close(void **state) {
    (void)state;
    struct server *server = server_start(
        answer_and_close, (void *)(uintptr_t) "HTTP/1.0 200 OK\r\nA: b\r\n\r\nall of it");
    struct client client;
    client_init(&client, contract_create);
    struct call call = {0};
    call_get(&client, &call, server_url(server, "/"));
    assert_whole(&call, 200, "all of it");
    call_finish(&call);
    client_finish(&client);
    server_stop(server);
}

static void answer_byte_by_byte(struct peer *peer) {
    const char *reply = peer->server->user;
    while (peer_read_request(peer))
        for (const char *at = reply; *at; at++)
            peer_send_bytes(peer, at, 1);
}

static void test_cut_at_every_byte(void **state) {
    (void)state;
    static const char *const replies[] = {
        CHUNKED "5\r\nhello\r\n6;x\r\n world\r\n0\r\nT: 1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    };
    for (size_t i = 0; i < 2; i++) {
        struct server *server = server_start(answer_byte_by_byte, (void *)(uintptr_t)replies[i]);
        struct client client;
        client_init(&client, contract_create);
        for (int round = 0; round < 3; round++) {
            struct call call = {0};
            call_get(&client, &call, server_url(server, "/"));
            assert_whole(&call, 200, "hello world");
            call_finish(&call);
        }
        assert_int_equal(server->connections, 1);
        client_finish(&client);
        server_stop(server);
    }
}

static void answer_head(struct peer *peer) {
    while (peer_read_request(peer)) {
        char text[128];
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                 peer->head.size);
        peer_send(peer, text);
        peer_send_bytes(peer, peer->head.data, peer->head.size);
    }
}

static void test_request_as_sent(void **state) {
    (void)state;
    struct server *server = server_start(answer_head, NULL);
    struct client client;
    client_init(&client, contract_create);
    const struct fetch_header headers[] = {
        {SLICE("Authorization"), SLICE("Bearer secret")},
        {SLICE("content-type"), SLICE("application/json")},
        {SLICE("X-Empty"), SLICE("")},
        {SLICE("Content-Length"), SLICE("999")}, /* ours: left out */
        {SLICE("expect"), SLICE("100-continue")},
        {SLICE("Accept-Encoding"), SLICE("gzip")},
        {SLICE("host"), SLICE("elsewhere")},
    };
    struct fetch_request request = {.method = "POST",
                                    .url = server_url(server, "/a%20b/../c?d=1&e#fragment"),
                                    .headers = headers,
                                    .header_count = sizeof headers / sizeof headers[0],
                                    .body = SLICE("{}")};
    struct call call = {0};
    call_start(&client, &call, &request);
    client_run(&client);
    const char *sent = buffer_string(&call.body);
    char host[64];
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", server->port);
    assert_true(
        slice_starts_with(buffer_slice(&call.body), SLICE("POST /a%20b/../c?d=1&e HTTP/1.1\r\n")));
    assert_non_null(strstr(sent, host));
    assert_non_null(strstr(sent, "\r\nUser-Agent: switchboard/" SWITCHBOARD_VERSION "\r\n"));
    assert_non_null(strstr(sent, "\r\nAuthorization: Bearer secret\r\n"));
    assert_non_null(strstr(sent, "\r\ncontent-type: application/json\r\n"));
    assert_non_null(strstr(sent, "\r\nX-Empty:"));
    assert_non_null(strstr(sent, "\r\nContent-Length: 2\r\n"));
    assert_non_null(strstr(sent, "\r\nAccept: */*\r\n"));
    assert_null(strcasestr(sent, "content-length: 999"));
    assert_null(strcasestr(sent, "expect"));
    assert_null(strcasestr(sent, "accept-encoding"));
    assert_null(strcasestr(sent, "elsewhere"));
    call_finish(&call);

    const struct fetch_header own[] = {{SLICE("user-agent"), SLICE("me/1")},
                                       {SLICE("accept"), SLICE("a/b")}};
    struct fetch_request bare = {
        .method = "GET", .url = server_url(server, "?q"), .headers = own, .header_count = 2};
    struct call second = {0};
    call_start(&client, &second, &bare);
    client_run(&client);
    sent = buffer_string(&second.body);
    assert_true(slice_starts_with(buffer_slice(&second.body), SLICE("GET /?q HTTP/1.1\r\n")));
    assert_non_null(strstr(sent, "\r\nuser-agent: me/1\r\n"));
    assert_non_null(strstr(sent, "\r\naccept: a/b\r\n"));
    assert_null(strstr(sent, "switchboard"));
    assert_null(strcasestr(sent, "content-"));
    call_finish(&second);

    struct call third = {0};
    call_post(&client, &third, server_url(server, "/"), "");
    sent = buffer_string(&third.body);
    assert_non_null(strstr(sent, "\r\nContent-Length: 0\r\n"));
    assert_null(strcasestr(sent, "content-type"));
    call_finish(&third);
    client_finish(&client);
    server_stop(server);
}

static void answer_body(struct peer *peer) {
    while (peer_read_request(peer)) {
        char text[128];
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                 peer->body.size);
        peer_send(peer, text);
        peer_send_bytes(peer, peer->body.data, peer->body.size);
    }
}

static void test_large_bodies(void **state) {
    (void)state;
    enum { SIZE = 9 * 1024 * 1024 }; /* more than socket buffers hold */
    struct server *server = server_start(answer_body, NULL);
    struct client client;
    client_init(&client, contract_create);
    char *bytes = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    for (int round = 0; round < 2; round++) {
        struct fetch_request request = {
            .method = "POST", .url = server_url(server, "/"), .body = {bytes, SIZE}};
        struct call call = {0};
        call_start(&client, &call, &request);
        client_run(&client);
        assert_false(call.failed);
        assert_int_equal(call.body.size, SIZE);
        assert_memory_equal(call.body.data, bytes, SIZE);
        call_finish(&call);
    }
    assert_int_equal(server->connections, 1);
    free(bytes);
    client_finish(&client);
    server_stop(server);
}

static void test_name_is_resolved(void **state) {
    (void)state;
    struct server *server = server_start(answer_body, NULL);
    struct client client;
    client_init(&client, contract_create);
    char url[64];
    snprintf(url, sizeof url, "http://LocalHost:%u/x", server->port);
    for (int round = 0; round < 3; round++) {
        struct call call = {0};
        call_post(&client, &call, url, "abc");
        assert_whole(&call, 200, "abc");
        call_finish(&call);
    }
    assert_int_equal(server->connections, 1);
    client_finish(&client);
    server_stop(server);
}

static void test_connection_is_reused(void **state) {
    (void)state;
    struct server *server = server_start(answer_body, NULL);
    struct client client;
    client_init(&client, contract_create);
    for (int round = 0; round < 10; round++) {
        struct call call = {0};
        call_post(&client, &call, server_url(server, "/x"), "abc");
        assert_whole(&call, 200, "abc");
        call_finish(&call);
    }
    assert_int_equal(server->connections, 1);
    assert_int_equal(server->requests, 10);
    client_finish(&client);
    server_stop(server);
}

static void answer_closing(struct peer *peer) {
    while (peer_read_request(peer))
        peer_send(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
}

static void answer_old(struct peer *peer) {
    while (peer_read_request(peer))
        peer_send(peer, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/* The server would go on, but said that it will not. */
static void test_announced_close(void **state) {
    (void)state;
    void (*const serves[])(struct peer *) = {answer_closing, answer_old};
    for (size_t i = 0; i < 2; i++) {
        struct server *server = server_start(serves[i], NULL);
        struct client client;
        client_init(&client, contract_create);
        for (int round = 0; round < 3; round++) {
            struct call call = {0};
            call_get(&client, &call, server_url(server, "/x"));
            assert_whole(&call, 200, "ok");
            call_finish(&call);
        }
        assert_int_equal(server->connections, 3);
        client_finish(&client);
        server_stop(server);
    }
}

static void answer_once(struct peer *peer) {
    if (peer_read_request(peer))
        peer_send(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/* The server closes behind our back, after each reply. */
static void test_idle_connection_closed_by_server(void **state) {
    (void)state;
    struct server *server = server_start(answer_once, NULL);
    struct client client;
    client_init(&client, contract_create);
    for (int round = 0; round < 20; round++) {
        struct call call = {0};
        call_post(&client, &call, server_url(server, "/x"), "abc");
        assert_whole(&call, 200, "ok");
        call_finish(&call);
    }
    assert_int_equal(server->connections, 20);
    assert_int_equal(server->requests, 20);
    client_finish(&client);
    server_stop(server);
}

static void test_many_at_once(void **state) {
    (void)state;
    enum { MANY = 400 }; /* more than one multi handle takes */
    struct server *server = server_start(answer_body, NULL);
    struct client client;
    client_init(&client, contract_create);
    struct call *calls = calloc(MANY, sizeof *calls);
    char(*bodies)[16] = calloc(MANY, sizeof *bodies);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(bodies[i], sizeof bodies[i], "body %d", i);
            struct fetch_request request = {
                .method = "POST", .url = server_url(server, "/"), .body = slice_of(bodies[i])};
            call_start(&client, &calls[i], &request);
        }
        assert_int_equal(fetcher_active(client.fetcher), MANY);
        client_run(&client);
        assert_int_equal(fetcher_active(client.fetcher), 0);
        for (int i = 0; i < MANY; i++) {
            assert_whole(&calls[i], 200, bodies[i]);
            call_finish(&calls[i]);
        }
        memset(calls, 0, MANY * sizeof *calls);
    }
    assert_int_equal(server->requests, 3 * MANY);
    assert_in_range(server->connections, 1, MANY + MANY / 2);
    free(bodies);
    free(calls);
    client_finish(&client);
    server_stop(server);
}

static void answer_too_much(struct peer *peer) {
    while (peer_read_request(peer)) {
        bool apart = peer->server->user != NULL;
        peer_send(peer, apart ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                              : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        if (apart)
            peer_send(peer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        server_raise_gate(peer->server);
    }
}

/* What a server sends unasked, before the next request, is nobody's reply. */
static void test_surplus_is_no_reply(void **state) {
    (void)state;
    /* libcurl does not look whether something waits on an idle connection. */
    int cases = contract_create == fetcher_create ? 2 : 1;
    for (int apart = 0; apart < cases; apart++) {
        struct server *server = server_start(answer_too_much, apart ? &apart : NULL);
        struct client client;
        client_init(&client, contract_create);
        for (int round = 1; round <= 5; round++) {
            struct call call = {0};
            call_get(&client, &call, server_url(server, "/"));
            assert_whole(&call, 200, "ok");
            call_finish(&call);
            struct peer waiter = {.server = server};
            peer_wait_gate(&waiter, round); /* all of it is in our socket now */
        }
        client_finish(&client);
        server_stop(server);
    }
}

/* A proxy for http:// named in the environment is used. */
static void test_proxy(void **state) {
    (void)state;
    struct server *server = server_start(answer_head, NULL);
    setenv("http_proxy", server_url(server, "/"), 1);
    struct client client;
    client_init(&client, contract_create);
    struct call call = {0};
    call_get(&client, &call, "http://no-such-host.invalid/x?y");
    unsetenv("http_proxy");
    assert_false(call.failed);
    assert_true(slice_starts_with(buffer_slice(&call.body),
                                  SLICE("GET http://no-such-host.invalid/x?y HTTP/1.1\r\n")));
    call_finish(&call);
    client_finish(&client);
    server_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_length),
        cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_no_body),
        cmocka_unit_test(test_interim_replies_are_skipped),
        cmocka_unit_test(test_errors_and_redirects_are_replies),
        cmocka_unit_test(test_body_until_close),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_request_as_sent),
        cmocka_unit_test(test_large_bodies),
        cmocka_unit_test(test_name_is_resolved),
        cmocka_unit_test(test_connection_is_reused),
        cmocka_unit_test(test_announced_close),
        cmocka_unit_test(test_idle_connection_closed_by_server),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_surplus_is_no_reply),
        cmocka_unit_test(test_proxy),
    };
    return CONTRACT_RUN(tests);
}
