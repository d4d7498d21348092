/* Conversations, messages and the calls of models. */
#include "base/arena.h"
#include "store/records.h"
#include "store/session.h"

static bool no_conversation(struct fault *fault) {
    fault_set(fault, FAULT_NOT_FOUND, "There is no such conversation.");
    return fault_param(fault, "conversation_id");
}

bool store_conversation_put(struct store_session *session,
                            const struct store_conversation *conversation, struct fault *fault) {
    static const char sql[] =
        "INSERT INTO conversations (id, bot, user_id, door, created_ms, updated_ms, language)"
        " VALUES ($1, $2, $3, $4, $5, $5, $6)"
        " ON CONFLICT (id) DO UPDATE SET updated_ms = excluded.updated_ms, language ="
        " CASE excluded.language WHEN '' THEN conversations.language ELSE excluded.language END"
        " WHERE conversations.bot = excluded.bot AND conversations.user_id = excluded.user_id";
    int64_t changes;
    if (!session_run(session, sql,
                     SESSION_VALUES(session_text(conversation->id), session_text(conversation->bot),
                                    session_text(conversation->user),
                                    session_text(conversation->door),
                                    session_integer(conversation->created_ms),
                                    session_text(conversation->language)),
                     &changes, fault))
        return false;
    return changes > 0 || no_conversation(fault);
}

bool store_message_add(struct store_session *session, const struct store_message *message,
                       struct fault *fault) {
    static const char sql[] =
        "INSERT INTO messages"
        " (conversation_id, id, turn_id, role, text, status, created_ms, replies, author,"
        " position) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9,"
        " (SELECT coalesce(max(position), 0) + 1 FROM messages WHERE conversation_id = $1)"
        " WHERE EXISTS (SELECT 1 FROM conversations WHERE id = $1)";
    int64_t changes;
    if (!session_run(session, sql,
                     SESSION_VALUES(session_text(message->conversation_id),
                                    session_text(message->id), session_text(message->turn_id),
                                    session_text(message->role), session_text(message->text),
                                    session_text(message->status),
                                    session_integer(message->created_ms),
                                    session_text(message->replies), session_text(message->author)),
                     &changes, fault))
        return false;
    return changes > 0 || no_conversation(fault);
}

static struct store_message read_message(const struct session_query *query,
                                         struct slice conversation_id, struct arena *arena) {
    return (struct store_message){
        .id = session_column_bytes(query, 0, arena),
        .conversation_id = conversation_id,
        .turn_id = session_column_bytes(query, 1, arena),
        .role = session_column_bytes(query, 2, arena),
        .text = session_column_bytes(query, 3, arena),
        .status = session_column_bytes(query, 4, arena),
        .created_ms = session_column_integer(query, 5),
        .position = session_column_integer(query, 6),
    };
}

/* Those behind `after`, the newest `limit` of them. */
static bool list_messages(struct store_session *session, struct slice conversation_id,
                          int64_t after, size_t limit, struct arena *arena,
                          struct store_history *history, struct fault *fault) {
    /* How many there are is known first, so that they can be put in order right away. */
    int64_t last = 0;
    bool found;
    if (!session_query_integer(session,
                               "SELECT coalesce(max(position), 0) FROM messages"
                               " WHERE conversation_id = $1",
                               SESSION_VALUES(session_text(conversation_id)), &found, &last, fault))
        return false;
    int64_t first = (uint64_t)last > limit ? last - (int64_t)limit : 0;
    if (first < after)
        first = after;
    struct session_query query;
    if (!session_query(session,
                       "SELECT id, turn_id, role, text, status, created_ms, position FROM messages"
                       " WHERE conversation_id = $1 AND position > $2 AND position <= $3"
                       " ORDER BY position",
                       SESSION_VALUES(session_text(conversation_id), session_integer(first),
                                      session_integer(last)),
                       &query, fault))
        return false;
    size_t room = last > first ? (size_t)(last - first) : 0, count = 0;
    struct slice owner = arena_copy(arena, conversation_id);
    struct store_message *messages = arena_array(arena, room, sizeof *messages);
    while (count < room && session_next(&query, fault))
        messages[count++] = read_message(&query, owner, arena);
    if (!session_query_end(&query))
        return false;
    history->messages = messages;
    history->count = count;
    history->total = last;
    return true;
}

bool store_messages_list(struct store_session *session, struct slice conversation_id, size_t limit,
                         struct arena *arena, struct store_message **ret_messages,
                         size_t *ret_count, struct fault *fault) {
    struct store_history history;
    if (!list_messages(session, conversation_id, 0, limit, arena, &history, fault))
        return false;
    *ret_messages = history.messages;
    *ret_count = history.count;
    return true;
}

/* --- conversations that go on --- */

static bool find_conversation(struct store_session *session,
                              const struct store_conversation *conversation, struct arena *arena,
                              struct store_history *history, bool *ret_own, struct fault *fault) {
    static const char sql[] = "SELECT bot = $2 AND user_id = $3, summary, summary_position,"
                              " mode"
                              " FROM conversations WHERE id = $1";
    struct session_query query;
    if (!session_query(session, sql,
                       SESSION_VALUES(session_text(conversation->id),
                                      session_text(conversation->bot),
                                      session_text(conversation->user)),
                       &query, fault))
        return false;
    if (session_next(&query, fault)) {
        history->found = true;
        *ret_own = session_column_integer(&query, 0);
        history->summary = session_column_bytes(&query, 1, arena);
        history->summary_position = session_column_integer(&query, 2);
        history->mode = session_column_bytes(&query, 3, arena);
    }
    return session_query_end(&query);
}

bool store_history_load(struct store_session *session,
                        const struct store_conversation *conversation, size_t limit,
                        struct arena *arena, struct store_history *ret_history,
                        struct fault *fault) {
    struct store_history history = {0};
    bool own = false;
    if (!find_conversation(session, conversation, arena, &history, &own, fault))
        return false;
    if (history.found && !own)
        return no_conversation(fault);
    if (history.found && !list_messages(session, conversation->id, history.summary_position, limit,
                                        arena, &history, fault))
        return false;
    *ret_history = history;
    return true;
}

bool store_summary_put(struct store_session *session, struct slice conversation_id,
                       struct slice summary, int64_t before, int64_t position,
                       struct fault *fault) {
    return session_run(session,
                       "UPDATE conversations SET summary = $2, summary_position = $4"
                       " WHERE id = $1 AND summary_position = $3",
                       SESSION_VALUES(session_text(conversation_id), session_text(summary),
                                      session_integer(before), session_integer(position)),
                       NULL, fault);
}
