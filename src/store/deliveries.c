/* What is to be posted to the site: webhooks wait here until they are taken. */
#include "base/arena.h"
#include "base/buffer.h"
#include "store/records.h"
#include "store/session.h"

#define COLUMNS                                                                                    \
    "id, bot, user_id, kind, target, body, state, attempts, status, error, created_ms, next_ms,"   \
    " sent_ms"

bool store_delivery_add(struct store_session *session, const struct store_delivery *delivery,
                        struct fault *fault) {
    return session_run(
        session,
        "INSERT INTO deliveries (id, bot, user_id, kind, target, body, created_ms, next_ms, state,"
        " attempts, status, error, sent_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 'waiting', 0, 0, '', 0)",
        SESSION_VALUES(session_text(delivery->id), session_text(delivery->bot),
                       session_text(delivery->user), session_text(delivery->kind),
                       session_text(delivery->target), session_text(delivery->body),
                       session_integer(delivery->created_ms)),
        NULL, fault);
}

static bool read_rows(struct session_query *query, struct arena *arena,
                      struct store_delivery **ret_deliveries, size_t *ret_count,
                      struct fault *fault) {
    struct buffer rows = {0};
    while (session_next(query, fault)) {
        const struct store_delivery delivery = {
            .id = session_column_bytes(query, 0, arena),
            .bot = session_column_bytes(query, 1, arena),
            .user = session_column_bytes(query, 2, arena),
            .kind = session_column_bytes(query, 3, arena),
            .target = session_column_bytes(query, 4, arena),
            .body = session_column_bytes(query, 5, arena),
            .state = session_column_bytes(query, 6, arena),
            .attempts = session_column_integer(query, 7),
            .status = session_column_integer(query, 8),
            .error = session_column_bytes(query, 9, arena),
            .created_ms = session_column_integer(query, 10),
            .next_ms = session_column_integer(query, 11),
            .sent_ms = session_column_integer(query, 12),
        };
        session_rows_add(&rows, &delivery, sizeof delivery);
    }
    return session_rows_end(query, &rows, sizeof(struct store_delivery), arena,
                            (void **)ret_deliveries, ret_count);
}

bool store_deliveries_next(struct store_session *session, int64_t *ret_next_ms,
                           struct fault *fault) {
    bool found;
    int64_t next_ms = 0;
    if (!session_query_integer(session,
                               "SELECT next_ms FROM deliveries WHERE state = 'waiting'"
                               " ORDER BY next_ms LIMIT 1",
                               NULL, 0, &found, &next_ms, fault))
        return false;
    *ret_next_ms = found ? next_ms : INT64_MAX;
    return true;
}

bool store_deliveries_claim(struct store_session *session, int64_t now_ms, int64_t lease_ms,
                            size_t limit, struct arena *arena,
                            struct store_delivery **ret_deliveries, size_t *ret_count,
                            struct fault *fault) {
    struct session_query query;
    struct store_delivery *rows;
    size_t count;
    if (!session_query(session,
                       "SELECT " COLUMNS " FROM deliveries WHERE state = 'waiting'"
                       " AND next_ms <= $1 ORDER BY next_ms LIMIT $2",
                       SESSION_VALUES(session_integer(now_ms), session_integer((int64_t)limit)),
                       &query, fault) ||
        !read_rows(&query, arena, &rows, &count, fault))
        return false;
    for (size_t i = 0; i < count; i++) {
        rows[i].attempts++;
        rows[i].next_ms = now_ms + lease_ms;
        if (!session_run(session, "UPDATE deliveries SET attempts = $1, next_ms = $2 WHERE id = $3",
                         SESSION_VALUES(session_integer(rows[i].attempts),
                                        session_integer(rows[i].next_ms), session_text(rows[i].id)),
                         NULL, fault))
            return false;
    }
    *ret_deliveries = rows;
    *ret_count = count;
    return true;
}

bool store_delivery_end(struct store_session *session, const struct store_delivery *delivery,
                        int64_t claimed, struct fault *fault) {
    return session_run(
        session,
        "UPDATE deliveries SET state = $1, attempts = $2, status = $3, error = $4, next_ms = $5,"
        " sent_ms = $6, body = CASE $1 WHEN 'sent' THEN '' ELSE body END"
        " WHERE id = $7 AND state = 'waiting' AND attempts = $8",
        SESSION_VALUES(session_text(delivery->state), session_integer(delivery->attempts),
                       session_integer(delivery->status), session_text(delivery->error),
                       session_integer(delivery->next_ms), session_integer(delivery->sent_ms),
                       session_text(delivery->id), session_integer(claimed)),
        NULL, fault);
}

bool store_deliveries_list(struct store_session *session, struct slice bot, struct slice state,
                           size_t limit, struct arena *arena,
                           struct store_delivery **ret_deliveries, size_t *ret_count,
                           struct fault *fault) {
    struct session_query query;
    return session_query(session,
                         "SELECT " COLUMNS " FROM deliveries WHERE ($1 = '' OR bot = $1)"
                         " AND ($2 = '' OR state = $2) ORDER BY id DESC LIMIT $3",
                         SESSION_VALUES(session_text(bot), session_text(state),
                                        session_integer((int64_t)limit)),
                         &query, fault) &&
           read_rows(&query, arena, ret_deliveries, ret_count, fault);
}

static bool of_dead(struct slice id, int64_t count, struct fault *fault) {
    return id.size == 0 || count > 0 ||
           fault_set(fault, FAULT_NOT_FOUND, "there is no dead webhook of the id \"%.*s\"",
                     SLICE_ARG(slice_first(id, 64)));
}

bool store_deliveries_retry(struct store_session *session, struct slice bot, struct slice id,
                            int64_t now_ms, int64_t *ret_count, struct fault *fault) {
    return session_run(session,
                       "UPDATE deliveries SET state = 'waiting', attempts = 0, next_ms = $1"
                       " WHERE state = 'dead' AND ($2 = '' OR bot = $2) AND ($3 = '' OR id = $3)",
                       SESSION_VALUES(session_integer(now_ms), session_text(bot), session_text(id)),
                       ret_count, fault) &&
           of_dead(id, *ret_count, fault);
}

bool store_deliveries_remove(struct store_session *session, struct slice bot, struct slice id,
                             int64_t *ret_count, struct fault *fault) {
    return session_run(session,
                       "DELETE FROM deliveries WHERE state = 'dead' AND ($1 = '' OR bot = $1)"
                       " AND ($2 = '' OR id = $2)",
                       SESSION_VALUES(session_text(bot), session_text(id)), ret_count, fault) &&
           of_dead(id, *ret_count, fault);
}

bool store_deliveries_purge(struct store_session *session, int64_t before_ms, struct fault *fault) {
    return session_run(session, "DELETE FROM deliveries WHERE state = 'sent' AND sent_ms < $1",
                       SESSION_VALUES(session_integer(before_ms)), NULL, fault);
}
