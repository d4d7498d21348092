/* Calls of tools, and which of those that change something were done. */
#include "store/records.h"
#include "store/session.h"

bool store_tool_call_add(struct store_session *session, const struct store_tool_call *call,
                         struct fault *fault) {
    static const char sql[] =
        "INSERT INTO tool_calls (id, turn_id, conversation_id, bot, user_id, tool, arguments,"
        " outcome, detail, result_bytes, started_ms, duration_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (id) DO NOTHING";
    return session_run(
        session, sql,
        SESSION_VALUES(session_text(call->id), session_text(call->turn_id),
                       session_text(call->conversation_id), session_text(call->bot),
                       session_text(call->user), session_text(call->tool),
                       session_text(call->arguments), session_text(call->outcome),
                       session_text(call->detail), session_integer(call->result_bytes),
                       session_integer(call->started_ms), session_integer(call->duration_ms)),
        NULL, fault);
}

static bool find_write(struct store_session *session, struct slice key, struct arena *arena,
                       enum store_tool_write *ret_state, struct slice *ret_result,
                       struct fault *fault) {
    struct session_query query;
    if (!session_query(session, "SELECT state, result FROM tool_writes WHERE key = $1",
                       SESSION_VALUES(session_text(key)), &query, fault))
        return false;
    enum store_tool_write state = STORE_TOOL_WRITE_NEW;
    struct slice result = {NULL, 0};
    if (session_next(&query, fault)) {
        state = slice_is(session_column_bytes(&query, 0, arena), "done") ? STORE_TOOL_WRITE_DONE
                                                                         : STORE_TOOL_WRITE_OPEN;
        result = session_column_bytes(&query, 1, arena);
    }
    if (!session_query_end(&query))
        return false;
    *ret_state = state;
    *ret_result = result;
    return true;
}

bool store_tool_write_begin(struct store_session *session, struct slice key, int64_t now_ms,
                            int64_t forget_ms, struct arena *arena,
                            enum store_tool_write *ret_state, struct slice *ret_result,
                            struct fault *fault) {
    static const char forget[] = "DELETE FROM tool_writes WHERE key = $1 AND created_ms < $2";
    static const char begin[] = "INSERT INTO tool_writes (key, state, result, created_ms)"
                                " VALUES ($1, 'begun', '', $2)";
    enum store_tool_write state;
    struct slice result;
    if (!session_run(session, forget, SESSION_VALUES(session_text(key), session_integer(forget_ms)),
                     NULL, fault) ||
        !find_write(session, key, arena, &state, &result, fault))
        return false;
    if (state == STORE_TOOL_WRITE_NEW &&
        !session_run(session, begin, SESSION_VALUES(session_text(key), session_integer(now_ms)),
                     NULL, fault))
        return false;
    *ret_state = state;
    *ret_result = result;
    return true;
}

bool store_tool_write_end(struct store_session *session, struct slice key, bool done,
                          struct slice result, struct fault *fault) {
    static const char keep[] =
        "UPDATE tool_writes SET state = 'done', result = $2 WHERE key = $1 AND state = 'begun'";
    static const char forget[] = "DELETE FROM tool_writes WHERE key = $1 AND state = 'begun'";
    if (!done)
        return session_run(session, forget, SESSION_VALUES(session_text(key)), NULL, fault);
    return session_run(session, keep, SESSION_VALUES(session_text(key), session_text(result)), NULL,
                       fault);
}

bool store_tool_writes_purge(struct store_session *session, int64_t before_ms,
                             struct fault *fault) {
    return session_run(session, "DELETE FROM tool_writes WHERE created_ms < $1",
                       SESSION_VALUES(session_integer(before_ms)), NULL, fault);
}
