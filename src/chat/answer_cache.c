#include "chat/answer_cache.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "chat/answer.h"
#include "chat/redact_turn.h"
#include "chat/settings.h"
#include "chat/state.h"
#include <sodium.h>

/* --- the key --- */

struct slice answer_cache_normalise(struct slice question, struct arena *arena) {
    char *text = arena_allocate(arena, question.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < question.size; i++) {
        char c = question.data[i];
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (blank && (size == 0 || text[size - 1] == ' '))
            continue;
        text[size++] = blank ? ' ' : (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
    }
    while (size > 0 && strchr(" ?!.", text[size - 1]))
        size--;
    return (struct slice){text, size};
}

/* With its length, so that no two lists of texts look the same. */
static void add(crypto_generichash_state *state, struct slice text) {
    const uint64_t size = text.size;
    crypto_generichash_update(state, (const unsigned char *)&size, sizeof size);
    crypto_generichash_update(state, (const unsigned char *)text.data, text.size);
}

static void add_bot(crypto_generichash_state *state, const struct bot *bot) {
    const double numbers[] = {(double)bot->max_tokens, bot->temperature, bot->top_p};
    add(state, bot->system);
    add(state, (struct slice){(const char *)numbers, sizeof numbers});
    for (size_t i = 0; i < bot->model_count; i++) {
        add(state, slice_of(bot->models[i].provider->name));
        add(state, slice_of(bot->models[i].model));
    }
    for (size_t i = 0; i < bot->stop_count; i++)
        add(state, slice_of(bot->stop[i]));
    struct buffer rules = {0};
    redact_describe(bot->redact, &rules);
    add(state, buffer_slice(&rules));
    buffer_finish(&rules);
}

bool answer_cache_applies(struct turn *turn) {
    const struct model_message *message = &turn->messages[turn->message_count - 1];
    if (turn->bot->answer_cache_ms <= 0 || turn->message_count != 1 || turn->history.total > 0 ||
        turn->client_tool_count > 0 || turn->help.size > 0)
        return false;
    for (size_t i = 0; i < message->part_count; i++)
        if (message->parts[i].kind != MODEL_PART_TEXT)
            return false;
    if (turn_is_personal(turn, turn->user_text))
        return false; /* nor is what is answered for others */
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof turn->cache_digest);
    add_bot(&state, turn->bot);
    for (size_t i = 0; i < turn->passage_count; i++)
        add(&state, turn->passages[i].text);
    add(&state, answer_cache_normalise(turn->user_text, turn->arena));
    for (size_t i = 0; i < turn->what.tool_count; i++) {
        add(&state, turn->what.tools[i].name);
        add(&state, turn->what.tools[i].description);
        add(&state, turn->what.tools[i].schema);
    }
    crypto_generichash_final(&state, turn->cache_digest, sizeof turn->cache_digest);
    turn->cacheable = true;
    return true;
}

static struct slice digest_of(const struct turn *turn) {
    return (struct slice){(const char *)turn->cache_digest, sizeof turn->cache_digest};
}

/* --- looking --- */

struct looking {
    struct store_job job;
    struct turn *turn;
    struct arena *arena; /* the job runs on another thread */
    struct store_answer answer;
    bool found;
};

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct looking *looking = (struct looking *)job;
    const struct turn *turn = looking->turn;
    return store_answer_get(session, slice_of(turn->bot->name), digest_of(turn), clock_wall_ms(),
                            looking->arena, &looking->answer, &looking->found, fault);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct looking *looking = (struct looking *)job;
    struct turn *turn = looking->turn;
    if (fault)
        log_error("looking for an answer given before failed", LOG_STRING("turn", turn->id.text),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    bool hit = looking->found && !turn->stopped;
    if (hit)
        answer_again(turn, arena_string(turn->arena, looking->answer.model), looking->answer.text);
    arena_destroy(looking->arena);
    if (turn->stopped)
        turn_fail(turn, turn->stopped);
    else
        turn_advance(turn, hit ? TURN_RECORD : TURN_CALL);
}

enum turn_step answer_cache_look(struct turn *turn) {
    struct arena *arena = arena_create(1024);
    struct looking *looking = arena_allocate(arena, sizeof *looking);
    *looking = (struct looking){
        .job = {.run = run, .done = on_done, .loop = turn->chat->parts.loop},
        .turn = turn,
        .arena = arena,
    };
    store_read(turn->chat->parts.store, &looking->job);
    return TURN_WAIT;
}

/* --- keeping --- */

/* Whole answers of models only: not what the built-in provider or this cache said. */
bool answer_cache_keep(struct store_session *session, const struct turn *turn,
                       struct fault *fault) {
    const struct call *call = turn->ended_calls;
    if (!turn->cacheable || turn->fault || turn->finish != MODEL_FINISH_STOP || !call ||
        !call->is_remote || turn->answer.size == 0 ||
        turn->kept_answer.data != turn->answer.data) /* the store may not have all of it */
        return true;
    const struct store_answer answer = {
        .bot = slice_of(turn->bot->name),
        .digest = digest_of(turn),
        .text = buffer_slice(&turn->answer),
        .finish_reason = slice_of(model_finish_name(turn->finish)),
        .provider = slice_of(call->provider->name),
        .model = slice_of(call->model),
        .created_ms = turn->ended_wall_ms,
        .expires_ms = turn->ended_wall_ms + turn->bot->answer_cache_ms,
    };
    return store_answer_put(session, &answer, fault);
}
