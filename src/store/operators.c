/* Operators, their sign-ins, and what they did. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/id.h"
#include "store/desk.h"
#include "store/session.h"

#define COLUMNS "o.id, o.name, o.display, o.role, o.bots, o.password, o.created_ms, o.removed_ms"

static struct store_operator read_row(const struct session_query *query, struct arena *arena) {
    return (struct store_operator){
        .id = session_column_bytes(query, 0, arena),
        .name = session_column_bytes(query, 1, arena),
        .display = session_column_bytes(query, 2, arena),
        .role = session_column_bytes(query, 3, arena),
        .bots = session_column_bytes(query, 4, arena),
        .password = session_column_bytes(query, 5, arena),
        .created_ms = session_column_integer(query, 6),
        .removed_ms = session_column_integer(query, 7),
    };
}

static bool find_one(struct store_session *session, const char *sql, struct slice key,
                     struct arena *arena, bool *ret_found, struct store_operator *ret_operator,
                     struct fault *fault) {
    struct session_query query;
    if (!session_query(session, sql, SESSION_VALUES(session_text(key)), &query, fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found)
        *ret_operator = read_row(&query, arena);
    return session_query_end(&query);
}

bool store_operator_find(struct store_session *session, struct slice name, struct arena *arena,
                         bool *ret_found, struct store_operator *ret_operator,
                         struct fault *fault) {
    return find_one(session,
                    "SELECT " COLUMNS " FROM operators o WHERE o.name = $1 AND o.removed_ms = 0",
                    name, arena, ret_found, ret_operator, fault);
}

bool store_operator_get(struct store_session *session, struct slice id, struct arena *arena,
                        bool *ret_found, struct store_operator *ret_operator, struct fault *fault) {
    return find_one(session, "SELECT " COLUMNS " FROM operators o WHERE o.id = $1", id, arena,
                    ret_found, ret_operator, fault);
}

bool store_operator_add(struct store_session *session, const struct store_operator *operator,
                        struct fault * fault) {
    static const char sql[] =
        "INSERT INTO operators (id, name, display, role, bots, password, created_ms, removed_ms)"
        " SELECT $1, $2, $3, $4, $5, $6, $7, 0 WHERE NOT EXISTS"
        " (SELECT 1 FROM operators WHERE name = $2 AND removed_ms = 0)";
    int64_t changes;
    if (!session_run(session, sql,
                     SESSION_VALUES(session_text(operator->id), session_text(operator->name),
                                    session_text(operator->display), session_text(operator->role),
                                    session_text(operator->bots), session_text(operator->password),
                                    session_integer(operator->created_ms)),
                     &changes, fault))
        return false;
    return changes > 0 || fault_set(fault, FAULT_CONFLICT, "there is an operator \"%.*s\" already",
                                    SLICE_ARG(operator->name));
}

bool store_operators_list(struct store_session *session, struct arena *arena,
                          struct store_operator **ret_operators, size_t *ret_count,
                          struct fault *fault) {
    struct session_query query;
    struct buffer rows = {0};
    if (!session_query(session,
                       "SELECT o.id, o.name, o.display, o.role, o.bots, '', o.created_ms,"
                       " o.removed_ms FROM operators o WHERE o.removed_ms = 0 ORDER BY o.name",
                       NULL, 0, &query, fault))
        return false;
    while (session_next(&query, fault)) {
        const struct store_operator row = read_row(&query, arena);
        session_rows_add(&rows, &row, sizeof row);
    }
    return session_rows_end(&query, &rows, sizeof(struct store_operator), arena,
                            (void **)ret_operators, ret_count);
}

static bool must_find(struct store_session *session, struct slice name, struct arena *arena,
                      struct store_operator *ret_operator, struct fault *fault) {
    bool found;
    if (!store_operator_find(session, name, arena, &found, ret_operator, fault))
        return false;
    return found ||
           fault_set(fault, FAULT_NOT_FOUND, "there is no operator \"%.*s\"", SLICE_ARG(name));
}

static bool sign_out(struct store_session *session, struct slice id, struct fault *fault) {
    return session_run(session, "DELETE FROM operator_sessions WHERE operator_id = $1",
                       SESSION_VALUES(session_text(id)), NULL, fault);
}

bool store_operator_reset(struct store_session *session, struct slice name, struct slice password,
                          struct fault *fault) {
    struct arena *arena = arena_create(512);
    struct store_operator operator;
    bool ok = must_find(session, name, arena, &operator, fault) &&
              session_run(session, "UPDATE operators SET password = $2 WHERE id = $1",
                          SESSION_VALUES(session_text(operator.id), session_text(password)), NULL,
                          fault) &&
              sign_out(session, operator.id, fault);
    arena_destroy(arena);
    return ok;
}

/* Their visitors wait for somebody else. */
static bool hand_back(struct store_session *session, struct slice id, int64_t now_ms,
                      struct fault *fault) {
    return session_run(session,
                       "INSERT INTO handoffs (conversation_id, epoch, bot, before, mode, cause,"
                       " operator_id, reason, created_ms) SELECT id, epoch + 1, bot, mode,"
                       " 'waiting', 'rule', $1, '', $2 FROM conversations"
                       " WHERE mode = 'operator' AND operator_id = $1",
                       SESSION_VALUES(session_text(id), session_integer(now_ms)), NULL, fault) &&
           session_run(session,
                       "UPDATE conversations SET mode = 'waiting', epoch = epoch + 1,"
                       " operator_id = '', waiting_ms = $2, updated_ms = $2"
                       " WHERE mode = 'operator' AND operator_id = $1",
                       SESSION_VALUES(session_text(id), session_integer(now_ms)), NULL, fault);
}

