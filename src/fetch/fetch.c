/* The life of one fetch, the same for both transports: deadlines, pausing, delivery, its end. */
#include "fetch/fetch.h"
#include "base/memory.h"
#include "fetch/outgoing.h"
#include "fetch/transport.h"
#include "fetch/url.h"
#include "loop/loop.h"
#include <assert.h>
#include <stdarg.h>

enum {
    CONNECT_MS = 10 * 1000,
    FIRST_BYTE_MS = 60 * 1000,
    IDLE_MS = 60 * 1000,
    TOTAL_MS = 10 * 60 * 1000,
    LONGEST_MS = 24 * 60 * 60 * 1000,
    BODY_MAX = 64 * 1024 * 1024,
};

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t milliseconds(int64_t wanted, int64_t otherwise) {
    return wanted > 0 ? earlier(wanted, LONGEST_MS) : otherwise;
}

/* Sets the timer to the earliest deadline. While data flows this only ever moves it later, which
 * the wheel does with a store. */
static void arm(struct fetch *fetch) {
    int64_t at = fetch->total_at;
    if (fetch->phase <= FETCH_WAITING)
        at = earlier(at, fetch->first_byte_at);
    if (fetch->phase == FETCH_CONNECTING || (fetch->phase == FETCH_RECEIVING && !fetch->paused))
        at = earlier(at, fetch->phase_at);
    timer_set(&fetch->timer, at - loop_now_ms(fetch->fetcher->loop));
}

static void start_idle_wait(struct fetch *fetch) {
    fetch->phase_at = loop_now_ms(fetch->fetcher->loop) + fetch->idle_ms;
    arm(fetch);
}

static const char *passed_deadline(const struct fetch *fetch) {
    int64_t now = loop_now_ms(fetch->fetcher->loop);
    if (now >= fetch->total_at)
        return "total";
    if (fetch->phase <= FETCH_WAITING && now >= fetch->first_byte_at)
        return "first_byte";
    return fetch->phase == FETCH_CONNECTING ? "connect" : "idle";
}

static void on_deadline(void *user) {
    struct fetch *fetch = user;
    const char *code = passed_deadline(fetch);
    struct fault fault;
    fetch_fault(fetch, &fault, FAULT_PROVIDER_STALLED, code, "the deadline \"%s\" passed", code);
    fetcher_enter(fetch->fetcher);
    struct fetcher *fetcher = fetch->fetcher;
    fetch_end(fetch, &fault);
    fetcher_leave(fetcher);
}

static const char *message_of(enum fault_kind kind) {
    switch (kind) {
    case FAULT_PROVIDER_STALLED:
        return "The upstream server did not answer in time.";
    case FAULT_PROVIDER_TRUNCATED:
        return "The upstream server broke off before its answer was complete.";
    case FAULT_PROVIDER_MALFORMED:
        return "The upstream server sent an invalid answer.";
    default:
        return "The upstream server could not be reached.";
    }
}

void fetch_fault(const struct fetch *fetch, struct fault *fault, enum fault_kind kind,
                 const char *code, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fault_set(fault, kind, "%s", message_of(kind));
    fault->status = fetch->status;
    snprintf(fault->code, sizeof fault->code, "%s", code);
    fault_detail(fault, "%s [%s]", text, fetch->url);
}

static void refuse(struct fetch *fetch, const char *code, const char *why) {
    struct fault fault;
    fetch_fault(fetch, &fault, FAULT_PROVIDER_NETWORK, code, "%s", why);
    fault.retryable = false;
    fetch_fail(fetch, &fault);
}

static void set_deadlines(struct fetch *fetch, const struct fetch_request *request) {
    int64_t now = loop_now_ms(fetch->fetcher->loop);
    fetch->phase_at = now + milliseconds(request->connect_ms, CONNECT_MS);
    fetch->first_byte_at = now + milliseconds(request->first_byte_ms, FIRST_BYTE_MS);
    fetch->idle_ms = milliseconds(request->idle_ms, IDLE_MS);
    fetch->total_at = now + milliseconds(request->total_ms, TOTAL_MS);
    fetch->body_left = request->body_max ? request->body_max : BODY_MAX;
    timer_init(&fetch->timer, fetch->fetcher->loop, on_deadline, fetch);
    arm(fetch);
}

