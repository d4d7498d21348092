#include "api/errand.h"
#include "api/address.h"
#include "api/api_state.h"
#include "api/credentials.h"
#include "api/desk.h"
#include "api/door.h"
#include "api/origin.h"
#include "api/reply.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "chat/chat.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "gate/limits.h"
#include "http/server.h"

void errand_end(struct errand *errand) {
    if (errand->request)
        errand->request->errand = NULL;
    buffer_finish(&errand->out);
    settings_release(errand->settings);
    arena_destroy(errand->arena);
}

/* --- replies --- */

void errand_headers(struct errand_request *request) {
    http_exchange_add_header(request->exchange, "X-Request-Id", id_slice(&request->id));
    http_exchange_add_header(request->exchange, "Cache-Control", SLICE("no-store"));
}

void errand_release(struct errand_request *request) {
    settings_release(request->settings);
    request->settings = NULL;
}

void errand_reply(struct errand_request *request, int status, struct slice body) {
    errand_headers(request);
    errand_release(request);
    reply_json(request->exchange, status, body);
}

void errand_nothing(struct errand_request *request) {
    errand_headers(request);
    errand_release(request);
    http_reply(request->exchange, 204, NULL, (struct slice){NULL, 0});
}

void errand_finish_empty(struct errand *errand, struct errand_request *request) {
    errand_end(errand);
    errand_nothing(request);
}

void errand_refuse(struct errand_request *request, const struct fault *fault) {
    struct metrics *metrics = chat_parts(request->api->chat)->metrics;
    atomic_fetch_add(&metrics->refused[fault->kind], 1);
    errand_headers(request);
    errand_release(request);
    reply_error(request->exchange, fault);
}

/* --- the store --- */

/* The errand is at its end, one way or another. */
static void finish(struct errand *errand, const struct fault *fault) {
    struct errand_request *request = errand->request;
    if (!fault && errand->operation->finish && (request || errand->operation->even_gone)) {
        errand->operation->finish(errand, request);
        return;
    }
    if (request && fault)
        errand_refuse(request, fault);
    else if (request)
        errand_reply(request, errand->operation->status, buffer_slice(&errand->out));
    errand->request = NULL; /* it is over */
    errand_end(errand);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct errand *errand = (struct errand *)job;
    struct chat *chat = errand->chat;
    bool ours = fault && fault->kind >= FAULT_INTERNAL;
    if (ours)
        log_error("the store could not be read or written", LOG_SLICE("user", errand->what.user),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    finish(errand, fault);
    chat_let_go(chat);
}

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct errand *errand = (struct errand *)job;
    buffer_clear(&errand->out);
    if (errand->operation->signed_in && !desk_identify(session, errand, fault))
        return false;
    if (!errand->operation->run(session, errand, fault))
        return false;
    if (errand->out.size > 0)
        buffer_append_byte(&errand->out, '\n');
    return true;
}

static void submit(struct errand *errand) {
    const struct chat_parts *parts = chat_parts(errand->chat);
    if (!errand->operation->run) {
        finish(errand, NULL);
        return;
    }
    errand->job = (struct store_job){.run = run, .done = on_done, .loop = parts->loop};
    chat_hold(errand->chat);
    if (errand->operation->writes)
        store_write(parts->store, &errand->job);
    else
        store_read(parts->store, &errand->job);
}

void errand_go_on(struct errand *errand, const struct operation *operation) {
    errand->operation = operation;
    submit(errand);
}

/* --- the way in --- */

/* Reading is free. Making one costs a row, so it has the limits of messages, counted apart. */
bool errand_may_create(const struct errand_request *request, const char *what, struct slice user,
                       struct fault *fault) {
    const struct bot *bot = request->bot;
    struct arena *arena = request->errand->arena;
    char address[64];
    address_group(&request->api->options, request->exchange, address);
    struct slice by_user =
        slice_of(arena_printf(arena, "%s/%s/user/%.*s", bot->name, what, SLICE_ARG(user)));
    struct slice by_address =
        slice_of(arena_printf(arena, "%s/%s/address/%s", bot->name, what, address));
    const char *per_minute = arena_printf(arena, "%s per minute", what);
    const char *per_day = arena_printf(arena, "%s per day", what);
    const struct limit limits[] = {
        {by_user, LIMIT_MINUTE_MS, bot->user_limits.messages_per_minute, per_minute},
        {by_user, LIMIT_DAY_MS, bot->user_limits.messages_per_day, per_day},
        {by_address, LIMIT_MINUTE_MS, bot->address_limits.messages_per_minute, per_minute},
        {by_address, LIMIT_DAY_MS, bot->address_limits.messages_per_day, per_day},
    };
    enum { COUNT = sizeof limits / sizeof limits[0] };
    int64_t windows[COUNT];
    return limiter_take(chat_parts(request->api->chat)->limiter, limits, COUNT, clock_wall_ms(),
                        windows, fault);
}

