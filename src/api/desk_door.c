/* Who is signed in at the desk, and what all of its doors share. */
#include "api/desk.h"
#include "api/errand.h"
#include "api/origin.h"
#include "api/reply.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/desk.h"
#include "http/server.h"
#include <sodium.h>

#define PATH_BEFORE_ID "/api/desk/conversations/"

enum { TOKEN_MAX = 128 };

static bool signed_out(struct fault *fault) {
    fault_set(fault, FAULT_UNAUTHENTICATED, "You are signed out. Please sign in.");
    memcpy(fault->code, "signed_out", sizeof "signed_out");
    return false;
}

/* A form of another site can send neither the header nor, for it, a preflight that we would grant;
 * and browsers say where a request comes from. */
static bool is_own_page(struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    struct slice site = http_header_get(request, "Sec-Fetch-Site");
    if (slice_is(request->method, "GET") || slice_is(request->method, "HEAD"))
        return site.size == 0 || slice_is(site, "same-origin") || slice_is(site, "none");
    return slice_is(http_header_get(request, "X-Switchboard-Desk"), "1") &&
           (slice_is(site, "same-origin") || (site.size == 0 && !origin_is_foreign(exchange)));
}

bool desk_admit(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct slice token = http_cookie_get(http_exchange_request(exchange), "switchboard_desk");
    if (!is_own_page(exchange)) {
        fault_set(fault, FAULT_FORBIDDEN, "This is for the desk's own page.");
        memcpy(fault->code, "csrf", sizeof "csrf");
        return false;
    }
    bool has_token = token.size > 0 && token.size <= TOKEN_MAX;
    if (has_token)
        errand->sign_in = desk_hash(token, errand->arena);
    return has_token || !errand->operation->signed_in || signed_out(fault);
}

struct slice desk_hash(struct slice token, struct arena *arena) {
    unsigned char *hash = arena_allocate(arena, crypto_generichash_BYTES);
    crypto_generichash(hash, crypto_generichash_BYTES, (const unsigned char *)token.data,
                       token.size, NULL, 0);
    return (struct slice){(const char *)hash, crypto_generichash_BYTES};
}

bool desk_identify(struct store_session *session, struct errand *errand, struct fault *fault) {
    bool found;
    if (!store_operator_session_find(session, errand->sign_in, clock_wall_ms(), errand->arena,
                                     &found, &errand->operator, fault))
        return false;
    return found || signed_out(fault);
}

bool desk_leads(const struct errand *errand) {
    return !slice_is(errand->operator.role, "operator");
}

/* --- one conversation --- */

bool desk_path_id(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct slice path = http_exchange_request(exchange)->path;
    struct slice id = slice_first(slice_from(path, strlen(PATH_BEFORE_ID)), ID_SIZE);
    if (!id_valid(id))
        return fault_set(fault, FAULT_NOT_FOUND, "There is no such conversation.");
    errand->what.id = arena_copy(errand->arena, id);
    return true;
}

bool desk_find(struct store_session *session, struct errand *errand,
               struct store_desk_entry *ret_entry, struct fault *fault) {
    bool found;
    if (!store_desk_get(session, errand->what.id, errand->operator.bots, errand->arena, &found,
                        ret_entry, fault))
        return false;
    if (!found)
        return fault_set(fault, FAULT_NOT_FOUND, "There is no such conversation.");
    errand->what.bot = ret_entry->bot;
    errand->what.user = ret_entry->user;
    return true;
}

bool desk_is_theirs(const struct errand *errand, const struct store_desk_entry *entry,
                    struct fault *fault) {
    if (slice_is(entry->mode, "operator") && slice_equal(entry->operator_id, errand->operator.id))
        return true;
    fault_set(fault, FAULT_CONFLICT, "You do not have this conversation: take it over first.");
    memcpy(fault->code, "not_yours", sizeof "not_yours");
    return false;
}

static bool run_entry(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_desk_entry entry;
    if (!desk_find(session, errand, &entry, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    desk_write_entry(&json, &entry);
    json_end_object(&json);
    return true;
}

void desk_reply_entry(struct errand *errand) {
    static const struct operation operation = {.status = 200, .signed_in = true, .run = run_entry};
    if (errand->request)
        errand_go_on(errand, &operation);
    else
        errand_end(errand);
}

/* --- the paths --- */

struct path {
    const char *after; /* the id */
    void (*serve)(struct api *api, struct http_exchange *exchange);
};

static void serve_path(struct api *api, struct http_exchange *exchange, const struct path *paths) {
    struct slice rest = slice_from(http_exchange_request(exchange)->path, strlen(PATH_BEFORE_ID));
    struct slice after = slice_from(rest, rest.size < ID_SIZE ? rest.size : ID_SIZE);
    struct fault fault;
    for (; paths->after; paths++)
        if (slice_is(after, paths->after)) {
            paths->serve(api, exchange);
            return;
        }
    fault_set(&fault, FAULT_NOT_FOUND, "There is nothing of that name at the desk.");
    reply_error(exchange, &fault);
}

void desk_conversation(struct api *api, struct http_exchange *exchange) {
    static const struct path paths[] = {
        {"", desk_read_one}, {"/events", desk_watch_one}, {NULL, NULL}};
    serve_path(api, exchange, paths);
}

void desk_conversation_post(struct api *api, struct http_exchange *exchange) {
    static const struct path paths[] = {{"/take", desk_take},
                                        {"/give", desk_give},
                                        {"/close", desk_close},
                                        {"/messages", desk_write},
                                        {"/typing", desk_typing},
                                        {"/assist", desk_assist},
                                        {NULL, NULL}};
    serve_path(api, exchange, paths);
}
