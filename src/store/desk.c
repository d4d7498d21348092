/* Conversations as operators see them. */
#include "store/desk.h"
#include "base/arena.h"
#include "store/call_sums.h"
#include "store/session.h"

/* The beginning of a text is enough for a line of a list. */
#define ENTRY_COLUMNS                                                                              \
    "SELECT c.id, c.bot, c.user_id, c.door, c.mode, c.epoch, c.operator_id,"                       \
    " coalesce(o.display, ''), c.reason, c.handoff_summary, c.language, c.waiting_ms,"             \
    " c.created_ms, c.updated_ms,"                                                                 \
    " coalesce((SELECT substr(text, 1, 200) FROM messages WHERE conversation_id = c.id"            \
    " AND role = 'user' ORDER BY position LIMIT 1), ''),"                                          \
    " coalesce((SELECT role FROM messages WHERE conversation_id = c.id"                            \
    " AND role IN ('user', 'assistant', 'operator') AND status <> 'replaced'"                      \
    " ORDER BY position DESC LIMIT 1), ''),"                                                       \
    " coalesce((SELECT substr(text, 1, 200) FROM messages WHERE conversation_id = c.id"            \
    " AND role IN ('user', 'assistant', 'operator') AND status <> 'replaced'"                      \
    " ORDER BY position DESC LIMIT 1), ''),"                                                       \
    " (SELECT coalesce(max(position), 0) FROM messages WHERE conversation_id = c.id)"
#define ENTRY_TABLES " FROM conversations c LEFT JOIN operators o ON o.id = c.operator_id"
/* $1 is the bots that may be seen, $2 one of them: either may be empty. A name is looked for
 * between its commas; LIKE would take a "_" in it for any letter. */
#define ENTRY_MAY                                                                                  \
    " WHERE ($1 = '' OR replace(',' || $1 || ',', ',' || c.bot || ',', '') <> ',' || $1 || ',')"   \
    " AND ($2 = '' OR c.bot = $2)"
/* Whoever has said nothing yet is nobody's business, unless they wait. */
#define ENTRY_SPOKEN " AND EXISTS (SELECT 1 FROM messages WHERE conversation_id = c.id)"

static const char *list_sql(enum store_box box) {
    switch (box) {
    case STORE_BOX_WAITING:
        return ENTRY_COLUMNS ENTRY_TABLES ENTRY_MAY
            " AND (c.waiting_ms, c.id) > ($3, $4) AND c.mode = 'waiting' AND $5 = ''"
            " ORDER BY c.waiting_ms, c.id LIMIT $6";
    case STORE_BOX_MINE:
        return ENTRY_COLUMNS ENTRY_TABLES ENTRY_MAY
            " AND (c.updated_ms, c.id) < ($3, $4) AND c.mode = 'operator' AND c.operator_id = $5"
            " ORDER BY c.updated_ms DESC, c.id DESC LIMIT $6";
    case STORE_BOX_CLOSED:
        return ENTRY_COLUMNS ENTRY_TABLES ENTRY_MAY
            " AND (c.updated_ms, c.id) < ($3, $4) AND c.mode = 'closed' AND $5 = ''"
            " ORDER BY c.updated_ms DESC, c.id DESC LIMIT $6";
    case STORE_BOX_TAKEN:
        return ENTRY_COLUMNS ENTRY_TABLES ENTRY_MAY
            " AND (c.updated_ms, c.id) > ($3, $4) AND c.mode = 'operator' AND $5 = ''"
            " ORDER BY c.updated_ms, c.id LIMIT $6";
    default:
        return ENTRY_COLUMNS ENTRY_TABLES ENTRY_MAY
            " AND (c.updated_ms, c.id) < ($3, $4) AND $5 = ''" ENTRY_SPOKEN
            " ORDER BY c.updated_ms DESC, c.id DESC LIMIT $6";
    }
}

static struct store_desk_entry read_entry(const struct session_query *query, struct arena *arena) {
    return (struct store_desk_entry){
        .id = session_column_bytes(query, 0, arena),
        .bot = session_column_bytes(query, 1, arena),
        .user = session_column_bytes(query, 2, arena),
        .door = session_column_bytes(query, 3, arena),
        .mode = session_column_bytes(query, 4, arena),
        .epoch = session_column_integer(query, 5),
        .operator_id = session_column_bytes(query, 6, arena),
        .operator_display = session_column_bytes(query, 7, arena),
        .reason = session_column_bytes(query, 8, arena),
        .summary = session_column_bytes(query, 9, arena),
        .language = session_column_bytes(query, 10, arena),
        .waiting_ms = session_column_integer(query, 11),
        .created_ms = session_column_integer(query, 12),
        .updated_ms = session_column_integer(query, 13),
        .title = session_column_bytes(query, 14, arena),
        .last_role = session_column_bytes(query, 15, arena),
        .last_text = session_column_bytes(query, 16, arena),
        .message_count = session_column_integer(query, 17),
    };
}

