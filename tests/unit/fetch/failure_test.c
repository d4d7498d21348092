/* Everything that can go wrong, and what it is called. */
#include "contract.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LENGTH  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"

struct script {
    const char *reply;
    enum { CLOSE, RESET, STALL } then;
    enum fault_kind kind;
    const char *code;
    const char *body; /* what must have been delivered */
};

static void play(struct peer *peer) {
    const struct script *script = peer->server->user;
    if (!peer_read_request(peer))
        return;
    peer_send(peer, script->reply);
    if (script->then == STALL)
        peer_wait_gate(peer, 1);
    else if (script->then == RESET) {
        /* What was sent before a reset may be lost, unless the client has it already. */
        if (script->body)
            peer_wait_gate(peer, 1);
        peer_reset(peer);
    }
}

static void raise_when_all_is_there(struct call *call) {
    const struct script *script = ((struct server *)call->user)->user;
    if (script->then == RESET && call->body.size == strlen(script->body))
        server_raise_gate(call->user);
}

static void play_scripts(const struct script *scripts, size_t count, int64_t first_byte_ms,
                         int64_t idle_ms) {
    for (size_t i = 0; i < count; i++) {
        const struct script *script = &scripts[i];
        struct server *server = server_start(play, (void *)(uintptr_t)script);
        struct client client;
        client_init(&client, contract_create);
        struct fetch_request request = {.method = "POST",
                                        .url = server_url(server, "/path?key=secret"),
                                        .body = SLICE("abc"),
                                        .first_byte_ms = first_byte_ms,
                                        .idle_ms = idle_ms};
        struct call call = {.on_data = raise_when_all_is_there, .user = server};
        call.on_head = script->body && !*script->body ? raise_when_all_is_there : NULL;
        call_start(&client, &call, &request);
        client_run(&client);
        assert_fault(&call, script->kind, script->code);
        assert_null(strstr(call.fault.detail, "secret"));
        assert_non_null(strstr(call.fault.detail, "/path"));
        assert_int_equal(call.heads, script->body ? 1 : 0);
        assert_slice(buffer_slice(&call.body), script->body ? script->body : "");
        if (script->body)
            assert_int_equal(call.fault.status, 200);
        assert_int_equal(server->requests, 1); /* never sent twice */
        call_finish(&call);
        client_finish(&client);
        server_stop(server);
    }
}

