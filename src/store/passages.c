/* Knowledge: what is stored of the bots' files, and how it is found. The search itself is the
 * driver's. */
#include "base/arena.h"
#include "store/question.h"
#include "store/records.h"
#include "store/session.h"

/* Ids of a bot's passages: see the schema. */
static bool bot_id(struct store_session *session, struct slice bot, bool *ret_found,
                   int64_t *ret_id, struct fault *fault) {
    return session_query_integer(session, "SELECT id FROM passage_bots WHERE name = $1",
                                 SESSION_VALUES(session_text(bot)), ret_found, ret_id, fault);
}

static bool bot_id_make(struct store_session *session, struct slice bot, int64_t *ret_id,
                        struct fault *fault) {
    bool found;
    return session_run(session,
                       "INSERT INTO passage_bots (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
                       SESSION_VALUES(session_text(bot)), NULL, fault) &&
           bot_id(session, bot, &found, ret_id, fault);
}

static bool source_is_current(struct store_session *session, int64_t bot, struct slice source,
                              struct slice digest, bool *ret_current, struct fault *fault) {
    bool found;
    int64_t ignored;
    if (!session_query_integer(
            session,
            "SELECT 1 FROM passage_sources"
            " WHERE bot_id = $1 AND source = $2 AND digest = $3",
            SESSION_VALUES(session_integer(bot), session_text(source), session_blob(digest)),
            &found, &ignored, fault))
        return false;
    *ret_current = found;
    return true;
}

/* Its passages go with it. */
static bool source_remove(struct store_session *session, int64_t bot, struct slice source,
                          struct fault *fault) {
    return session_run(session, "DELETE FROM passage_sources WHERE bot_id = $1 AND source = $2",
                       SESSION_VALUES(session_integer(bot), session_text(source)), NULL, fault);
}

static bool passages_insert(struct store_session *session, int64_t bot, struct slice source,
                            const struct store_passage *passages, size_t count,
                            struct fault *fault) {
    int64_t last = bot << 32;
    bool found;
    if (!session_query_integer(
            session,
            "SELECT coalesce(max(id), $1) FROM passages"
            " WHERE id > $1 AND id <= $2",
            SESSION_VALUES(session_integer(bot << 32), session_integer(bot << 32 | 0xFFFFFFFF)),
            &found, &last, fault))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!session_run(session,
                         "INSERT INTO passages (id, bot_id, source, title, text)"
                         " VALUES ($1, $2, $3, $4, $5)",
                         SESSION_VALUES(session_integer(last + 1 + (int64_t)i),
                                        session_integer(bot), session_text(source),
                                        session_text(passages[i].title),
                                        session_text(passages[i].text)),
                         NULL, fault))
            return false;
    return true;
}

bool store_passages_replace(struct store_session *session, struct slice bot, struct slice source,
                            struct slice digest, const struct store_passage *passages, size_t count,
                            struct fault *fault) {
    int64_t id;
    bool current;
    if (!bot_id_make(session, bot, &id, fault) ||
        !source_is_current(session, id, source, digest, &current, fault))
        return false;
    if (current)
        return true;
    return source_remove(session, id, source, fault) &&
           session_run(
               session, "INSERT INTO passage_sources (bot_id, source, digest) VALUES ($1, $2, $3)",
               SESSION_VALUES(session_integer(id), session_text(source), session_blob(digest)),
               NULL, fault) &&
           passages_insert(session, id, source, passages, count, fault);
}

static bool listed(const struct slice *sources, size_t count, struct slice source) {
    for (size_t i = 0; i < count; i++)
        if (slice_equal(sources[i], source))
            return true;
    return false;
}

struct stale_source {
    struct stale_source *next;
    struct slice name;
};

static bool find_stale(struct store_session *session, int64_t bot, const struct slice *sources,
                       size_t count, struct arena *arena, struct stale_source **ret_first,
                       struct fault *fault) {
    struct session_query query;
    if (!session_query(session, "SELECT source FROM passage_sources WHERE bot_id = $1",
                       SESSION_VALUES(session_integer(bot)), &query, fault))
        return false;
    while (session_next(&query, fault)) {
        struct slice name = session_column_bytes(&query, 0, arena);
        if (listed(sources, count, name))
            continue;
        struct stale_source *stale = arena_allocate(arena, sizeof *stale);
        *stale = (struct stale_source){*ret_first, name};
        *ret_first = stale;
    }
    return session_query_end(&query);
}

bool store_passages_retain(struct store_session *session, struct slice bot,
                           const struct slice *sources, size_t count, struct fault *fault) {
    int64_t id;
    bool found;
    if (!bot_id(session, bot, &found, &id, fault))
        return false;
    if (!found)
        return true;
    struct arena *arena = arena_create(1024);
    struct stale_source *stale = NULL;
    bool good = find_stale(session, id, sources, count, arena, &stale, fault);
    for (; good && stale; stale = stale->next)
        good = source_remove(session, id, stale->name, fault);
    arena_destroy(arena);
    return good;
}

bool store_passages_search(struct store_session *session, struct slice bot, struct slice question,
                           size_t limit, struct arena *arena, struct store_passage **ret_passages,
                           size_t *ret_count, struct fault *fault) {
    struct question words;
    question_read(question, &words);
    return session->driver->search(session, bot, &words, limit, arena, ret_passages, ret_count,
                                   fault);
}
