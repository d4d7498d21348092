#include "http/server.h"
#include "base/memory.h"
#include "http/connection.h"
#include "loop/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    ACCEPTS_AT_ONCE = 64,  /* then the other sockets have their turn */
    ACCEPT_PAUSE_MS = 100, /* without file descriptors: others may close some meanwhile */
    SURPLUS_MAX = 256,     /* connections being told 503 at a time; more are closed unheard */
    HEADER_MAX_LIMIT = 64 * 1024, /* http-parser's own limit is 80 KiB */
};

struct http_options http_options_default(void) {
    return (struct http_options){
        .header_max = 16384,
        .body_max = 1 << 20,
        .connections_max = 20000,
        .output_max = 1 << 20,
        .header_timeout_ms = 10000,
        .body_timeout_ms = 10000,
        .idle_timeout_ms = 75000,
        .write_timeout_ms = 60000,
    };
}

/* --- Address --- */

static bool read_port(struct slice text, int *ret_port) {
    int64_t port;
    if (text.size == 0 || text.data[0] < '0' || text.data[0] > '9' ||
        !slice_to_int64(text, &port) || port > 65535)
        return false;
    *ret_port = (int)port;
    return true;
}

/* "host:port", the host without the brackets of IPv6. */
static bool split_address(struct slice text, char host[HTTP_PEER_SIZE], int *ret_port) {
    struct slice name, port;
    if (text.size > 0 && text.data[0] == '[') {
        size_t end = slice_find_byte(text, ']');
        if (end == SIZE_MAX || end + 1 >= text.size || text.data[end + 1] != ':')
            return false;
        name = slice_from(slice_first(text, end), 1);
        port = slice_from(text, end + 2);
    } else {
        size_t colon = slice_find_byte(text, ':');
        if (colon == SIZE_MAX)
            return false;
        name = slice_first(text, colon);
        port = slice_from(text, colon + 1);
    }
    if (slice_is(name, "localhost"))
        name = SLICE("127.0.0.1");
    if (name.size >= HTTP_PEER_SIZE)
        return false;
    memcpy(host, name.data, name.size);
    host[name.size] = '\0';
    return read_port(port, ret_port);
}

static bool read_address(const char *text, struct sockaddr_storage *ret_address) {
    char host[HTTP_PEER_SIZE];
    int port;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    *ret_address = (struct sockaddr_storage){0};
    if (!split_address(slice_of(text), host, &port))
        return false;
    v4.sin_port = v6.sin6_port = htons((uint16_t)port);
    if (host[0] != '\0' && inet_pton(AF_INET, host, &v4.sin_addr) == 1)
        memcpy(ret_address, &v4, sizeof v4);
    else if (host[0] == '\0' || inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
        memcpy(ret_address, &v6, sizeof v6); /* none is "::": both families */
    else
        return false;
    return true;
}

static void format_peer(const struct sockaddr_storage *address, char peer[HTTP_PEER_SIZE]) {
    peer[0] = '\0';
    if (address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, peer, HTTP_PEER_SIZE);
    } else if (address->ss_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(v6)) /* who comes over IPv4 is named so on a socket for both */
            inet_ntop(AF_INET, &v6->s6_addr[12], peer, HTTP_PEER_SIZE);
        else
            inet_ntop(AF_INET6, v6, peer, HTTP_PEER_SIZE);
    }
}

/* --- Listening --- */

static bool set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* A listening socket, or -1 and errno. Accepted ones inherit TCP_NODELAY. */
static int listen_on(const struct sockaddr_storage *address, bool share_port) {
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    socklen_t size =
        address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
        (!share_port || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
        (address->ss_family == AF_INET || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
        bind(fd, (const struct sockaddr *)address, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* In network order; it stands at the same place in both families. */
static in_port_t port_of(const struct sockaddr_storage *address) {
    struct sockaddr_in either;
    memcpy(&either, address, sizeof either);
    return either.sin_port;
}

static int open_listener(const struct http_options *options, struct fault *fault) {
    struct sockaddr_storage address;
    if (!options->address || !read_address(options->address, &address)) {
        fault_set(fault, FAULT_CONFIG,
                  "cannot listen on \"%s\": not an address and port, such as 127.0.0.1:8080, "
                  "[::1]:8080 or :8080",
                  options->address ? options->address : "");
        return -1;
    }
    int fd = listen_on(&address, options->share_port);
    if (fd < 0 && errno == EAFNOSUPPORT && options->address[0] == ':') {
        /* A kernel without IPv6. */
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = port_of(&address)};
        memcpy(&address, &any, sizeof any);
        fd = listen_on(&address, options->share_port);
    }
    if (fd < 0) {
        char reason[128];
        fault_set(fault, FAULT_CONFIG, "cannot listen on %s: %s", options->address,
                  strerror_r(errno, reason, sizeof reason));
    }
    return fd;
}

static int bound_port(int fd) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(port_of(&address));
}

/* --- Accepting --- */

static void on_acceptable(uv_poll_t *listener, int status, int events);

static void start_accepting(void *user) {
    struct http_server *server = user;
    if (server->listening)
        uv_poll_start(&server->listener, UV_READABLE, on_acceptable);
}

/* False when there is nothing more to accept for now. */
static bool accept_one(struct http_server *server) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    int fd =
        accept4(server->socket, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* The socket stays readable: polling it now would spin. */
            uv_poll_stop(&server->listener);
            timer_set(&server->accept_timer, ACCEPT_PAUSE_MS);
        }
        return errno == EINTR || errno == ECONNABORTED;
    }
    bool surplus = server->connections >= server->options.connections_max;
    if (surplus && server->surplus >= SURPLUS_MAX) {
        close(fd);
        return true;
    }
    char peer[HTTP_PEER_SIZE];
    format_peer(&address, peer);
    connection_open(server, fd, peer, surplus);
    return true;
}

