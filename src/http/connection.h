/* Private to http/: one connection, and what server.c, connection.c and reply.c share.
 *
 * Reading goes through one scratch of the server, as all connections live on one thread: a request
 * that comes in one piece is parsed there and leaves nothing behind but its own arena. Writing
 * tries the socket at once; only what it does not take is copied. So a connection that waits or
 * streams costs its structs alone.
 *
 * A connection ends in one way: connection_cut closes the handle, and its close callback, which
 * libuv calls from the loop, tells the owner of the exchange (`gone`) and frees. Nothing is freed
 * inside a call of ours. */
#pragma once
#include "base/buffer.h"
#include "http/parse.h"
#include "loop/timer.h"
#include <uv.h>

enum {
    HTTP_LINGER_MS = 2000,        /* how long to wait for a refused client to hang up */
    HTTP_LINGER_BYTES = 16 << 20, /* and how much of what it still sends to read */
    HTTP_BODY_TIMES = 6,          /* all of a body may take so many times body_timeout_ms */
    HTTP_READ_SIZE = 64 * 1024,
    HTTP_PEER_SIZE = 46, /* INET6_ADDRSTRLEN */
};

enum connection_phase {
    PHASE_RECEIVE, /* idle, or in the middle of a request */
    PHASE_REPLY,   /* the handler has a request: nothing more is parsed */
    PHASE_FINISH,  /* the last bytes are being written, then the connection is closed */
    PHASE_LINGER,  /* our side is shut; waits until the client has read the answer and closes */
    PHASE_CLOSED,  /* uv_close was called */
};

/* What the timer stands for while receiving. */
enum connection_wait { WAIT_NOTHING, WAIT_REQUEST, WAIT_HEAD, WAIT_BODY };

struct http_write; /* a uv_write in flight and its bytes */

struct connection {
    uv_tcp_t tcp;
    struct http_server *server;
    struct connection *next, *previous; /* of the server's list */
    struct connection *resume_next;     /* of the list of those with requests left to parse */
    struct http_exchange *exchange;     /* the request at the handler */
    struct http_parse parse;
    struct buffer in;         /* received, not parsed yet; empty most of the time */
    struct buffer out;        /* waits behind `write` */
    struct http_write *write; /* NULL unless the socket was full */
    uint64_t queued, taken; /* bytes ever given to `write`; those gone when the timer last looked */
    int64_t body_until_ms;
    size_t lingered; /* bytes thrown away so far */
    struct timer timer;
    uint8_t phase, wait;
    bool processing; /* connection_process is on the stack */
    bool behind;     /* more bytes came with the request that is being handled */
    bool reading;
    bool resuming; /* in the server's resume list */
    bool last;     /* close after this reply */
    bool linger;   /* close politely: the client may still be sending */
    bool ended;    /* the client has closed its side */
    bool surplus;  /* above connections_max: not counted */
    char peer[HTTP_PEER_SIZE];
};

struct http_extra {
    struct http_extra *next;
    struct slice line; /* "Name: value\r\n" */
};

struct http_exchange {
    struct http_message *message; /* owns the arena, in which this lies too */
    struct loop *loop;
    struct connection *connection; /* NULL when gone */
    struct http_watch watch;
    struct http_extra *extra, **extra_end;
    bool head_only; /* HEAD */
    bool streaming, chunked, bodiless;
    bool telling; /* `gone` is being called */
};

struct http_server {
    struct loop *loop;
    struct http_options options;
    http_handler *handler;
    void *user;
    uv_poll_t listener;
    uv_idle_t resume;          /* runs while `resume_first` is not empty */
    struct timer accept_timer; /* pause after running out of file descriptors */
    int socket, port;
    size_t handles; /* of libuv, ours and the connections', that are not closed yet */
    size_t connections, surplus;
    struct connection *first, *resume_first;
    char *read_scratch; /* HTTP_READ_SIZE bytes */
    /* Output of one exchange between two calls of flush: [head][room for a chunk size][data]. */
    struct buffer scratch;
    size_t scratch_head;
    struct http_exchange *scratch_owner;
    int64_t date_second;
    char date[32]; /* of date_second */
    bool draining, destroyed, listening;
    void (*drained)(void *user);
    void *drained_user;
};

/* connection.c */
void connection_open(struct http_server *server, int socket, const char *peer, bool surplus);
/* Sends as much as the socket takes and keeps a copy of the rest. */
void connection_write(struct connection *connection, const struct slice *pieces, size_t count);
/* Bytes that the socket has not taken yet. */
size_t connection_waiting(const struct connection *connection);
/* Closes at once. */
void connection_cut(struct connection *connection);
/* The reply is complete and its exchange is gone: on to the next request, or close. */
void connection_replied(struct connection *connection);
bool connection_idle(const struct connection *connection);
/* Parses what was left when the last reply began. */
void connection_resume(struct connection *connection);

/* reply.c */
/* Sends the refusal as JSON; the caller closes. */
void reply_refusal(struct connection *connection, enum http_refusal refusal);
struct http_exchange *exchange_create(struct connection *connection, struct http_message *message);
/* Tells the owner that the client is gone, and frees the exchange unless its owner has yet to
 * reply. */
void exchange_abandon(struct http_exchange *exchange);

/* server.c */
/* A handle was closed: the last one frees a destroyed server. */
void server_handle_closed(struct http_server *server);
void server_connection_closed(struct http_server *server, struct connection *connection);
void server_resume_later(struct http_server *server, struct connection *connection);
