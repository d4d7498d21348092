/* Who answers in a conversation. */
#include "store/desk.h"
#include "store/session.h"

bool store_standing_get(struct store_session *session, struct slice conversation_id,
                        struct arena *arena, bool *ret_found, struct store_standing *ret_standing,
                        struct fault *fault) {
    static const char sql[] =
        "SELECT c.bot, c.user_id, c.door, c.mode, c.epoch, c.operator_id, c.waiting_ms,"
        " coalesce(o.display, '') FROM conversations c"
        " LEFT JOIN operators o ON o.id = c.operator_id WHERE c.id = $1";
    struct session_query query;
    if (!session_query(session, sql, SESSION_VALUES(session_text(conversation_id)), &query, fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found)
        *ret_standing = (struct store_standing){
            .bot = session_column_bytes(&query, 0, arena),
            .user = session_column_bytes(&query, 1, arena),
            .door = session_column_bytes(&query, 2, arena),
            .mode = session_column_bytes(&query, 3, arena),
            .epoch = session_column_integer(&query, 4),
            .operator_id = session_column_bytes(&query, 5, arena),
            .waiting_ms = session_column_integer(&query, 6),
            .operator_display = session_column_bytes(&query, 7, arena),
        };
    return session_query_end(&query);
}

static bool log_handoff(struct store_session *session, const struct store_handoff *handoff,
                        struct fault *fault) {
    static const char sql[] =
        "INSERT INTO handoffs (conversation_id, epoch, bot, before, mode, cause, operator_id,"
        " reason, created_ms) SELECT id, epoch + 1, bot, mode, $2, $3, $4, $5, $6"
        " FROM conversations WHERE id = $1 AND epoch = $7";
    return session_run(
        session, sql,
        SESSION_VALUES(session_text(handoff->conversation_id), session_text(handoff->mode),
                       session_text(handoff->cause), session_text(handoff->operator_id),
                       session_text(handoff->reason), session_integer(handoff->now_ms),
                       session_integer(handoff->epoch)),
        NULL, fault);
}

bool store_handoff_set(struct store_session *session, const struct store_handoff *handoff,
                       struct fault *fault) {
    /* Who is put back in the queue has waited before: since when is kept until the bot has it. */
    static const char sql[] =
        "UPDATE conversations SET mode = $2, epoch = epoch + 1, operator_id = $3,"
        " reason = CASE WHEN $2 = 'bot' THEN '' WHEN $4 = '' THEN reason ELSE $4 END,"
        " handoff_summary = CASE WHEN $2 = 'bot' THEN '' WHEN $5 = '' THEN handoff_summary"
        " ELSE $5 END,"
        " waiting_ms = CASE WHEN $2 = 'waiting' THEN $6 ELSE 0 END, updated_ms = $6"
        " WHERE id = $1 AND epoch = $7";
    bool taken = slice_is(handoff->mode, "operator");
    int64_t changes;
    if (!log_handoff(session, handoff, fault) ||
        !session_run(
            session, sql,
            SESSION_VALUES(session_text(handoff->conversation_id), session_text(handoff->mode),
                           session_text(taken ? handoff->operator_id : SLICE("")),
                           session_text(handoff->reason), session_text(handoff->summary),
                           session_integer(handoff->now_ms), session_integer(handoff->epoch)),
            &changes, fault))
        return false;
    if (changes == 0) {
        fault_set(fault, FAULT_CONFLICT, "Somebody else was quicker.");
        memcpy(fault->code, "conversation_changed", sizeof "conversation_changed");
        return false;
    }
    return session_run(session,
                       "UPDATE confirmations SET state = 'replaced', arguments = ''"
                       " WHERE conversation_id = $1 AND state = 'waiting'",
                       SESSION_VALUES(session_text(handoff->conversation_id)), NULL, fault);
}

bool store_handoff_reopen(struct store_session *session, struct slice conversation_id,
                          int64_t now_ms, bool *ret_reopened, struct fault *fault) {
    int64_t epoch;
    if (!session_query_integer(
            session, "SELECT epoch FROM conversations WHERE id = $1 AND mode = 'closed'",
            SESSION_VALUES(session_text(conversation_id)), ret_reopened, &epoch, fault))
        return false;
    const struct store_handoff handoff = {.conversation_id = conversation_id,
                                          .epoch = epoch,
                                          .mode = SLICE("bot"),
                                          .cause = SLICE("visitor"),
                                          .now_ms = now_ms};
    return !*ret_reopened || store_handoff_set(session, &handoff, fault);
}

bool store_handoff_place(struct store_session *session, struct slice conversation_id,
                         int64_t *ret_place, struct fault *fault) {
    static const char sql[] =
        "SELECT count(*) FROM conversations c JOIN conversations own ON own.id = $1"
        " WHERE own.mode = 'waiting' AND c.mode = 'waiting' AND c.bot = own.bot"
        " AND (c.waiting_ms, c.id) <= (own.waiting_ms, own.id)";
    bool found;
    return session_query_integer(session, sql, SESSION_VALUES(session_text(conversation_id)),
                                 &found, ret_place, fault);
}
