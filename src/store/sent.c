/* Messages that clients may send twice. */
#include "store/records.h"
#include "store/session.h"

enum { KEEP_MS = 24 * 60 * 60 * 1000 };

bool store_sent_add(struct store_session *session, const struct store_conversation *whose,
                    const struct store_sent *sent, int64_t now_ms, struct fault *fault) {
    return session_run(session,
                       "DELETE FROM sent WHERE bot = $1 AND user_id = $2 AND created_ms < $3",
                       SESSION_VALUES(session_text(whose->bot), session_text(whose->user),
                                      session_integer(now_ms - KEEP_MS)),
                       NULL, fault) &&
           session_run(session,
                       "INSERT INTO sent (bot, user_id, key, conversation_id, turn_id, message_id,"
                       " answer_id, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                       " ON CONFLICT (bot, user_id, key) DO NOTHING",
                       SESSION_VALUES(session_text(whose->bot), session_text(whose->user),
                                      session_text(sent->key), session_text(sent->conversation_id),
                                      session_text(sent->turn_id), session_text(sent->message_id),
                                      session_text(sent->answer_id), session_integer(now_ms)),
                       NULL, fault);
}

bool store_sent_find(struct store_session *session, const struct store_conversation *whose,
                     struct slice key, struct arena *arena, bool *ret_found,
                     struct store_sent *ret_sent, struct fault *fault) {
    struct session_query query;
    if (!session_query(
            session,
            "SELECT conversation_id, turn_id, message_id, answer_id FROM sent"
            " WHERE bot = $1 AND user_id = $2 AND key = $3",
            SESSION_VALUES(session_text(whose->bot), session_text(whose->user), session_text(key)),
            &query, fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found)
        *ret_sent = (struct store_sent){
            .key = key,
            .conversation_id = session_column_bytes(&query, 0, arena),
            .turn_id = session_column_bytes(&query, 1, arena),
            .message_id = session_column_bytes(&query, 2, arena),
            .answer_id = session_column_bytes(&query, 3, arena),
        };
    return session_query_end(&query);
}
