/* A change of who answers: the bot is silenced, the store decides, everybody is told. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "chat/desk.h"
#include "chat/handoff.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/visitor.h"
#include "chat/webhook.h"
#include "hub/hub.h"
#include "store/store.h"

enum { QUEUE_TOLD_MAX = 50 }; /* of who waits: told that their place is another */

/* Lies in its arena. */
struct handoff {
    struct store_job job; /* first */
    struct chat *chat;
    struct settings *settings; /* a reference */
    struct arena *arena;
    struct handoff_request what;
    struct slice channel;
    struct hub_claim *claim;
    void (*done)(void *user, const struct fault *fault);
    void *user;
    /* by the job */
    struct arena *found; /* what it read; made anew when it runs again */
    struct store_standing before, after;
    int64_t place;
    struct store_desk_entry *queue; /* who waits for this bot, where places have changed */
    size_t queue_count;
};

/* --- in the store --- */

static bool tell_queue(struct store_session *session, struct handoff *handoff,
                       struct fault *fault) {
    const struct store_desk_list list = {.box = STORE_BOX_WAITING,
                                         .bot = handoff->what.bot,
                                         .bots = handoff->what.bot,
                                         .limit = QUEUE_TOLD_MAX};
    bool more;
    return !slice_is(handoff->before.mode, "waiting") ||
           store_desk_list(session, &list, handoff->found, &handoff->queue, &handoff->queue_count,
                           &more, fault);
}

static bool note(struct store_session *session, const struct handoff *handoff, int64_t now_ms,
                 struct fault *fault) {
    const struct handoff_request *what = &handoff->what;
    const struct store_audit entry = {
        .operator_id = what->actor.operator_id,
        .action = slice_of(what->to == HANDOFF_OPERATOR ? "conversation.take"
                           : what->to == HANDOFF_CLOSED ? "conversation.close"
                                                        : "conversation.give"),
        .subject = what->conversation_id,
        .detail = what->to == HANDOFF_OPERATOR ? what->to_operator
                                               : slice_of(handoff_mode_name(what->to)),
    };
    return what->actor.cause != HANDOFF_BY_OPERATOR ||
           store_audit_add(session, &entry, now_ms, fault);
}

/* What the site is told, as docs/webhooks.md has it; kept with the change. */
static bool tell_site(struct store_session *session, const struct handoff *handoff, int64_t now_ms,
                      struct fault *fault) {
    static const char *const types[] = {"handoff.returned", "handoff.waiting", "handoff.taken",
                                        "handoff.closed"};
    const struct bot *bot = settings_bot(handoff->settings, handoff->what.bot);
    struct store_desk_entry entry;
    struct buffer data = {0};
    char time[25];
    bool found;
    if (!bot || !bot->handoff.webhook.url)
        return true;
    if (!store_desk_get(session, handoff->what.conversation_id, SLICE(""), handoff->found, &found,
                        &entry, fault))
        return false;
    struct json_writer json = json_writer_start(&data);
    json_begin_object(&json);
    json_member_string(&json, "conversation", entry.id);
    json_member_string(&json, "bot", entry.bot);
    json_member_string(&json, "user", entry.user);
    json_member_string(&json, "mode", entry.mode);
    json_member_string(&json, "operator", entry.operator_display);
    json_member_string(&json, "reason", entry.reason);
    json_member_string(&json, "summary", entry.summary);
    json_member_string(&json, "language", entry.language);
    clock_format(now_ms, time);
    json_member_string(&json, "at", slice_of(time));
    json_end_object(&json);
    const struct webhook_event event = {.type = types[handoff->what.to],
                                        .target = WEBHOOK_HANDOFF,
                                        .bot = entry.bot,
                                        .user = entry.user,
                                        .data = buffer_slice(&data)};
    bool ok = webhook_add(session, &event, fault);
    buffer_finish(&data);
    return ok;
}

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    static const char *const causes[] = {"visitor", "bot", "rule", "operator"};
    struct handoff *handoff = (struct handoff *)job;
    const struct handoff_request *what = &handoff->what;
    bool found;
    if (handoff->found)
        arena_destroy(handoff->found);
    handoff->found = arena_create(1024);
    handoff->queue_count = 0;
    if (!store_standing_get(session, what->conversation_id, handoff->found, &found,
                            &handoff->before, fault))
        return false;
    if (!found)
        return fault_set(fault, FAULT_NOT_FOUND, "There is no such conversation.");
    const struct store_handoff change = {
        .conversation_id = what->conversation_id,
        .epoch = handoff->before.epoch,
        .mode = slice_of(handoff_mode_name(what->to)),
        .cause = slice_of(causes[what->actor.cause]),
        .operator_id = what->to == HANDOFF_OPERATOR ? what->to_operator : what->actor.operator_id,
        .reason = what->reason,
        .summary = what->summary,
        .now_ms = clock_wall_ms(),
    };
    return handoff_may(&handoff->before, what->to, what->to_operator, &what->actor, fault) &&
           store_handoff_set(session, &change, fault) &&
           note(session, handoff, change.now_ms, fault) &&
           store_standing_get(session, what->conversation_id, handoff->found, &found,
                              &handoff->after, fault) &&
           store_handoff_place(session, what->conversation_id, &handoff->place, fault) &&
           tell_queue(session, handoff, fault) && tell_site(session, handoff, change.now_ms, fault);
}

