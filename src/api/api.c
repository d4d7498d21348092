#include "api/api.h"
#include "api/admin.h"
#include "api/anthropic.h"
#include "api/api_state.h"
#include "api/conversations.h"
#include "api/desk.h"
#include "api/openai.h"
#include "api/origin.h"
#include "api/reply.h"
#include "api/site.h"
#include "api/status.h"
#include "api/stream.h"
#include "api/web_files.h"
#include "api/widget.h"
#include "base/memory.h"
#include "chat/chat.h"
#include "chat/metrics.h"
#include "http/server.h"

struct route {
    const char *method;
    const char *path; /* one that ends with a slash stands for all that begin with it */
    void (*serve)(struct api *api, struct http_exchange *exchange);
};

static const struct route routes[] = {
    {"POST", "/api/chat", openai_chat},
    {"POST", "/v1/chat/completions", openai_completions},
    {"POST", "/v1/messages", anthropic_messages},
    {"GET", "/v1/models", openai_models},
    {"POST", "/v1/conversations", conversations_create},
    {"GET", "/v1/conversations", conversations_list},
    {"GET", "/v1/conversations/", conversations_get},
    {"DELETE", "/v1/conversations/", conversations_delete},
    {"GET", "/api/widget/boot", widget_boot},
    {"GET", "/api/widget/events", widget_events},
    {"POST", "/api/widget/messages", widget_messages},
    {"POST", "/api/widget/confirm", widget_confirm},
    {"POST", "/api/widget/handoff", widget_handoff},
    {"POST", "/api/widget/retry", widget_retry},
    {"POST", "/api/widget/stop", widget_stop},
    {"POST", "/api/widget/typing", widget_typing},
    {"GET", "/api/widget/conversations", widget_conversations},
    {"GET", "/api/widget/conversations/", widget_conversation},
    {"DELETE", "/api/widget/conversations/", widget_delete},
    {"POST", "/api/widget/feedback", widget_feedback},
    {"POST", "/api/widget/rating", widget_rating},
    {"POST", "/api/widget/lead", widget_lead},
    {"POST", "/api/widget/files", widget_upload},
    {"GET", "/api/widget/files/", widget_attachment},
    {"GET", "/api/widget/export", widget_export},
    {"DELETE", "/api/widget/data", widget_erase},
    {"POST", "/api/desk/login", desk_login},
    {"POST", "/api/desk/logout", desk_logout},
    {"GET", "/api/desk/me", desk_me},
    {"POST", "/api/desk/presence", desk_set_presence},
    {"GET", "/api/desk/operators", desk_operators},
    {"GET", "/api/desk/conversations", desk_conversations},
    {"GET", "/api/desk/conversations/", desk_conversation},
    {"POST", "/api/desk/conversations/", desk_conversation_post},
    {"GET", "/api/desk/events", desk_events},
    {"GET", "/desk", desk_file},
    {"GET", "/desk/", desk_file},
    {"GET", "/widget.js", widget_file},
    {"GET", "/widget.mjs", widget_file},
    {"GET", "/widget/", widget_file},
    {"GET", "/healthz", status_health},
    {"GET", "/readyz", status_ready},
    {"GET", "/metrics", status_metrics},
    {"GET", "/admin/usage", admin_usage},
};

struct api *api_create(struct chat *chat, const struct api_options *options) {
    struct api *api = memory_zeroed(1, sizeof *api);
    api->chat = chat;
    api->options = *options;
    return api;
}

void api_destroy(struct api *api) {
    if (!api)
        return;
    buffer_finish(&api->scratch);
    free(api);
}

void api_drain(struct api *api) {
    stream_drain(api);
}

static bool method_fits(const struct http_request *request, const char *method) {
    return slice_is(request->method, method) ||
           (strcmp(method, "GET") == 0 && slice_is(request->method, "HEAD"));
}

static void refuse_method(struct http_exchange *exchange, const char *allowed) {
    struct fault fault;
    struct buffer body = {0};
    fault_set(&fault, FAULT_BAD_INPUT, "This address takes %s requests.", allowed);
    memcpy(fault.code, "method_not_allowed", sizeof "method_not_allowed");
    reply_error_json(&fault, &body);
    http_exchange_add_header(exchange, "Allow", slice_of(allowed));
    reply_json(exchange, 405, buffer_slice(&body));
    buffer_finish(&body);
}

static bool path_fits(const struct http_request *request, const char *path) {
    return slice_is(request->path, path) || (slice_ends_with(slice_of(path), SLICE("/")) &&
                                             slice_starts_with(request->path, slice_of(path)));
}

static void append_method(char *methods, size_t capacity, const char *method) {
    size_t used = strlen(methods);
    snprintf(methods + used, capacity - used, "%s%s", used > 0 ? ", " : "", method);
}

void api_handle(void *user, struct http_exchange *exchange) {
    struct api *api = user;
    const struct http_request *request = http_exchange_request(exchange);
    atomic_fetch_add_explicit(&chat_parts(api->chat)->metrics->requests, 1, memory_order_relaxed);
    char others[64] = ""; /* methods that the address does take */
    bool preflight = slice_is(request->method, "OPTIONS");
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!path_fits(request, routes[i].path))
            continue;
        if (preflight && !slice_starts_with(request->path, SLICE("/api/desk/"))) {
            origin_preflight(exchange, chat_settings(api->chat));
            return;
        }
        if (method_fits(request, routes[i].method)) {
            routes[i].serve(api, exchange);
            return;
        }
        append_method(others, sizeof others, routes[i].method);
    }
    if (others[0])
        refuse_method(exchange, others);
    else if (method_fits(request, "GET"))
        site_serve(api, exchange);
    else
        refuse_method(exchange, "GET, HEAD");
}
