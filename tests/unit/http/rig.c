#include "rig.h"
#include "base/memory.h"
#include "loop/timer.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- server ---- */

static void count(struct rig *rig, atomic_int *what) {
    pthread_mutex_lock(&rig->lock);
    atomic_fetch_add(what, 1);
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static struct timespec deadline(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    return until;
}

void rig_wait(struct rig *rig, const atomic_int *what, int at_least) {
    struct timespec until = deadline();
    pthread_mutex_lock(&rig->lock);
    int error = 0;
    while (atomic_load(what) < at_least && error == 0)
        error = pthread_cond_timedwait(&rig->changed, &rig->lock, &until);
    pthread_mutex_unlock(&rig->lock);
    if (error != 0)
        fail_msg("a count stays at %d, waited for %d", atomic_load(what), at_least);
}

static void on_gone(void *user) {
    struct rig *rig = user;
    rig->held = NULL;
    count(rig, &rig->gone);
}

static void note_waiting(struct rig *rig, const struct http_exchange *exchange) {
    size_t waiting = http_stream_waiting(exchange);
    if (waiting != SIZE_MAX && waiting > atomic_load(&rig->waiting_most))
        atomic_store(&rig->waiting_most, waiting);
}

static void pump(void *user) {
    struct rig *rig = user;
    struct http_exchange *exchange = rig->held;
    char piece[PUMP_PIECE];
    while (rig->pumped < PUMP_SIZE && http_stream_waiting(exchange) <= PUMP_LIMIT) {
        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = (char)('a' + (rig->pumped + i) % 23);
        http_stream_write(exchange, (struct slice){piece, sizeof piece});
        http_stream_flush(exchange);
        note_waiting(rig, exchange);
        rig->pumped += sizeof piece;
    }
    if (rig->pumped < PUMP_SIZE) {
        count(rig, &rig->pauses);
    } else {
        rig->held = NULL;
        http_stream_end(exchange);
    }
}

static void be_rude(struct rig *rig, struct http_exchange *exchange) {
    static const char piece[PUMP_PIECE];
    http_stream_begin(exchange, 200, NULL);
    for (int i = 0; i < 4096; i++) {
        http_stream_write(exchange, (struct slice){piece, sizeof piece});
        http_stream_flush(exchange);
        note_waiting(rig, exchange);
    }
}

static void echo(struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    struct buffer body = {0};
    buffer_printf(&body, "%.*s %.*s?%.*s %.*s", SLICE_ARG(request->method),
                  SLICE_ARG(request->path), SLICE_ARG(request->query), SLICE_ARG(request->body));
    http_reply(exchange, 200, "text/plain", buffer_slice(&body));
    buffer_finish(&body);
}

static void reply_large(struct http_exchange *exchange) {
    size_t size = (size_t)8 << 20;
    char *body = memory_zeroed(1, size);
    http_reply(exchange, 200, "application/octet-stream", (struct slice){body, size});
    free(body);
}

static void stream_three(struct http_exchange *exchange) {
    http_stream_begin(exchange, 200, "text/event-stream");
    http_stream_write(exchange, SLICE("one"));
    http_stream_flush(exchange);
    http_stream_write(exchange, SLICE("t"));
    http_stream_write(exchange, SLICE("wo"));
    http_stream_flush(exchange);
    http_stream_flush(exchange); /* nothing new: no empty chunk, which would be the last */
    http_stream_write(exchange, SLICE(""));
    http_stream_flush(exchange);
    http_stream_write(exchange, SLICE("three"));
    http_stream_end(exchange);
}

static void handle_held(struct rig *rig, struct http_exchange *exchange, struct slice path) {
    struct http_watch watch = {.gone = on_gone, .user = rig};
    rig->held = exchange;
    rig->held_streams = false;
    if (slice_is(path, "/forget"))
        return;
    if (slice_is(path, "/pump"))
        watch.drained = pump;
    http_exchange_watch(exchange, &watch);
    if (slice_is(path, "/open")) {
        rig->held_streams = true;
        http_stream_begin(exchange, 200, "text/event-stream");
        http_stream_write(exchange, SLICE("begun"));
        http_stream_flush(exchange);
    } else if (slice_is(path, "/pump")) {
        rig->pumped = 0;
        http_stream_begin(exchange, 200, NULL);
        pump(rig);
    } else if (slice_is(path, "/rude")) {
        be_rude(rig, exchange);
    }
}

static void handle(void *user, struct http_exchange *exchange) {
    struct rig *rig = user;
    struct slice path = http_exchange_request(exchange)->path;
    count(rig, &rig->requests); /* first: a client that has its reply finds it counted */
    if (slice_starts_with(path, SLICE("/echo"))) {
        echo(exchange);
    } else if (slice_is(path, "/headers")) {
        http_exchange_add_header(exchange, "X-One", SLICE("1"));
        http_exchange_add_header(exchange, "X-Empty", SLICE(""));
        http_reply(exchange, 204, NULL, SLICE(""));
    } else if (slice_is(path, "/stream")) {
        stream_three(exchange);
    } else if (slice_is(path, "/large")) {
        reply_large(exchange);
    } else if (slice_is(path, "/hold") || slice_is(path, "/forget") || slice_is(path, "/open") ||
               slice_is(path, "/pump") || slice_is(path, "/rude")) {
        handle_held(rig, exchange, path);
    } else {
        http_reply(exchange, 404, NULL, SLICE(""));
    }
}

struct http_options rig_options(void) {
    struct http_options options = http_options_default();
    options.address = "127.0.0.1:0";
    options.body_max = 1000;
    return options;
}

static void *run_loop(void *user) {
    struct rig *rig = user;
    loop_run(rig->loop);
    return NULL;
}

void rig_start(struct rig *rig, const struct http_options *options) {
    struct fault fault;
    *rig = (struct rig){0};
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->changed, NULL);
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    rig->loop = loop_create();
    if (!http_server_create(rig->loop, options, handle, rig, &rig->server, &fault))
        fail_msg("%s", fault.message);
    rig->port = http_server_port(rig->server);
    assert_int_equal(pthread_create(&rig->thread, NULL, run_loop, rig), 0);
}

