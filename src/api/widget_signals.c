/* What a visitor's page says of a conversation besides messages: stop, and that they type. */
#include "api/api_state.h"
#include "api/body.h"
#include "api/errand.h"
#include "api/widget.h"
#include "base/clock.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/visitor.h"
#include "http/server.h"
#include "hub/hub.h"

static bool read_named(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    const struct body body = {.root = http_exchange_request(exchange)->body};
    if (!body_check(body.root, fault) ||
        !body_string(&body, "bot", errand->arena, &errand->what.bot, fault) ||
        !body_string(&body, "conversation", errand->arena, &errand->what.id, fault))
        return false;
    return id_valid(errand->what.id) ||
           errand_wrong(fault, "conversation", "is not an id that this server gave.");
}

static void stop(struct errand *errand, struct errand_request *request) {
    struct slice channel = visitor_channel(errand->what.bot, errand->what.user, errand->arena);
    hub_stop(chat_parts(request->api->chat)->hub, channel, errand->what.id);
    errand_end(errand);
    errand_nothing(request);
}

void widget_stop(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .only_browsers = true, .read = read_named, .finish = stop};
    errand_open(api, exchange, &operation);
}

/* --- typing --- */

static void tell_typing(struct errand *errand, struct errand_request *request) {
    struct hub *hub = chat_parts(request->api->chat)->hub;
    struct slice channel = visitor_channel(errand->what.bot, errand->what.user, errand->arena);
    struct json_writer json = json_writer_start(&errand->out);
    buffer_clear(&errand->out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", errand->what.id);
    json_member_string(&json, "role", SLICE("user"));
    json_end_object(&json);
    hub_publish(hub, channel,
                &(struct hub_event){.name = "typing", .data = buffer_slice(&errand->out)},
                clock_wall_ms());
    hub_wake(hub, channel);
    errand_end(errand);
    errand_nothing(request);
}

void widget_typing(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .only_browsers = true, .read = read_named, .finish = tell_typing};
    errand_open(api, exchange, &operation);
}
