#include "api/conversations.h"
#include "api/address.h"
#include "api/api_state.h"
#include "api/body.h"
#include "api/credentials.h"
#include "api/door.h"
#include "api/origin.h"
#include "api/reply.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "chat/chat.h"
#include "chat/confirm.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "chat/turn.h"
#include "gate/limits.h"
#include "http/server.h"
#include "store/records.h"
#include "store/store.h"

#define PATH_BEFORE_ID "/v1/conversations/"

enum {
    LIST_DEFAULT = 20,
    LIST_MAX = 100,
    MESSAGES_DEFAULT = 100,
    MESSAGES_MAX = 1000,
    /* Text in one reply: few long messages make a page as well as many short ones. */
    PAGE_BYTES = 512 * 1024,
};

struct errand;

/* What one of these doors does. */
struct operation {
    int status;  /* of the reply when it went well */
    bool writes; /* in the database */
    bool (*read)(struct errand *errand, struct http_exchange *exchange, struct fault *fault);
    /* On a thread of the store: writes the reply to errand->out, which is empty. */
    bool (*run)(struct store_session *session, struct errand *errand, struct fault *fault);
};

/* What the store is to do: it has an arena of its own, since it may outlive the request. */
struct errand {
    struct store_job job; /* first: the store hands back its address */
    const struct operation *operation;
    struct arena *arena; /* the errand lies in it */
    struct chat *chat;
    struct conversations_request *request; /* NULL when the client is gone */
    struct store_conversation what;        /* whose, and of which bot */
    struct slice before;                   /* id behind which a list goes on */
    int64_t after;                         /* position behind which messages go on */
    size_t limit;
    struct buffer out;
};

/* Lies in the exchange's arena. */
struct conversations_request {
    struct api *api;
    struct http_exchange *exchange;
    struct settings *settings; /* a reference */
    const struct bot *bot;
    struct identify *identify;
    struct errand *errand;
    struct id id;
};

static void errand_destroy(struct errand *errand) {
    buffer_finish(&errand->out);
    arena_destroy(errand->arena);
}

/* --- replies --- */

static void add_headers(struct conversations_request *request) {
    http_exchange_add_header(request->exchange, "X-Request-Id", id_slice(&request->id));
    http_exchange_add_header(request->exchange, "Cache-Control", SLICE("no-store"));
}

static void refuse(struct conversations_request *request, const struct fault *fault) {
    struct metrics *metrics = chat_parts(request->api->chat)->metrics;
    atomic_fetch_add(&metrics->refused[fault->kind], 1);
    add_headers(request);
    settings_release(request->settings);
    reply_error(request->exchange, fault);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct errand *errand = (struct errand *)job;
    struct conversations_request *request = errand->request;
    struct chat *chat = errand->chat;
    if (fault && fault->kind != FAULT_NOT_FOUND)
        log_error("conversations could not be read or written",
                  LOG_SLICE("user", errand->what.user), LOG_STRING("error", fault->message),
                  LOG_STRING("detail", fault->detail), );
    if (request && fault) {
        refuse(request, fault);
    } else if (request) {
        add_headers(request);
        settings_release(request->settings);
        reply_json(request->exchange, errand->operation->status, buffer_slice(&errand->out));
    }
    errand_destroy(errand);
    chat_let_go(chat);
}

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct errand *errand = (struct errand *)job;
    buffer_clear(&errand->out);
    if (!errand->operation->run(session, errand, fault))
        return false;
    buffer_append_byte(&errand->out, '\n');
    return true;
}

/* --- the way in --- */

static void submit(struct conversations_request *request) {
    struct errand *errand = request->errand;
    const struct chat_parts *parts = chat_parts(errand->chat);
    errand->job = (struct store_job){.run = run, .done = on_done, .loop = parts->loop};
    chat_hold(errand->chat);
    if (errand->operation->writes)
        store_write(parts->store, &errand->job);
    else
        store_read(parts->store, &errand->job);
}

/* Reading is free. Making one costs a row, so it has the limits of messages, counted apart. */
static bool may_create(const struct conversations_request *request, const char *user,
                       struct fault *fault) {
    const struct bot *bot = request->bot;
    const struct api_options *options = &request->api->options;
    struct arena *arena = request->errand->arena;
    char peer[64], address[64];
    limit_address(address_of(http_exchange_request(request->exchange), options->trusted_proxies,
                             options->trusted_proxy_count, peer),
                  address);
    struct slice by_user = slice_of(arena_printf(arena, "%s/new/user/%s", bot->name, user));
    struct slice by_address =
        slice_of(arena_printf(arena, "%s/new/address/%s", bot->name, address));
    const struct limit limits[] = {
        {by_user, LIMIT_MINUTE_MS, bot->user_limits.messages_per_minute,
         "conversations per minute"},
        {by_user, LIMIT_DAY_MS, bot->user_limits.messages_per_day, "conversations per day"},
        {by_address, LIMIT_MINUTE_MS, bot->address_limits.messages_per_minute,
         "conversations per minute"},
        {by_address, LIMIT_DAY_MS, bot->address_limits.messages_per_day, "conversations per day"},
    };
    enum { COUNT = sizeof limits / sizeof limits[0] };
    int64_t windows[COUNT];
    return limiter_take(chat_parts(request->api->chat)->limiter, limits, COUNT, clock_wall_ms(),
                        windows, fault);
}