struct call {
    struct rig *rig;
    void (*run)(struct rig *rig);
    atomic_int done;
};

static void run_call(void *user) {
    struct call *call = user;
    call->run(call->rig);
    count(call->rig, &call->done);
}

void rig_call(struct rig *rig, void (*run)(struct rig *rig)) {
    struct call call = {.rig = rig, .run = run};
    loop_post(rig->loop, run_call, &call);
    rig_wait(rig, &call.done, 1);
}

static void destroy_server(struct rig *rig) {
    http_server_destroy(rig->server);
}

void rig_stop(struct rig *rig) {
    rig_call(rig, destroy_server);
    loop_stop(rig->loop);
    pthread_join(rig->thread, NULL);
    loop_destroy(rig->loop);
    pthread_mutex_destroy(&rig->lock);
    pthread_cond_destroy(&rig->changed);
}

static void release(struct rig *rig) {
    struct http_exchange *exchange = rig->held;
    rig->held = NULL;
    if (!exchange)
        return;
    if (rig->held_streams) {
        http_stream_write(exchange, SLICE("ended"));
        http_stream_end(exchange);
    } else {
        http_reply(exchange, 200, "text/plain", SLICE("released"));
    }
}

void rig_release(struct rig *rig) {
    rig_call(rig, release);
}

static void on_emptied(void *user) {
    struct rig *rig = user;
    count(rig, &rig->emptied);
}

static void drain(struct rig *rig) {
    http_server_drain(rig->server, on_emptied, rig);
}

void rig_drain(struct rig *rig) {
    rig_call(rig, drain);
}

/* ---- client ---- */

void client_open(struct client *client, const struct rig *rig) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)rig->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int on = 1;
    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(client->fd >= 0);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail_msg("connect: %s", strerror(errno));
}

void client_close(struct client *client) {
    close(client->fd);
    buffer_finish(&client->in);
}

bool client_send(struct client *client, struct slice bytes) {
    while (bytes.size > 0) {
        ssize_t sent = send(client->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = slice_from(bytes, (size_t)sent);
    }
    return true;
}

void client_say(struct client *client, const char *text) {
    assert_true(client_send(client, slice_of(text)));
}

/* False at the end of the connection. */
static bool receive(struct client *client) {
    char *to = buffer_reserve(&client->in, 65536);
    ssize_t size = recv(client->fd, to, 65536, 0);
    if (size < 0)
        fail_msg("receiving: %s, after: %s", strerror(errno), buffer_string(&client->in));
    client->in.size += (size_t)size;
    return size > 0;
}

void client_fill(struct client *client, size_t size) {
    while (client->in.size < size)
        if (!receive(client))
            fail_msg("the connection ended after: %s", buffer_string(&client->in));
}

void client_read_end(struct client *client) {
    while (receive(client)) {
        /* More may come. */
    }
}

/* Moves the first `size` bytes, which it waits for. */
static void take(struct client *client, size_t size, struct buffer *to) {
    client_fill(client, size);
    buffer_append(to, slice_first(buffer_slice(&client->in), size));
    buffer_consume(&client->in, size);
}

/* Waits for `end` and returns how far it reaches. */
static size_t await(struct client *client, struct slice end) {
    for (;;) {
        size_t at = slice_find(buffer_slice(&client->in), end);
        if (at != SIZE_MAX)
            return at + end.size;
        client_fill(client, client->in.size + 1);
    }
}

static void read_chunks(struct client *client, struct buffer *body) {
    for (;;) {
        struct buffer line = {0}, end = {0};
        take(client, await(client, SLICE("\r\n")), &line);
        size_t size = strtoul(buffer_string(&line), NULL, 16);
        buffer_finish(&line);
        take(client, size, body);
        take(client, 2, &end);
        assert_string_equal(buffer_string(&end), "\r\n");
        buffer_finish(&end);
        if (size == 0)
            return;
    }
}

bool reply_has(const struct reply *reply, const char *line) {
    struct buffer text = {0};
    buffer_printf(&text, "\r\n%s\r\n", line);
    bool found = slice_find(buffer_slice(&reply->head), buffer_slice(&text)) != SIZE_MAX;
    buffer_finish(&text);
    return found;
}

void reply_finish(struct reply *reply) {
    buffer_finish(&reply->head);
    buffer_finish(&reply->body);
}

void client_read(struct client *client, struct reply *reply, bool bare) {
    reply_finish(reply);
    take(client, await(client, SLICE("\r\n\r\n")), &reply->head);
    const char *text = buffer_string(&reply->head);
    struct slice head = buffer_slice(&reply->head);
    assert_true(slice_starts_with(head, SLICE("HTTP/1.1 ")));
    reply->status = atoi(text + 9);
    if (bare)
        return;
    size_t length = slice_find(head, SLICE("Content-Length: "));
    if (reply_has(reply, "Transfer-Encoding: chunked"))
        read_chunks(client, &reply->body);
    else if (length != SIZE_MAX)
        take(client, strtoul(text + length + 16, NULL, 10), &reply->body);
}

void client_ask(struct client *client, const char *text, int status, const char *body) {
    struct reply reply = {0};
    client_say(client, text);
    client_read(client, &reply, false);
    assert_int_equal(reply.status, status);
    assert_string_equal(buffer_string(&reply.body), body);
    reply_finish(&reply);
}
