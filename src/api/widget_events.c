/* GET /api/widget/events: everything that happens to a visitor's conversations. */
#include "api/address.h"
#include "api/api_state.h"
#include "api/errand.h"
#include "api/stream.h"
#include "api/widget.h"
#include "base/arena.h"
#include "base/clock.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "chat/visitor.h"
#include "gate/ledger.h"
#include "http/server.h"

/* Lies in the exchange's arena. */
struct page {
    struct chat *chat;
    struct ledger_hold hold; /* one of its address's */
};

/* Each open page takes memory: an address may be given only so much of it. */
static bool take_page(const struct errand_request *request, struct page *page,
                      struct fault *fault) {
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
    return ledger_hold(chat_parts(page->chat)->ledger, &limit, 1, (struct ledger_amount){0, 1},
                       clock_wall_ms(), &page->hold, fault);
}

static void give_back(void *user) {
    struct page *page = user;
    ledger_settle(chat_parts(page->chat)->ledger, &page->hold, (struct ledger_amount){0});
}

static void open_stream(struct errand *errand, struct errand_request *request) {
    struct arena *arena = http_exchange_arena(request->exchange);
    struct page *page = arena_allocate(arena, sizeof *page);
    const struct stream_options options = {
        .channel = visitor_channel(errand->what.bot, errand->what.user, arena),
        .left = give_back,
        .user = page};
    struct stream *stream;
    struct fault fault;
    page->chat = request->api->chat;
    errand_end(errand);
    bool taken = take_page(request, page, &fault);
    if (taken && stream_open(request, &options, &stream, &fault))
        return;
    if (taken)
        give_back(page);
    else
        stream_too_many(&fault);
    errand_refuse(request, &fault);
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
