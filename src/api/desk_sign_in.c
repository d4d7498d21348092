/* Signing in and out at the desk, and who else is there. */
#include "api/address.h"
#include "api/api_state.h"
#include "api/body.h"
#include "api/desk.h"
#include "api/errand.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/settings.h"
#include "gate/limits.h"
#include "gate/password.h"
#include "http/server.h"
#include <sodium.h>

enum {
    NAME_MAX_BYTES = 100,
    TOKEN_BYTES = 32,
    WINDOW_MS = 15 * 60 * 1000,
    TRIES = 5,          /* of a name, from one address */
    TRIES_ADDRESS = 20, /* of any names, from one address */
    TRIES_NAME = 100,   /* of a name, from anywhere */
    TRY_LIMITS = 3,
};
static const int64_t session_ms = INT64_C(7) * 24 * 60 * 60 * 1000;

/* In the errand's arena. */
struct signing {
    struct slice name, password;
    struct limit limits[TRY_LIMITS];
    int64_t windows[TRY_LIMITS];
    bool right;
    char token[2 * TOKEN_BYTES + 1];
    bool secure;
};

/* --- what all of them say --- */

static void write_bots(struct json_writer *json, const struct settings *settings,
                       struct slice bots) {
    json_key(json, "bots");
    json_begin_array(json);
    for (size_t i = 0; i < settings->bot_count; i++) {
        const struct bot *bot = &settings->bots[i];
        if (!desk_sees(bots, slice_of(bot->name)))
            continue;
        json_begin_object(json);
        json_member_string(json, "name", slice_of(bot->name));
        json_member_string(json, "title",
                           slice_of(bot->widget.title ? bot->widget.title : bot->name));
        json_end_object(json);
    }
    json_end_array(json);
}

static void reply_me(struct errand *errand, struct errand_request *request) {
    const struct store_operator *operator= & errand->operator;
    struct desk *desk = chat_parts(errand->chat)->desk;
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "id", operator->id);
    json_member_string(&json, "name", operator->name);
    json_member_string(&json, "display", operator->display);
    json_member_string(&json, "role", operator->role);
    json_member_bool(&json, "away", desk_presence(desk, operator->id).away);
    write_bots(&json, request->settings, operator->bots);
    json_end_object(&json);
    buffer_append_byte(&out, '\n');
    errand->request = NULL;
    errand_reply(request, 200, buffer_slice(&out));
    buffer_finish(&out);
    errand_end(errand);
}

/* --- signing in --- */

/* Counted before the password is looked at, and given back where it is right: who goes away before
 * the reply has tried all the same. */
static bool take_try(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct signing *signing = errand->own;
    const struct api *api = errand->request->api;
    struct arena *arena = http_exchange_arena(exchange); /* with the name, until the reply */
    char address[64];
    address_group(&api->options, exchange, address);
    signing->limits[0] = (struct limit){
        slice_of(arena_printf(arena, "desk/sign-in/%s/%.*s", address, SLICE_ARG(signing->name))),
        WINDOW_MS, TRIES, "sign ins with this name"};
    signing->limits[1] = (struct limit){slice_of(arena_printf(arena, "desk/address/%s", address)),
                                        WINDOW_MS, TRIES_ADDRESS, "sign ins from here"};
    signing->limits[2] =
        (struct limit){slice_of(arena_printf(arena, "desk/name/%.*s", SLICE_ARG(signing->name))),
                       WINDOW_MS, TRIES_NAME, "sign ins with this name"};
    return limiter_take(chat_parts(api->chat)->limiter, signing->limits, TRY_LIMITS,
                        clock_wall_ms(), signing->windows, fault);
}

static bool wrong(struct fault *fault) {
    fault_set(fault, FAULT_UNAUTHENTICATED, "The name or the password is wrong.");
    memcpy(fault->code, "wrong_password", sizeof "wrong_password");
    return false;
}

static struct slice folded(struct slice name, struct arena *arena) {
    struct slice trimmed = slice_trim(name);
    char *text = arena_allocate(arena, trimmed.size + 1);
    for (size_t i = 0; i < trimmed.size; i++)
        text[i] = trimmed.data[i] >= 'A' && trimmed.data[i] <= 'Z' ? (char)(trimmed.data[i] | 32)
                                                                   : trimmed.data[i];
    return (struct slice){text, trimmed.size};
}

static bool read_login(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct signing *signing = arena_allocate(errand->arena, sizeof *signing);
    const struct http_request *request = http_exchange_request(exchange);
    const struct body body = {.root = request->body};
    errand->own = signing;
    if (!body_check(body.root, fault) ||
        !body_string(&body, "name", errand->arena, &signing->name, fault) ||
        !body_string(&body, "password", errand->arena, &signing->password, fault))
        return false;
    signing->name = folded(signing->name, errand->arena);
    if (signing->name.size == 0 || signing->name.size > NAME_MAX_BYTES ||
        signing->password.size > PASSWORD_MAX)
        return wrong(fault);
    signing->secure = slice_starts_with(http_header_get(request, "Origin"), SLICE("https://"));
    return take_try(errand, exchange, fault);
}

