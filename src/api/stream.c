#include "api/stream.h"
#include "api/api_state.h"
#include "api/errand.h"
#include "base/arena.h"
#include "base/clock.h"
#include "chat/chat.h"
#include "http/server.h"
#include "hub/hub.h"
#include "loop/timer.h"

enum {
    HEARTBEAT_MS = 15 * 1000,
    RETRY_MS = 30 * 1000,
    READ_MAX = 32 * 1024,
    WAITING_MAX = 64 * 1024, /* for a slow client: the log keeps the rest for it */
};

/* Lies in the exchange's arena. */
struct stream {
    struct stream *next, *previous; /* in the api */
    struct api *api;
    struct errand_request *request;
    struct stream_options options;
    struct hub *hub;
    struct hub_subscription *subscription;
    struct timer heartbeat;
};

static void leave(struct stream *stream) {
    timer_stop(&stream->heartbeat);
    hub_unsubscribe(stream->subscription);
    if (stream->next)
        stream->next->previous = stream->previous;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        stream->api->streams = stream->next;
    if (stream->options.left)
        stream->options.left(stream->options.user);
    errand_release(stream->request);
}

static void on_gone(void *user) {
    leave(user);
}

static void write_all(struct stream *stream) {
    struct http_exchange *exchange = stream->request->exchange;
    struct buffer *out = &stream->api->scratch;
    bool more = true, lost;
    while (more && http_stream_waiting(exchange) < WAITING_MAX) {
        buffer_clear(out);
        more = hub_read(stream->subscription, out, READ_MAX, &lost);
        if (lost)
            http_stream_write(exchange, SLICE("event: reset\ndata: {}\n\n"));
        if (out->size > 0)
            http_stream_write(exchange, buffer_slice(out));
        http_stream_flush(exchange);
    }
    timer_set(&stream->heartbeat, HEARTBEAT_MS);
}

void stream_end(struct stream *stream, struct slice event) {
    struct http_exchange *exchange = stream->request->exchange;
    if (event.size > 0) {
        http_stream_write(exchange, event);
        http_stream_flush(exchange);
    }
    leave(stream);
    http_stream_end(exchange);
}

static void pump(void *user) {
    struct stream *stream = user;
    write_all(stream);
    if (stream->api->draining && !hub_is_busy(stream->hub, stream->options.channel))
        stream_end(stream, (struct slice){NULL, 0});
}

static void on_heartbeat(void *user) {
    struct stream *stream = user;
    http_stream_write(stream->request->exchange, SLICE(": alive\n\n"));
    http_stream_flush(stream->request->exchange);
    timer_set(&stream->heartbeat, HEARTBEAT_MS);
}

void stream_drain(struct api *api) {
    api->draining = true;
    for (struct stream *stream = api->streams, *next; stream; stream = next) {
        next = stream->next;
        pump(stream);
    }
}

static void say_hello(struct stream *stream, enum hub_found found) {
    struct buffer *out = &stream->api->scratch;
    buffer_clear(out);
    buffer_append(out, SLICE("id: "));
    hub_position(stream->subscription, out);
    buffer_printf(out, "\nevent: hello\ndata: {\"resumed\":%s}\n\n",
                  found == HUB_RESUMED ? "true" : "false");
    http_stream_write(stream->request->exchange, buffer_slice(out));
}

bool stream_too_many(struct fault *fault) {
    fault_set(fault, FAULT_RATE_LIMITED, "The chat is open in too many windows.");
    fault->retry_after_ms = RETRY_MS;
    memcpy(fault->code, "too_many_pages", sizeof "too_many_pages");
    return false;
}

bool stream_open(struct errand_request *request, const struct stream_options *options,
                 struct stream **ret_stream, struct fault *fault) {
    struct api *api = request->api;
    struct http_exchange *exchange = request->exchange;
    struct loop *loop = chat_parts(api->chat)->loop;
    struct stream *stream = arena_allocate(http_exchange_arena(exchange), sizeof *stream);
    struct slice last_id = http_header_get(http_exchange_request(exchange), "Last-Event-ID");
    enum hub_found found;
    stream->api = api;
    stream->request = request;
    stream->options = *options;
    stream->hub = chat_parts(api->chat)->hub;
    stream->subscription = hub_subscribe(stream->hub, options->channel, last_id, loop, pump, stream,
                                         clock_wall_ms(), &found);
    if (!stream->subscription)
        return stream_too_many(fault);
    if (options->only_new && found != HUB_RESUMED)
        hub_skip(stream->subscription);
    timer_init(&stream->heartbeat, loop, on_heartbeat, stream);
    stream->next = api->streams;
    if (stream->next)
        stream->next->previous = stream;
    api->streams = stream;
    request->gone = on_gone;
    request->drained = pump;
    request->user = stream;
    errand_headers(request);
    http_exchange_add_header(exchange, "X-Accel-Buffering", SLICE("no"));
    http_stream_begin(exchange, 200, "text/event-stream");
    say_hello(stream, found);
    write_all(stream);
    *ret_stream = stream;
    return true;
}
