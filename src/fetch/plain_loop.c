#include "fetch/plain_loop.h"
#include "base/memory.h"
#include "loop/loop.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ADDRESSES_MAX = 16,
    RESOLVED_MS = 60 * 1000, /* how long addresses are trusted */
    IDLE_MAX = 1024,         /* connections kept, of all origins */
    IDLE_MS = 60 * 1000,     /* and for how long */
    SWEEP_MS = 15 * 1000,
    ATTEMPT_MS = 2000, /* for an address when others are left */
};

struct address {
    socklen_t size;
    struct sockaddr_storage name;
};

/* A name being resolved. It outlives an origin that is given up meanwhile. */
struct resolution {
    uv_getaddrinfo_t request;
    struct origin *origin; /* NULL when nobody waits any more */
};

struct origin {
    LIST_ENTRY(origin) all;
    struct plain_loop *plain;
    char *host;
    uint16_t port;
    size_t users; /* fetches and connections */
    LIST_HEAD(, plain_fetch) waiting;
    LIST_HEAD(, plain_connection) idle;
    struct resolution *resolution; /* NULL when none is under way */
    int64_t expires_at;            /* monotonic, of the addresses */
    size_t address_count;
    struct address *addresses;
};

struct plain_loop {
    struct fetcher *fetcher;
    uv_loop_t *uv;
    LIST_HEAD(, origin) origins; /* few: the configured servers */
    size_t idle_count;
    struct timer sweep;
    char read_buffer[PLAIN_READ_SIZE];
};

char *plain_loop_read_buffer(struct plain_loop *plain) {
    return plain->read_buffer;
}

/* ---- origins ---- */

struct origin *plain_origin_take(struct plain_loop *plain, struct slice host, uint16_t port) {
    struct origin *origin;
    LIST_FOREACH(origin, &plain->origins, all) {
        if (origin->port == port && slice_equal_nocase(slice_of(origin->host), host)) {
            origin->users++;
            return origin;
        }
    }
    origin = memory_zeroed(1, sizeof *origin);
    origin->plain = plain;
    origin->host = slice_to_string(host);
    origin->port = port;
    origin->users = 1;
    LIST_INIT(&origin->waiting);
    LIST_INIT(&origin->idle);
    LIST_INSERT_HEAD(&plain->origins, origin, all);
    return origin;
}

void plain_origin_give(struct origin *origin) {
    assert(origin->users > 0);
    if (--origin->users > 0)
        return;
    if (origin->resolution) {
        origin->resolution->origin = NULL;
        uv_cancel((uv_req_t *)&origin->resolution->request); /* if it has not begun */
    }
    LIST_REMOVE(origin, all);
    free(origin->addresses);
    free(origin->host);
    free(origin);
}

/* ---- connections ---- */

static void on_poll(uv_poll_t *poll, int status, int events);
static bool try_address(struct plain_fetch *fetch, size_t index, int *ret_error);

void plain_poll(struct plain_connection *connection, int events) {
    /* Each change costs two system calls in libuv. */
    if (connection->polled == events)
        return;
    connection->polled = (uint8_t)events;
    if (events)
        uv_poll_start(&connection->poll, events, on_poll);
    else
        uv_poll_stop(&connection->poll);
}

static void free_connection(uv_handle_t *handle) {
    free(handle->data);
}

static void stop_attempt(struct plain_connection *connection) {
    if (!connection->attempt)
        return;
    timer_stop(connection->attempt);
    free(connection->attempt);
    connection->attempt = NULL;
}

/* The memory stays until libuv has let go of it. */
static void close_connection(struct plain_connection *connection) {
    stop_attempt(connection);
    uv_close((uv_handle_t *)&connection->poll, free_connection);
    close(connection->fd);
    plain_origin_give(connection->origin);
}

static void close_idle(struct plain_connection *connection) {
    LIST_REMOVE(connection, idle);
    connection->origin->plain->idle_count--;
    close_connection(connection);
}

/* Those that are idle since `latest` or longer. */
static void close_idle_since(struct plain_loop *plain, int64_t latest) {
    struct origin *next_origin;
    for (struct origin *origin = LIST_FIRST(&plain->origins); origin; origin = next_origin) {
        next_origin = LIST_NEXT(origin, all); /* it goes with its last connection */
        struct plain_connection *next;
        for (struct plain_connection *at = LIST_FIRST(&origin->idle); at; at = next) {
            next = LIST_NEXT(at, idle);
            if (at->idle_since <= latest)
                close_idle(at);
        }
    }
}

static void on_sweep(void *user) {
    struct plain_loop *plain = user;
    close_idle_since(plain, loop_now_ms(plain->fetcher->loop) - IDLE_MS);
    if (plain->idle_count > 0)
        timer_set(&plain->sweep, SWEEP_MS);
}

