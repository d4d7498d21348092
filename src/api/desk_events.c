/* What operators watch: their own events, and a conversation as its visitor sees it. */
#include "api/api_state.h"
#include "api/desk.h"
#include "api/errand.h"
#include "api/stream.h"
#include "base/arena.h"
#include "base/clock.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/visitor.h"
#include "http/server.h"
#include "loop/timer.h"
#include "store/store.h"

/* How long somebody who was removed goes on watching, at most. */
enum { CHECK_MS = 5 * 1000 };

/* Lies in the exchange's arena. */
struct watch {
    struct chat *chat;
    struct stream *stream;
    struct slice operator_id, sign_in;
    bool joined; /* they are at the desk by it */
    struct timer check;
    struct checking *checking; /* with the store, or NULL */
};

/* Whether they are still signed in; it may outlive the watch. */
struct checking {
    struct store_job job; /* first */
    struct chat *chat;
    struct arena *arena; /* it lies in it */
    struct watch *watch; /* NULL: they have left */
    struct slice sign_in;
    bool found;
};

static bool run_check(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct checking *checking = (struct checking *)job;
    struct store_operator operator;
    return store_operator_session_find(session, checking->sign_in, clock_wall_ms(), checking->arena,
                                       &checking->found, &operator, fault);
}

static void on_checked(struct store_job *job, const struct fault *fault) {
    struct checking *checking = (struct checking *)job;
    struct watch *watch = checking->watch;
    struct chat *chat = checking->chat;
    bool out = !fault && !checking->found; /* a database that fails signs nobody out */
    arena_destroy(checking->arena);
    if (watch) {
        watch->checking = NULL;
        if (out)
            stream_end(watch->stream, SLICE("event: signed_out\ndata: {}\n\n"));
        else
            timer_set(&watch->check, CHECK_MS);
    }
    chat_let_go(chat);
}

static void on_check(void *user) {
    struct watch *watch = user;
    struct arena *arena = arena_create(512);
    struct checking *checking = arena_allocate(arena, sizeof *checking);
    *checking = (struct checking){
        .job = {.run = run_check, .done = on_checked, .loop = chat_parts(watch->chat)->loop},
        .chat = watch->chat,
        .arena = arena,
        .watch = watch,
        .sign_in = arena_copy(arena, watch->sign_in),
    };
    watch->checking = checking;
    chat_hold(watch->chat);
    store_read(chat_parts(watch->chat)->store, &checking->job);
}

static void on_left(void *user) {
    struct watch *watch = user;
    timer_stop(&watch->check);
    if (watch->checking)
        watch->checking->watch = NULL;
    if (watch->joined)
        desk_leave(chat_parts(watch->chat)->desk, watch->operator_id);
}

/* `channel` is in the exchange's arena. */
static void open_watch(struct errand *errand, struct errand_request *request, struct slice channel,
                       bool joins) {
    struct arena *arena = http_exchange_arena(request->exchange);
    struct watch *watch = arena_allocate(arena, sizeof *watch);
    struct desk *desk = chat_parts(errand->chat)->desk;
    const struct stream_options options = {
        .channel = channel, .only_new = joins, .left = on_left, .user = watch};
    struct fault fault;
    watch->chat = errand->chat;
    watch->operator_id = arena_copy(arena, errand->operator.id);
    watch->sign_in = arena_copy(arena, errand->sign_in);
    timer_init(&watch->check, chat_parts(errand->chat)->loop, on_check, watch);
    bool ok = stream_open(request, &options, &watch->stream, &fault);
    watch->joined = ok && joins;
    if (watch->joined)
        desk_join(desk, &errand->operator);
    errand_end(errand);
    if (ok)
        timer_set(&watch->check, CHECK_MS);
    else
        errand_refuse(request, &fault);
}

/* --- their own --- */

static bool read_nothing(struct errand *errand, struct http_exchange *exchange,
                         struct fault *fault) {
    (void)errand, (void)exchange, (void)fault;
    return true;
}

static bool run_nothing(struct store_session *session, struct errand *errand, struct fault *fault) {
    (void)session, (void)errand, (void)fault;
    return true;
}

static void finish_events(struct errand *errand, struct errand_request *request) {
    open_watch(errand, request,
               desk_channel(errand->operator.id, http_exchange_arena(request->exchange)), true);
}

void desk_events(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_nothing, .run = run_nothing, .finish = finish_events};
    errand_open_desk(api, exchange, &operation);
}

/* --- a conversation --- */

static bool read_one(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    return desk_path_id(errand, exchange, fault);
}

static bool run_one(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_desk_entry entry;
    return desk_find(session, errand, &entry, fault);
}

static void finish_one(struct errand *errand, struct errand_request *request) {
    open_watch(errand, request,
               visitor_channel(errand->what.bot, errand->what.user,
                               http_exchange_arena(request->exchange)),
               false);
}

void desk_watch_one(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_one, .run = run_one, .finish = finish_one};
    errand_open_desk(api, exchange, &operation);
}
