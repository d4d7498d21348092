/* What a visitor thinks, and what they may have done with what is kept of them. */
#include "api/api_state.h"
#include "api/body.h"
#include "api/errand.h"
#include "api/widget.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "chat/redact.h"
#include "chat/settings.h"
#include "chat/visitor.h"
#include "http/server.h"
#include "hub/hub.h"

enum { COMMENT_MAX = 2000, STARS_MAX = 5 };

/* --- feedback --- */

static bool read_number(const struct body *body, const char *key, int64_t least, int64_t most,
                        int64_t *ret_number, struct fault *fault) {
    int64_t number;
    if (json_read_int64(json_get(body->root, key), &number) && number >= least && number <= most) {
        *ret_number = number;
        return true;
    }
    fault_set(fault, FAULT_BAD_INPUT, "%s must be a whole number from %lld to %lld.", key,
              (long long)least, (long long)most);
    return fault_param(fault, "%s", key);
}

static bool read_feedback(struct errand *errand, struct http_exchange *exchange, const char *about,
                          const char *number, int64_t least, int64_t most, struct fault *fault) {
    struct store_feedback *feedback = arena_allocate(errand->arena, sizeof *feedback);
    const struct body body = {.root = http_exchange_request(exchange)->body};
    errand->own = feedback;
    feedback->created_ms = clock_wall_ms();
    if (!body_check(body.root, fault) ||
        !body_string(&body, "bot", errand->arena, &errand->what.bot, fault) ||
        !body_string(&body, about, errand->arena, &feedback->about, fault) ||
        !body_string(&body, "comment", errand->arena, &feedback->comment, fault) ||
        !read_number(&body, number, least, most, &feedback->rating, fault))
        return false;
    feedback->comment = slice_first(feedback->comment, utf8_cut(feedback->comment, COMMENT_MAX));
    return id_valid(feedback->about) ||
           errand_wrong(fault, about, "is not an id that this server gave.");
}

static bool read_thumb(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    return read_feedback(errand, exchange, "message", "rating", -1, 1, fault);
}

/* The bot's rules go for what visitors say of it, too. */
static bool take_comment(struct errand *errand, const struct errand_request *request,
                         struct fault *fault) {
    struct store_feedback *feedback = errand->own;
    (void)fault;
    feedback->comment =
        redact_text(request->bot->redact, REDACT_LOG, feedback->comment, errand->arena);
    return true;
}

static bool run_thumb(struct store_session *session, struct errand *errand, struct fault *fault) {
    return store_feedback_put(session, &errand->what, errand->own, fault);
}

static bool read_stars(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    return read_feedback(errand, exchange, "conversation", "stars", 1, STARS_MAX, fault);
}

static bool run_stars(struct store_session *session, struct errand *errand, struct fault *fault) {
    return store_rating_put(session, &errand->what, errand->own, fault);
}

void widget_feedback(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.writes = true,
                                               .only_browsers = true,
                                               .read = read_thumb,
                                               .take = take_comment,
                                               .run = run_thumb,
                                               .finish = errand_finish_empty};
    errand_open(api, exchange, &operation);
}

void widget_rating(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.writes = true,
                                               .only_browsers = true,
                                               .read = read_stars,
                                               .take = take_comment,
                                               .run = run_stars,
                                               .finish = errand_finish_empty};
    errand_open(api, exchange, &operation);
}

/* --- what is kept of them --- */

static bool read_bot(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    (void)fault;
    errand->what.bot = errand_query(errand, exchange, "bot");
    return true;
}

static bool run_export(struct store_session *session, struct errand *errand, struct fault *fault) {
    return store_user_export(session, errand->what.bot, errand->what.user, &errand->out, fault);
}

static void finish_export(struct errand *errand, struct errand_request *request) {
    http_exchange_add_header(request->exchange, "Content-Disposition",
                             SLICE("attachment; filename=\"conversations.json\""));
    errand->request = NULL;
    errand_reply(request, 200, buffer_slice(&errand->out));
    errand_end(errand);
}

void widget_export(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .only_browsers = true, .read = read_bot, .run = run_export, .finish = finish_export};
    errand_open(api, exchange, &operation);
}

static bool run_erase(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_erased erased;
    if (!store_user_erase(session, errand->what.bot, errand->what.user, &erased, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_key(&json, "deleted");
    store_erased_write(&erased, &json);
    json_end_object(&json);
    return true;
}

/* Every page of theirs starts anew. */
static void finish_erase(struct errand *errand, struct errand_request *request) {
    struct hub *hub = chat_parts(request->api->chat)->hub;
    struct slice channel = visitor_channel(errand->what.bot, errand->what.user, errand->arena);
    hub_stop(hub, channel, (struct slice){NULL, 0});
    hub_publish(hub, channel, &(struct hub_event){.name = "erased", .data = SLICE("{}")},
                clock_wall_ms());
    hub_wake(hub, channel);
    errand->request = NULL;
    errand_reply(request, 200, buffer_slice(&errand->out));
    errand_end(errand);
}

void widget_erase(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.writes = true,
                                               .only_browsers = true,
                                               .read = read_bot,
                                               .run = run_erase,
                                               .finish = finish_erase};
    errand_open(api, exchange, &operation);
}