static void test_closed_or_reset(void **state) {
    (void)state;
    static const struct script scripts[] = {
        {"", CLOSE, FAULT_PROVIDER_NETWORK, "closed", NULL},
        {"", RESET, FAULT_PROVIDER_NETWORK, "closed", NULL},
        {"HTTP/1.1 2", CLOSE, FAULT_PROVIDER_NETWORK, "closed", NULL},
        {"HTTP/1.1 200 OK\r\n", CLOSE, FAULT_PROVIDER_NETWORK, "closed", NULL},
        {"HTTP/1.1 200 OK\r\nContent-", CLOSE, FAULT_PROVIDER_NETWORK, "closed", NULL},
        {"HTTP/1.1 100 Continue\r\n\r\n", CLOSE, FAULT_PROVIDER_NETWORK, "closed", NULL},
        {LENGTH, CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", ""},
        {LENGTH "12345", CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", "12345"},
        {LENGTH "12345", RESET, FAULT_PROVIDER_TRUNCATED, "closed", "12345"},
        {LENGTH, RESET, FAULT_PROVIDER_TRUNCATED, "closed", ""},
        {"HTTP/1.1 200 OK\r\n\r\n12345", RESET, FAULT_PROVIDER_TRUNCATED, "closed", "12345"},
        {CHUNKED, CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", ""},
        {CHUNKED "5", CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", ""},
        {CHUNKED "5\r\nhel", CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", "hel"},
        {CHUNKED "5\r\nhel", RESET, FAULT_PROVIDER_TRUNCATED, "closed", "hel"},
        {CHUNKED "5\r\nhello", CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", "hello"},
        {CHUNKED "5\r\nhello\r\n", CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", "hello"},
        {CHUNKED "5\r\nhello\r\n0\r\n", CLOSE, FAULT_PROVIDER_TRUNCATED, "closed", "hello"},
    };
    play_scripts(scripts, sizeof scripts / sizeof scripts[0], 0, 0);
}

static void answer_first_only(struct peer *peer) {
    while (peer_read_request(peer)) {
        if (peer->server->requests > 1)
            return;
        peer_send(peer, LENGTH "0123456789");
    }
}

/* The server takes a second request on the same connection and closes without a word. It may have
 * acted on it, so it must not be sent again; libcurl takes the risk once, when the connection was
 * used before. */
static void test_request_that_may_have_been_taken(void **state) {
    (void)state;
    struct server *server = server_start(answer_first_only, NULL);
    struct client client;
    client_init(&client, contract_create);
    struct call first = {0}, second = {0};
    call_post(&client, &first, server_url(server, "/"), "abc");
    assert_whole(&first, 200, "0123456789");
    call_post(&client, &second, server_url(server, "/"), "abc");
    assert_fault(&second, FAULT_PROVIDER_NETWORK, "closed");
    if (contract_create == fetcher_create)
        assert_int_equal(server->requests, 2);
    else
        assert_in_range(server->requests, 2, 3);
    call_finish(&first);
    call_finish(&second);
    client_finish(&client);
    server_stop(server);
}

static void reset_second(struct peer *peer) {
    if (!peer_read_request(peer))
        return;
    peer_send(peer, LENGTH "0123456789");
    /* The next request is seen to arrive, is not read, and the connection is reset. */
    struct pollfd poll_fd = {peer->fd, POLLIN, 0};
    poll(&poll_fd, 1, -1);
}

static void test_request_that_was_not_taken(void **state) {
    (void)state;
    struct server *server = server_start(reset_second, NULL);
    struct client client;
    client_init(&client, contract_create);
    for (int i = 0; i < 5; i++) {
        struct call call = {0};
        call_post(&client, &call, server_url(server, "/"), "abc");
        assert_whole(&call, 200, "0123456789");
        call_finish(&call);
    }
    assert_int_equal(server->connections, 5);
    assert_int_equal(server->requests, 5);
    client_finish(&client);
    server_stop(server);
}

static void test_nonsense(void **state) {
    (void)state;
    static const struct script scripts[] = {
        {"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", STALL, FAULT_PROVIDER_MALFORMED, "protocol", NULL},
        {"\x15\x03\x01\x02\x02\x01 \r\n\r\n not a reply", STALL, FAULT_PROVIDER_MALFORMED,
         "protocol", NULL},
        {"<html>hello</html>\r\n\r\n", CLOSE, FAULT_PROVIDER_MALFORMED, "protocol", NULL},
        {LENGTH "", STALL, FAULT_PROVIDER_STALLED, "idle", ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: "
         "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
         STALL, FAULT_PROVIDER_MALFORMED, "protocol", NULL},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", STALL,
         FAULT_PROVIDER_MALFORMED, "protocol", NULL},
        {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", STALL, FAULT_PROVIDER_MALFORMED,
         "protocol", NULL},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
         STALL, FAULT_PROVIDER_MALFORMED, "protocol", NULL},
        {"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", CLOSE, FAULT_PROVIDER_MALFORMED, "protocol",
         NULL},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc", CLOSE,
         FAULT_PROVIDER_MALFORMED, "protocol", NULL},
        {CHUNKED "xyz\r\nhello\r\n", STALL, FAULT_PROVIDER_MALFORMED, "protocol", ""},
        {CHUNKED "5\r\nhello\r\nFFFFFFFFFFFFFFFFFFFF\r\nworld", STALL, FAULT_PROVIDER_MALFORMED,
         "protocol", "hello"},
        {CHUNKED "5\r\nhello!!\r\n", STALL, FAULT_PROVIDER_MALFORMED, "protocol", "hello"},
    };
    play_scripts(scripts, sizeof scripts / sizeof scripts[0], 2000, 300);
}

static void test_huge_heads(void **state) {
    (void)state;
    enum { SIZE = 300 * 1024 };
    char *text = malloc(SIZE + 1);
    /* One endless line; endless lines. */
    for (int kind = 0; kind < 2; kind++) {
        memset(text, 'a', SIZE);
        text[SIZE] = '\0';
        memcpy(text, "HTTP/1.1 200 OK\r\nX: ", 20);
        for (size_t i = 100; kind == 1 && i + 4 < SIZE; i += 100)
            memcpy(text + i, "\r\nb:", 4);
        struct script script = {text, STALL, FAULT_PROVIDER_MALFORMED, "protocol", NULL};
        play_scripts(&script, 1, 0, 0);
    }
    free(text);
}

static void test_stalls(void **state) {
    (void)state;
    static const struct script waiting[] = {
        {"", STALL, FAULT_PROVIDER_STALLED, "first_byte", NULL},
        {"HTTP/1.1 20", STALL, FAULT_PROVIDER_STALLED, "first_byte", NULL},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", STALL, FAULT_PROVIDER_STALLED, "first_byte", NULL},
        {"HTTP/1.1 100 Continue\r\n\r\n", STALL, FAULT_PROVIDER_STALLED, "first_byte", NULL},
    };
    play_scripts(waiting, sizeof waiting / sizeof waiting[0], 40, 0);
    static const struct script idle[] = {
        {LENGTH, STALL, FAULT_PROVIDER_STALLED, "idle", ""},
        {CHUNKED, STALL, FAULT_PROVIDER_STALLED, "idle", ""},
        {CHUNKED "5\r\nhello\r\n", STALL, FAULT_PROVIDER_STALLED, "idle", "hello"},
        {CHUNKED "5\r\nhello\r\n0\r\n", STALL, FAULT_PROVIDER_STALLED, "idle", "hello"},
        {"HTTP/1.1 200 OK\r\n\r\nhello", STALL, FAULT_PROVIDER_STALLED, "idle", "hello"},
    };
    play_scripts(idle, sizeof idle / sizeof idle[0], 0, 40);
}

static void test_total_deadline(void **state) {
    (void)state;
    struct script script = {CHUNKED "5\r\nhello\r\n", STALL, FAULT_PROVIDER_STALLED, "total",
                            "hello"};
    struct server *server = server_start(play, &script);
    struct client client;
    client_init(&client, contract_create);
    struct fetch_request request = {
        .method = "GET", .url = server_url(server, "/"), .total_ms = 60};
    struct call call = {0};
    call_start(&client, &call, &request);
    client_run(&client);
    assert_fault(&call, FAULT_PROVIDER_STALLED, "total");
    call_finish(&call);
    client_finish(&client);
    server_stop(server);
}

/* A listener whose queue is full: the kernel answers no further SYN. */
static int full_listener(uint16_t *ret_port, int *fillers, size_t count) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 0), 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    *ret_port = ntohs(address.sin_port);
    bool full = false;
    for (size_t i = 0; i < count; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(fillers[i], (struct sockaddr *)&address, size) != 0 && errno == EINPROGRESS) {
            struct pollfd poll_fd = {fillers[i], POLLOUT, 0};
            full |= poll(&poll_fd, 1, 50) == 0;
        }
    }
    assert_true(full);
    return fd;
}

static void test_connect_deadline(void **state) {
    (void)state;
    int fillers[4];
    uint16_t port;
    int listener = full_listener(&port, fillers, 4);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    struct client client;
    client_init(&client, contract_create);
    struct fetch_request request = {.method = "GET", .url = url, .connect_ms = 50};
    struct call call = {0};
    call_start(&client, &call, &request);
    client_run(&client);
    assert_fault(&call, FAULT_PROVIDER_STALLED, "connect");
    call_finish(&call);
    client_finish(&client);
    for (size_t i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

static void get_broken(const char *url, enum fault_kind kind, const char *code) {
    struct client client;
    client_init(&client, contract_create);
    struct call call = {0};
    call_get(&client, &call, url);
    assert_fault(&call, kind, code);
    assert_int_equal(call.heads, 0);
    call_finish(&call);
    client_finish(&client);
}

static void test_refused(void **state) {
    (void)state;
    struct server *server = server_start(play, NULL);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", server->port);
    server_stop(server); /* nobody listens there now */
    get_broken(url, FAULT_PROVIDER_NETWORK, "connect");
}

static void test_unresolvable(void **state) {
    (void)state;
    get_broken("http://no-such-host.invalid/x", FAULT_PROVIDER_NETWORK, "resolve");
    get_broken("https://no-such-host.invalid/x", FAULT_PROVIDER_NETWORK, "resolve");
}

static void test_bad_urls(void **state) {
    (void)state;
    static const char *const urls[] = {
        "://",
        "ftp://localhost/x",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://localhost:0/",
        "http://localhost:65536/",
        "http://localhost:+80/",
        "http://local host/",
        "http://localhost/a b",
        "http://localhost/\r\nX: y",
        "http://localhost\r\n/",
        "http://[::1/",
        "http://[localhost]/",
        "http://[::1]x/",
        "gopher://",
        "://http://localhost",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct client client;
        client_init(&client, contract_create);
        struct call call = {0};
        struct fetch_request request = {.method = "GET", .url = urls[i]};
        call_start(&client, &call, &request);
        assert_int_equal(call.ends, 0); /* never at once */
        client_run(&client);
        assert_fault(&call, FAULT_PROVIDER_NETWORK, "url");
        assert_false(call.fault.retryable);
        call_finish(&call);
        client_finish(&client);
    }
}

static void test_requests_that_smuggle(void **state) {
    (void)state;
    const struct fetch_header headers[] = {
        {SLICE("X-A"), SLICE("1\r\nX-B: 2")}, {SLICE("X-A"), SLICE("1\nX-B: 2")},
        {SLICE("X-A"), SLICE("1\0")},         {SLICE("X-A\r\nX-B"), SLICE("1")},
        {SLICE("X A"), SLICE("1")},           {SLICE(""), SLICE("1")},
        {SLICE("X-A:"), SLICE("1")},
    };
    const char *const methods[] = {"GET", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "", "G T"};
    struct server *server = server_start(play, NULL);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0] + 3; i++) {
        struct client client;
        client_init(&client, contract_create);
        size_t bad_method = i >= 7 ? i - 6 : 0;
        struct fetch_request request = {.method = methods[bad_method],
                                        .url = server_url(server, "/"),
                                        .headers = &headers[i % 7],
                                        .header_count = bad_method ? 0 : 1};
        struct call call = {0};
        call_start(&client, &call, &request);
        client_run(&client);
        assert_fault(&call, FAULT_PROVIDER_NETWORK, "request");
        call_finish(&call);
        client_finish(&client);
    }
    assert_int_equal(server->connections, 0);
    server_stop(server);
}

static void test_body_cap(void **state) {
    (void)state;
    struct script script = {CHUNKED "5\r\nhello\r\n6\r\nworld!\r\n", STALL,
                            FAULT_PROVIDER_MALFORMED, "too_large", NULL};
    struct server *server = server_start(play, &script);
    struct client client;
    client_init(&client, contract_create);
    struct fetch_request request = {
        .method = "GET", .url = server_url(server, "/"), .body_max = 10};
    struct call call = {0};
    call_start(&client, &call, &request);
    client_run(&client);
    assert_fault(&call, FAULT_PROVIDER_MALFORMED, "too_large");
    assert_true(call.body.size <= 10);
    call_finish(&call);
    client_finish(&client);
    server_stop(server);
}

static void test_user_and_password_stay_out(void **state) {
    (void)state;
    get_broken("http://name:pass%word@no-such-host.invalid/x?key=1", FAULT_PROVIDER_NETWORK,
               "resolve");
    struct client client;
    client_init(&client, contract_create);
    struct call call = {0};
    call_get(&client, &call, "http://name:pa@ssword@no-such-host.invalid/x?key=1#f");
    assert_true(call.failed);
    assert_null(strstr(call.fault.detail, "ssword"));
    assert_null(strstr(call.fault.detail, "key"));
    call_finish(&call);
    client_finish(&client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_or_reset),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_request_that_may_have_been_taken),
        cmocka_unit_test(test_request_that_was_not_taken),
        cmocka_unit_test(test_huge_heads),
        cmocka_unit_test(test_stalls),
        cmocka_unit_test(test_total_deadline),
        cmocka_unit_test(test_connect_deadline),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unresolvable),
        cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_requests_that_smuggle),
        cmocka_unit_test(test_body_cap),
        cmocka_unit_test(test_user_and_password_stay_out),
    };
    return CONTRACT_RUN(tests);
}
