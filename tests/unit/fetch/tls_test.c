/* TLS and HTTP/2, against Node's servers. Certificates are made for the run. */
#include "contract.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct tls_server {
    pid_t pid;
    int input; /* closing it ends the server */
    char port[16];
};

static char directory[] = "/tmp/switchboard-tls-XXXXXX";
static char key_file[64], certificate_file[64];
static bool available;
static const char *mode; /* "h1" or "h2" */

static int run(const char *const arguments[]) {
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

static int make_certificate(void **state) {
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(key_file, sizeof key_file, "%s/key.pem", directory);
    snprintf(certificate_file, sizeof certificate_file, "%s/cert.pem", directory);
    const char *request[] = {"openssl",
                             "req",
                             "-x509",
                             "-newkey",
                             "ec",
                             "-pkeyopt",
                             "ec_paramgen_curve:P-256",
                             "-nodes",
                             "-days",
                             "2",
                             "-subj",
                             "/CN=localhost",
                             "-addext",
                             "subjectAltName=DNS:localhost",
                             "-keyout",
                             key_file,
                             "-out",
                             certificate_file,
                             NULL};
    const char *node[] = {"node", "--version", NULL};
    available = run(request) == 0 && run(node) == 0;
    if (!available)
        print_message("SKIPPED: openssl and node are needed for the TLS tests\n");
    return 0;
}

static int remove_certificate(void **state) {
    (void)state;
    unlink(key_file);
    unlink(certificate_file);
    return rmdir(directory);
}

static struct tls_server tls_start(void) {
    int input[2], output[2];
    assert_int_equal(pipe2(input, O_CLOEXEC) | pipe2(output, O_CLOEXEC), 0);
    struct tls_server server = {.pid = fork(), .input = input[1]};
    if (server.pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        execlp("node", "node", SOURCE_ROOT "/tests/unit/fetch/tls_server.mjs", key_file,
               certificate_file, mode, (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    ssize_t size = read(output[0], server.port, sizeof server.port - 1);
    assert_true(size > 1);
    server.port[size - 1] = '\0'; /* the line end */
    close(output[0]);
    return server;
}

static void tls_stop(struct tls_server *server) {
    close(server->input);
    waitpid(server->pid, NULL, 0);
}

struct fixture {
    struct tls_server server;
    struct client client;
    char url[128];
};

static const char *url_of(struct fixture *fixture, const char *path) {
    snprintf(fixture->url, sizeof fixture->url, "https://localhost:%s%s", fixture->server.port,
             path);
    return fixture->url;
}

static void begin(struct fixture *fixture) {
    if (!available)
        skip();
    fixture->server = tls_start();
    client_init(&fixture->client, fetcher_create);
    fetcher_trust_file(fixture->client.fetcher, certificate_file);
}

static void finish(struct fixture *fixture) {
    client_finish(&fixture->client);
    tls_stop(&fixture->server);
}

static void start_get(struct fixture *fixture, struct call *call, const char *path) {
    struct fetch_request request = {.method = "GET", .url = url_of(fixture, path)};
    call_start(&fixture->client, call, &request);
}

static int64_t count_of(struct fixture *fixture, const char *name) {
    struct call call = {0};
    call_get(&fixture->client, &call, url_of(fixture, "/counts"));
    if (call.failed)
        fail_msg("%s", call.fault.detail);
    const char *at = strstr(buffer_string(&call.body), name);
    assert_non_null(at);
    int64_t count = strtol(at + strlen(name) + 2, NULL, 10);
    call_finish(&call);
    return count;
}

static void test_echo(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    for (int i = 0; i < 5; i++) {
        struct call call = {0};
        call_post(&fixture.client, &call, url_of(&fixture, "/echo"), "abc");
        assert_whole(&call, 200, "abc");
        const char *version = strcmp(mode, "h2") == 0 ? "x-version: 2.0\n" : "x-version: 1.1\n";
        assert_non_null(strstr(buffer_string(&call.headers), version));
        call_finish(&call);
    }
    assert_int_equal(count_of(&fixture, "connections"), 1);
    finish(&fixture);
}

static void test_untrusted(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    client_finish(&fixture.client);
    client_init(&fixture.client, fetcher_create); /* trusts the system's certificates only */
    struct call call = {0};
    call_get(&fixture.client, &call, url_of(&fixture, "/echo"));
    assert_fault(&call, FAULT_PROVIDER_NETWORK, "tls");
    assert_false(call.fault.retryable);
    call_finish(&call);
    finish(&fixture);
}

static void test_wrong_name(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%s/echo", fixture.server.port);
    struct call call = {0};
    call_get(&fixture.client, &call, url);
    assert_fault(&call, FAULT_PROVIDER_NETWORK, "tls");
    call_finish(&call);
    finish(&fixture);
}

static void serve_plain(struct peer *peer) {
    char byte;
    if (recv(peer->fd, &byte, 1, 0) == 1)
        peer_send(peer, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
}

static void test_server_without_tls(void **state) {
    (void)state;
    struct server *server = server_start(serve_plain, NULL);
    struct client client;
    client_init(&client, fetcher_create);
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", server->port);
    struct call call = {0};
    call_get(&client, &call, url);
    assert_fault(&call, FAULT_PROVIDER_NETWORK, "tls");
    call_finish(&call);
    client_finish(&client);
    server_stop(server);
}

static void test_broken_off(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct call cut = {0};
    call_get(&fixture.client, &cut, url_of(&fixture, "/cut"));
    assert_fault(&cut, FAULT_PROVIDER_TRUNCATED, "closed");
    assert_slice(buffer_slice(&cut.body), "hello");
    call_finish(&cut);
    struct call reset = {0};
    call_get(&fixture.client, &reset, url_of(&fixture, "/reset"));
    assert_fault(&reset, FAULT_PROVIDER_NETWORK, "closed");
    call_finish(&reset);
    struct call fine = {0};
    call_post(&fixture.client, &fine, url_of(&fixture, "/echo"), "still there");
    assert_whole(&fine, 200, "still there");
    call_finish(&fine);
    finish(&fixture);
}

static void stop_when_all_have_data(struct call *call) {
    size_t *left = call->user;
    if (call->pieces == 1 && --*left == 0)
        loop_stop(call->client->loop);
}

/* All streams stay open at once, whether they share connections or not. */
static void test_many_open_streams(void **state) {
    (void)state;
    enum { MANY = 150 }; /* more than one HTTP/2 connection of this server takes */
    struct fixture fixture;
    begin(&fixture);
    struct call warm = {0};
    call_post(&fixture.client, &warm, url_of(&fixture, "/echo"), "abc");
    call_finish(&warm);
    struct call calls[MANY] = {0};
    size_t left = MANY;
    for (size_t i = 0; i < MANY; i++) {
        calls[i].user = &left;
        calls[i].on_data = stop_when_all_have_data;
        start_get(&fixture, &calls[i], "/stall");
    }
    client_run(&fixture.client);
    fixture.client.pending = 0;
    assert_int_equal(count_of(&fixture, "open"), MANY + 1);
    if (strcmp(mode, "h2") == 0)
        assert_in_range(count_of(&fixture, "connections"), 1, 60);
    for (size_t i = 0; i < MANY; i++) {
        assert_slice(buffer_slice(&calls[i].body), "hello");
        fetch_cancel(calls[i].fetch);
        call_finish(&calls[i]);
    }
    /* The cancelled ones end at the server too. */
    while (count_of(&fixture, "open") > 1)
        ;
    finish(&fixture);
}

enum { PRODUCED = 6 * 1024 * 1024 };

static void check_produced(const struct call *call) {
    assert_false(call->failed);
    assert_int_equal(call->body.size, PRODUCED);
    for (size_t i = 0; i < PRODUCED; i++)
        if (call->body.data[i] != (char)(((uint32_t)i * 0x9e3779b1u) >> 11))
            fail_msg("byte %zu is wrong", i);
}

static void resume_call(void *user) {
    fetch_resume(((struct call *)user)->fetch);
}

static void pause_and_post(struct call *call) {
    fetch_pause(call->fetch);
    loop_post(call->client->loop, resume_call, call);
}

static void test_pause_in_every_piece(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct call calls[3] = {
        {.on_data = pause_and_post, .on_head = pause_and_post}, {.on_data = pause_and_post}, {0}};
    for (size_t i = 0; i < 3; i++)
        start_get(&fixture, &calls[i], "/produce?size=6291456");
    client_run(&fixture.client);
    for (size_t i = 0; i < 3; i++) {
        check_produced(&calls[i]);
        call_finish(&calls[i]);
    }
    finish(&fixture);
}

static void pause_first(struct call *call) {
    if (call->pieces == 1)
        fetch_pause(call->fetch);
}

/* A reader that takes nothing holds neither the other streams of its connection up nor grows
 * memory. */
static void test_paused_stream_blocks_no_other(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct call warm = {0};
    call_post(&fixture.client, &warm, url_of(&fixture, "/echo"), "abc");
    call_finish(&warm);
    struct call slow = {.on_data = pause_first};
    /* Less than libcurl would have to hold back. */
    start_get(&fixture, &slow, "/produce?size=400000");
    fixture.client.pending--; /* run for the others only */
    for (int i = 0; i < 20; i++) {
        struct call call = {0};
        call_post(&fixture.client, &call, url_of(&fixture, "/echo"), "quick");
        assert_whole(&call, 200, "quick");
        call_finish(&call);
    }
    assert_int_equal(slow.ends, 0);
    if (strcmp(mode, "h2") == 0)
        assert_int_equal(count_of(&fixture, "connections"), 1); /* else this proves nothing */
    fixture.client.pending++;
    fetch_resume(slow.fetch);
    client_run(&fixture.client);
    assert_false(slow.failed);
    assert_int_equal(slow.body.size, 400000);
    call_finish(&slow);
    finish(&fixture);
}

static int use_h1(void **state) {
    mode = "h1";
    return state ? 0 : -1;
}

static int use_h2(void **state) {
    mode = "h2";
    return state ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_untrusted),
        cmocka_unit_test(test_wrong_name),
        cmocka_unit_test(test_server_without_tls),
        cmocka_unit_test(test_broken_off),
        cmocka_unit_test(test_many_open_streams),
        cmocka_unit_test(test_pause_in_every_piece),
        cmocka_unit_test(test_paused_stream_blocks_no_other),
    };
    make_certificate(NULL);
    int failed = cmocka_run_group_tests_name("HTTP/1.1", tests, use_h1, NULL) +
                 cmocka_run_group_tests_name("HTTP/2", tests, use_h2, NULL);
    return failed + (remove_certificate(NULL) == 0 ? 0 : 1);
}
