#include "chat/open.h"
#include "base/arena.h"
#include "base/log.h"
#include "chat/accounts.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/turn_state.h"
#include "store/records.h"

/* Has its own arena, as a search of the knowledge does: it runs on another thread. */
struct opening {
    struct store_job job;
    struct turn *turn;
    struct arena *arena;
    struct store_conversation conversation;
    bool found;
    bool has_budget; /* of its own: what it has cost is looked up, too */
    struct store_spending spent;
};

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct opening *opening = (struct opening *)job;
    return store_conversation_find(session, &opening->conversation, &opening->found, fault) &&
           (!opening->has_budget ||
            store_conversation_spent(session, opening->conversation.id, &opening->spent, fault));
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct opening *opening = (struct opening *)job;
    struct turn *turn = opening->turn;
    if (!fault && opening->has_budget)
        accounts_restore_conversation(
            turn, (struct ledger_amount){opening->spent.microdollars, opening->spent.tokens});
    arena_destroy(opening->arena); /* the opening lies in it; the fault does not */
    if (turn->stopped) {
        turn_refuse(turn, turn->stopped);
    } else if (fault && fault->kind == FAULT_NOT_FOUND) {
        turn_refuse(turn, fault);
    } else {
        /* A database that cannot be read is no reason not to answer: nothing is read from the
         * conversation here, and what is written to it is checked again. */
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
        .has_budget = turn->bot->conversation_cost >= 0 || turn->bot->conversation_tokens >= 0,
        .conversation = {.id = arena_copy(arena, id_slice(&turn->conversation_id)),
                         .bot = arena_copy(arena, slice_of(turn->bot->name)),
                         .user = arena_copy(arena, slice_of(turn->who.user))},
    };
    store_read(turn->chat->parts.store, &opening->job);
}
