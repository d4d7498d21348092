/* What visitors are asked before a tool changes something, and what they said. */
#include "base/buffer.h"
#include "store/records.h"
#include "store/session.h"

bool store_confirmation_add(struct store_session *session,
                            const struct store_confirmation *confirmation, struct fault *fault) {
    /* The same asked again stands in place of the first: one card, not two. */
    static const char replace[] =
        "UPDATE confirmations SET state = 'replaced', arguments = ''"
        " WHERE conversation_id = $1 AND tool = $2 AND arguments = $3 AND state = 'waiting'";
    static const char add[] =
        "INSERT INTO confirmations (id, conversation_id, turn_id, tool, arguments, card, state,"
        " created_ms, expires_ms, answered_ms) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8,"
        " 0)";
    return session_run(session, replace,
                       SESSION_VALUES(session_text(confirmation->conversation_id),
                                      session_text(confirmation->tool),
                                      session_text(confirmation->arguments)),
                       NULL, fault) &&
           session_run(session, add,
                       SESSION_VALUES(
                           session_text(confirmation->id),
                           session_text(confirmation->conversation_id),
                           session_text(confirmation->turn_id), session_text(confirmation->tool),
                           session_text(confirmation->arguments), session_text(confirmation->card),
                           session_integer(confirmation->created_ms),
                           session_integer(confirmation->expires_ms)),
                       NULL, fault);
}

#define COLUMNS "id, conversation_id, turn_id, tool, arguments, card, state, created_ms, expires_ms"

static void read_row(const struct session_query *query, struct arena *arena,
                     struct store_confirmation *row) {
    *row = (struct store_confirmation){
        .id = session_column_bytes(query, 0, arena),
        .conversation_id = session_column_bytes(query, 1, arena),
        .turn_id = session_column_bytes(query, 2, arena),
        .tool = session_column_bytes(query, 3, arena),
        .arguments = session_column_bytes(query, 4, arena),
        .card = session_column_bytes(query, 5, arena),
        .state = session_column_bytes(query, 6, arena),
        .created_ms = session_column_integer(query, 7),
        .expires_ms = session_column_integer(query, 8),
    };
}

static bool find(struct store_session *session, struct slice id, struct slice conversation_id,
                 struct arena *arena, bool *ret_found, struct store_confirmation *ret_row,
                 struct fault *fault) {
    struct session_query query;
    if (!session_query(session,
                       "SELECT " COLUMNS " FROM confirmations WHERE id = $1 AND"
                       " conversation_id = $2",
                       SESSION_VALUES(session_text(id), session_text(conversation_id)), &query,
                       fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found)
        read_row(&query, arena, ret_row);
    return session_query_end(&query);
}

/* What keeps a card from being answered now; NONE when nothing does. */
static bool is_open(const struct store_confirmation *row, bool yes, int64_t now_ms,
                    struct fault *fault) {
    bool again = yes && slice_is(row->state, "yes"); /* a crash came between yes and the tool */
    if (!slice_is(row->state, "waiting") && !again) {
        fault_set(fault, FAULT_CONFLICT, "This was answered before.");
        memcpy(fault->code, "confirmation_answered", sizeof "confirmation_answered");
        return false;
    }
    if (now_ms >= row->expires_ms) {
        fault_set(fault, FAULT_CONFLICT, "It is too late for this answer. Please ask again.");
        memcpy(fault->code, "confirmation_expired", sizeof "confirmation_expired");
        return false;
    }
    return true;
}

bool store_confirmation_answer(struct store_session *session, struct slice id,
                               struct slice conversation_id, bool yes, int64_t now_ms,
                               int64_t stale_ms, struct arena *arena,
                               struct store_confirmation *ret_confirmation, struct fault *fault) {
    static const char sql[] =
        "UPDATE confirmations SET state = $2, answered_ms = $3 WHERE id = $1 AND"
        " (state = 'waiting' OR answered_ms < $4)";
    bool found;
    int64_t changes;
    if (!find(session, id, conversation_id, arena, &found, ret_confirmation, fault))
        return false;
    if (!found)
        return fault_set(fault, FAULT_NOT_FOUND, "There is nothing of that id to confirm.");
    if (!is_open(ret_confirmation, yes, now_ms, fault) ||
        !session_run(session, sql,
                     SESSION_VALUES(session_text(id),
                                    session_text(yes ? SLICE("yes") : SLICE("no")),
                                    session_integer(now_ms), session_integer(stale_ms)),
                     &changes, fault))
        return false;
    if (changes > 0)
        return true;
    fault_set(fault, FAULT_CONFLICT, "This is being done at the moment.");
    memcpy(fault->code, "confirmation_answered", sizeof "confirmation_answered");
    return false;
}

bool store_confirmation_end(struct store_session *session, struct slice id, struct slice state,
                            struct fault *fault) {
    /* What was to be done is not kept longer than it is needed. */
    static const char sql[] =
        "UPDATE confirmations SET state = $2, arguments = CASE $2 WHEN 'waiting' THEN arguments"
        " ELSE '' END WHERE id = $1";
    return session_run(session, sql, SESSION_VALUES(session_text(id), session_text(state)), NULL,
                       fault);
}

bool store_confirmations_waiting(struct store_session *session, struct slice conversation_id,
                                 int64_t now_ms, struct arena *arena,
                                 struct store_confirmation **ret_confirmations, size_t *ret_count,
                                 struct fault *fault) {
    struct session_query query;
    struct buffer rows = {0};
    if (!session_query(session,
                       "SELECT " COLUMNS " FROM confirmations WHERE conversation_id = $1 AND"
                       " state = 'waiting' AND expires_ms > $2 ORDER BY id LIMIT 20",
                       SESSION_VALUES(session_text(conversation_id), session_integer(now_ms)),
                       &query, fault))
        return false;
    while (session_next(&query, fault)) {
        struct store_confirmation row;
        read_row(&query, arena, &row);
        session_rows_add(&rows, &row, sizeof row);
    }
    return session_rows_end(&query, &rows, sizeof(struct store_confirmation), arena,
                            (void **)ret_confirmations, ret_count);
}
