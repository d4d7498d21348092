/* Answers that are given again to the same question. */
#include "store/records.h"
#include "store/session.h"

bool store_answer_put(struct store_session *session, const struct store_answer *answer,
                      struct fault *fault) {
    static const char sql[] =
        "INSERT INTO answers"
        " (bot, digest, text, finish_reason, provider, model, created_ms, expires_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (bot, digest) DO UPDATE SET text = excluded.text,"
        " finish_reason = excluded.finish_reason, provider = excluded.provider,"
        " model = excluded.model, created_ms = excluded.created_ms,"
        " expires_ms = excluded.expires_ms";
    return session_run(
        session, sql,
        SESSION_VALUES(session_text(answer->bot), session_blob(answer->digest),
                       session_text(answer->text), session_text(answer->finish_reason),
                       session_text(answer->provider), session_text(answer->model),
                       session_integer(answer->created_ms), session_integer(answer->expires_ms)),
        NULL, fault);
}

bool store_answer_get(struct store_session *session, struct slice bot, struct slice digest,
                      int64_t now_ms, struct arena *arena, struct store_answer *ret_answer,
                      bool *ret_found, struct fault *fault) {
    static const char sql[] = "SELECT text, finish_reason, provider, model, created_ms, expires_ms"
                              " FROM answers WHERE bot = $1 AND digest = $2 AND expires_ms > $3";
    struct session_query query;
    if (!session_query(
            session, sql,
            SESSION_VALUES(session_text(bot), session_blob(digest), session_integer(now_ms)),
            &query, fault))
        return false;
    struct store_answer answer = {.bot = bot, .digest = digest};
    bool found = session_next(&query, fault);
    if (found) {
        answer.text = session_column_bytes(&query, 0, arena);
        answer.finish_reason = session_column_bytes(&query, 1, arena);
        answer.provider = session_column_bytes(&query, 2, arena);
        answer.model = session_column_bytes(&query, 3, arena);
        answer.created_ms = session_column_integer(&query, 4);
        answer.expires_ms = session_column_integer(&query, 5);
    }
    if (!session_query_end(&query))
        return false;
    *ret_found = found;
    if (found)
        *ret_answer = answer;
    return true;
}

bool store_answers_purge(struct store_session *session, int64_t now_ms, struct fault *fault) {
    return session_run(session, "DELETE FROM answers WHERE expires_ms <= $1",
                       SESSION_VALUES(session_integer(now_ms)), NULL, fault);
}
