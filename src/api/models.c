#include "api/anthropic.h"
#include "api/api_state.h"
#include "api/credentials.h"
#include "api/openai.h"
#include "api/origin.h"
#include "api/reply.h"
#include "base/arena.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "http/server.h"

/* GET /v1/models: asks for each bot whether the client may talk to it, one after the other. */
struct models_request {
    struct api *api;
    struct http_exchange *exchange;
    struct settings *settings;
    struct identify *identify;
    size_t next; /* bot to ask for */
    bool asking; /* inside identify_start: its answer is not the last word */
    bool *allowed;
    struct fault fault; /* of the last refusal */
};

/* Anthropic's clients ask at the same address; their version's header tells them apart. */
static bool is_anthropic(struct http_exchange *exchange) {
    return http_header_get(http_exchange_request(exchange), "Anthropic-Version").size > 0;
}

static void write_bot(struct json_writer *json, struct slice name, bool anthropic) {
    json_begin_object(json);
    json_member_string(json, "id", name);
    if (anthropic) {
        json_member_string(json, "type", SLICE("model"));
        json_member_string(json, "display_name", name);
        json_member_string(json, "created_at", SLICE("1970-01-01T00:00:00Z"));
    } else {
        json_member_string(json, "object", SLICE("model"));
        json_member_int(json, "created", 0);
        json_member_string(json, "owned_by", SLICE("switchboard"));
    }
    json_end_object(json);
}

/* All bots are on one page. */
static void write_page(struct json_writer *json, struct slice first, struct slice last) {
    json_member_bool(json, "has_more", false);
    json_member_string(json, "first_id", first);
    json_member_string(json, "last_id", last);
}

/* False when the client may talk to none of them. */
static bool write_list(const struct models_request *request, bool anthropic, struct buffer *out) {
    const struct settings *settings = request->settings;
    struct slice first = {NULL, 0}, last = {NULL, 0};
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    if (!anthropic)
        json_member_string(&json, "object", SLICE("list"));
    json_key(&json, "data");
    json_begin_array(&json);
    for (size_t i = 0; i < settings->bot_count; i++) {
        if (!request->allowed[i])
            continue;
        last = slice_of(settings->bots[i].name);
        first = first.size > 0 ? first : last;
        write_bot(&json, last, anthropic);
    }
    json_end_array(&json);
    if (anthropic)
        write_page(&json, first, last);
    json_end_object(&json);
    buffer_append_byte(out, '\n');
    return first.size > 0;
}

static void refuse(struct http_exchange *exchange, const struct fault *fault) {
    struct buffer body = {0};
    if (!is_anthropic(exchange)) {
        reply_error(exchange, fault);
        return;
    }
    int status = anthropic_error(fault, (struct slice){NULL, 0}, &body);
    reply_error_as(exchange, fault, status, buffer_slice(&body));
    buffer_finish(&body);
}

static void reply_list(struct models_request *request) {
    struct buffer out = {0};
    struct http_exchange *exchange = request->exchange;
    struct fault fault = request->fault;
    bool any = write_list(request, is_anthropic(exchange), &out);
    settings_release(request->settings);
    if (any)
        reply_json(exchange, 200, buffer_slice(&out));
    else
        refuse(exchange, &fault);
    buffer_finish(&out);
}

static void ask(struct models_request *request);

static void on_identified(void *user, const struct identity *identity, const struct fault *fault) {
    struct models_request *request = user;
    (void)identity;
    request->allowed[request->next - 1] = fault == NULL;
    if (fault)
        request->fault = *fault;
    request->identify = NULL;
    if (!request->asking)
        ask(request);
}

static void ask(struct models_request *request) {
    while (request->next < request->settings->bot_count) {
        const struct bot *bot = &request->settings->bots[request->next++];
        const struct credentials credentials = credentials_of(request->exchange, bot);
        request->asking = true;
        struct identify *identify = identify_start(request->api->chat, request->settings, bot,
                                                   &credentials, on_identified, request);
        request->asking = false;
        request->identify = identify;
        if (identify)
            return; /* goes on in on_identified */
    }
    reply_list(request);
}

static void on_gone(void *user) {
    struct models_request *request = user;
    if (request->identify)
        identify_cancel(request->identify);
    settings_release(request->settings);
}

void openai_models(struct api *api, struct http_exchange *exchange) {
    struct arena *arena = http_exchange_arena(exchange);
    struct models_request *request = arena_allocate(arena, sizeof *request);
    request->api = api;
    request->exchange = exchange;
    request->settings = settings_reference(chat_settings(api->chat));
    request->allowed = arena_array(arena, request->settings->bot_count, sizeof(bool));
    fault_set(&request->fault, FAULT_UNAUTHENTICATED, "Credentials are missing.");
    http_exchange_watch(exchange, &(struct http_watch){on_gone, NULL, request});
    struct fault fault;
    if (origin_is_foreign(exchange) &&
        !origin_check(exchange, request->settings->default_bot, &fault)) {
        settings_release(request->settings);
        refuse(exchange, &fault);
        return;
    }
    ask(request);
}
