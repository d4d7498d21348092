/* Visitors who want to be called back. */
#include "base/buffer.h"
#include "store/records.h"
#include "store/session.h"

bool store_lead_put(struct store_session *session, const struct store_lead *lead,
                    struct fault *fault) {
    /* Who says more is the same lead: what is new joins what was said. */
    static const char sql[] =
        "INSERT INTO leads (bot, user_id, id, conversation_id, fields, consent, created_ms,"
        " updated_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
        " ON CONFLICT (bot, user_id) DO UPDATE SET fields = json_patch(leads.fields,"
        " excluded.fields), conversation_id = CASE excluded.conversation_id WHEN '' THEN"
        " leads.conversation_id ELSE excluded.conversation_id END, consent = CASE"
        " excluded.consent WHEN '' THEN leads.consent ELSE excluded.consent END,"
        " updated_ms = excluded.updated_ms";
    return session_run(session, sql,
                       SESSION_VALUES(session_text(lead->bot), session_text(lead->user),
                                      session_text(lead->id), session_text(lead->conversation_id),
                                      session_text(lead->fields), session_text(lead->consent),
                                      session_integer(lead->updated_ms)),
                       NULL, fault);
}

bool store_lead_has(struct store_session *session, struct slice bot, struct slice user,
                    bool *ret_has, struct fault *fault) {
    int64_t ignored;
    return session_query_integer(session, "SELECT 1 FROM leads WHERE bot = $1 AND user_id = $2",
                                 SESSION_VALUES(session_text(bot), session_text(user)), ret_has,
                                 &ignored, fault);
}

#define COLUMNS "id, bot, user_id, conversation_id, fields, consent, created_ms, updated_ms"

static struct store_lead read_row(const struct session_query *query, struct arena *arena) {
    return (struct store_lead){
        .id = session_column_bytes(query, 0, arena),
        .bot = session_column_bytes(query, 1, arena),
        .user = session_column_bytes(query, 2, arena),
        .conversation_id = session_column_bytes(query, 3, arena),
        .fields = session_column_bytes(query, 4, arena),
        .consent = session_column_bytes(query, 5, arena),
        .created_ms = session_column_integer(query, 6),
        .updated_ms = session_column_integer(query, 7),
    };
}

bool store_lead_get(struct store_session *session, struct slice bot, struct slice user,
                    struct arena *arena, struct store_lead *ret_lead, struct fault *fault) {
    struct session_query query;
    struct store_lead lead;
    if (!session_query(session, "SELECT " COLUMNS " FROM leads WHERE bot = $1 AND user_id = $2",
                       SESSION_VALUES(session_text(bot), session_text(user)), &query, fault))
        return false;
    bool found = session_next(&query, fault);
    if (found)
        lead = read_row(&query, arena);
    if (!session_query_end(&query))
        return false;
    if (!found)
        return fault_set(fault, FAULT_NOT_FOUND, "There is no such lead.");
    *ret_lead = lead;
    return true;
}

bool store_leads_list(struct store_session *session, struct slice bot, struct arena *arena,
                      struct store_lead **ret_leads, size_t *ret_count, struct fault *fault) {
    struct session_query query;
    struct buffer rows = {0};
    if (!session_query(session,
                       "SELECT " COLUMNS " FROM leads WHERE $1 = '' OR bot = $1 ORDER BY id",
                       SESSION_VALUES(session_text(bot)), &query, fault))
        return false;
    while (session_next(&query, fault)) {
        const struct store_lead lead = read_row(&query, arena);
        session_rows_add(&rows, &lead, sizeof lead);
    }
    return session_rows_end(&query, &rows, sizeof(struct store_lead), arena, (void **)ret_leads,
                            ret_count);
}
