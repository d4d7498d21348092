/* Those who wait for a person: not for ever. */
#include "api/nobody.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/handoff.h"
#include "chat/settings.h"
#include "loop/timer.h"
#include "store/store.h"

enum { LOOK_MS = 2000, SEEN_MAX = 200 };

/* What one look finds, with the store. */
struct look {
    struct store_job job; /* first */
    struct waits *waits;  /* NULL: nobody looks any more */
    struct chat *chat;
    struct arena *arena; /* it lies in it */
    struct store_desk_entry *waiting, *taken;
    size_t waiting_count, taken_count;
};

struct waits {
    struct chat *chat;
    struct timer timer;
    struct look *look; /* under way, or NULL */
};

/* Somebody who has waited for too long; lies in its arena. */
struct leaving {
    struct store_job job; /* first */
    struct chat *chat;
    struct arena *arena;
    struct nobody nobody;
};

/* --- too long --- */

static void leaving_end(struct leaving *leaving) {
    struct chat *chat = leaving->chat;
    arena_destroy(leaving->arena);
    chat_let_go(chat);
}

static bool run_keep(struct store_session *session, struct store_job *job, struct fault *fault) {
    return nobody_keep(session, &((struct leaving *)job)->nobody, clock_wall_ms(), fault);
}

static void on_kept(struct store_job *job, const struct fault *fault) {
    struct leaving *leaving = (struct leaving *)job;
    if (!fault)
        nobody_publish(leaving->chat, &leaving->nobody);
    leaving_end(leaving);
}

/* It is the bot's again; unless an operator was quicker. */
static void on_returned(void *user, const struct fault *fault) {
    struct leaving *leaving = user;
    if (fault) {
        leaving_end(leaving);
        return;
    }
    leaving->job = (struct store_job){
        .run = run_keep, .done = on_kept, .loop = chat_parts(leaving->chat)->loop};
    store_write(chat_parts(leaving->chat)->store, &leaving->job);
}

static void send_back(struct chat *chat, const struct bot *bot,
                      const struct store_desk_entry *entry) {
    struct arena *arena = arena_create(1024);
    struct leaving *leaving = arena_allocate(arena, sizeof *leaving);
    struct fault ignored;
    int64_t opens_ms;
    hours_are_open(&bot->handoff.hours, clock_wall_ms(), &opens_ms);
    *leaving =
        (struct leaving){.chat = chat,
                         .arena = arena,
                         .nobody = {.bot = arena_copy(arena, entry->bot),
                                    .user = arena_copy(arena, entry->user),
                                    .conversation_id = arena_copy(arena, entry->id),
                                    .message_id = id_create(),
                                    .text = nobody_text(bot, entry->language, opens_ms, arena)}};
    const struct handoff_request what = {.bot = entry->bot,
                                         .user = entry->user,
                                         .conversation_id = entry->id,
                                         .to = HANDOFF_BOT,
                                         .actor = {.cause = HANDOFF_BY_RULE}};
    chat_hold(chat);
    if (!handoff_start(chat, &what, on_returned, leaving, &ignored))
        leaving_end(leaving); /* somebody is at it: looked at again the next time */
}

static void call_another(struct chat *chat, const struct store_desk_entry *entry) {
    struct fault ignored;
    const struct handoff_request what = {.bot = entry->bot,
                                         .user = entry->user,
                                         .conversation_id = entry->id,
                                         .to = HANDOFF_WAITING,
                                         .actor = {.cause = HANDOFF_BY_RULE}};
    handoff_start(chat, &what, NULL, NULL, &ignored);
}

/* --- looking --- */

static bool run_look(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct look *look = (struct look *)job;
    struct store_desk_list list = {.box = STORE_BOX_WAITING, .limit = SEEN_MAX};
    bool more;
    if (!store_desk_list(session, &list, look->arena, &look->waiting, &look->waiting_count, &more,
                         fault))
        return false;
    list.box = STORE_BOX_TAKEN;
    return store_desk_list(session, &list, look->arena, &look->taken, &look->taken_count, &more,
                           fault);
}

static void act_on(struct chat *chat, const struct look *look) {
    const struct settings *settings = chat_settings(chat);
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < look->waiting_count; i++) {
        const struct store_desk_entry *entry = &look->waiting[i];
        const struct bot *bot = settings_bot(settings, entry->bot);
        if (bot && bot->handoff.wait_ms > 0 && entry->waiting_ms + bot->handoff.wait_ms <= now_ms)
            send_back(chat, bot, entry);
    }
    for (size_t i = 0; i < look->taken_count; i++) {
        const struct store_desk_entry *entry = &look->taken[i];
        const struct bot *bot = settings_bot(settings, entry->bot);
        bool unanswered = slice_is(entry->last_role, "user");
        bool long_ago =
            bot && bot->handoff.wait_ms > 0 && entry->updated_ms + bot->handoff.wait_ms <= now_ms;
        if (unanswered && long_ago &&
            !desk_presence(chat_parts(chat)->desk, entry->operator_id).present)
            call_another(chat, entry);
    }
}

static void on_looked(struct store_job *job, const struct fault *fault) {
    struct look *look = (struct look *)job;
    struct waits *waits = look->waits;
    struct chat *chat = look->chat;
    if (fault)
        log_error("who waits for a person could not be read", LOG_STRING("error", fault->message),
                  LOG_STRING("detail", fault->detail), );
    else if (waits)
        act_on(chat, look);
    arena_destroy(look->arena);
    if (waits) {
        waits->look = NULL;
        timer_set(&waits->timer, LOOK_MS);
    }
    chat_let_go(chat);
}

static void on_timer(void *user) {
    struct waits *waits = user;
    struct arena *arena = arena_create(4096);
    struct look *look = arena_allocate(arena, sizeof *look);
    *look = (struct look){
        .job = {.run = run_look, .done = on_looked, .loop = chat_parts(waits->chat)->loop},
        .waits = waits,
        .chat = waits->chat,
        .arena = arena};
    waits->look = look;
    chat_hold(waits->chat);
    store_read(chat_parts(waits->chat)->store, &look->job);
}

struct waits *waits_watch(struct chat *chat) {
    struct waits *waits = memory_zeroed(1, sizeof *waits);
    waits->chat = chat;
    timer_init(&waits->timer, chat_parts(chat)->loop, on_timer, waits);
    timer_set(&waits->timer, LOOK_MS);
    return waits;
}

void waits_end(struct waits *waits) {
    if (!waits)
        return;
    timer_stop(&waits->timer);
    if (waits->look)
        waits->look->waits = NULL;
    free(waits);
}
