#include "chat/mcp_exchange.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "fetch/fetch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "model/sse.h"

enum { RESUMES_MAX = 20, SESSION_SIZE_MAX = 1024 };
static const int64_t resume_wait_ms = 1000; /* unless the server says another */
/* How long the end of a stream is waited for when the answer is here: then the connection can be
 * used again. */
static const int64_t drain_ms = 1000;

struct mcp_exchange {
    LIST_ENTRY(mcp_exchange) all;
    struct mcp_line *line;
    struct arena *arena; /* it lies in it itself */
    struct mcp_request request;
    struct mcp_terms resume_terms;
    bool resumable;
    int64_t id, deadline_ms; /* monotonic */
    size_t bytes_max;
    mcp_exchange_done *done; /* NULL: nobody waits, or no longer */
    void *user;

    struct fetch *fetch;
    struct timer timer; /* before a stream is gone on with, and for its end */
    int status;
    bool events, draining;
    struct slice session;
    struct sse_reader sse;
    struct buffer body; /* a whole answer */
    struct mcp_message message;
    unsigned resumes;
};

static void destroy(struct mcp_exchange *exchange) {
    struct mcp_line *line = exchange->line;
    timer_stop(&exchange->timer);
    if (exchange->fetch)
        fetch_cancel(exchange->fetch);
    LIST_REMOVE(exchange, all);
    sse_finish(&exchange->sse);
    buffer_finish(&exchange->body);
    arena_destroy(exchange->arena);
    if (LIST_EMPTY(&line->exchanges) && line->emptied)
        line->emptied(line->user);
}

void mcp_exchange_cancel(struct mcp_exchange *exchange) {
    destroy(exchange);
}

void mcp_line_finish(struct mcp_line *line) {
    line->emptied = NULL;
    while (!LIST_EMPTY(&line->exchanges))
        destroy(LIST_FIRST(&line->exchanges));
}

/* --- the end --- */

/* Tells the result; the exchange lives on where its stream has not ended. */
static void tell(struct mcp_exchange *exchange, struct mcp_reply *reply) {
    mcp_exchange_done *done = exchange->done;
    exchange->done = NULL;
    reply->status = exchange->status;
    reply->session = exchange->session;
    reply->message = exchange->message;
    if (done)
        done(exchange->user, reply);
}

static void end(struct mcp_exchange *exchange, struct mcp_reply *reply) {
    tell(exchange, reply);
    destroy(exchange);
}