static void on_identified(void *user, const struct identity *identity, const struct fault *fault) {
    struct errand_request *request = user;
    struct errand *errand = request->errand;
    const struct operation *operation = errand->operation;
    struct fault limited;
    request->identify = NULL;
    if (!fault && operation->creates &&
        !errand_may_create(request, operation->creates, slice_of(identity->user), &limited))
        fault = &limited;
    if (fault) {
        errand_end(errand);
        errand_refuse(request, fault);
        return;
    }
    /* A visitor who is new has nothing to read, and needs no session for it. */
    if (operation->creates && identity->session_token[0])
        credentials_keep(request->exchange, request->bot, identity->session_token);
    errand->who = *identity;
    errand->who.claims = arena_copy(errand->arena, identity->claims);
    errand->what.user = arena_copy(errand->arena, slice_of(identity->user));
    if (operation->take && !operation->take(errand, request, &limited)) {
        errand_end(errand);
        errand_refuse(request, &limited);
        return;
    }
    submit(errand);
}

static void on_gone(void *user) {
    struct errand_request *request = user;
    if (request->gone) {
        request->gone(request->user);
        return;
    }
    if (request->identify) {
        identify_cancel(request->identify);
        errand_end(request->errand);
    } else if (request->errand) {
        request->errand->request = NULL; /* it is with the store */
    }
    errand_release(request);
}

static void on_drained(void *user) {
    struct errand_request *request = user;
    if (request->drained)
        request->drained(request->user);
}

static struct errand_request *begin(struct api *api, struct http_exchange *exchange,
                                    const struct operation *operation) {
    struct errand_request *request = arena_allocate(http_exchange_arena(exchange), sizeof *request);
    struct arena *arena = arena_create(1024);
    struct errand *errand = arena_allocate(arena, sizeof *errand);
    *errand = (struct errand){
        .operation = operation, .arena = arena, .chat = api->chat, .request = request};
    request->api = api;
    request->exchange = exchange;
    request->settings = settings_reference(chat_settings(api->chat));
    errand->settings = settings_reference(request->settings);
    request->errand = errand;
    request->id = id_create();
    http_exchange_watch(exchange, &(struct http_watch){on_gone, on_drained, request});
    return request;
}

void errand_open_desk(struct api *api, struct http_exchange *exchange,
                      const struct operation *operation) {
    struct errand_request *request = begin(api, exchange, operation);
    struct errand *errand = request->errand;
    struct fault fault;
    if (desk_admit(errand, exchange, &fault) && operation->read(errand, exchange, &fault)) {
        submit(errand);
        return;
    }
    errand_end(errand);
    errand_refuse(request, &fault);
}

void errand_open(struct api *api, struct http_exchange *exchange,
                 const struct operation *operation) {
    struct errand_request *request = begin(api, exchange, operation);
    struct errand *errand = request->errand;
    struct arena *arena = errand->arena;
    struct fault fault;
    if (!operation->read(errand, exchange, &fault) ||
        !door_find_bot(request->settings, errand->what.bot, "bot", &request->bot, &fault) ||
        (operation->only_browsers && !origin_named(exchange, &fault)) ||
        !origin_check(exchange, request->bot, &fault)) {
        /* The page's developer reads in the console which line is missing. */
        if (operation->only_browsers && strcmp(fault.code, "origin_not_allowed") == 0)
            origin_tell(exchange);
        errand_end(errand);
        errand_refuse(request, &fault);
        return;
    }
    errand->what.bot = arena_copy(arena, slice_of(request->bot->name));
    errand->bot = request->bot;
    const struct credentials credentials = credentials_of(exchange, request->bot);
    struct identify *identify = identify_start(api->chat, request->settings, request->bot,
                                               &credentials, on_identified, request);
    if (identify) /* else it is answered, and the request may be gone */
        request->identify = identify;
}

/* --- what a request asks for --- */

struct slice errand_query(const struct errand *errand, struct http_exchange *exchange,
                          const char *name) {
    struct slice value = {NULL, 0};
    http_query_get(http_exchange_request(exchange), errand->arena, name, &value);
    return arena_copy(errand->arena, value); /* it outlives the request */
}

bool errand_wrong(struct fault *fault, const char *name, const char *what) {
    fault_set(fault, FAULT_BAD_INPUT, "%s %s", name, what);
    return fault_param(fault, "%s", name);
}

bool errand_limit(struct errand *errand, struct http_exchange *exchange, int64_t usual,
                  int64_t most, struct fault *fault) {
    struct slice text = errand_query(errand, exchange, "limit");
    int64_t limit = usual;
    if (text.size > 0 && (!slice_to_int64(text, &limit) || limit < 1 || limit > most)) {
        fault_set(fault, FAULT_BAD_INPUT, "limit must be a whole number from 1 to %lld.",
                  (long long)most);
        return fault_param(fault, "limit");
    }
    errand->limit = (size_t)limit;
    return true;
}

bool errand_id(struct errand *errand, struct http_exchange *exchange, const char *before,
               struct fault *fault) {
    struct slice path = http_exchange_request(exchange)->path;
    struct slice id = slice_from(path, strlen(before));
    errand->what.bot = errand_query(errand, exchange, "bot");
    if (!id_valid(id))
        return fault_set(fault, FAULT_NOT_FOUND, "There is no such conversation.");
    errand->what.id = arena_copy(errand->arena, id);
    return true;
}