/* --- on the loop --- */

static void tell(struct handoff *handoff) {
    struct hub *hub = handoff->chat->parts.hub;
    const struct visitor_status status = {.conversation_id = handoff->what.conversation_id,
                                          .mode = handoff->after.mode,
                                          .operator_name = handoff->after.operator_display,
                                          .position = handoff->place};
    visitor_publish_status(hub, handoff->channel, &status);
    for (size_t i = 0; i < handoff->queue_count; i++) {
        const struct store_desk_entry *entry = &handoff->queue[i];
        struct slice channel = visitor_channel(entry->bot, entry->user, handoff->found);
        const struct visitor_status moved = {
            .conversation_id = entry->id, .mode = entry->mode, .position = (int64_t)i + 1};
        if (!slice_equal(entry->id, handoff->what.conversation_id))
            visitor_publish_status(hub, channel, &moved);
    }
    desk_changed(handoff->chat, handoff->what.conversation_id,
                 handoff->what.to == HANDOFF_WAITING    ? DESK_RING_ALL
                 : handoff->what.to == HANDOFF_OPERATOR ? DESK_RING_OPERATOR
                                                        : DESK_RING_NONE);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct handoff *handoff = (struct handoff *)job;
    struct chat *chat = handoff->chat;
    if (!fault)
        tell(handoff);
    else if (fault->kind >= FAULT_INTERNAL)
        log_error("a handoff could not be written",
                  LOG_SLICE("conversation", handoff->what.conversation_id),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    webhooks_wake(chat->parts.webhooks);
    hub_release(handoff->claim); /* behind the status: what the bot says next is of its epoch */
    if (handoff->done)
        handoff->done(handoff->user, fault);
    if (handoff->found)
        arena_destroy(handoff->found);
    settings_release(handoff->settings);
    arena_destroy(handoff->arena);
    chat_let_go(chat);
}

/* The bot has let go: what it said is with the writer, which takes one after the other. */
static void on_ready(void *user) {
    struct handoff *handoff = user;
    handoff->job = (struct store_job){
        .run = run, .done = on_done, .loop = handoff->chat->parts.loop, .urgent = true};
    store_write(handoff->chat->parts.store, &handoff->job);
}

bool handoff_start(struct chat *chat, const struct handoff_request *request,
                   void (*done)(void *user, const struct fault *fault), void *user,
                   struct fault *fault) {
    struct arena *arena = arena_create(1024);
    struct handoff *handoff = arena_allocate(arena, sizeof *handoff);
    handoff->chat = chat;
    handoff->arena = arena;
    handoff->what = (struct handoff_request){
        .bot = arena_copy(arena, request->bot),
        .user = arena_copy(arena, request->user),
        .conversation_id = arena_copy(arena, request->conversation_id),
        .to = request->to,
        .to_operator = arena_copy(arena, request->to_operator),
        .actor = request->actor,
        .reason = arena_copy(arena, request->reason),
        .summary = arena_copy(arena, request->summary),
    };
    handoff->what.actor.operator_id = arena_copy(arena, request->actor.operator_id);
    handoff->channel = visitor_channel(request->bot, request->user, arena);
    handoff->done = done;
    handoff->user = user;
    if (!hub_seize(chat->parts.hub, handoff->channel, handoff->what.conversation_id,
                   chat->parts.loop, on_ready, handoff, &handoff->claim)) {
        arena_destroy(arena);
        fault_set(fault, FAULT_CONFLICT, "Somebody is doing that already.");
        memcpy(fault->code, "busy", sizeof "busy");
        return false;
    }
    handoff->settings = settings_reference(chat->settings);
    chat_hold(chat);
    return true;
}
