#include "api/status.h"
#include "api/api_state.h"
#include "api/credentials.h"
#include "api/reply.h"
#include "chat/chat.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "http/server.h"

void status_health(struct api *api, struct http_exchange *exchange) {
    (void)api;
    reply_json(exchange, 200,
               SLICE("{\"status\":\"ok\",\"version\":\"" SWITCHBOARD_VERSION "\"}\n"));
}

void status_ready(struct api *api, struct http_exchange *exchange) {
    if (atomic_load(api->options.draining)) {
        http_exchange_add_header(exchange, "Retry-After", SLICE("10"));
        reply_json(exchange, 503, SLICE("{\"status\":\"draining\"}\n"));
    } else {
        reply_json(exchange, 200, SLICE("{\"status\":\"ready\"}\n"));
    }
}

static bool is_loopback(const char *peer) {
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
           strncmp(peer, "::ffff:127.", 11) == 0;
}

/* In a time that does not tell how much of the token was right. */
static bool same_secret(struct slice a, struct slice b) {
    unsigned char difference = a.size != b.size;
    for (size_t i = 0; i < a.size && i < b.size; i++)
        difference |= (unsigned char)(a.data[i] ^ b.data[i]);
    return difference == 0;
}

bool status_has_admin_token(const struct api *api, struct http_exchange *exchange) {
    struct slice token = api->options.admin_token;
    struct slice header = http_header_get(http_exchange_request(exchange), "Authorization");
    return token.size > 0 && header.size > 7 &&
           slice_equal_nocase(slice_first(header, 7), SLICE("Bearer ")) &&
           same_secret(slice_from(header, 7), token);
}

static bool may_watch(const struct api *api, struct http_exchange *exchange) {
    if (api->options.admin_token.size > 0)
        return status_has_admin_token(api, exchange);
    /* Behind a proxy on the same machine everyone comes from loopback: the proxy's mark gives it
     * away. */
    const struct http_request *request = http_exchange_request(exchange);
    return is_loopback(request->peer) && http_header_get(request, "X-Forwarded-For").size == 0 &&
           http_header_get(request, "Forwarded").size == 0;
}

void status_metrics(struct api *api, struct http_exchange *exchange) {
    struct fault fault;
    if (!may_watch(api, exchange)) {
        fault_set(&fault, FAULT_FORBIDDEN,
                  "Metrics are for this machine only; set admin_token in the configuration to read "
                  "them from elsewhere.");
        reply_error(exchange, &fault);
        return;
    }
    struct buffer out = {0};
    metrics_write(chat_parts(api->chat)->metrics, &out);
    if (api->options.more_metrics)
        api->options.more_metrics(api->options.user, &out);
    http_reply(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", buffer_slice(&out));
    buffer_finish(&out);
}
