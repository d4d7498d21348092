/* The HTTP/1.1 server of one loop (RFC 9110, 9112): keep-alive, pipelining in order, chunked
 * request bodies, Expect: 100-continue, limits and timeouts, streamed replies. Strict: see
 * http/parse.h for what is refused. A request reaches the handler when its body is complete.
 * Everything runs on the loop's thread. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;
struct loop;

struct http_options {
    const char *address;    /* "127.0.0.1:8080", "[::1]:8080", ":8080" or port 0 for any free one */
    size_t header_max;      /* bytes of request line and headers; 16384, at most 65536 */
    size_t body_max;        /* bytes of a request body; 1 MiB */
    size_t connections_max; /* of this server; one more gets 503 and is closed */
    size_t output_max; /* bytes waiting for a slow reader before the connection is cut; 1 MiB */
    int64_t header_timeout_ms; /* from the first byte to the end of the headers; 10 s */
    int64_t body_timeout_ms;   /* between two pieces of a body; 10 s, and six times that for all */
    int64_t idle_timeout_ms;   /* between two requests; 75 s */
    int64_t write_timeout_ms;  /* no progress of a reader; 60 s */
    bool share_port;           /* SO_REUSEPORT, for one listener per loop */
};
/* The defaults named above; address NULL, connections_max 20000. */
struct http_options http_options_default(void);

struct http_header {
    struct slice name, value;
};

struct http_request {
    struct slice method; /* "GET" */
    struct slice path;  /* percent-decoded, begins with '/', no "." or ".." segments, valid UTF-8 */
    struct slice query; /* behind '?', not decoded; see http_query_get */
    const struct http_header *headers;
    size_t header_count;
    struct slice body;
    const char *peer; /* address without port: "192.0.2.1", "2001:db8::1" */
};
/* First header of that name (case ignored), or an empty slice. */
struct slice http_header_get(const struct http_request *request, const char *name);
/* Decoded value of a query parameter in `arena`; false when it is absent or not decodable. */
bool http_query_get(const struct http_request *request, struct arena *arena, const char *name,
                    struct slice *ret_value);
/* Value of a cookie; an empty slice when absent. */
struct slice http_cookie_get(const struct http_request *request, const char *name);

/* One request and its reply. Valid from the handler's call until http_reply or http_stream_end
 * returns, or `gone` is called. If the client vanishes before the reply began, the exchange stays
 * valid, replying does nothing, and `gone` (if set by http_exchange_watch) is called. */
struct http_exchange;
typedef void http_handler(void *user, struct http_exchange *exchange);

const struct http_request *http_exchange_request(const struct http_exchange *exchange);
/* Lives as long as the exchange. */
struct arena *http_exchange_arena(struct http_exchange *exchange);
struct loop *http_exchange_loop(struct http_exchange *exchange);

/* What the owner of a pending or streamed reply is told. Set it once, before returning to the loop.
 */
struct http_watch {
    /* The client has closed or the connection is cut: no further call with this exchange is allowed
     * after `gone` returns (not even http_reply). Called at most once, never from inside a call of
     * ours. */
    void (*gone)(void *user);
    /* What had been waiting is written (http_stream_waiting is 0 again). NULL is fine. */
    void (*drained)(void *user);
    void *user;
};
void http_exchange_watch(struct http_exchange *exchange, const struct http_watch *watch);

/* Adds a header to the coming reply (both copied). For CORS and cookies. Control
 * bytes in values abort, and so do the headers that are the server's own: Connection,
 * Content-Length, Date and Transfer-Encoding. */
void http_exchange_add_header(struct http_exchange *exchange, const char *name, struct slice value);

/* Whole reply; the exchange is over when it returns. Content-Length is written by itself; HEAD gets
 * no body. `content_type` NULL sends none. */
void http_reply(struct http_exchange *exchange, int status, const char *content_type,
                struct slice body);

/* Streamed reply, chunked (or until close for HTTP/1.0). Nothing is buffered beyond
 * http_stream_flush: write as many pieces as one event of the loop brings, then flush once; the
 * flush tries one system call. */
void http_stream_begin(struct http_exchange *exchange, int status, const char *content_type);
void http_stream_write(struct http_exchange *exchange, struct slice bytes);
void http_stream_flush(struct http_exchange *exchange);
/* Bytes that the client has not taken yet: pause the source above a limit, resume in `drained`.
 * SIZE_MAX once the connection is broken and `gone` is about to be called. */
size_t http_stream_waiting(const struct http_exchange *exchange);
void http_stream_end(struct http_exchange *exchange);

struct http_server;
/* Binds and listens. False with the address and the reason. */
bool http_server_create(struct loop *loop, const struct http_options *options,
                        http_handler *handler, void *user, struct http_server **ret_server,
                        struct fault *fault);
/* Port it listens on (for port 0). */
int http_server_port(const struct http_server *server);
size_t http_server_connections(const struct http_server *server);
/* Closes the listener and idle connections; replies in flight go on and are followed by a close.
 * Calls `drained(user)` on the loop once the last connection is gone (at once if there is none). */
void http_server_drain(struct http_server *server, void (*drained)(void *user), void *user);
/* Cuts every connection, and frees when libuv has closed its handles; `gone` and an outstanding
 * `drained` are called then, in the next round of the loop. Exchanges whose owner did not watch
 * stay valid until replied. NULL is fine. */
void http_server_destroy(struct http_server *server);
