/* Pausing, cancelling and destroying, at every moment. */
#include "contract.h"
#include "loop/timer.h"
#include <poll.h>
#include <sys/socket.h>

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LENGTH  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"

struct fixture {
    struct server *server;
    struct client client;
};

static void begin(struct fixture *fixture, void (*serve)(struct peer *), const void *user) {
    fixture->server = server_start(serve, (void *)(uintptr_t)user);
    client_init(&fixture->client, contract_create);
}

static void finish(struct fixture *fixture) {
    client_finish(&fixture->client);
    server_stop(fixture->server);
}

static void start_get(struct fixture *fixture, struct call *call) {
    struct fetch_request request = {.method = "GET", .url = server_url(fixture->server, "/")};
    call_start(&fixture->client, call, &request);
}

/* ---- back-pressure ---- */

enum { PIECE = 1000, PIECES = 20000 };

static char byte_at(size_t at) {
    return (char)(at * 2654435761u >> 11);
}

/* What the fast producer and the slow consumer tell each other. */
struct producer {
    struct call *call;
    atomic_bool blocked; /* the client took nothing for a while */
    atomic_size_t sent;
    bool chunked;
};

static void resume_call(void *user) {
    fetch_resume(((struct call *)user)->fetch);
}

/* Sends without blocking; once the client takes nothing any more, says so and has it resumed. */
static bool send_noticing(struct peer *peer, struct producer *producer, const char *bytes,
                          size_t size) {
    while (size > 0) {
        ssize_t count = send(peer->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            bytes += count;
            size -= (size_t)count;
            atomic_fetch_add(&producer->sent, (size_t)count);
            continue;
        }
        struct pollfd poll_fd = {peer->fd, POLLOUT, 0};
        int ready = poll(&poll_fd, 1, 100);
        if (ready < 0 || (poll_fd.revents & (POLLERR | POLLHUP)))
            return false;
        if (ready == 0 && !atomic_exchange(&producer->blocked, true))
            loop_post(producer->call->client->loop, resume_call, producer->call);
    }
    return true;
}

static void produce(struct peer *peer) {
    struct producer *producer = peer->server->user;
    if (!peer_read_request(peer))
        return;
    char head[128], piece[PIECE + 16];
    int length = producer->chunked
                     ? snprintf(head, sizeof head, "%s", CHUNKED)
                     : snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                                PIECE * PIECES);
    send_noticing(peer, producer, head, (size_t)length);
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = producer->chunked ? (size_t)snprintf(piece, 16, "%x\r\n", PIECE) : 0;
        for (size_t k = 0; k < PIECE; k++)
            piece[size++] = byte_at(i * PIECE + k);
        if (producer->chunked) {
            piece[size++] = '\r';
            piece[size++] = '\n';
        }
        if (!send_noticing(peer, producer, piece, size))
            return;
    }
    if (producer->chunked)
        peer_send(peer, "0\r\n\r\n");
    peer_wait_closed(peer);
}

static void pause_once(struct call *call) {
    struct producer *producer = call->user;
    if (!atomic_load(&producer->blocked))
        fetch_pause(call->fetch);
}

static void check_all_bytes_once(bool chunked) {
    struct producer producer = {.chunked = chunked};
    struct fixture fixture;
    begin(&fixture, produce, &producer);
    struct call call = {.on_data = pause_once, .user = &producer};
    producer.call = &call;
    start_get(&fixture, &call);
    client_run(&fixture.client);
    assert_true(producer.blocked); /* it was slowed down, after at most what sockets hold */
    assert_false(call.failed);
    assert_int_equal(call.body.size, PIECE * PIECES);
    for (size_t i = 0; i < call.body.size; i++)
        if (call.body.data[i] != byte_at(i))
            fail_msg("byte %zu is wrong", i);
    call_finish(&call);
    finish(&fixture);
}

static void test_slow_consumer_slows_the_producer(void **state) {
    (void)state;
    check_all_bytes_once(false);
    check_all_bytes_once(true);
}

static void pause_always(struct call *call) {
    fetch_pause(call->fetch);
    loop_post(call->client->loop, resume_call, call);
}

/* Paused in every piece, resumed a turn of the loop later. */
static void test_pause_in_every_piece(void **state) {
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        struct producer producer = {.chunked = chunked, .blocked = true};
        struct fixture fixture;
        begin(&fixture, produce, &producer);
        struct call call = {.on_head = pause_always, .on_data = pause_always, .user = &producer};
        producer.call = &call;
        start_get(&fixture, &call);
        client_run(&fixture.client);
        assert_false(call.failed);
        assert_int_equal(call.body.size, PIECE * PIECES);
        for (size_t i = 0; i < call.body.size; i++)
            if (call.body.data[i] != byte_at(i))
                fail_msg("byte %zu is wrong", i);
        call_finish(&call);
        finish(&fixture);
    }
}