static void on_identified(void *user, const struct identity *identity, const struct fault *fault) {
    struct conversations_request *request = user;
    struct errand *errand = request->errand;
    bool creates = errand->operation->status == 201;
    struct fault limited;
    request->identify = NULL;
    if (!fault && creates && !may_create(request, identity->user, &limited))
        fault = &limited;
    if (fault) {
        errand_destroy(errand);
        refuse(request, fault);
        return;
    }
    /* A visitor who is new has nothing to read, and needs no session for it. */
    if (creates && identity->session_token[0])
        credentials_keep(request->exchange, request->bot, identity->session_token);
    errand->what.user = arena_copy(errand->arena, slice_of(identity->user));
    submit(request);
}

static void on_gone(void *user) {
    struct conversations_request *request = user;
    if (request->identify) {
        identify_cancel(request->identify);
        errand_destroy(request->errand);
    } else {
        request->errand->request = NULL; /* it is with the store */
    }
    settings_release(request->settings);
}

static void open_request(struct api *api, struct http_exchange *exchange,
                         const struct operation *operation) {
    struct conversations_request *request =
        arena_allocate(http_exchange_arena(exchange), sizeof *request);
    struct arena *arena = arena_create(1024);
    struct errand *errand = arena_allocate(arena, sizeof *errand);
    *errand = (struct errand){
        .operation = operation, .arena = arena, .chat = api->chat, .request = request};
    request->api = api;
    request->exchange = exchange;
    request->settings = settings_reference(chat_settings(api->chat));
    request->errand = errand;
    request->id = id_create();
    http_exchange_watch(exchange, &(struct http_watch){on_gone, NULL, request});
    struct fault fault;
    if (!operation->read(errand, exchange, &fault) ||
        !door_find_bot(request->settings, errand->what.bot, "bot", &request->bot, &fault) ||
        !origin_check(exchange, request->bot, &fault)) {
        errand_destroy(errand);
        refuse(request, &fault);
        return;
    }
    errand->what.bot = arena_copy(arena, slice_of(request->bot->name));
    const struct credentials credentials = credentials_of(exchange, request->bot);
    struct identify *identify = identify_start(api->chat, request->settings, request->bot,
                                               &credentials, on_identified, request);
    if (identify) /* else it is answered, and the request may be gone */
        request->identify = identify;
}

/* --- what a request asks for --- */

static struct slice query_of(const struct errand *errand, struct http_exchange *exchange,
                             const char *name) {
    struct slice value = {NULL, 0};
    http_query_get(http_exchange_request(exchange), errand->arena, name, &value);
    return arena_copy(errand->arena, value); /* it outlives the request */
}

static bool wrong(struct fault *fault, const char *name, const char *what) {
    fault_set(fault, FAULT_BAD_INPUT, "%s %s", name, what);
    return fault_param(fault, "%s", name);
}

static bool read_limit(struct errand *errand, struct http_exchange *exchange, int64_t usual,
                       int64_t most, struct fault *fault) {
    struct slice text = query_of(errand, exchange, "limit");
    int64_t limit = usual;
    if (text.size > 0 && (!slice_to_int64(text, &limit) || limit < 1 || limit > most)) {
        fault_set(fault, FAULT_BAD_INPUT, "limit must be a whole number from 1 to %lld.",
                  (long long)most);
        return fault_param(fault, "limit");
    }
    errand->limit = (size_t)limit;
    return true;
}

static bool read_id(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct slice path = http_exchange_request(exchange)->path;
    struct slice id = slice_from(path, sizeof PATH_BEFORE_ID - 1);
    errand->what.bot = query_of(errand, exchange, "bot");
    if (!id_valid(id))
        return fault_set(fault, FAULT_NOT_FOUND, "There is no such conversation.");
    errand->what.id = arena_copy(errand->arena, id);
    return true;
}

/* --- create --- */

static bool read_create(struct errand *errand, struct http_exchange *exchange,
                        struct fault *fault) {
    struct slice text = slice_trim(http_exchange_request(exchange)->body);
    const struct body body = {.root = text};
    const struct id id = id_create();
    if (text.size > 0 && !body_check(text, fault))
        return false;
    errand->what.id = arena_copy(errand->arena, id_slice(&id));
    errand->what.door = SLICE("conversations");
    errand->what.created_ms = clock_wall_ms();
    return text.size == 0 || body_string(&body, "bot", errand->arena, &errand->what.bot, fault);
}