static bool was_not_sent(const struct fault *fault) {
    static const char *const codes[] = {"resolve", "connect", "tls", "address", "url", "request"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (slice_is(slice_of(fault->code), codes[i]))
            return true;
    return false;
}

/* What the model is told names no address; the log has the detail. */
static void end_failed(struct mcp_exchange *exchange, const struct fault *from) {
    struct mcp_reply reply = {.outcome = MCP_FAILED, .unsure = !was_not_sent(from)};
    struct fault *fault = &reply.fault;
    if (slice_is(slice_of(from->code), "too_large"))
        fault_set(fault, FAULT_INTERNAL, "The tool's server sent too much.");
    else if (from->kind == FAULT_PROVIDER_STALLED)
        fault_set(fault, FAULT_PROVIDER_STALLED, "The tool's server did not answer in time.");
    else if (from->kind == FAULT_PROVIDER_NETWORK)
        fault_set(fault, FAULT_UNAVAILABLE, "The tool's server cannot be reached.");
    else
        fault_set(fault, from->kind, "The tool's server did not answer as it should.");
    memcpy(fault->code, from->code, sizeof fault->code);
    fault_detail(fault, "%s %s", from->message, from->detail);
    end(exchange, &reply);
}

static void end_wrong(struct mcp_exchange *exchange, enum fault_kind kind, const char *code,
                      const char *why) {
    struct fault fault;
    fault_set(&fault, kind, "%s", why);
    memcpy(fault.code, code, strlen(code) + 1);
    end_failed(exchange, &fault);
}

static void fill_status(struct mcp_exchange *exchange, struct mcp_reply *reply) {
    int status = exchange->status;
    reply->outcome = MCP_STATUS;
    reply->unsure = status >= 500;
    if (status == 401 || status == 403)
        fault_set(&reply->fault, FAULT_INTERNAL, "The tool's server refuses access.");
    else
        fault_set(&reply->fault,
                  status >= 500 || status == 429 ? FAULT_UNAVAILABLE : FAULT_INTERNAL,
                  "The tool's server answered with status %d.", status);
    reply->fault.status = status;
    fault_detail(&reply->fault, "status %d: %.*s", status,
                 SLICE_ARG(slice_first(buffer_slice(&exchange->body), 200)));
}

static void fill_message(struct mcp_exchange *exchange, struct mcp_reply *reply) {
    reply->outcome = exchange->message.refused ? MCP_REFUSED : MCP_RESULT;
    reply->unsure = exchange->status >= 500;
}

/* The body is whole. */
static void take_body(struct mcp_exchange *exchange) {
    struct mcp_reply reply = {0};
    bool read = mcp_read_message(buffer_slice(&exchange->body), exchange->id, &exchange->message);
    if (exchange->message.answered)
        fill_message(exchange, &reply);
    else if (exchange->status >= 300)
        fill_status(exchange, &reply);
    else if (exchange->id < 0)
        reply.outcome = MCP_ACCEPTED;
    else {
        end_wrong(exchange, FAULT_PROVIDER_MALFORMED, "protocol",
                  read ? "no response to our request" : "not JSON-RPC");
        return;
    }
    end(exchange, &reply);
}

/* --- a stream of events --- */

static int64_t time_left(const struct mcp_exchange *exchange) {
    int64_t left = exchange->deadline_ms - loop_now_ms(exchange->line->loop);
    return left > 0 ? left : 0;
}

static void end_stalled(struct mcp_exchange *exchange) {
    end_wrong(exchange, FAULT_PROVIDER_STALLED, "total", "the stream was cut off");
}

static void send_request(struct mcp_exchange *exchange, const struct mcp_request *request);

static void on_timer(void *user) {
    struct mcp_exchange *exchange = user;
    if (exchange->draining) {
        destroy(exchange);
        return;
    }
    if (time_left(exchange) == 0) {
        end_stalled(exchange);
        return;
    }
    struct mcp_request request;
    mcp_encode_resume(exchange->line->server, &exchange->resume_terms,
                      buffer_slice(&exchange->sse.last_id), exchange->arena, &request);
    send_request(exchange, &request);
}

/* The stream ended without the answer. With an id of its last event it can be gone on with. */
static void resume(struct mcp_exchange *exchange) {
    bool possible = exchange->resumable && exchange->done && exchange->sse.last_id.size > 0 &&
                    exchange->resumes < RESUMES_MAX;
    int64_t wait_ms = exchange->sse.retry_ms >= 0 ? exchange->sse.retry_ms : resume_wait_ms;
    if (!possible) {
        end_wrong(exchange, FAULT_PROVIDER_TRUNCATED, "closed", "the stream ended unanswered");
        return;
    }
    if (wait_ms >= time_left(exchange)) {
        end_stalled(exchange);
        return;
    }
    exchange->resumes++;
    timer_set(&exchange->timer, wait_ms);
}

static bool on_event(void *user, const struct sse_event *event) {
    struct mcp_exchange *exchange = user;
    struct slice data = slice_trim(event->data);
    if (data.size == 0 || exchange->message.answered)
        return true;
    /* The event is gone after this call. */
    buffer_clear(&exchange->body);
    buffer_append(&exchange->body, data);
    mcp_read_message(buffer_slice(&exchange->body), exchange->id, &exchange->message);
    return !exchange->message.answered;
}

static void tell_answer(struct mcp_exchange *exchange) {
    struct mcp_reply reply = {0};
    exchange->draining = true;
    fill_message(exchange, &reply);
    timer_set(&exchange->timer, drain_ms);
    tell(exchange, &reply);
}

/* --- the fetch --- */

static void on_head(void *user, const struct fetch_head *head) {
    struct mcp_exchange *exchange = user;
    struct slice type = fetch_header_get(head, "Content-Type");
    struct slice session = fetch_header_get(head, "Mcp-Session-Id");
    exchange->status = head->status;
    exchange->events =
        head->status < 300 && slice_equal_nocase(slice_first(type, SLICE("text/event-stream").size),
                                                 SLICE("text/event-stream"));
    if (session.size > 0 && session.size <= SESSION_SIZE_MAX)
        exchange->session = arena_copy(exchange->arena, session);
}

static void on_data(void *user, struct slice bytes) {
    struct mcp_exchange *exchange = user;
    if (exchange->draining)
        return;
    if (!exchange->events) {
        if (exchange->body.size + bytes.size > exchange->bytes_max)
            end_wrong(exchange, FAULT_PROVIDER_MALFORMED, "too_large", "the body is too large");
        else
            buffer_append(&exchange->body, bytes);
        return;
    }
    struct fault fault;
    if (sse_feed(&exchange->sse, bytes, &fault))
        return;
    if (exchange->message.answered)
        tell_answer(exchange);
    else
        end_wrong(exchange, FAULT_PROVIDER_MALFORMED, "too_large", "an event is too large");
}

static void on_end(void *user, const struct fault *fault) {
    struct mcp_exchange *exchange = user;
    struct fault ignored;
    exchange->fetch = NULL;
    if (exchange->draining) {
        destroy(exchange);
        return;
    }
    bool broke_off = fault && fault->kind != FAULT_PROVIDER_STALLED &&
                     fault->kind != FAULT_PROVIDER_MALFORMED && exchange->status > 0;
    if (!exchange->events && fault) {
        end_failed(exchange, fault);
    } else if (!exchange->events && exchange->resumes > 0) {
        /* The server does not go on with it: what it did is not known. */
        end_wrong(exchange, FAULT_PROVIDER_TRUNCATED, "closed", "the stream was not gone on with");
    } else if (!exchange->events) {
        take_body(exchange);
    } else if (fault && !broke_off) {
        end_failed(exchange, fault);
    } else {
        (void)sse_end(&exchange->sse, &ignored);
        if (exchange->message.answered) {
            struct mcp_reply reply = {0};
            fill_message(exchange, &reply);
            end(exchange, &reply);
        } else {
            resume(exchange);
        }
    }
}

static const struct fetch_handler handler = {on_head, on_data, on_end};

static void send_request(struct mcp_exchange *exchange, const struct mcp_request *request) {
    const struct mcp_server *server = exchange->line->server;
    int64_t left_ms = time_left(exchange) + 1;
    struct fetch_header *headers =
        arena_array(exchange->arena, request->header_count, sizeof *headers);
    for (size_t i = 0; i < request->header_count; i++)
        headers[i] =
            (struct fetch_header){slice_of(request->headers[i].name), request->headers[i].value};
    /* A reader that remembers the position only. */
    struct buffer position = exchange->sse.last_id;
    int64_t retry_ms = exchange->sse.retry_ms;
    exchange->sse.last_id = (struct buffer){0};
    sse_finish(&exchange->sse);
    sse_init(&exchange->sse, on_event, exchange);
    exchange->sse.event_max = exchange->bytes_max;
    exchange->sse.last_id = position;
    exchange->sse.retry_ms = retry_ms;
    exchange->events = false;
    exchange->status = 0;
    const struct fetch_request sent = {
        .method = request->method,
        .url = server->url,
        .headers = headers,
        .header_count = request->header_count,
        .body = request->body,
        .connect_ms = left_ms,
        .first_byte_ms = left_ms,
        .idle_ms = left_ms,
        .total_ms = left_ms,
        /* What a server tells of its progress is not counted as the answer. */
        .body_max = 16 * exchange->bytes_max,
        .public_only = !server->allow_private,
    };
    exchange->fetch = fetch_start(exchange->line->fetcher, &sent, &handler, exchange);
}

struct mcp_exchange *mcp_exchange_start(struct mcp_line *line,
                                        const struct mcp_exchange_request *request,
                                        mcp_exchange_done *done, void *user) {
    struct arena *arena = arena_create(1024);
    struct mcp_exchange *exchange = arena_allocate(arena, sizeof *exchange);
    exchange->line = line;
    exchange->arena = arena;
    exchange->id = request->id;
    exchange->bytes_max = request->bytes_max;
    exchange->deadline_ms = loop_now_ms(line->loop) + request->timeout_ms;
    exchange->done = done;
    exchange->user = user;
    exchange->sse.retry_ms = -1;
    exchange->request = request->request;
    exchange->request.body = arena_copy(arena, request->request.body);
    if (request->resume) {
        exchange->resumable = true;
        exchange->resume_terms = *request->resume;
        exchange->resume_terms.session = arena_copy(arena, request->resume->session);
    }
    timer_init(&exchange->timer, line->loop, on_timer, exchange);
    LIST_INSERT_HEAD(&line->exchanges, exchange, all);
    send_request(exchange, &exchange->request);
    return exchange;
}
