/* What the two transports share, private to fetch/: the life of one fetch (deadlines, pausing,
 * delivery and its end) and of the fetcher. A transport only moves bytes: it calls fetch_connected,
 * fetch_deliver_head, fetch_deliver_data and fetch_end, and is told to resume and to stop.
 *
 * Callbacks of the user may cancel any fetch. Its memory stays until the outermost fetcher_leave,
 * so code between fetcher_enter and fetcher_leave may look at `phase` after every delivery. */
#pragma once
#include "fetch/fetch.h"
#include "loop/timer.h"
#include <sys/queue.h>

enum fetch_phase {
    FETCH_CONNECTING, /* until fetch_connected */
    FETCH_WAITING,    /* for the head */
    FETCH_RECEIVING,
    FETCH_DEAD, /* ended or cancelled; freed soon */
};

/* Each transport's own structure begins with this one. */
struct fetch {
    LIST_ENTRY(fetch) live; /* in fetcher->live, later in fetcher->dead */
    TAILQ_ENTRY(fetch) soon;
    struct fetcher *fetcher;
    const struct transport *transport;
    struct fetch_handler handler;
    void *user;
    struct timer timer;    /* the earliest of the deadlines below */
    int64_t phase_at;      /* monotonic: when connecting or the idle wait runs out */
    int64_t first_byte_at; /* monotonic */
    int64_t total_at;      /* monotonic */
    int64_t idle_ms;
    size_t body_left;      /* how much of the reply may still come */
    char *url;             /* for fault details: without user, password and query */
    struct fault *failure; /* found before anything was under way; reported from the loop */
    uint16_t status;       /* of the reply, 0 before the head */
    uint8_t phase;
    bool paused;
    bool ended; /* came whole while paused: `end` waits for the resume */
    bool in_soon;
};

struct url;

struct transport {
    size_t size; /* of its structure */
    /* The URL points into the request. Failures are reported by fetch_fail. */
    void (*start)(struct fetch *fetch, const struct fetch_request *request, const struct url *url);
    /* Called from the loop, not from within a callback: deliver what was held back, and go on
     * reading. */
    void (*resume)(struct fetch *fetch);
    /* Give back the connection and all memory but the structure itself; also after a start that
     * never was. */
    void (*stop)(struct fetch *fetch);
};

LIST_HEAD(fetch_list, fetch);
TAILQ_HEAD(fetch_queue, fetch);

struct fetcher {
    struct loop *loop;
    struct fetch_list live, dead;
    struct fetch_queue soon;
    struct uv_idle_s *idle; /* runs while `soon` has something */
    struct curl_loop *curl;
    struct plain_loop *plain; /* NULL: everything goes by libcurl */
    size_t active, soon_count;
    unsigned depth; /* of fetcher_enter */
};

/* For tests: the choice of the transport for http:// can be forced to libcurl. */
struct fetcher *fetcher_create_without_plain(struct loop *loop);

void fetcher_enter(struct fetcher *fetcher);
void fetcher_leave(struct fetcher *fetcher);
/* `url` is NULL when it could not be parsed. Only libcurl looks at the address it connects to. */
const struct transport *fetcher_transport(const struct fetcher *fetcher, const struct url *url,
                                          bool public_only);
/* Has fetch_run_soon called from the loop. */
void fetch_soon(struct fetch *fetch);
/* Reports a failure found at the start, or resumes. */
void fetch_run_soon(struct fetch *fetch);

void fetch_connected(struct fetch *fetch);
/* Both tell whether the fetch is still alive. */
bool fetch_deliver_head(struct fetch *fetch, const struct fetch_head *head);
bool fetch_deliver_data(struct fetch *fetch, struct slice bytes);
/* The reply came whole (NULL) or failed. Between fetcher_enter and fetcher_leave only. */
void fetch_end(struct fetch *fetch, const struct fault *fault);
/* From inside transport->start: ends it later. */
void fetch_fail(struct fetch *fetch, const struct fault *fault);
/* A fault with a message that names no address; `format` makes the detail, the URL is added. */
void fetch_fault(const struct fetch *fetch, struct fault *fault, enum fault_kind kind,
                 const char *code, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Cancels without `end`; frees at once or in the outermost fetcher_leave. */
void fetch_bury(struct fetch *fetch);
