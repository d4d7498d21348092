/* What visitors think of answers, and of a whole conversation. */
#include "store/records.h"
#include "store/session.h"

static bool not_there(struct fault *fault) {
    fault_set(fault, FAULT_NOT_FOUND, "There is no such message.");
    return fault_param(fault, "message");
}

bool store_feedback_put(struct store_session *session, const struct store_conversation *whose,
                        const struct store_feedback *feedback, struct fault *fault) {
    static const char put[] =
        "INSERT INTO feedback (message_id, conversation_id, rating, comment, created_ms)"
        " SELECT m.id, m.conversation_id, $4, $5, $6 FROM conversations AS c CROSS JOIN messages "
        "AS m"
        " ON m.conversation_id = c.id WHERE m.id = $1 AND m.role = 'assistant' AND c.bot = $2"
        " AND c.user_id = $3 ON CONFLICT (message_id) DO UPDATE SET rating = excluded.rating,"
        " comment = excluded.comment, created_ms = excluded.created_ms";
    static const char take[] = "DELETE FROM feedback WHERE message_id = $1 AND conversation_id IN"
                               " (SELECT id FROM conversations WHERE bot = $2 AND user_id = $3)";
    int64_t changes;
    bool back = feedback->rating == 0;
    if (!session_run(session, back ? take : put,
                     SESSION_VALUES(session_text(feedback->about), session_text(whose->bot),
                                    session_text(whose->user), session_integer(feedback->rating),
                                    session_text(feedback->comment),
                                    session_integer(feedback->created_ms)),
                     &changes, fault))
        return false;
    return back || changes > 0 || not_there(fault);
}

bool store_rating_put(struct store_session *session, const struct store_conversation *whose,
                      const struct store_feedback *feedback, struct fault *fault) {
    static const char put[] =
        "INSERT INTO ratings (conversation_id, stars, comment, created_ms)"
        " SELECT id, $4, $5, $6 FROM conversations WHERE id = $1 AND bot = $2 AND user_id = $3"
        " ON CONFLICT (conversation_id) DO UPDATE SET stars = excluded.stars,"
        " comment = excluded.comment, created_ms = excluded.created_ms";
    int64_t changes;
    if (!session_run(session, put,
                     SESSION_VALUES(session_text(feedback->about), session_text(whose->bot),
                                    session_text(whose->user), session_integer(feedback->rating),
                                    session_text(feedback->comment),
                                    session_integer(feedback->created_ms)),
                     &changes, fault))
        return false;
    return changes > 0 || not_there(fault);
}
