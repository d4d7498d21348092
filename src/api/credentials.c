#include "api/credentials.h"
#include "chat/settings.h"
#include "http/server.h"

static struct slice bearer_of(const struct http_request *http) {
    struct slice value = http_header_get(http, "Authorization");
    if (value.size > 7 && slice_equal_nocase(slice_first(value, 7), SLICE("Bearer ")))
        return slice_trim(slice_from(value, 7));
    return http_header_get(http, "X-Api-Key");
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