static void keep_connection(struct plain_connection *connection) {
    struct plain_loop *plain = connection->origin->plain;
    connection->idle_since = loop_now_ms(plain->fetcher->loop);
    connection->reused = true;
    LIST_INSERT_HEAD(&connection->origin->idle, connection, idle);
    plain->idle_count++;
    plain_poll(connection, UV_READABLE); /* to notice when the server closes it */
    if (!timer_active(&plain->sweep))
        timer_set(&plain->sweep, SWEEP_MS);
}

void plain_disconnect(struct plain_fetch *fetch, bool keep) {
    struct plain_connection *connection = fetch->connection;
    fetch->connection = NULL;
    connection->user = NULL;
    if (keep && connection->origin->plain->idle_count < IDLE_MAX)
        keep_connection(connection);
    else
        close_connection(connection);
}

/* Open and with nothing to read: what came unasked, or the end, makes it useless. */
static bool still_usable(const struct plain_connection *connection) {
    char byte;
    return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static bool take_idle(struct plain_fetch *fetch) {
    struct origin *origin = fetch->origin;
    for (struct plain_connection *connection; (connection = LIST_FIRST(&origin->idle));) {
        if (!still_usable(connection)) {
            close_idle(connection);
            continue;
        }
        LIST_REMOVE(connection, idle);
        origin->plain->idle_count--;
        connection->user = fetch;
        fetch->connection = connection;
        return true;
    }
    return false;
}

/* ---- connecting ---- */

static void fail(struct plain_fetch *fetch, const char *code, const char *text) {
    struct fault fault;
    fetch_fault(&fetch->fetch, &fault, FAULT_PROVIDER_NETWORK, code, "%s", text);
    fetch_fail(&fetch->fetch, &fault);
}

/* Tries one address after the other until one does not fail at once. */
static void try_addresses(struct plain_fetch *fetch, size_t first) {
    int error = EADDRNOTAVAIL;
    for (size_t i = first; i < fetch->origin->address_count; i++)
        if (try_address(fetch, i, &error))
            return;
    char text[128];
    snprintf(text, sizeof text, "cannot connect: %s", uv_strerror(-error));
    fail(fetch, "connect", text);
}

static void try_next_address(struct plain_fetch *fetch, int error) {
    struct plain_connection *connection = fetch->connection;
    size_t next = connection->address + 1;
    plain_disconnect(fetch, false);
    if (next < fetch->origin->address_count) {
        try_addresses(fetch, next);
        return;
    }
    fetch->origin->expires_at = 0; /* asked again the next time */
    char text[128];
    snprintf(text, sizeof text, "cannot connect: %s", uv_strerror(-error));
    fail(fetch, "connect", text);
}

static void on_attempt_timeout(void *user) {
    struct plain_connection *connection = user;
    try_next_address(connection->user, ETIMEDOUT);
}

static void finish_connecting(struct plain_connection *connection) {
    struct plain_fetch *fetch = connection->user;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0) {
        try_next_address(fetch, error);
        return;
    }
    stop_attempt(connection);
    connection->connected = true;
    plain_fetch_connected(fetch);
}

static void start_attempt_timer(struct plain_connection *connection) {
    struct origin *origin = connection->origin;
    if (connection->address + 1 >= origin->address_count)
        return; /* the connect deadline is enough */
    connection->attempt = memory_allocate(sizeof *connection->attempt);
    timer_init(connection->attempt, origin->plain->fetcher->loop, on_attempt_timeout, connection);
    timer_set(connection->attempt, ATTEMPT_MS);
}