/* Slow on purpose: on a reader's thread. As long for a name that nobody has. */
static bool run_check(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct signing *signing = errand->own;
    bool found;
    if (!store_operator_find(session, signing->name, errand->arena, &found, &errand->operator,
                             fault))
        return false;
    signing->right = found ? password_check(errand->operator.password, signing->password)
                           : password_check_nobody(signing->password);
    sodium_memzero((char *)(uintptr_t)signing->password.data, signing->password.size);
    return signing->right || wrong(fault);
}

static bool run_begin(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct signing *signing = errand->own;
    int64_t now_ms = clock_wall_ms();
    unsigned char token[TOKEN_BYTES];
    id_random(token, sizeof token);
    sodium_bin2hex(signing->token, sizeof signing->token, token, sizeof token);
    const struct store_audit entry = {.operator_id = errand->operator.id,
                                      .action = SLICE("sign_in")};
    /* The one from before ends: whoever knew its cookie gets nothing out of this one. */
    return (errand->sign_in.size == 0 ||
            store_operator_session_end(session, errand->sign_in, fault)) &&
           store_operator_session_add(session, desk_hash(slice_of(signing->token), errand->arena),
                                      errand->operator.id, now_ms, now_ms + session_ms, fault) &&
           store_audit_add(session, &entry, now_ms, fault);
}

static void set_cookie(struct http_exchange *exchange, const char *token, int64_t age_ms,
                       bool secure) {
    char *cookie = arena_printf(http_exchange_arena(exchange),
                                "switchboard_desk=%s; Path=/api/desk; Max-Age=%lld; HttpOnly; "
                                "SameSite=Strict%s",
                                token, (long long)(age_ms / 1000), secure ? "; Secure" : "");
    http_exchange_add_header(exchange, "Set-Cookie", slice_of(cookie));
}

static void finish_begin(struct errand *errand, struct errand_request *request) {
    const struct signing *signing = errand->own;
    set_cookie(request->exchange, signing->token, session_ms, signing->secure);
    reply_me(errand, request);
}

static void finish_check(struct errand *errand, struct errand_request *request) {
    static const struct operation begin = {
        .writes = true, .run = run_begin, .finish = finish_begin};
    struct signing *signing = errand->own;
    limiter_give_back(chat_parts(request->api->chat)->limiter, signing->limits, TRY_LIMITS,
                      signing->windows);
    errand_go_on(errand, &begin);
}

void desk_login(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .read = read_login, .run = run_check, .finish = finish_check};
    errand_open_desk(api, exchange, &operation);
}

/* --- signing out --- */

static bool read_nothing(struct errand *errand, struct http_exchange *exchange,
                         struct fault *fault) {
    (void)errand, (void)exchange, (void)fault;
    return true;
}

static bool run_end(struct store_session *session, struct errand *errand, struct fault *fault) {
    return errand->sign_in.size == 0 || store_operator_session_end(session, errand->sign_in, fault);
}

static void finish_end(struct errand *errand, struct errand_request *request) {
    set_cookie(request->exchange, "", 0, false);
    errand_finish_empty(errand, request);
}

void desk_logout(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .writes = true, .read = read_nothing, .run = run_end, .finish = finish_end};
    errand_open_desk(api, exchange, &operation);
}

/* --- who is there --- */

static bool run_nothing(struct store_session *session, struct errand *errand, struct fault *fault) {
    (void)session, (void)errand, (void)fault;
    return true;
}

void desk_me(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_nothing, .run = run_nothing, .finish = reply_me};
    errand_open_desk(api, exchange, &operation);
}

static bool read_presence(struct errand *errand, struct http_exchange *exchange,
                          struct fault *fault) {
    struct slice body = http_exchange_request(exchange)->body;
    bool *away = arena_allocate(errand->arena, sizeof *away);
    errand->own = away;
    return body_check(body, fault) && (json_read_bool(json_get(body, "away"), away) ||
                                       errand_wrong(fault, "away", "must be true or false."));
}

static void finish_presence(struct errand *errand, struct errand_request *request) {
    desk_set_away(chat_parts(errand->chat)->desk, errand->operator.id, *(bool *)errand->own);
    errand_finish_empty(errand, request);
}

void desk_set_presence(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_presence, .run = run_nothing, .finish = finish_presence};
    errand_open_desk(api, exchange, &operation);
}

static bool run_operators(struct store_session *session, struct errand *errand,
                          struct fault *fault) {
    struct desk *desk = chat_parts(errand->chat)->desk;
    struct store_operator *operators;
    size_t count;
    int64_t waiting, chats;
    if (!store_operators_list(session, errand->arena, &operators, &count, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_key(&json, "data");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        struct desk_presence presence = desk_presence(desk, operators[i].id);
        if (!store_desk_count(session, SLICE(""), operators[i].id, &waiting, &chats, fault))
            return false;
        json_begin_object(&json);
        json_member_string(&json, "id", operators[i].id);
        json_member_string(&json, "display", operators[i].display);
        json_member_string(&json, "role", operators[i].role);
        json_member_bool(&json, "present", presence.present);
        json_member_bool(&json, "away", presence.away);
        json_member_int(&json, "chats", chats);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    return true;
}

void desk_operators(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .status = 200, .signed_in = true, .read = read_nothing, .run = run_operators};
    errand_open_desk(api, exchange, &operation);
}