static void pause_and_resume(struct call *call) {
    fetch_pause(call->fetch);
    fetch_resume(call->fetch);
    fetch_resume(call->fetch);
}

static void test_resume_inside_the_callback(void **state) {
    (void)state;
    struct producer producer = {.chunked = true, .blocked = true};
    struct fixture fixture;
    begin(&fixture, produce, &producer);
    struct call call = {.on_head = pause_and_resume, .on_data = pause_and_resume};
    start_get(&fixture, &call);
    client_run(&fixture.client);
    assert_false(call.failed);
    assert_int_equal(call.body.size, PIECE * PIECES);
    call_finish(&call);
    finish(&fixture);
}

static void answer(struct peer *peer) {
    while (peer_read_request(peer))
        peer_send(peer, peer->server->user);
}

static void pause_call(struct call *call) {
    fetch_pause(call->fetch);
}

static void resume_later(void *user) {
    struct call *call = user;
    /* All of the reply came with the head, in one packet, and none of the rest was told. */
    assert_int_equal(call->heads, 1);
    assert_int_equal(call->pieces, 0);
    assert_int_equal(call->ends, 0);
    fetch_resume(call->fetch);
}

/* Neither data nor the good end come while paused; the idle deadline does not either. */
static void test_nothing_comes_while_paused(void **state) {
    (void)state;
    static const char *const replies[] = {LENGTH "0123456789",
                                          CHUNKED "a\r\n0123456789\r\n0\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        begin(&fixture, answer, replies[i]);
        struct fetch_request request = {
            .method = "GET", .url = server_url(fixture.server, "/"), .idle_ms = 20};
        struct call call = {.on_head = pause_call};
        call_start(&fixture.client, &call, &request);
        struct timer timer;
        timer_init(&timer, fixture.client.loop, resume_later, &call);
        timer_set(&timer, 150); /* the idle deadline would be long past */
        client_run(&fixture.client);
        assert_whole(&call, 200, "0123456789");
        call_finish(&call);
        finish(&fixture);
    }
}

static void count_and_resume(void *user) {
    struct call *call = user;
    assert_int_equal(call->ends, 0);
    assert_slice(buffer_slice(&call->body), "0123456789");
    fetch_resume(call->fetch);
}

static void test_end_waits_for_resume(void **state) {
    (void)state;
    static const char *const replies[] = {LENGTH "0123456789",
                                          CHUNKED "a\r\n0123456789\r\n0\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        begin(&fixture, answer, replies[i]);
        struct call call = {.on_data = pause_call};
        start_get(&fixture, &call);
        struct timer timer;
        timer_init(&timer, fixture.client.loop, count_and_resume, &call);
        timer_set(&timer, 100);
        client_run(&fixture.client);
        assert_whole(&call, 200, "0123456789");
        call_finish(&call);
        finish(&fixture);
    }
}

static void test_total_deadline_while_paused(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture, answer, LENGTH "01234");
    struct fetch_request request = {
        .method = "GET", .url = server_url(fixture.server, "/"), .idle_ms = 20, .total_ms = 100};
    struct call call = {.on_data = pause_call};
    call_start(&fixture.client, &call, &request);
    client_run(&fixture.client);
    assert_fault(&call, FAULT_PROVIDER_STALLED, "total");
    call_finish(&call);
    finish(&fixture);
}

static void test_pause_before_the_head(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture, answer, LENGTH "0123456789");
    struct call call = {0};
    start_get(&fixture, &call);
    fetch_pause(call.fetch);
    struct timer timer;
    timer_init(&timer, fixture.client.loop, resume_later, &call);
    timer_set(&timer, 100);
    client_run(&fixture.client);
    assert_whole(&call, 200, "0123456789");
    call_finish(&call);
    finish(&fixture);
}

/* ---- cancelling ---- */

static void cancel_call(struct call *call) {
    call_cancel(call);
}

static void cancel_twice(struct call *call) {
    fetch_cancel(call->fetch);
    call_cancel(call);
}

static void stall_after(struct peer *peer) {
    if (peer_read_request(peer))
        peer_send(peer, peer->server->user);
    peer_wait_closed(peer); /* the client must close by itself */
    server_raise_gate(peer->server);
}

