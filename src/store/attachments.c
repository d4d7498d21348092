/* Images that visitors send: first by themselves, then as part of a message. */
#include "base/buffer.h"
#include "store/records.h"
#include "store/session.h"

#define COLUMNS                                                                                    \
    "id, bot, user_id, coalesce(conversation_id, ''), message_id, name, media_type, size, width,"  \
    " height, created_ms"

static struct store_attachment read_row(const struct session_query *query, struct arena *arena) {
    return (struct store_attachment){
        .id = session_column_bytes(query, 0, arena),
        .bot = session_column_bytes(query, 1, arena),
        .user = session_column_bytes(query, 2, arena),
        .conversation_id = session_column_bytes(query, 3, arena),
        .message_id = session_column_bytes(query, 4, arena),
        .name = session_column_bytes(query, 5, arena),
        .media_type = session_column_bytes(query, 6, arena),
        .size = session_column_integer(query, 7),
        .width = session_column_integer(query, 8),
        .height = session_column_integer(query, 9),
        .created_ms = session_column_integer(query, 10),
    };
}

bool store_attachment_add(struct store_session *session, const struct store_attachment *attachment,
                          struct fault *fault) {
    return session_run(
        session,
        "INSERT INTO attachments (id, bot, user_id, conversation_id, message_id, name, media_type,"
        " size, width, height, created_ms, data)"
        " VALUES ($1, $2, $3, NULL, '', $4, $5, $6, $7, $8, $9, $10)",
        SESSION_VALUES(session_text(attachment->id), session_text(attachment->bot),
                       session_text(attachment->user), session_text(attachment->name),
                       session_text(attachment->media_type),
                       session_integer((int64_t)attachment->data.size),
                       session_integer(attachment->width), session_integer(attachment->height),
                       session_integer(attachment->created_ms), session_blob(attachment->data)),
        NULL, fault);
}

bool store_attachments_unsent(struct store_session *session, struct slice bot, struct slice user,
                              int64_t *ret_count, struct fault *fault) {
    bool found;
    return session_query_integer(session,
                                 "SELECT count(*) FROM attachments WHERE user_id = $1 AND bot = $2"
                                 " AND conversation_id IS NULL",
                                 SESSION_VALUES(session_text(user), session_text(bot)), &found,
                                 ret_count, fault);
}

bool store_attachment_get(struct store_session *session, struct slice id, struct arena *arena,
                          bool *ret_found, struct store_attachment *ret_attachment,
                          struct fault *fault) {
    struct session_query query;
    if (!session_query(session, "SELECT " COLUMNS ", data FROM attachments WHERE id = $1",
                       SESSION_VALUES(session_text(id)), &query, fault))
        return false;
    *ret_found = session_next(&query, fault);
    if (*ret_found) {
        *ret_attachment = read_row(&query, arena);
        ret_attachment->data = session_column_bytes(&query, 11, arena);
    }
    return session_query_end(&query);
}

bool store_attachment_send(struct store_session *session, struct slice id,
                           const struct store_message *message, struct fault *fault) {
    return session_run(session,
                       "UPDATE attachments SET conversation_id = $2, message_id = $3 WHERE id = $1"
                       " AND conversation_id IS NULL AND (bot, user_id) ="
                       " (SELECT bot, user_id FROM conversations WHERE id = $2)",
                       SESSION_VALUES(session_text(id), session_text(message->conversation_id),
                                      session_text(message->id)),
                       NULL, fault);
}

bool store_attachments_list(struct store_session *session, struct slice conversation_id,
                            size_t limit, struct arena *arena,
                            struct store_attachment **ret_attachments, size_t *ret_count,
                            struct fault *fault) {
    struct session_query query;
    struct buffer rows = {0};
    if (!session_query(
            session,
            "SELECT * FROM (SELECT " COLUMNS " FROM attachments"
            " WHERE conversation_id = $1 ORDER BY id DESC LIMIT $2) ORDER BY id",
            SESSION_VALUES(session_text(conversation_id), session_integer((int64_t)limit)), &query,
            fault))
        return false;
    while (session_next(&query, fault)) {
        const struct store_attachment row = read_row(&query, arena);
        session_rows_add(&rows, &row, sizeof row);
    }
    return session_rows_end(&query, &rows, sizeof(struct store_attachment), arena,
                            (void **)ret_attachments, ret_count);
}

bool store_attachments_purge(struct store_session *session, int64_t before_ms,
                             struct fault *fault) {
    return session_run(session,
                       "DELETE FROM attachments WHERE conversation_id IS NULL AND created_ms < $1",
                       SESSION_VALUES(session_integer(before_ms)), NULL, fault);
}
