#include "chat/knowledge_search.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/turn_state.h"
#include "store/records.h"

enum { PASSAGES_MAX = 4, QUESTION_MAX = 2000 };

/* Has its own arena: the search runs on another thread, and a turn's arena is for the loop's only.
 */
struct search {
    struct store_job job;
    struct turn *turn;
    struct arena *arena;
    struct slice bot, question;
    struct store_passage *passages;
    size_t count;
    void (*done)(void *user);
    void *user;
};

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct search *search = (struct search *)job;
    return store_passages_search(session, search->bot, search->question, PASSAGES_MAX,
                                 search->arena, &search->passages, &search->count, fault);
}

static void keep(struct turn *turn, const struct search *search) {
    turn->passages = arena_array(turn->arena, search->count, sizeof *turn->passages);
    turn->passage_count = search->count;
    for (size_t i = 0; i < search->count; i++)
        turn->passages[i] = (struct model_passage){
            .title = arena_copy(turn->arena, search->passages[i].title),
            .text = arena_copy(turn->arena, search->passages[i].text),
            .source = arena_copy(turn->arena, search->passages[i].source),
            .score = search->passages[i].coverage,
        };
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct search *search = (struct search *)job;
    struct turn *turn = search->turn;
    if (fault)
        log_error("searching the knowledge failed", LOG_STRING("turn", turn->id.text),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    else
        keep(turn, search);
    void (*done)(void *user) = search->done;
    void *user = search->user;
    arena_destroy(search->arena); /* the search lies in it */
    done(user);
}

void knowledge_search_start(struct turn *turn, void (*done)(void *user), void *user) {
    struct arena *arena = arena_create(2048);
    struct search *search = arena_allocate(arena, sizeof *search);
    *search = (struct search){
        .job = {.run = run, .done = on_done, .loop = turn->chat->parts.loop},
        .turn = turn,
        .arena = arena,
        .bot = arena_copy(arena, slice_of(turn->bot->name)),
        .question = arena_copy(arena, slice_first(turn->user_text, QUESTION_MAX)),
        .done = done,
        .user = user,
    };
    store_read(turn->chat->parts.store, &search->job);
}
