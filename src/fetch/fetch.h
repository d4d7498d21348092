/* Outgoing HTTP requests on a loop: HTTP/1.1 and HTTP/2 to TLS servers, connections reused, four
 * deadlines, pause and resume. Redirects are not followed. Everything runs on the loop's thread. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct loop;

struct fetch_header {
    struct slice name, value;
};

struct fetch_request {
    const char *method; /* "GET", "POST" */
    const char *url;    /* http:// or https:// */
    /* Left out, because they are ours: Host, Content-Length, Connection, Expect, Accept-Encoding
     * and what else concerns the framing. User-Agent and Accept are set where they are not given.
     */
    const struct fetch_header *headers;
    size_t header_count;
    struct slice body;     /* borrowed: must live until `end` was called or fetch_cancel returned */
    int64_t connect_ms;    /* resolve, connect, TLS; 0 means 10 s */
    int64_t first_byte_ms; /* from start to the reply's headers; 0 means 60 s */
    int64_t idle_ms;  /* between two pieces of the body; 0 means 60 s; not counted while paused */
    int64_t total_ms; /* 0 means 10 min */
    size_t body_max;  /* bytes of reply body before it is cut as malformed; 0 means 64 MiB */
    /* Only to an address of the public internet: looked at on the socket itself, before anything is
     * sent, so that a name whose answer changes leads nowhere else. Such requests pass no proxy of
     * the environment, for then the address would be the proxy's. Fault: PROVIDER_NETWORK, code
     * "address". */
    bool public_only;
};

struct fetch_head {
    int status;
    const struct fetch_header *headers; /* names as sent; compare with case ignored */
    size_t header_count;
};
struct slice fetch_header_get(const struct fetch_head *head, const char *name);

/* Called in this order: head once, data any number of times, end once; or only `end` when it failed
 * before. After `end` the fetch is gone. fetch_cancel may be called from inside any of them. Slices
 * are valid during the call. */
struct fetch_handler {
    void (*head)(void *user, const struct fetch_head *head);
    void (*data)(void *user, struct slice bytes);
    /* `fault` is NULL when the reply came whole, whatever its status; this too waits while paused.
     * Else PROVIDER_NETWORK (could not resolve, connect, handshake; reset), PROVIDER_STALLED (a
     * deadline; code says "connect", "first_byte", "idle" or "total"), PROVIDER_TRUNCATED (closed
     * before its declared end) or PROVIDER_MALFORMED (code "protocol" or "too_large"). Codes of
     * PROVIDER_NETWORK: "resolve", "connect", "tls", "closed", "address", and "url" or "request"
     * for what could not even be sent. The message names neither host nor address; the detail does.
     */
    void (*end)(void *user, const struct fault *fault);
};

struct fetcher;
struct fetch;

struct fetcher *fetcher_create(struct loop *loop);
/* Cancels what is under way without calling back. NULL is fine. */
void fetcher_destroy(struct fetcher *fetcher);
/* Never fails at once: a bad URL too comes as `end`, later, from the loop. Copies all of the
 * request but the body. */
struct fetch *fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                          const struct fetch_handler *handler, void *user);
/* Ends it without a further callback; the connection is closed if the reply was under way. */
void fetch_cancel(struct fetch *fetch);
/* While paused no `data` comes and the peer is slowed by TCP's own flow control. */
void fetch_pause(struct fetch *fetch);
void fetch_resume(struct fetch *fetch);
/* PEM file of the certificates to trust in place of the system's, for later requests. */
void fetcher_trust_file(struct fetcher *fetcher, const char *path);
/* Requests under way. */
size_t fetcher_active(const struct fetcher *fetcher);