bool store_operator_remove(struct store_session *session, struct slice name, int64_t now_ms,
                           struct fault *fault) {
    struct arena *arena = arena_create(512);
    struct store_operator operator;
    bool ok = must_find(session, name, arena, &operator, fault) &&
              session_run(session, "UPDATE operators SET removed_ms = $2 WHERE id = $1",
                          SESSION_VALUES(session_text(operator.id), session_integer(now_ms)), NULL,
                          fault) &&
              sign_out(session, operator.id, fault) &&
              hand_back(session, operator.id, now_ms, fault);
    arena_destroy(arena);
    return ok;
}

/* --- sign-ins --- */

bool store_operator_session_add(struct store_session *session, struct slice hash,
                                struct slice operator_id, int64_t now_ms, int64_t expires_ms,
                                struct fault *fault) {
    return session_run(session, "DELETE FROM operator_sessions WHERE expires_ms <= $1",
                       SESSION_VALUES(session_integer(now_ms)), NULL, fault) &&
           session_run(session,
                       "INSERT INTO operator_sessions (hash, operator_id, created_ms, expires_ms)"
                       " VALUES ($1, $2, $3, $4)",
                       SESSION_VALUES(session_blob(hash), session_text(operator_id),
                                      session_integer(now_ms), session_integer(expires_ms)),
                       NULL, fault);
}

bool store_operator_session_find(struct store_session *session, struct slice hash, int64_t now_ms,
                                 struct arena *arena, bool *ret_found,
                                 struct store_operator *ret_operator, struct fault *fault) {
    static const char sql[] =
        "SELECT " COLUMNS " FROM operator_sessions s JOIN operators o ON o.id = s.operator_id"
        " WHERE s.hash = $1 AND s.expires_ms > $2 AND o.removed_ms = 0";
    struct session_query query;
    if (!session_query(session, sql, SESSION_VALUES(session_blob(hash), session_integer(now_ms)),
                       &query, fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found)
        *ret_operator = read_row(&query, arena);
    return session_query_end(&query);
}

bool store_operator_session_end(struct store_session *session, struct slice hash,
                                struct fault *fault) {
    return session_run(session, "DELETE FROM operator_sessions WHERE hash = $1",
                       SESSION_VALUES(session_blob(hash)), NULL, fault);
}

/* --- what they did --- */

bool store_audit_add(struct store_session *session, const struct store_audit *entry, int64_t now_ms,
                     struct fault *fault) {
    const struct id id = id_create();
    return session_run(session,
                       "INSERT INTO audit (id, operator_id, action, subject, detail, created_ms)"
                       " VALUES ($1, $2, $3, $4, $5, $6)",
                       SESSION_VALUES(session_text(id_slice(&id)), session_text(entry->operator_id),
                                      session_text(entry->action), session_text(entry->subject),
                                      session_text(entry->detail), session_integer(now_ms)),
                       NULL, fault);
}
