/* GET /api/widget/events: everything that happens to a visitor's conversations, as server-sent
 * events with ids; a client that comes back with the last one goes on behind it. */
#include "api/address.h"
#include "api/api_state.h"
#include "api/errand.h"
#include "api/widget.h"
#include "base/arena.h"
#include "base/clock.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "gate/ledger.h"
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
struct widget_stream {
    struct widget_stream *next, *previous; /* in the api */
    struct api *api;
    struct errand_request *request;
    struct hub *hub;
    struct hub_subscription *subscription;
    struct slice channel;
    struct timer heartbeat;
    struct ledger_hold page; /* one of its address's */
};

struct slice widget_channel(struct slice bot, struct slice user, struct arena *arena) {
    return slice_of(arena_printf(arena, "%.*s/%.*s", SLICE_ARG(bot), SLICE_ARG(user)));
}

/* Each open page takes memory: an address may be given only so much of it. */
static bool take_page(struct widget_stream *stream, struct fault *fault) {
    const struct errand_request *request = stream->request;
    const struct bot *bot = request->bot;
    char address[64];
    if (bot->address_limits.pages < 0)
        return true;
    address_group(&request->api->options, request->exchange, address);
    const struct ledger_limit limit = {
        .key = slice_of(arena_printf(http_exchange_arena(request->exchange), "pages/%s/address/%s",
                                     bot->name, address)),
        .end_ms = INT64_MAX,
        .most = {-1, bot->address_limits.pages},
        .name = "pages",
    };
    return ledger_hold(chat_parts(request->api->chat)->ledger, &limit, 1,
                       (struct ledger_amount){0, 1}, clock_wall_ms(), &stream->page, fault);
}

static void give_back(struct widget_stream *stream) {
    ledger_settle(chat_parts(stream->api->chat)->ledger, &stream->page, (struct ledger_amount){0});
}

static void leave(struct widget_stream *stream) {
    timer_stop(&stream->heartbeat);
    give_back(stream);
    hub_unsubscribe(stream->subscription);
    if (stream->next)
        stream->next->previous = stream->previous;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        stream->api->streams = stream->next;
    errand_release(stream->request);
}

static void on_gone(void *user) {
    leave(user);
}

static void write_all(struct widget_stream *stream) {
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

static void pump(void *user) {
    struct widget_stream *stream = user;
    write_all(stream);
    if (stream->api->draining && !hub_is_busy(stream->hub, stream->channel)) {
        struct http_exchange *exchange = stream->request->exchange;
        leave(stream);
        http_stream_end(exchange);
    }
}

static void on_heartbeat(void *user) {
    struct widget_stream *stream = user;
    http_stream_write(stream->request->exchange, SLICE(": alive\n\n"));
    http_stream_flush(stream->request->exchange);
    timer_set(&stream->heartbeat, HEARTBEAT_MS);
}

void widget_drain(struct api *api) {
    api->draining = true;
    for (struct widget_stream *stream = api->streams, *next; stream; stream = next) {
        next = stream->next;
        pump(stream);
    }
}

static void say_hello(struct widget_stream *stream, enum hub_found found) {
    struct buffer *out = &stream->api->scratch;
    buffer_clear(out);
    buffer_append(out, SLICE("id: "));
    hub_position(stream->subscription, out);
    buffer_printf(out, "\nevent: hello\ndata: {\"resumed\":%s}\n\n",
                  found == HUB_RESUMED ? "true" : "false");
    http_stream_write(stream->request->exchange, buffer_slice(out));
}

static void open_stream(struct errand *errand, struct errand_request *request) {
    struct api *api = request->api;
    struct http_exchange *exchange = request->exchange;
    struct widget_stream *stream = arena_allocate(http_exchange_arena(exchange), sizeof *stream);
    enum hub_found found;
    stream->api = api;
    stream->request = request;
    stream->hub = chat_parts(api->chat)->hub;
    stream->channel =
        widget_channel(errand->what.bot, errand->what.user, http_exchange_arena(exchange));
    errand_end(errand);
    timer_init(&stream->heartbeat, chat_parts(api->chat)->loop, on_heartbeat, stream);
    struct fault fault;
    bool taken = take_page(stream, &fault);
    stream->subscription =
        !taken ? NULL
               : hub_subscribe(stream->hub, stream->channel,
                               http_header_get(http_exchange_request(exchange), "Last-Event-ID"),
                               chat_parts(api->chat)->loop, pump, stream, clock_wall_ms(), &found);
    if (!stream->subscription) {
        give_back(stream);
        fault_set(&fault, FAULT_RATE_LIMITED, "The chat is open in too many windows.");
        fault.retry_after_ms = RETRY_MS;
        memcpy(fault.code, "too_many_pages", sizeof "too_many_pages");
        errand_refuse(request, &fault);
        return;
    }
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
}

static bool read_request(struct errand *errand, struct http_exchange *exchange,
                         struct fault *fault) {
    (void)fault;
    errand->what.bot = errand_query(errand, exchange, "bot");
    return true;
}

void widget_events(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .only_browsers = true, .read = read_request, .finish = open_stream};
    errand_open(api, exchange, &operation);
}