static void test_cancel_inside_callbacks(void **state) {
    (void)state;
    const struct call calls[] = {
        {.on_head = cancel_call},
        {.on_data = cancel_call},
        {.on_head = cancel_twice},
        {.on_data = cancel_twice},
    };
    static const char *const replies[] = {LENGTH "01234", CHUNKED "5\r\n01234\r\n5\r\nabcde\r\n",
                                          LENGTH "0123456789"};
    for (size_t i = 0; i < 12; i++) {
        struct fixture fixture;
        begin(&fixture, stall_after, replies[i % 3]);
        struct call call = calls[i / 3];
        start_get(&fixture, &call);
        client_run(&fixture.client);
        assert_int_equal(call.heads, 1);
        assert_int_equal(call.ends, 0);
        assert_int_equal(call.pieces, call.on_data ? 1 : 0);
        assert_int_equal(fetcher_active(fixture.client.fetcher), 0);
        call_finish(&call);
        finish(&fixture);
    }
}

static void cancel_again(struct call *call) {
    fetch_cancel(call->fetch);
    fetch_pause(call->fetch);
    fetch_resume(call->fetch);
}

static void test_cancel_inside_end(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture, answer, LENGTH "0123456789");
    struct call call = {.on_end = cancel_again};
    start_get(&fixture, &call);
    client_run(&fixture.client);
    assert_whole(&call, 200, "0123456789");
    call_finish(&call);
    struct call broken = {.on_end = cancel_again};
    call_get(&fixture.client, &broken, "http://no-such-host.invalid/");
    assert_fault(&broken, FAULT_PROVIDER_NETWORK, "resolve");
    call_finish(&broken);
    struct call bad = {.on_end = cancel_again};
    call_get(&fixture.client, &bad, "nonsense://x");
    assert_fault(&bad, FAULT_PROVIDER_NETWORK, "url");
    call_finish(&bad);
    finish(&fixture);
}

/* The server sees the connection close: the cancelled call costs nobody anything any more. */
static void test_cancel_closes_the_connection(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture, stall_after, LENGTH "01234");
    struct call call = {.on_data = cancel_call};
    start_get(&fixture, &call);
    client_run(&fixture.client);
    struct peer waiter = {.server = fixture.server};
    peer_wait_gate(&waiter, 1); /* raised once the server's side has seen it */
    call_finish(&call);
    finish(&fixture);
}

struct others {
    struct call calls[6];
};

static void cancel_others(struct call *call) {
    struct others *others = call->user;
    for (size_t i = 0; i < 6; i++)
        if (&others->calls[i] != call && others->calls[i].fetch) {
            struct fetch *fetch = others->calls[i].fetch;
            others->calls[i].fetch = NULL;
            fetch_cancel(fetch);
            call->client->pending--;
        }
}

static void test_cancel_others_inside_a_callback(void **state) {
    (void)state;
    for (int moment = 0; moment < 3; moment++) {
        struct fixture fixture;
        struct others others = {0};
        begin(&fixture, answer, CHUNKED "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
        for (size_t i = 0; i < 6; i++) {
            struct call *call = &others.calls[i];
            call->user = &others;
            call->on_head = moment == 0 ? cancel_others : NULL;
            call->on_data = moment == 1 ? cancel_others : NULL;
            call->on_end = moment == 2 ? cancel_others : NULL;
            start_get(&fixture, call);
        }
        client_run(&fixture.client);
        int whole = 0;
        for (size_t i = 0; i < 6; i++) {
            if (others.calls[i].ends) {
                assert_whole(&others.calls[i], 200, "0123456789");
                whole++;
            }
            call_finish(&others.calls[i]);
        }
        assert_int_equal(whole, 1); /* the first to come cancels all the others */
        finish(&fixture);
    }
}

static void test_cancel_before_anything(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture, answer, LENGTH "0123456789");
    const char *const urls[] = {server_url(fixture.server, "/"), "http://no-such-host.invalid/",
                                "http://localhost:1/", "nonsense://x"};
    for (size_t i = 0; i < 4; i++) {
        struct fetch_request request = {.method = "GET", .url = urls[i]};
        struct call call = {0};
        call_start(&fixture.client, &call, &request);
        fetch_cancel(call.fetch);
        fixture.client.pending--;
    }
    assert_int_equal(fetcher_active(fixture.client.fetcher), 0);
    struct call call = {0};
    start_get(&fixture, &call);
    client_run(&fixture.client);
    assert_whole(&call, 200, "0123456789");
    call_finish(&call);
    finish(&fixture);
}

static void cancel_posted(void *user) {
    call_cancel(user);
}

static void pause_and_cancel_later(struct call *call) {
    fetch_pause(call->fetch);
    loop_post(call->client->loop, cancel_posted, call);
}