static void on_acceptable(uv_poll_t *listener, int status, int events) {
    (void)events;
    struct http_server *server = listener->data;
    if (status < 0)
        return;
    for (int i = 0; i < ACCEPTS_AT_ONCE && accept_one(server); i++) {
        /* Each call takes one. */
    }
}

/* --- Requests that were left when a reply ended --- */

static void on_resume(uv_idle_t *idle) {
    struct http_server *server = idle->data;
    struct connection *connection = server->resume_first;
    server->resume_first = NULL;
    uv_idle_stop(idle);
    while (connection) {
        struct connection *next = connection->resume_next;
        connection->resuming = false;
        connection_resume(connection);
        connection = next;
    }
}

void server_resume_later(struct http_server *server, struct connection *connection) {
    if (connection->resuming)
        return;
    connection->resuming = true;
    connection->resume_next = server->resume_first;
    server->resume_first = connection;
    uv_idle_start(&server->resume, on_resume);
}

/* --- Beginning and end --- */

static void on_handle_closed(uv_handle_t *handle) {
    server_handle_closed(handle->data);
}

bool http_server_create(struct loop *loop, const struct http_options *options,
                        http_handler *handler, void *user, struct http_server **ret_server,
                        struct fault *fault) {
    if (options->header_max < 64 || options->header_max > HEADER_MAX_LIMIT)
        return fault_set(fault, FAULT_CONFIG, "header_max must be 64 to %d bytes",
                         HEADER_MAX_LIMIT);
    int fd = open_listener(options, fault);
    if (fd < 0)
        return false;
    struct http_server *server = memory_zeroed(1, sizeof *server);
    server->loop = loop;
    server->options = *options;
    server->options.address = NULL; /* the caller's */
    server->handler = handler;
    server->user = user;
    server->socket = fd;
    server->port = bound_port(fd);
    server->read_scratch = memory_allocate(HTTP_READ_SIZE);
    timer_init(&server->accept_timer, loop, start_accepting, server);
    uv_idle_init(loop_uv(loop), &server->resume);
    server->resume.data = server;
    server->handles = 1;
    int error = uv_poll_init(loop_uv(loop), &server->listener, fd);
    if (error != 0) {
        close(fd);
        http_server_destroy(server);
        return fault_set(fault, FAULT_INTERNAL, "cannot watch the listening socket: %s",
                         uv_strerror(error));
    }
    server->listener.data = server;
    server->handles++;
    server->listening = true;
    start_accepting(server);
    *ret_server = server;
    return true;
}

int http_server_port(const struct http_server *server) {
    return server->port;
}

size_t http_server_connections(const struct http_server *server) {
    return server->connections;
}

static void close_listener(struct http_server *server) {
    if (!server->listening)
        return;
    server->listening = false;
    timer_stop(&server->accept_timer);
    uv_close((uv_handle_t *)&server->listener, on_handle_closed);
    close(server->socket); /* uv_poll does not own it; uv_close has already let go of it */
}

static void tell_drained(struct http_server *server) {
    void (*drained)(void *user) = server->drained;
    if (!drained || server->first)
        return;
    server->drained = NULL;
    drained(server->drained_user);
}

void http_server_drain(struct http_server *server, void (*drained)(void *user), void *user) {
    server->draining = true;
    server->drained = drained;
    server->drained_user = user;
    close_listener(server);
    for (struct connection *at = server->first, *next; at; at = next) {
        next = at->next;
        if (connection_idle(at))
            connection_cut(at);
    }
    tell_drained(server);
}

void http_server_destroy(struct http_server *server) {
    if (!server || server->destroyed)
        return;
    server->destroyed = true;
    close_listener(server);
    for (struct connection *at = server->first; at; at = at->next)
        connection_cut(at);
    uv_close((uv_handle_t *)&server->resume, on_handle_closed);
}

void server_connection_closed(struct http_server *server, struct connection *connection) {
    if (connection->resuming) {
        struct connection **at = &server->resume_first;
        while (*at != connection)
            at = &(*at)->resume_next;
        *at = connection->resume_next;
    }
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    *(connection->surplus ? &server->surplus : &server->connections) -= 1;
    if (!server->first)
        tell_drained(server);
}

void server_handle_closed(struct http_server *server) {
    if (--server->handles > 0 || !server->destroyed)
        return;
    buffer_finish(&server->scratch);
    free(server->read_scratch);
    free(server);
}
