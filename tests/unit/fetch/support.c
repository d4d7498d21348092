#include "support.h"
#include "base/memory.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- server ---- */

static void *serve_peer(void *user) {
    struct peer *peer = user;
    peer->server->serve(peer);
    pthread_mutex_lock(&peer->server->lock);
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
    pthread_mutex_unlock(&peer->server->lock);
    return NULL;
}

static void *accept_all(void *user) {
    struct server *server = user;
    for (;;) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL; /* the listener was shut down */
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        atomic_fetch_add(&server->connections, 1);
        struct peer *peer = memory_zeroed(1, sizeof *peer);
        peer->server = server;
        peer->fd = fd;
        pthread_mutex_lock(&server->lock);
        peer->next = server->peers;
        server->peers = peer;
        pthread_create(&peer->thread, NULL, serve_peer, peer);
        pthread_mutex_unlock(&server->lock);
    }
}

struct server *server_start_at(const char *host, void (*serve)(struct peer *peer), void *user) {
    struct server *server = memory_zeroed(1, sizeof *server);
    server->serve = serve;
    server->user = user;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(host)};
    socklen_t size = sizeof address;
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, size) != 0 ||
        listen(server->fd, 1024) != 0 ||
        getsockname(server->fd, (struct sockaddr *)&address, &size) != 0) {
        perror("test server");
        abort();
    }
    server->port = ntohs(address.sin_port);
    pthread_create(&server->thread, NULL, accept_all, server);
    return server;
}

struct server *server_start(void (*serve)(struct peer *peer), void *user) {
    return server_start_at("127.0.0.1", serve, user);
}

void server_stop(struct server *server) {
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    for (struct peer *peer = server->peers; peer; peer = peer->next)
        if (peer->fd >= 0)
            shutdown(peer->fd, SHUT_RDWR);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    while (server->peers) {
        struct peer *peer = server->peers;
        server->peers = peer->next;
        pthread_join(peer->thread, NULL);
        buffer_finish(&peer->head);
        buffer_finish(&peer->body);
        buffer_finish(&peer->rest);
        free(peer);
    }
    close(server->fd);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

void server_raise_gate(struct server *server) {
    pthread_mutex_lock(&server->lock);
    server->gate++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

void peer_wait_gate(struct peer *peer, int count) {
    struct server *server = peer->server;
    pthread_mutex_lock(&server->lock);
    while (server->gate < count && !server->stopping)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

static bool read_more(struct peer *peer) {
    ssize_t got = recv(peer->fd, buffer_reserve(&peer->rest, 65536), 65536, 0);
    if (got <= 0)
        return false;
    peer->rest.size += (size_t)got;
    return true;
}

static size_t declared_length(struct slice head) {
    size_t at = slice_find(head, SLICE("\r\nContent-Length: "));
    return at == SIZE_MAX ? 0 : strtoul(head.data + at + 18, NULL, 10);
}

bool peer_read_request(struct peer *peer) {
    size_t end;
    while ((end = slice_find(buffer_slice(&peer->rest), SLICE("\r\n\r\n"))) == SIZE_MAX)
        if (!read_more(peer))
            return false;
    buffer_clear(&peer->head);
    buffer_clear(&peer->body);
    buffer_append(&peer->head, slice_first(buffer_slice(&peer->rest), end + 4));
    buffer_string(&peer->head);
    buffer_consume(&peer->rest, end + 4);
    size_t length = declared_length(buffer_slice(&peer->head));
    while (peer->rest.size < length)
        if (!read_more(peer))
            return false;
    buffer_append(&peer->body, slice_first(buffer_slice(&peer->rest), length));
    buffer_consume(&peer->rest, length);
    atomic_fetch_add(&peer->server->requests, 1);
    return true;
}

bool peer_asks(const struct peer *peer, const char *beginning) {
    return slice_starts_with(buffer_slice(&peer->head), slice_of(beginning));
}

void peer_send_bytes(struct peer *peer, const void *bytes, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(peer->fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0)
            return;
        sent += (size_t)count;
    }
}

void peer_send(struct peer *peer, const char *text) {
    peer_send_bytes(peer, text, strlen(text));
}

void peer_reset(struct peer *peer) {
    struct linger hard = {1, 0};
    pthread_mutex_lock(&peer->server->lock);
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(peer->fd);
    peer->fd = -1;
    pthread_mutex_unlock(&peer->server->lock);
}

void peer_wait_closed(struct peer *peer) {
    char byte;
    while (recv(peer->fd, &byte, 1, 0) > 0)
        ;
}

const char *server_url(const struct server *server, const char *path) {
    static char texts[8][128];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    snprintf(text, sizeof texts[0], "http://127.0.0.1:%u%s", server->port, path);
    return text;
}

/* ---- client ---- */

void client_init(struct client *client, struct fetcher *(*create)(struct loop *loop)) {
    client->loop = loop_create();
    client->fetcher = create(client->loop);
    client->pending = 0;
}

void client_finish(struct client *client) {
    fetcher_destroy(client->fetcher);
    loop_destroy(client->loop);
}

static void done(struct client *client) {
    if (--client->pending == 0)
        loop_stop(client->loop);
}

static void on_head(void *user, const struct fetch_head *head) {
    struct call *call = user;
    call->heads++;
    call->status = head->status;
    for (size_t i = 0; i < head->header_count; i++)
        buffer_printf(&call->headers, "%.*s: %.*s\n", SLICE_ARG(head->headers[i].name),
                      SLICE_ARG(head->headers[i].value));
    if (call->on_head)
        call->on_head(call);
}

static void on_data(void *user, struct slice bytes) {
    struct call *call = user;
    call->pieces++;
    buffer_append(&call->body, bytes);
    if (call->on_data)
        call->on_data(call);
}

static void on_end(void *user, const struct fault *fault) {
    struct call *call = user;
    call->ends++;
    call->failed = fault != NULL;
    if (fault)
        call->fault = *fault;
    struct client *client = call->client;
    if (call->on_end)
        call->on_end(call);
    done(client);
}

void call_start(struct client *client, struct call *call, const struct fetch_request *request) {
    static const struct fetch_handler handler = {on_head, on_data, on_end};
    call->client = client;
    client->pending++;
    call->fetch = fetch_start(client->fetcher, request, &handler, call);
}

void call_cancel(struct call *call) {
    fetch_cancel(call->fetch);
    done(call->client);
}

void call_finish(struct call *call) {
    buffer_finish(&call->headers);
    buffer_finish(&call->body);
}

void client_run(struct client *client) {
    loop_run(client->loop);
}

void call_get(struct client *client, struct call *call, const char *url) {
    struct fetch_request request = {.method = "GET", .url = url};
    call_start(client, call, &request);
    client_run(client);
}

void call_post(struct client *client, struct call *call, const char *url, const char *body) {
    struct fetch_request request = {.method = "POST", .url = url, .body = slice_of(body)};
    call_start(client, call, &request);
    client_run(client);
}
