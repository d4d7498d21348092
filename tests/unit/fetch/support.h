/* For the tests of fetch/: a scripted HTTP server (threads, real sockets, bytes written as the test
 * says) and a client that records what a fetch reports. */
#pragma once
#include "base/buffer.h"
#include "fetch/fetch.h"
#include "loop/loop.h"
#include <pthread.h>
#include <stdatomic.h>

struct server;

/* A connection, on its own thread. It is closed when `serve` returns. */
struct peer {
    struct server *server;
    int fd;
    struct buffer head; /* of the last request, with the empty line */
    struct buffer body;
    struct buffer rest; /* read too far */
    pthread_t thread;
    struct peer *next;
};

struct server {
    int fd;
    uint16_t port;
    void (*serve)(struct peer *peer);
    void *user;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct peer *peers;
    bool stopping;
    int gate;
    atomic_size_t connections, requests;
};

struct server *server_start(void (*serve)(struct peer *peer), void *user);
/* The same elsewhere than on 127.0.0.1. */
struct server *server_start_at(const char *host, void (*serve)(struct peer *peer), void *user);
void server_stop(struct server *server); /* waits for all threads */
/* A gate is a count that the test raises: peer_wait_gate returns once it is at least `count`, or at
 * the stop. */
void server_raise_gate(struct server *server);

/* Reads one request with its body (Content-Length). False at the end of the connection. */
bool peer_read_request(struct peer *peer);
/* Whether the request's line begins so: peer_asks(peer, "GET /x "). */
bool peer_asks(const struct peer *peer, const char *beginning);
void peer_send(struct peer *peer, const char *text);
void peer_send_bytes(struct peer *peer, const void *bytes, size_t size);
void peer_reset(struct peer *peer); /* the connection ends with RST */
void peer_wait_gate(struct peer *peer, int count);
void peer_wait_closed(struct peer *peer); /* until the client has closed */

struct client {
    struct loop *loop;
    struct fetcher *fetcher;
    size_t pending; /* calls whose end is awaited */
};

struct call {
    struct client *client;
    struct fetch *fetch;
    struct buffer headers; /* "name: value\n" */
    struct buffer body;
    int status, heads, pieces, ends;
    bool failed;
    struct fault fault;
    /* Run after recording; may be NULL. */
    void (*on_head)(struct call *call);
    void (*on_data)(struct call *call);
    void (*on_end)(struct call *call);
    void *user;
};

void client_init(struct client *client, struct fetcher *(*create)(struct loop *loop));
void client_finish(struct client *client);
/* Starts; `call` is zeroed but for its hooks. */
void call_start(struct client *client, struct call *call, const struct fetch_request *request);
void call_cancel(struct call *call); /* no end is awaited any more */
void call_finish(struct call *call); /* frees what was recorded */
/* Runs the loop until no call is pending. */
void client_run(struct client *client);
/* One GET or POST from start to end, with default deadlines. */
void call_get(struct client *client, struct call *call, const char *url);
void call_post(struct client *client, struct call *call, const char *url, const char *body);
/* "http://127.0.0.1:PORT" + path, in a buffer that lives until the next 8 calls. */
const char *server_url(const struct server *server, const char *path);