bool store_desk_list(struct store_session *session, const struct store_desk_list *list,
                     struct arena *arena, struct store_desk_entry **ret_entries, size_t *ret_count,
                     bool *ret_more, struct fault *fault) {
    struct session_query query;
    bool first = list->after_id.size == 0,
         rising = list->box == STORE_BOX_WAITING || list->box == STORE_BOX_TAKEN;
    if (!session_query(session, list_sql(list->box),
                       SESSION_VALUES(session_text(list->bots), session_text(list->bot),
                                      session_integer(!first   ? list->after_ms
                                                      : rising ? 0
                                                               : INT64_MAX),
                                      session_text(list->after_id),
                                      session_text(list->box == STORE_BOX_MINE ? list->operator_id
                                                                               : SLICE("")),
                                      session_integer((int64_t)list->limit + 1)),
                       &query, fault))
        return false;
    struct store_desk_entry *entries = arena_array(arena, list->limit, sizeof *entries);
    size_t count = 0;
    bool more = false;
    while (!more && session_next(&query, fault)) {
        more = count == list->limit;
        if (!more)
            entries[count++] = read_entry(&query, arena);
    }
    if (!session_query_end(&query))
        return false;
    *ret_entries = entries;
    *ret_count = count;
    *ret_more = more;
    return true;
}

bool store_desk_get(struct store_session *session, struct slice conversation_id, struct slice bots,
                    struct arena *arena, bool *ret_found, struct store_desk_entry *ret_entry,
                    struct fault *fault) {
    static const char sql[] = ENTRY_COLUMNS ENTRY_TABLES ENTRY_MAY " AND c.id = $3";
    struct session_query query;
    if (!session_query(session, sql,
                       SESSION_VALUES(session_text(bots), session_text(SLICE("")),
                                      session_text(conversation_id)),
                       &query, fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found)
        *ret_entry = read_entry(&query, arena);
    return session_query_end(&query);
}

bool store_desk_count(struct store_session *session, struct slice bots, struct slice operator_id,
                      int64_t *ret_waiting, int64_t *ret_mine, struct fault *fault) {
    static const char waiting[] =
        "SELECT count(*) FROM conversations c" ENTRY_MAY " AND c.mode = 'waiting'";
    static const char mine[] = "SELECT count(*) FROM conversations c" ENTRY_MAY
                               " AND c.mode = 'operator' AND c.operator_id = $3";
    bool found;
    return session_query_integer(session, waiting,
                                 SESSION_VALUES(session_text(bots), session_text(SLICE(""))),
                                 &found, ret_waiting, fault) &&
           session_query_integer(session, mine,
                                 SESSION_VALUES(session_text(bots), session_text(SLICE("")),
                                                session_text(operator_id)),
                                 &found, ret_mine, fault);
}

bool store_desk_tools(struct store_session *session, struct slice conversation_id, size_t limit,
                      struct arena *arena, struct store_tool_call **ret_calls, size_t *ret_count,
                      struct fault *fault) {
    struct session_query query;
    if (!session_query(
            session,
            "SELECT id, tool, arguments, outcome, detail, started_ms, duration_ms"
            " FROM tool_calls WHERE conversation_id = $1 ORDER BY id DESC LIMIT $2",
            SESSION_VALUES(session_text(conversation_id), session_integer((int64_t)limit)), &query,
            fault))
        return false;
    struct store_tool_call *calls = arena_array(arena, limit, sizeof *calls);
    size_t count = 0;
    while (count < limit && session_next(&query, fault))
        calls[count++] = (struct store_tool_call){
            .id = session_column_bytes(&query, 0, arena),
            .tool = session_column_bytes(&query, 1, arena),
            .arguments = session_column_bytes(&query, 2, arena),
            .outcome = session_column_bytes(&query, 3, arena),
            .detail = session_column_bytes(&query, 4, arena),
            .started_ms = session_column_integer(&query, 5),
            .duration_ms = session_column_integer(&query, 6),
        };
    if (!session_query_end(&query))
        return false;
    *ret_calls = calls;
    *ret_count = count;
    return true;
}

bool store_desk_calls(struct store_session *session, struct slice conversation_id,
                      struct arena *arena, struct store_desk_calls *ret_calls,
                      struct fault *fault) {
    /* clang-format off */
    static const char sql[] =
        "SELECT count(*), " SQL_SUM(CALL_PROMPT) ", " SQL_SUM(CALL_ANSWER) ", " SQL_SUM(CALL_COST)
        ", coalesce((SELECT group_concat(model, ',') FROM (SELECT DISTINCT model FROM calls"
        " WHERE conversation_id = $1 AND model <> '')), '')"
        ", " SQL_SUM("CASE WHEN state <> 'open' AND cost_microdollars < 0 THEN 1 ELSE 0 END")
        " FROM calls WHERE conversation_id = $1";
    /* clang-format on */
    struct session_query query;
    if (!session_query(session, sql, SESSION_VALUES(session_text(conversation_id)), &query, fault))
        return false;
    if (session_next(&query, fault))
        *ret_calls = (struct store_desk_calls){
            .count = session_column_integer(&query, 0),
            .input_tokens = session_column_integer(&query, 1),
            .output_tokens = session_column_integer(&query, 2),
            .cost_microdollars = session_column_integer(&query, 3),
            .models = session_column_bytes(&query, 4, arena),
            .unknown = session_column_integer(&query, 5),
        };
    return session_query_end(&query);
}
