#include "api/origin.h"
#include "api/reply.h"
#include "base/fault.h"
#include "chat/settings.h"
#include "http/server.h"

static struct slice origin_of(struct http_exchange *exchange) {
    return http_header_get(http_exchange_request(exchange), "Origin");
}

bool origin_is_foreign(struct http_exchange *exchange) {
    struct slice origin = origin_of(exchange);
    if (origin.size == 0)
        return false;
    struct slice host = http_header_get(http_exchange_request(exchange), "Host");
    size_t at = slice_find(origin, SLICE("://"));
    /* The scheme is not compared: behind a proxy that ends TLS we cannot know our own. */
    return at == SIZE_MAX || !slice_equal_nocase(slice_from(origin, at + 3), host);
}

static void allow(struct http_exchange *exchange, struct slice origin) {
    http_exchange_add_header(exchange, "Access-Control-Allow-Origin", origin);
    http_exchange_add_header(exchange, "Access-Control-Allow-Credentials", SLICE("true"));
    http_exchange_add_header(exchange, "Access-Control-Expose-Headers",
                             SLICE("x-request-id, x-conversation-id, x-switchboard-session, "
                                   "x-switchboard-ignored, retry-after"));
    http_exchange_add_header(exchange, "Vary", SLICE("Origin"));
}

bool origin_check(struct http_exchange *exchange, const struct bot *bot, struct fault *fault) {
    if (!origin_is_foreign(exchange))
        return true;
    struct slice origin = origin_of(exchange);
    if (!bot_allows_origin(bot, origin)) {
        fault_set(fault, FAULT_FORBIDDEN,
                  "The page's origin may not use this bot. To allow it, add \"%.*s\" to "
                  "bots.%s.access.origins in the configuration.",
                  (int)slice_first(origin, 100).size, origin.data, bot->name);
        memcpy(fault->code, "origin_not_allowed", sizeof "origin_not_allowed");
        return false;
    }
    allow(exchange, origin);
    return true;
}

void origin_tell(struct http_exchange *exchange) {
    http_exchange_add_header(exchange, "Access-Control-Allow-Origin", origin_of(exchange));
    http_exchange_add_header(exchange, "Vary", SLICE("Origin"));
}

bool origin_named(struct http_exchange *exchange, struct fault *fault) {
    const struct http_request *request = http_exchange_request(exchange);
    /* Browsers leave it out where a page only reads from its own site, and say so. */
    if (origin_of(exchange).size > 0 ||
        slice_is(http_header_get(request, "Sec-Fetch-Site"), "same-origin"))
        return true;
    fault_set(fault, FAULT_FORBIDDEN,
              "This door is for web pages: the request does not name its origin. Programs use "
              "POST /v1/chat/completions with an API key (switchboard key create).");
    memcpy(fault->code, "origin_missing", sizeof "origin_missing");
    return false;
}

void origin_preflight(struct http_exchange *exchange, const struct settings *settings) {
    const struct http_request *request = http_exchange_request(exchange);
    struct slice origin = origin_of(exchange);
    bool allowed = !origin_is_foreign(exchange);
    for (size_t i = 0; i < settings->bot_count && !allowed; i++)
        allowed = bot_allows_origin(&settings->bots[i], origin);
    if (allowed && origin.size > 0) {
        allow(exchange, origin);
        http_exchange_add_header(exchange, "Access-Control-Allow-Methods",
                                 SLICE("GET, POST, DELETE, OPTIONS"));
        struct slice headers = http_header_get(request, "Access-Control-Request-Headers");
        if (headers.size > 0)
            http_exchange_add_header(exchange, "Access-Control-Allow-Headers", headers);
        http_exchange_add_header(exchange, "Access-Control-Max-Age", SLICE("600"));
    }
    http_reply(exchange, 204, NULL, (struct slice){NULL, 0});
}