static void write_members(const struct errand *errand, const struct store_entry *entry,
                          struct json_writer *json) {
    json_member_string(json, "id", entry->id);
    json_member_string(json, "object", SLICE("conversation"));
    json_member_string(json, "bot", errand->what.bot);
    json_member_int(json, "created_at", entry->created_ms / 1000);
    json_member_int(json, "updated_at", entry->updated_ms / 1000);
    json_member_int(json, "message_count", entry->message_count);
}

static bool run_create(struct store_session *session, struct errand *errand, struct fault *fault) {
    const struct store_conversation *what = &errand->what;
    struct json_writer json = json_writer_start(&errand->out);
    if (!store_conversation_put(session, what, fault))
        return false;
    json_begin_object(&json);
    write_members(errand, &(struct store_entry){what->id, what->created_ms, what->created_ms, 0},
                  &json);
    json_end_object(&json);
    return true;
}

void conversations_create(struct api *api, struct http_exchange *exchange) {
    static const struct operation create = {201, true, read_create, run_create};
    open_request(api, exchange, &create);
}

/* --- list --- */

static bool read_list(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    errand->what.bot = query_of(errand, exchange, "bot");
    errand->before = query_of(errand, exchange, "after");
    if (errand->before.size > 0 && !id_valid(errand->before))
        return wrong(fault, "after", "is not the id of a conversation.");
    return read_limit(errand, exchange, LIST_DEFAULT, LIST_MAX, fault);
}

static bool run_list(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_entry *entries;
    size_t count;
    bool more;
    if (!store_conversations_list(session, errand->what.bot, errand->what.user, errand->before,
                                  errand->limit, errand->arena, &entries, &count, &more, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_member_string(&json, "object", SLICE("list"));
    json_key(&json, "data");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&json);
        write_members(errand, &entries[i], &json);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_member_bool(&json, "has_more", more);
    json_end_object(&json);
    return true;
}

void conversations_list(struct api *api, struct http_exchange *exchange) {
    static const struct operation list = {200, false, read_list, run_list};
    open_request(api, exchange, &list);
}

/* --- get --- */

static bool read_get(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct slice after = query_of(errand, exchange, "after");
    if (!read_id(errand, exchange, fault))
        return false;
    if (after.size > 0 && (!slice_to_int64(after, &errand->after) || errand->after < 0))
        return wrong(fault, "after", "must be the position of a message, a whole number.");
    return read_limit(errand, exchange, MESSAGES_DEFAULT, MESSAGES_MAX, fault);
}

static void write_message(const struct store_message *message, struct json_writer *json) {
    json_begin_object(json);
    json_member_string(json, "id", message->id);
    json_member_int(json, "position", message->position);
    json_member_string(json, "role", message->role);
    json_member_string(json, "content", message->text);
    json_member_string(json, "status", message->status);
    json_member_int(json, "created_at", message->created_ms / 1000);
    json_end_object(json);
}

static void write_cards(const struct store_confirmation *cards, size_t count,
                        struct json_writer *json) {
    json_key(json, "confirmations");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        const struct turn_confirm card = {cards[i].id, cards[i].card, cards[i].state,
                                          cards[i].expires_ms};
        struct buffer text = {0};
        confirm_write(&card, &text);
        json_raw(json, buffer_slice(&text));
        buffer_finish(&text);
    }
    json_end_array(json);
}

static bool run_get(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_entry entry;
    struct store_message *messages;
    struct store_confirmation *cards;
    size_t count, card_count;
    bool more;
    if (!store_conversation_get(session, &errand->what, errand->arena, &entry, fault) ||
        !store_messages_page(session, errand->what.id, errand->after, errand->limit, PAGE_BYTES,
                             errand->arena, &messages, &count, &more, fault) ||
        !store_confirmations_waiting(session, errand->what.id, clock_wall_ms(), errand->arena,
                                     &cards, &card_count, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    write_members(errand, &entry, &json);
    json_key(&json, "messages");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++)
        write_message(&messages[i], &json);
    json_end_array(&json);
    if (card_count > 0)
        write_cards(cards, card_count, &json);
    json_member_bool(&json, "has_more", more);
    json_end_object(&json);
    return true;
}

void conversations_get(struct api *api, struct http_exchange *exchange) {
    static const struct operation get = {200, false, read_get, run_get};
    open_request(api, exchange, &get);
}

/* --- delete --- */

static bool run_delete(struct store_session *session, struct errand *errand, struct fault *fault) {
    if (!store_conversation_delete(session, &errand->what, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_member_string(&json, "id", errand->what.id);
    json_member_string(&json, "object", SLICE("conversation.deleted"));
    json_member_bool(&json, "deleted", true);
    json_end_object(&json);
    return true;
}

void conversations_delete(struct api *api, struct http_exchange *exchange) {
    static const struct operation delete = {200, true, read_id, run_delete};
    open_request(api, exchange, &delete);
}