static void resume_and_cancel_later(struct call *call) {
    fetch_pause(call->fetch);
    fetch_resume(call->fetch);
    loop_post(call->client->loop, cancel_posted, call);
    call->on_data = NULL;
}

static void test_cancel_while_paused(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct producer producer = {.chunked = i == 1, .blocked = true};
        struct fixture fixture;
        begin(&fixture, produce, &producer);
        struct call call = {.on_head = i == 0 ? pause_and_cancel_later : NULL,
                            .on_data = i == 1   ? pause_and_cancel_later
                                       : i == 2 ? resume_and_cancel_later
                                                : NULL};
        start_get(&fixture, &call);
        client_run(&fixture.client);
        assert_int_equal(call.ends, 0);
        call_finish(&call);
        finish(&fixture);
    }
}

/* ---- starting from callbacks ---- */

static void start_next(struct call *call) {
    struct call *next = call->user;
    struct fetch_request request = {.method = "GET", .url = server_url(next->user, "/")};
    call->on_head = call->on_data = call->on_end = NULL;
    call_start(call->client, next, &request);
}

static void test_start_inside_callbacks(void **state) {
    (void)state;
    for (int moment = 0; moment < 3; moment++) {
        struct fixture fixture;
        begin(&fixture, answer, CHUNKED "a\r\n0123456789\r\n0\r\n\r\n");
        struct call next = {.user = fixture.server};
        struct call call = {.user = &next};
        call.on_head = moment == 0 ? start_next : NULL;
        call.on_data = moment == 1 ? start_next : NULL;
        call.on_end = moment == 2 ? start_next : NULL;
        start_get(&fixture, &call);
        client_run(&fixture.client);
        assert_whole(&call, 200, "0123456789");
        assert_whole(&next, 200, "0123456789");
        if (moment == 2) /* the connection was already free again */
            assert_int_equal(fixture.server->connections, 1);
        call_finish(&call);
        call_finish(&next);
        finish(&fixture);
    }
}

/* ---- destroying ---- */

static void stop_at(struct call *call) {
    loop_stop(call->client->loop);
}

static void test_destroy_under_way(void **state) {
    (void)state;
    struct fixture fixture;
    begin(&fixture, stall_after, LENGTH "01234");
    struct call calls[20] = {0};
    for (size_t i = 0; i < 20; i++) {
        struct fetch_request request = {.method = "GET", .url = server_url(fixture.server, "/")};
        if (i == 17)
            request.url = "http://no-such-host.invalid/";
        if (i == 18)
            request.url = "https://no-such-host.invalid/";
        if (i == 19)
            request.url = "nonsense://x";
        calls[i].on_data = i == 16 ? stop_at : i % 3 == 0 ? pause_call : NULL;
        call_start(&fixture.client, &calls[i], &request);
    }
    client_run(&fixture.client); /* until one has data; the others are wherever they are */
    int ends = 0;
    for (size_t i = 0; i < 20; i++)
        ends += calls[i].ends;
    client_finish(&fixture.client);
    for (size_t i = 0; i < 20; i++) {
        ends -= calls[i].ends; /* destroying calls nobody back */
        call_finish(&calls[i]);
    }
    assert_int_equal(ends, 0);
    server_stop(fixture.server);
}

static void test_destroy_unused(void **state) {
    (void)state;
    fetcher_destroy(NULL);
    struct client client;
    client_init(&client, contract_create);
    client_finish(&client);
    client_init(&client, contract_create);
    struct call call = {0};
    struct fetch_request request = {.method = "GET", .url = "http://localhost:1/"};
    call_start(&client, &call, &request);
    client_finish(&client); /* the loop never ran */
    assert_int_equal(call.ends, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_consumer_slows_the_producer),
        cmocka_unit_test(test_pause_in_every_piece),
        cmocka_unit_test(test_resume_inside_the_callback),
        cmocka_unit_test(test_nothing_comes_while_paused),
        cmocka_unit_test(test_end_waits_for_resume),
        cmocka_unit_test(test_total_deadline_while_paused),
        cmocka_unit_test(test_pause_before_the_head),
        cmocka_unit_test(test_cancel_inside_callbacks),
        cmocka_unit_test(test_cancel_inside_end),
        cmocka_unit_test(test_cancel_closes_the_connection),
        cmocka_unit_test(test_cancel_others_inside_a_callback),
        cmocka_unit_test(test_cancel_before_anything),
        cmocka_unit_test(test_cancel_while_paused),
        cmocka_unit_test(test_start_inside_callbacks),
        cmocka_unit_test(test_destroy_under_way),
        cmocka_unit_test(test_destroy_unused),
    };
    return CONTRACT_RUN(tests);
}
