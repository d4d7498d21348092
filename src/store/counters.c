/* What the limits have counted. */
#include "base/arena.h"
#include "store/records.h"
#include "store/session.h"

/* A window counts until the one after it has passed: sliding windows look back at it. */
#define ALIVE "window_start_ms + 2 * window_ms > $1"

bool store_counter_add(struct store_session *session, const struct store_counter *counter,
                       struct fault *fault) {
    static const char sql[] = "INSERT INTO counters (subject, window_ms, window_start_ms, total)"
                              " VALUES ($1, $2, $3, $4)"
                              " ON CONFLICT (subject, window_ms, window_start_ms)"
                              " DO UPDATE SET total = counters.total + excluded.total";
    return session_run(
        session, sql,
        SESSION_VALUES(session_text(counter->key), session_integer(counter->window_ms),
                       session_integer(counter->window_start_ms), session_integer(counter->count)),
        NULL, fault);
}

bool store_counter_list(struct store_session *session, int64_t now_ms, struct arena *arena,
                        struct store_counter **ret_counters, size_t *ret_count,
                        struct fault *fault) {
    int64_t room = 0;
    bool found;
    if (!session_query_integer(session, "SELECT count(*) FROM counters WHERE " ALIVE,
                               SESSION_VALUES(session_integer(now_ms)), &found, &room, fault))
        return false;
    struct session_query query;
    if (!session_query(session,
                       "SELECT subject, window_ms, window_start_ms, total FROM counters"
                       " WHERE " ALIVE,
                       SESSION_VALUES(session_integer(now_ms)), &query, fault))
        return false;
    struct store_counter *counters = arena_array(arena, (size_t)room, sizeof *counters);
    size_t count = 0;
    for (; count < (size_t)room && session_next(&query, fault); count++)
        counters[count] = (struct store_counter){
            .key = session_column_bytes(&query, 0, arena),
            .window_ms = session_column_integer(&query, 1),
            .window_start_ms = session_column_integer(&query, 2),
            .count = session_column_integer(&query, 3),
        };
    if (!session_query_end(&query))
        return false;
    *ret_counters = counters;
    *ret_count = count;
    return true;
}

bool store_counter_purge(struct store_session *session, int64_t now_ms, struct fault *fault) {
    return session_run(session, "DELETE FROM counters WHERE NOT (" ALIVE ")",
                       SESSION_VALUES(session_integer(now_ms)), NULL, fault);
}
