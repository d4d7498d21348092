/* Who has a conversation, by what operators do: take it over, give it on, close it. */
#include "api/api_state.h"
#include "api/body.h"
#include "api/desk.h"
#include "api/errand.h"
#include "base/arena.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/desk.h"
#include "chat/handoff.h"
#include "http/server.h"

enum { REASON_MAX = 200 };

/* In the errand's arena. */
struct moving {
    enum handoff_mode to;
    struct slice to_operator; /* OPERATOR; empty: themselves */
    struct slice reason;
    bool force;
    bool done; /* it is so already */
};

static struct handoff_actor actor_of(const struct errand *errand) {
    const struct moving *moving = errand->own;
    return (struct handoff_actor){.cause = HANDOFF_BY_OPERATOR,
                                  .operator_id = errand->operator.id,
                                  .leads = desk_leads(errand),
                                  .force = moving->force};
}

static bool unreachable(struct fault *fault) {
    fault_set(fault, FAULT_CONFLICT,
              "The visitor talks through a program, where nobody can write to them.");
    memcpy(fault->code, "unreachable", sizeof "unreachable");
    return false;
}

/* Whom it is given to is there, and may see it. */
static bool check_receiver(struct store_session *session, struct errand *errand,
                           struct fault *fault) {
    const struct moving *moving = errand->own;
    struct store_operator operator;
    bool found;
    if (!store_operator_get(session, moving->to_operator, errand->arena, &found, &operator, fault))
        return false;
    return (found && operator.removed_ms == 0 && desk_sees(operator.bots, errand->what.bot)) ||
           errand_wrong(fault, "to", "is no operator of this bot.");
}

/* Whether it may be, before the bot is silenced for it. */
static bool run_check(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct moving *moving = errand->own;
    struct store_desk_entry entry;
    struct store_standing standing;
    bool found;
    if (!desk_find(session, errand, &entry, fault))
        return false;
    if (moving->to == HANDOFF_OPERATOR && moving->to_operator.size == 0)
        moving->to_operator = errand->operator.id;
    if (!store_standing_get(session, errand->what.id, errand->arena, &found, &standing, fault))
        return false;
    moving->done = handoff_mode_of(standing.mode) == moving->to &&
                   slice_equal(standing.operator_id, moving->to_operator);
    if (moving->done)
        return true;
    if (moving->to == HANDOFF_OPERATOR && !slice_is(entry.door, "widget"))
        return unreachable(fault);
    const struct handoff_actor actor = actor_of(errand);
    return (moving->to != HANDOFF_OPERATOR || check_receiver(session, errand, fault)) &&
           handoff_may(&standing, moving->to, moving->to_operator, &actor, fault);
}

/* The page may be gone by now. */
static void on_moved(void *user, const struct fault *fault) {
    struct errand *errand = user;
    if (errand->request && fault) {
        errand_refuse(errand->request, fault);
        errand->request = NULL;
    }
    desk_reply_entry(errand);
}

static void finish_check(struct errand *errand, struct errand_request *request) {
    const struct moving *moving = errand->own;
    const struct handoff_request what = {.bot = errand->what.bot,
                                         .user = errand->what.user,
                                         .conversation_id = errand->what.id,
                                         .to = moving->to,
                                         .to_operator = moving->to_operator,
                                         .actor = actor_of(errand),
                                         .reason = moving->reason};
    struct fault fault;
    if (moving->done) {
        desk_reply_entry(errand);
    } else if (!handoff_start(request->api->chat, &what, on_moved, errand, &fault)) {
        errand_end(errand);
        errand_refuse(request, &fault);
    }
}

static struct moving *begin(struct errand *errand, enum handoff_mode to) {
    struct moving *moving = arena_allocate(errand->arena, sizeof *moving);
    moving->to = to;
    errand->own = moving;
    return moving;
}

static bool read_take(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct moving *moving = begin(errand, HANDOFF_OPERATOR);
    struct slice body = http_exchange_request(exchange)->body;
    if (!desk_path_id(errand, exchange, fault) || !body_check(body, fault))
        return false;
    struct slice force = json_get(body, "force");
    return json_type(force) == JSON_MISSING || json_read_bool(force, &moving->force) ||
           errand_wrong(fault, "force", "must be true or false.");
}

static bool read_give(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct moving *moving = begin(errand, HANDOFF_OPERATOR);
    const struct body body = {.root = http_exchange_request(exchange)->body};
    struct slice to;
    if (!desk_path_id(errand, exchange, fault) || !body_check(body.root, fault) ||
        !body_string(&body, "to", errand->arena, &to, fault))
        return false;
    if (slice_is(to, "bot"))
        moving->to = HANDOFF_BOT;
    else if (slice_is(to, "waiting"))
        moving->to = HANDOFF_WAITING;
    else if (id_valid(to))
        moving->to_operator = to;
    else
        return errand_wrong(fault, "to", "must be bot, waiting or the id of an operator.");
    return true;
}

static bool read_close(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct moving *moving = begin(errand, HANDOFF_CLOSED);
    const struct body body = {.root = http_exchange_request(exchange)->body};
    if (!desk_path_id(errand, exchange, fault) || !body_check(body.root, fault) ||
        !body_string(&body, "reason", errand->arena, &moving->reason, fault))
        return false;
    return moving->reason.size <= REASON_MAX ||
           errand_wrong(fault, "reason", "is longer than 200 bytes.");
}

void desk_take(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_take, .run = run_check, .finish = finish_check};
    errand_open_desk(api, exchange, &operation);
}

void desk_give(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_give, .run = run_check, .finish = finish_check};
    errand_open_desk(api, exchange, &operation);
}

void desk_close(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_close, .run = run_check, .finish = finish_check};
    errand_open_desk(api, exchange, &operation);
}
