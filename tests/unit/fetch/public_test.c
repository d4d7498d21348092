/* Requests that may go to public addresses only, over real sockets. */
#include "contract.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUBLIC_ADDRESS "93.184.216.34" /* of a network of our own, see below */

static void answer(struct peer *peer) {
    while (peer_read_request(peer))
        peer_send(peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static void get(struct client *client, struct call *call, const char *url, bool public_only) {
    const struct fetch_request request = {
        .method = "GET", .url = url, .public_only = public_only, .connect_ms = 5000};
    call_start(client, call, &request);
    client_run(client);
}

static const char *at_host(const struct server *server, const char *host) {
    static char text[128];
    snprintf(text, sizeof text, "http://%s:%u/", host, server->port);
    return text;
}

/* However the address is written: libcurl and the resolver know more forms than one thinks of. */
static void test_refuses_inner_addresses(void **state) {
    (void)state;
    static const char *const hosts[] = {
        "127.0.0.1", "localhost", "127.1",      "2130706433",         "0x7f000001", "0177.0.0.1",
        "0.0.0.0",   "0",         "127.0.0.2.", "[::ffff:127.0.0.1]", "[::1]",      "LOCALHOST",
    };
    struct server *server = server_start(answer, NULL);
    struct client client;
    client_init(&client, contract_create);
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct call call = {0};
        get(&client, &call, at_host(server, hosts[i]), true);
        assert_true(call.failed);
        assert_int_equal(call.fault.kind, FAULT_PROVIDER_NETWORK);
        /* A form that cannot be read at all is as good. */
        if (strcmp(call.fault.code, "resolve") != 0 && strcmp(call.fault.code, "url") != 0)
            assert_string_equal(call.fault.code, "address");
        assert_null(strstr(call.fault.message, hosts[i]));
        assert_int_equal(call.heads, 0);
        call_finish(&call);
    }
    assert_int_equal(server->connections, 0);
    client_finish(&client);
    server_stop(server);
}

static void test_says_what_it_was(void **state) {
    (void)state;
    struct server *server = server_start(answer, NULL);
    struct client client;
    client_init(&client, contract_create);
    static const char *const hosts[] = {"127.0.0.1", "localhost", "2130706433"};
    for (size_t i = 0; i < 3; i++) {
        struct call call = {0};
        get(&client, &call, at_host(server, hosts[i]), true);
        assert_fault(&call, FAULT_PROVIDER_NETWORK, "address");
        assert_false(call.fault.retryable);
        call_finish(&call);
    }
    client_finish(&client);
    server_stop(server);
}

/* A connection that another fetch opened is there to be used again, and is not. */
static void test_refuses_a_connection_that_is_open(void **state) {
    (void)state;
    struct server *server = server_start(answer, NULL);
    struct client client;
    client_init(&client, contract_create);
    for (size_t round = 0; round < 2; round++) {
        struct call open = {0}, inner = {0};
        get(&client, &open, server_url(server, "/"), false);
        assert_whole(&open, 200, "hello");
        get(&client, &inner, server_url(server, "/"), true);
        assert_fault(&inner, FAULT_PROVIDER_NETWORK, "address");
        assert_int_equal(server->requests, round + 1);
        call_finish(&open);
        call_finish(&inner);
    }
    client_finish(&client);
    server_stop(server);
}

static void test_passes_no_proxy(void **state) {
    (void)state;
    struct server *proxy = server_start(answer, NULL);
    setenv("http_proxy", server_url(proxy, ""), 1);
    struct client client;
    client_init(&client, contract_create);
    struct call proxied = {0}, refused = {0};
    get(&client, &proxied, "http://192.0.2.1/", false);
    assert_whole(&proxied, 200, "hello");
    get(&client, &refused, "http://192.0.2.1/", true);
    assert_fault(&refused, FAULT_PROVIDER_NETWORK, "address");
    assert_int_equal(proxy->requests, 1);
    unsetenv("http_proxy");
    call_finish(&proxied);
    call_finish(&refused);
    client_finish(&client);
    server_stop(proxy);
}

/* A network of our own, in which this host has a public address. */
static bool enter_network(void) {
    static bool entered;
    if (entered)
        return true;
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING};
    struct ifreq set = {.ifr_name = "lo:1"};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = inet_addr(PUBLIC_ADDRESS)};
    memcpy(&set.ifr_addr, &address, sizeof address);
    entered = ioctl(fd, SIOCSIFFLAGS, &up) == 0 && ioctl(fd, SIOCSIFADDR, &set) == 0;
    close(fd);
    return entered;
}

static void test_reaches_public_addresses(void **state) {
    (void)state;
    if (!enter_network()) {
        print_message("SKIPPED: no network namespace can be made here\n");
        skip();
    }
    struct server *server = server_start_at(PUBLIC_ADDRESS, answer, NULL);
    struct client client;
    client_init(&client, contract_create);
    for (size_t i = 0; i < 3; i++) {
        struct call call = {0};
        get(&client, &call, at_host(server, PUBLIC_ADDRESS), true);
        assert_whole(&call, 200, "hello");
        call_finish(&call);
    }
    assert_int_equal(server->connections, 1); /* used again */
    client_finish(&client);
    server_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_inner_addresses),
        cmocka_unit_test(test_says_what_it_was),
        cmocka_unit_test(test_refuses_a_connection_that_is_open),
        cmocka_unit_test(test_passes_no_proxy),
    };
    /* Last: there is no way back from it. */
    const struct CMUnitTest outside[] = {
        cmocka_unit_test(test_reaches_public_addresses),
    };
    int failed = CONTRACT_RUN(tests);
    return failed + CONTRACT_RUN(outside);
}