struct fetch *fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                          const struct fetch_handler *handler, void *user) {
    struct url url;
    bool known = url_parse(slice_of(request->url), &url);
    const struct transport *transport =
        fetcher_transport(fetcher, known ? &url : NULL, request->public_only);
    struct fetch *fetch = memory_zeroed(1, transport->size);
    fetch->fetcher = fetcher;
    fetch->transport = transport;
    fetch->handler = *handler;
    fetch->user = user;
    fetch->url = url_redact(request->url);
    LIST_INSERT_HEAD(&fetcher->live, fetch, live);
    fetcher->active++;
    set_deadlines(fetch, request);
    const char *wrong = outgoing_check(request);
    if (!known)
        refuse(fetch, "url", "not a valid http or https URL");
    else if (wrong)
        refuse(fetch, "request", wrong);
    else
        transport->start(fetch, request, &url);
    return fetch;
}

void fetch_fail(struct fetch *fetch, const struct fault *fault) {
    if (fetch->failure)
        return;
    fetch->failure = memory_allocate(sizeof *fetch->failure);
    *fetch->failure = *fault;
    fetch_soon(fetch);
}

void fetch_connected(struct fetch *fetch) {
    if (fetch->phase != FETCH_CONNECTING)
        return;
    fetch->phase = FETCH_WAITING;
    arm(fetch);
}

bool fetch_deliver_head(struct fetch *fetch, const struct fetch_head *head) {
    fetch->phase = FETCH_RECEIVING;
    fetch->status = (uint16_t)head->status;
    start_idle_wait(fetch);
    if (fetch->handler.head)
        fetch->handler.head(fetch->user, head);
    return fetch->phase != FETCH_DEAD;
}

bool fetch_deliver_data(struct fetch *fetch, struct slice bytes) {
    if (bytes.size == 0)
        return true;
    if (bytes.size > fetch->body_left) {
        struct fault fault;
        fetch_fault(fetch, &fault, FAULT_PROVIDER_MALFORMED, "too_large",
                    "the body is larger than allowed");
        fetch_end(fetch, &fault);
        return false;
    }
    fetch->body_left -= bytes.size;
    loop_relayed(fetch->fetcher->loop, fetch->fetcher->active);
    start_idle_wait(fetch);
    if (fetch->handler.data)
        fetch->handler.data(fetch->user, bytes);
    return fetch->phase != FETCH_DEAD;
}

void fetch_end(struct fetch *fetch, const struct fault *fault) {
    assert(fetch->fetcher->depth > 0);
    if (fetch->phase == FETCH_DEAD)
        return;
    if (!fault && fetch->paused) {
        /* The user has not taken all of the body yet; nothing is left that could stall. */
        fetch->ended = true;
        timer_stop(&fetch->timer);
        return;
    }
    fetch_bury(fetch);
    if (fetch->handler.end)
        fetch->handler.end(fetch->user, fault);
}

void fetch_cancel(struct fetch *fetch) {
    if (fetch->phase != FETCH_DEAD)
        fetch_bury(fetch);
}

void fetch_pause(struct fetch *fetch) {
    /* Nothing is told to the transport: it looks when data comes. A pause that ends before costs no
     * system call. The idle deadline is looked at when the timer was to fire for it, so it is moved
     * away now. */
    if (fetch->phase == FETCH_DEAD || fetch->paused)
        return;
    fetch->paused = true;
    if (fetch->phase == FETCH_RECEIVING && !fetch->ended)
        arm(fetch);
}

void fetch_resume(struct fetch *fetch) {
    if (fetch->phase == FETCH_DEAD || !fetch->paused)
        return;
    fetch->paused = false;
    if (fetch->phase == FETCH_RECEIVING && !fetch->ended)
        start_idle_wait(fetch);
    fetch_soon(fetch);
}

void fetch_run_soon(struct fetch *fetch) {
    if (fetch->failure) {
        /* Taken out, because burying frees it. */
        struct fault fault = *fetch->failure;
        fetch_end(fetch, &fault);
        return;
    }
    fetch->transport->resume(fetch);
    if (fetch->phase != FETCH_DEAD && fetch->ended && !fetch->paused)
        fetch_end(fetch, NULL);
}
