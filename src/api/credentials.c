#include "api/credentials.h"
#include "api/origin.h"
#include "base/arena.h"
#include "chat/settings.h"
#include "http/server.h"

static struct slice bearer_of(const struct http_request *http) {
    struct slice value = http_header_get(http, "Authorization");
    if (value.size > 7 && slice_equal_nocase(slice_first(value, 7), SLICE("Bearer ")))
        return slice_trim(slice_from(value, 7));
    return http_header_get(http, "X-Api-Key");
}

struct slice credentials_bearer(struct http_exchange *exchange) {
    return bearer_of(http_exchange_request(exchange));
}

struct credentials credentials_of(struct http_exchange *exchange, const struct bot *bot) {
    const struct http_request *http = http_exchange_request(exchange);
    char cookie[80];
    snprintf(cookie, sizeof cookie, "sb_%s", bot->name);
    struct slice session = http_header_get(http, "X-Switchboard-Session");
    return (struct credentials){
        .bearer = bearer_of(http),
        .session = session.size ? session : http_cookie_get(http, cookie),
        .user_id = http_header_get(http, "X-Switchboard-User"),
        .user_hash = http_header_get(http, "X-Switchboard-User-Hash"),
    };
}

void credentials_keep(struct http_exchange *exchange, const struct bot *bot, const char *token) {
    bool foreign = origin_is_foreign(exchange);
    /* A page of another site gets the token in a header as well: browsers that block cookies of
     * third parties would forget the visitor with every message. */
    if (foreign)
        http_exchange_add_header(exchange, "X-Switchboard-Session", slice_of(token));
    char *cookie =
        arena_printf(http_exchange_arena(exchange), "sb_%s=%s; Path=/; Max-Age=%lld; HttpOnly; %s",
                     bot->name, token, (long long)(bot->access.session_max_age_ms / 1000),
                     foreign ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax");
    http_exchange_add_header(exchange, "Set-Cookie", slice_of(cookie));
}
