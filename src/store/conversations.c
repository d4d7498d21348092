/* Conversations as their owners see them: listed, read page by page, deleted. */
#include "base/arena.h"
#include "store/desk.h"
#include "store/session.h"

static bool not_there(struct fault *fault) {
    return fault_set(fault, FAULT_NOT_FOUND, "There is no such conversation.");
}

#define ENTRY_COLUMNS                                                                              \
    "id, created_ms, updated_ms,"                                                                  \
    " (SELECT coalesce(max(position), 0) FROM messages WHERE conversation_id = conversations.id)"

static struct store_entry read_entry(const struct session_query *query, struct arena *arena) {
    return (struct store_entry){
        .id = session_column_bytes(query, 0, arena),
        .created_ms = session_column_integer(query, 1),
        .updated_ms = session_column_integer(query, 2),
        .message_count = session_column_integer(query, 3),
    };
}

bool store_conversations_list(struct store_session *session, struct slice bot, struct slice user,
                              struct slice before, size_t limit, struct arena *arena,
                              struct store_entry **ret_entries, size_t *ret_count, bool *ret_more,
                              struct fault *fault) {
    /* The index of users has the ids behind them, so this reads from where the page begins. */
    static const char sql[] = "SELECT " ENTRY_COLUMNS " FROM conversations"
                              " WHERE user_id = $1 AND bot = $2 AND id < $3"
                              " ORDER BY id DESC LIMIT $4";
    struct session_query query;
    if (!session_query(session, sql,
                       SESSION_VALUES(session_text(user), session_text(bot),
                                      session_text(before.size ? before : SLICE("~")),
                                      session_integer((int64_t)limit + 1)),
                       &query, fault))
        return false;
    struct store_entry *entries = arena_array(arena, limit, sizeof *entries);
    size_t count = 0;
    bool more = false;
    while (!more && session_next(&query, fault)) {
        more = count == limit;
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

bool store_conversation_get(struct store_session *session,
                            const struct store_conversation *conversation, struct arena *arena,
                            struct store_entry *ret_entry, struct fault *fault) {
    static const char sql[] = "SELECT " ENTRY_COLUMNS " FROM conversations"
                              " WHERE id = $1 AND bot = $2 AND user_id = $3";
    struct session_query query;
    if (!session_query(session, sql,
                       SESSION_VALUES(session_text(conversation->id),
                                      session_text(conversation->bot),
                                      session_text(conversation->user)),
                       &query, fault))
        return false;
    bool found = session_next(&query, fault);
    struct store_entry entry = {0};
    if (found)
        entry = read_entry(&query, arena);
    if (!session_query_end(&query))
        return false;
    if (!found)
        return not_there(fault);
    *ret_entry = entry;
    return true;
}

static struct store_message read_said(const struct session_query *query, struct arena *arena) {
    return (struct store_message){
        .id = session_column_bytes(query, 0, arena),
        .role = session_column_bytes(query, 1, arena),
        .text = session_column_bytes(query, 2, arena),
        .status = session_column_bytes(query, 3, arena),
        .created_ms = session_column_integer(query, 4),
        .position = session_column_integer(query, 5),
        .replies = session_column_bytes(query, 6, arena),
        .author = session_column_bytes(query, 7, arena),
    };
}

#define PAGE_OF(ROLES)                                                                             \
    "SELECT id, role, text, status, created_ms, position, replies, author FROM messages"           \
    " WHERE conversation_id = $1 AND position > $2"                                                \
    " AND role IN (" ROLES ") AND status <> 'replaced' ORDER BY position LIMIT $3"

static bool read_page(struct store_session *session, const char *sql, struct slice conversation_id,
                      int64_t after, size_t limit, size_t bytes_max, struct arena *arena,
                      struct store_message **ret_messages, size_t *ret_count, bool *ret_more,
                      struct fault *fault) {
    struct session_query query;
    if (!session_query(session, sql,
                       SESSION_VALUES(session_text(conversation_id), session_integer(after),
                                      session_integer((int64_t)limit + 1)),
                       &query, fault))
        return false;
    struct store_message *messages = arena_array(arena, limit, sizeof *messages);
    size_t count = 0, bytes = 0;
    bool more = false;
    while (!more && session_next(&query, fault)) {
        more = count == limit || (count > 0 && bytes >= bytes_max);
        if (more)
            break;
        messages[count] = read_said(&query, arena);
        messages[count].conversation_id = conversation_id;
        bytes += messages[count++].text.size;
    }
    if (!session_query_end(&query))
        return false;
    *ret_messages = messages;
    *ret_count = count;
    *ret_more = more;
    return true;
}

/* Results of tools and notes between operators are not for the visitor. */
bool store_messages_page(struct store_session *session, struct slice conversation_id, int64_t after,
                         size_t limit, size_t bytes_max, struct arena *arena,
                         struct store_message **ret_messages, size_t *ret_count, bool *ret_more,
                         struct fault *fault) {
    return read_page(session, PAGE_OF("'user', 'assistant', 'operator'"), conversation_id, after,
                     limit, bytes_max, arena, ret_messages, ret_count, ret_more, fault);
}

bool store_desk_messages(struct store_session *session, struct slice conversation_id, int64_t after,
                         size_t limit, size_t bytes_max, struct arena *arena,
                         struct store_message **ret_messages, size_t *ret_count, bool *ret_more,
                         struct fault *fault) {
    return read_page(session, PAGE_OF("'user', 'assistant', 'operator', 'note'"), conversation_id,
                     after, limit, bytes_max, arena, ret_messages, ret_count, ret_more, fault);
}

bool store_desk_message(struct store_session *session, struct slice conversation_id,
                        struct slice id, struct arena *arena, bool *ret_found,
                        struct store_message *ret_message, struct fault *fault) {
    struct session_query query;
    if (!session_query(session,
                       "SELECT id, role, text, status, created_ms, position, replies, author"
                       " FROM messages WHERE conversation_id = $1 AND id = $2",
                       SESSION_VALUES(session_text(conversation_id), session_text(id)), &query,
                       fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found)
        *ret_message = read_said(&query, arena);
    return session_query_end(&query);
}

bool store_conversation_touch(struct store_session *session, struct slice conversation_id,
                              int64_t now_ms, struct fault *fault) {
    return session_run(session, "UPDATE conversations SET updated_ms = $2 WHERE id = $1",
                       SESSION_VALUES(session_text(conversation_id), session_integer(now_ms)), NULL,
                       fault);
}

bool store_answers_replace(struct store_session *session, struct slice conversation_id,
                           struct fault *fault) {
    return session_run(session,
                       "UPDATE messages SET status = 'replaced' WHERE conversation_id = $1"
                       " AND role = 'assistant' AND position > (SELECT coalesce(max(position), 0)"
                       " FROM messages WHERE conversation_id = $1 AND role = 'user')",
                       SESSION_VALUES(session_text(conversation_id)), NULL, fault);
}

bool store_conversation_title(struct store_session *session, struct slice conversation_id,
                              struct arena *arena, struct slice *ret_title, struct fault *fault) {
    struct session_query query;
    if (!session_query(session,
                       "SELECT substr(text, 1, 200) FROM messages WHERE conversation_id = $1"
                       " AND role = 'user' ORDER BY position LIMIT 1",
                       SESSION_VALUES(session_text(conversation_id)), &query, fault))
        return false;
    *ret_title = (struct slice){NULL, 0};
    if (session_next(&query, fault))
        *ret_title = session_column_bytes(&query, 0, arena);
    return session_query_end(&query);
}

bool store_conversation_delete(struct store_session *session,
                               const struct store_conversation *conversation, struct fault *fault) {
    int64_t changes;
    if (!session_run(session,
                     "DELETE FROM conversations WHERE id = $1 AND bot = $2 AND user_id = $3",
                     SESSION_VALUES(session_text(conversation->id), session_text(conversation->bot),
                                    session_text(conversation->user)),
                     &changes, fault))
        return false;
    if (changes == 0)
        return not_there(fault);
    /* What it cost stays in the ledger; what the visitor had done does not. */
    return session_run(session, "DELETE FROM tool_calls WHERE conversation_id = $1",
                       SESSION_VALUES(session_text(conversation->id)), NULL, fault);
}