static int open_socket(const struct address *address, bool *ret_connected, int *ret_error) {
    int fd = socket(address->name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        *ret_error = errno;
        return -1;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *ret_connected = connect(fd, (const struct sockaddr *)&address->name, address->size) == 0;
    if (!*ret_connected && errno != EINPROGRESS) {
        *ret_error = errno;
        close(fd);
        return -1;
    }
    return fd;
}

/* False when it failed at once. */
static bool try_address(struct plain_fetch *fetch, size_t index, int *ret_error) {
    struct origin *origin = fetch->origin;
    bool connected;
    int fd = open_socket(&origin->addresses[index], &connected, ret_error);
    if (fd < 0)
        return false;
    struct plain_connection *connection = memory_zeroed(1, sizeof *connection);
    int status = uv_poll_init(origin->plain->uv, &connection->poll, fd);
    if (status != 0) {
        *ret_error = -status;
        close(fd);
        free(connection);
        return false;
    }
    connection->poll.data = connection;
    connection->fd = fd;
    connection->address = index;
    connection->origin = origin;
    origin->users++;
    connection->user = fetch;
    fetch->connection = connection;
    if (connected) {
        connection->connected = true;
        plain_fetch_connected(fetch);
    } else {
        start_attempt_timer(connection);
        plain_poll(connection, UV_WRITABLE);
    }
    return true;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct plain_connection *connection = poll->data;
    if (status < 0)
        connection->polled = 0; /* libuv has stopped it */
    if (!connection->user) {
        close_idle(connection);
        return;
    }
    struct fetcher *fetcher = connection->user->fetch.fetcher;
    fetcher_enter(fetcher);
    if (connection->connected)
        plain_fetch_ready(connection->user, events, status < 0);
    else
        finish_connecting(connection);
    fetcher_leave(fetcher);
}

/* ---- names ---- */

static void set_addresses(struct origin *origin, struct address *addresses, size_t count,
                          int64_t expires_at) {
    free(origin->addresses);
    origin->addresses = addresses;
    origin->address_count = count;
    origin->expires_at = expires_at;
}

/* An address written as such needs no resolver. */
static bool take_literal(struct origin *origin) {
    struct address address = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&address.name;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address.name;
    if (inet_pton(AF_INET, origin->host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(origin->port);
        address.size = sizeof *four;
    } else if (inet_pton(AF_INET6, origin->host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(origin->port);
        address.size = sizeof *six;
    } else {
        return false;
    }
    struct address *copy = memory_allocate(sizeof *copy);
    *copy = address;
    set_addresses(origin, copy, 1, INT64_MAX);
    return true;
}

static void take_resolved(struct origin *origin, const struct addrinfo *list) {
    struct address *addresses = memory_zeroed(ADDRESSES_MAX, sizeof *addresses);
    size_t count = 0;
    for (; list && count < ADDRESSES_MAX; list = list->ai_next) {
        if (list->ai_addrlen > sizeof addresses->name)
            continue;
        addresses[count].size = list->ai_addrlen;
        memcpy(&addresses[count].name, list->ai_addr, list->ai_addrlen);
        count++;
    }
    set_addresses(origin, addresses, count,
                  loop_now_ms(origin->plain->fetcher->loop) + RESOLVED_MS);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list) {
    struct resolution *resolution = request->data;
    struct origin *origin = resolution->origin;
    free(resolution);
    if (origin) {
        origin->resolution = NULL;
        origin->users++; /* failures may take the last fetch away */
        if (status == 0)
            take_resolved(origin, list);
        for (struct plain_fetch *fetch; (fetch = LIST_FIRST(&origin->waiting));) {
            LIST_REMOVE(fetch, waiting);
            fetch->is_waiting = false;
            if (status == 0)
                try_addresses(fetch, 0);
            else
                fail(fetch, "resolve", uv_strerror(status));
        }
        plain_origin_give(origin);
    }
    uv_freeaddrinfo(list);
}

static void wait_for_name(struct plain_fetch *fetch) {
    struct origin *origin = fetch->origin;
    if (!origin->resolution) {
        struct resolution *resolution = memory_zeroed(1, sizeof *resolution);
        struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
        char port[8];
        snprintf(port, sizeof port, "%u", origin->port);
        resolution->request.data = resolution;
        int status = uv_getaddrinfo(origin->plain->uv, &resolution->request, on_resolved,
                                    origin->host, port, &hints);
        if (status != 0) {
            free(resolution);
            fail(fetch, "resolve", uv_strerror(status));
            return;
        }
        resolution->origin = origin;
        origin->resolution = resolution;
    }
    LIST_INSERT_HEAD(&origin->waiting, fetch, waiting);
    fetch->is_waiting = true;
}

void plain_connect(struct plain_fetch *fetch, bool fresh) {
    struct origin *origin = fetch->origin;
    if (!fresh && take_idle(fetch)) {
        plain_fetch_connected(fetch);
        return;
    }
    bool known =
        origin->address_count > 0 && origin->expires_at > loop_now_ms(origin->plain->fetcher->loop);
    if (known || take_literal(origin))
        try_addresses(fetch, 0);
    else
        wait_for_name(fetch);
}

/* ---- the whole ---- */

struct plain_loop *plain_loop_create(struct fetcher *fetcher) {
    struct plain_loop *plain = memory_zeroed(1, sizeof *plain);
    plain->fetcher = fetcher;
    plain->uv = loop_uv(fetcher->loop);
    LIST_INIT(&plain->origins);
    timer_init(&plain->sweep, fetcher->loop, on_sweep, plain);
    return plain;
}

void plain_loop_destroy(struct plain_loop *plain) {
    if (!plain)
        return;
    timer_stop(&plain->sweep);
    close_idle_since(plain, INT64_MAX);
    assert(LIST_EMPTY(&plain->origins));
    free(plain);
}
