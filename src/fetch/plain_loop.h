/* Connections for plain http:// on the loop: names resolved and remembered, connections made, kept
 * and reused. One struct plain_fetch uses one connection at a time; plain_fetch.c speaks HTTP over
 * it. */
#pragma once
#include "base/buffer.h"
#include "fetch/dechunk.h"
#include "fetch/transport.h"
#include <uv.h>

extern const struct transport plain_transport;

enum { PLAIN_READ_SIZE = 64 * 1024 };

struct plain_loop;
struct origin; /* a host and port: its addresses and its idle connections */

struct plain_connection {
    uv_poll_t poll;
    LIST_ENTRY(plain_connection) idle; /* in its origin, while nobody uses it */
    struct origin *origin;
    struct plain_fetch *user; /* NULL when idle or closing */
    struct timer *attempt;    /* gives an address up when others are left; NULL if not needed */
    int64_t idle_since;       /* monotonic */
    int fd;
    size_t address; /* which of the origin's */
    uint8_t polled; /* UV_READABLE | UV_WRITABLE */
    bool connected;
    bool reused;
};

struct plain_fetch {
    struct fetch fetch;
    LIST_ENTRY(plain_fetch) waiting; /* in its origin, while the name is being resolved */
    struct origin *origin;
    struct plain_connection *connection;
    struct buffer request; /* the head; freed when nothing can make us send it again */
    struct slice body;
    size_t sent;           /* of head and body together */
    struct buffer partial; /* an incomplete head, or body that came while paused */
    size_t scanned;        /* of `partial` */
    uint64_t left;         /* of a body with a declared length */
    struct dechunk dechunk;
    uint8_t framing;
    bool is_waiting;
    bool is_head;  /* the method: a reply has no body */
    bool answered; /* at least one byte of the reply came */
    bool keep;     /* the connection can be used again after this reply */
};

struct plain_loop *plain_loop_create(struct fetcher *fetcher);
void plain_loop_destroy(struct plain_loop *plain); /* no fetch is left; NULL is fine */
/* One buffer for all reads: what arrives is handed on before the next read. */
char *plain_loop_read_buffer(struct plain_loop *plain);

struct origin *plain_origin_take(struct plain_loop *plain, struct slice host, uint16_t port);
void plain_origin_give(struct origin *origin);

/* Gives the fetch a connection, now or later: plain_fetch_connected is called, or fetch_fail. A
 * fresh one is never one that was used before. */
void plain_connect(struct plain_fetch *fetch, bool fresh);
/* Takes the connection away from its fetch: closed, or kept for the next. */
void plain_disconnect(struct plain_fetch *fetch, bool keep);
void plain_poll(struct plain_connection *connection, int events);

/* What plain_fetch.c does when something happens. */
void plain_fetch_connected(struct plain_fetch *plain);
/* `failed`: libuv reported an error and has stopped polling; reading tells which. */
void plain_fetch_ready(struct plain_fetch *plain, int events, bool failed);
