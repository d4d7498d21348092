#include "chat/open.h"
#include "base/arena.h"
#include "base/log.h"
#include "chat/accounts.h"
#include "chat/images.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/turn_state.h"
#include "store/records.h"

enum { HISTORY_MAX = 2000 }; /* messages: what no model takes is not read */

/* Has its own arena, as a search of the knowledge does: it runs on another thread. */
struct opening {
    struct store_job job;
    struct turn *turn;
    struct arena *arena;
    struct store_conversation conversation;
    size_t limit; /* messages */
    struct store_history history;
    bool has_images; /* of this bot's, there may be some */
    struct images images;
    bool has_budget; /* of its own: what it has cost is looked up, too */
    struct store_spending spent;
};

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct opening *opening = (struct opening *)job;
    return store_history_load(session, &opening->conversation, opening->limit, opening->arena,
                              &opening->history, fault) &&
           (!opening->has_images || images_load(session, opening->conversation.id, opening->arena,
                                                &opening->images, fault)) &&
           (!opening->has_budget ||
            store_conversation_spent(session, opening->conversation.id, &opening->spent, fault));
}

static bool is_said(const struct store_message *message, const struct images *images) {
    return (message->text.size > 0 || images_of(images, message->id) > 0) &&
           !slice_is(message->status, "failed") && !slice_is(message->status, "replaced") &&
           (slice_is(message->role, "user") || slice_is(message->role, "assistant") ||
            slice_is(message->role, "operator"));
}

/* Makes the visitor's last message the new one; returns how many are before it. */
static size_t last_question(struct turn *turn, const struct opening *opening,
                            const struct model_message *messages, size_t count) {
    const struct store_history *stored = &opening->history;
    while (count > 0 && messages[count - 1].role != MODEL_USER)
        count--;
    if (count == 0)
        return 0;
    for (size_t i = stored->count; i-- > 0;)
        if (is_said(&stored->messages[i], &opening->images) &&
            slice_is(stored->messages[i].role, "user")) {
            memcpy(turn->user_message_id.text, stored->messages[i].id.data, ID_SIZE);
            turn->user_text = arena_copy(turn->arena, stored->messages[i].text);
            break;
        }
    return count - 1;
}

/* The stored messages, and behind them the new one. */
static void take_history(struct turn *turn, const struct opening *opening) {
    const struct store_history *stored = &opening->history;
    struct model_message *messages = arena_array(turn->arena, stored->count + 1, sizeof *messages);
    int64_t *positions = arena_array(turn->arena, stored->count + 1, sizeof *positions);
    size_t count = 0;
    for (size_t i = 0; i < stored->count; i++) {
        const struct store_message *message = &stored->messages[i];
        if (!is_said(message, &opening->images))
            continue;
        messages[count] = images_message(&opening->images, message->id, message->text, turn->arena);
        if (!slice_is(message->role, "user"))
            messages[count].role = MODEL_ASSISTANT;
        positions[count++] = message->position;
    }
    if (turn->again)
        count = last_question(turn, opening, messages, count);
    else
        messages[count] = turn->messages[turn->message_count - 1];
    turn->messages = messages;
    turn->message_count = count + 1;
    turn->history = (struct turn_history){
        .found = true,
        .positions = positions,
        .summary = arena_copy(turn->arena, stored->summary),
        .summary_position = stored->summary_position,
        .total = stored->total,
    };
}

static bool has_person(const struct store_history *history) {
    return slice_is(history->mode, "waiting") || slice_is(history->mode, "operator");
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct opening *opening = (struct opening *)job;
    struct turn *turn = opening->turn;
    if (!fault && opening->has_budget)
        accounts_restore_conversation(
            turn, (struct ledger_amount){opening->spent.microdollars, opening->spent.tokens});
    struct fault gone;
    if (!fault && opening->history.found) {
        take_history(turn, opening);
        turn->reopens = slice_is(opening->history.mode, "closed");
        if (has_person(&opening->history)) {
            fault_set(&gone, FAULT_CONFLICT, "A person answers in this conversation now.");
            memcpy(gone.code, "conversation_busy", sizeof "conversation_busy");
            fault = &gone;
        }
        const struct model_message *last = &turn->messages[turn->message_count - 1];
        if (!fault && turn->again && (last->role != MODEL_USER || last->part_count == 0)) {
            fault_set(&gone, FAULT_CONFLICT, "There is no message to answer again.");
            fault = &gone;
        }
    } else if (!fault && turn->must_exist) {
        fault_set(&gone, FAULT_NOT_FOUND, "There is no such conversation.");
        fault = &gone;
    }
    arena_destroy(opening->arena); /* the opening lies in it; the fault does not */
    if (turn->stopped) {
        turn_refuse(turn, turn->stopped);
    } else if (fault && (fault->kind == FAULT_NOT_FOUND || fault == &gone)) {
        turn_refuse(turn, fault);
    } else {
        /* A database that cannot be read is no reason not to answer: then what the client sent
         * counts, and whose the conversation is, is checked again when it is written to. */
        if (fault)
            log_error("reading a conversation failed", LOG_STRING("turn", turn->id.text),
                      LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
        turn_advance(turn, TURN_ADMIT);
    }
}

void open_conversation(struct turn *turn) {
    struct arena *arena = arena_create(512);
    struct opening *opening = arena_allocate(arena, sizeof *opening);
    *opening = (struct opening){
        .job = {.run = run, .done = on_done, .loop = turn->chat->parts.loop},
        .turn = turn,
        .arena = arena,
        .limit =
            turn->bot->context.strategy == CONTEXT_WINDOW ? turn->bot->history_max : HISTORY_MAX,
        .has_images = turn->bot->attachments.images > 0,
        .has_budget = turn->bot->conversation_cost >= 0 || turn->bot->conversation_tokens >= 0,
        .conversation = {.id = arena_copy(arena, id_slice(&turn->conversation_id)),
                         .bot = arena_copy(arena, slice_of(turn->bot->name)),
                         .user = arena_copy(arena, slice_of(turn->who.user))},
    };
    store_read(turn->chat->parts.store, &opening->job);
}
