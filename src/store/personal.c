/* What is kept of a person: given out, erased, or joined to who they turn out to be. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/json.h"
#include "base/memory.h"
#include "store/records.h"
#include "store/session.h"
#include <sodium.h>

/* --- who they turn out to be --- */

bool store_user_adopt(struct store_session *session, struct slice bot, struct slice from,
                      struct slice to, struct fault *fault) {
    static const char *const statements[] = {
        "UPDATE conversations SET user_id = $3 WHERE bot = $1 AND user_id = $2",
        "UPDATE tool_calls SET user_id = $3 WHERE bot = $1 AND user_id = $2",
        "UPDATE OR REPLACE leads SET user_id = $3 WHERE bot = $1 AND user_id = $2",
        "UPDATE attachments SET user_id = $3 WHERE bot = $1 AND user_id = $2",
        "UPDATE deliveries SET user_id = $3 WHERE bot = $1 AND user_id = $2",
        "DELETE FROM sent WHERE bot = $1 AND user_id = $2",
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        if (!session_run(session, statements[i],
                         SESSION_VALUES(session_text(bot), session_text(from), session_text(to)),
                         NULL, fault))
            return false;
    return true;
}

/* --- erasing --- */

/* `bot` empty: of all bots. */
#define OF_USER   "user_id = $1 AND ($2 = '' OR bot = $2)"
#define IN_THEIRS "conversation_id IN (SELECT id FROM conversations WHERE " OF_USER ")"

bool store_user_erase(struct store_session *session, struct slice bot, struct slice user,
                      struct store_erased *ret_erased, struct fault *fault) {
    char alias[64];
    const struct id id = id_create();
    snprintf(alias, sizeof alias, "erased:%s", id.text);
    struct store_erased erased = {0};
    const struct {
        const char *sql;
        int64_t *count;
    } steps[] = {
        /* What goes with its conversation is counted before. */
        {"DELETE FROM feedback WHERE " IN_THEIRS, &erased.feedback},
        {"DELETE FROM ratings WHERE " IN_THEIRS, &erased.feedback},
        {"DELETE FROM confirmations WHERE " IN_THEIRS, &erased.confirmations},
        {"DELETE FROM messages WHERE " IN_THEIRS, &erased.messages},
        {"DELETE FROM attachments WHERE " OF_USER, &erased.attachments},
        {"DELETE FROM tool_calls WHERE " OF_USER, &erased.tool_calls},
        {"DELETE FROM bookings WHERE " IN_THEIRS, &erased.bookings},
        {"DELETE FROM leads WHERE " OF_USER, &erased.leads},
        {"DELETE FROM deliveries WHERE " OF_USER, &erased.deliveries},
        {"DELETE FROM sent WHERE " OF_USER, NULL},
        {"DELETE FROM conversations WHERE " OF_USER, &erased.conversations},
        /* What it cost stays, under a name that leads to nobody. */
        {"UPDATE calls SET user_id = $3 WHERE " OF_USER, &erased.calls},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int64_t changes;
        if (!session_run(session, steps[i].sql,
                         SESSION_VALUES(session_text(user), session_text(bot),
                                        session_text(slice_of(alias))),
                         &changes, fault))
            return false;
        if (steps[i].count)
            *steps[i].count += changes;
    }
    *ret_erased = erased;
    return true;
}

void store_erased_write(const struct store_erased *erased, struct json_writer *json) {
    json_begin_object(json);
    json_member_int(json, "conversations", erased->conversations);
    json_member_int(json, "messages", erased->messages);
    json_member_int(json, "attachments", erased->attachments);
    json_member_int(json, "tool_calls", erased->tool_calls);
    json_member_int(json, "bookings", erased->bookings);
    json_member_int(json, "confirmations", erased->confirmations);
    json_member_int(json, "feedback", erased->feedback);
    json_member_int(json, "leads", erased->leads);
    json_member_int(json, "deliveries", erased->deliveries);
    json_end_object(json);
}

/* --- what is too old --- */

bool store_retention(struct store_session *session, struct slice bot, int64_t before_ms,
                     int64_t *ret_conversations, struct fault *fault) {
    /* Ids begin with the time, so that what is young is not even looked at. */
    static const char *const statements[] = {
        "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations WHERE id < $3"
        " AND bot = $1 AND updated_ms < $2 LIMIT 5000)",
        "DELETE FROM tool_calls WHERE id < $3 AND bot = $1 AND started_ms < $2",
        "DELETE FROM bookings WHERE bot = $1 AND start_ms < $2",
        "DELETE FROM leads WHERE bot = $1 AND updated_ms < $2",
        "DELETE FROM deliveries WHERE bot = $1 AND created_ms < $2",
        "UPDATE calls SET user_id = 'erased' WHERE id < $3 AND bot = $1 AND started_ms < $2"
        " AND user_id <> 'erased'",
    };
    const struct id first = id_first(before_ms);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        int64_t changes;
        if (!session_run(session, statements[i],
                         SESSION_VALUES(session_text(bot), session_integer(before_ms),
                                        session_text(id_slice(&first))),
                         &changes, fault))
            return false;
        if (i == 0)
            *ret_conversations = changes;
    }
    return true;
}

/* --- giving out --- */

struct listing {
    const char *name; /* of the member */
    const char *sql;
    const char *const *columns; /* in the order of the query; NULL ends the list */
};

/* In base64: it is a file. */
static void write_data(struct slice bytes, struct json_writer *json) {
    size_t size = sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_ORIGINAL);
    char *text = memory_allocate(size);
    sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.size,
                      sodium_base64_VARIANT_ORIGINAL);
    json_member_string(json, "data", slice_of(text));
    free(text);
}

/* One object for each row; numbers where SQLite's column is one is of no use to a reader, so that
 * all is text but what ends with _ms. */
static bool write_rows(struct store_session *session, const struct listing *listing,
                       struct slice user, struct slice bot, struct json_writer *json,
                       struct fault *fault) {
    struct session_query query;
    struct arena *arena = arena_create(4096);
    if (!session_query(session, listing->sql, SESSION_VALUES(session_text(user), session_text(bot)),
                       &query, fault)) {
        arena_destroy(arena);
        return false;
    }
    json_key(json, listing->name);
    json_begin_array(json);
    while (session_next(&query, fault)) {
        json_begin_object(json);
        for (int i = 0; listing->columns[i]; i++) {
            struct slice name = slice_of(listing->columns[i]);
            if (slice_is(name, "data"))
                write_data(session_column_bytes(&query, i, arena), json);
            else if (slice_ends_with(name, SLICE("_ms")) || slice_is(name, "rating"))
                json_member_int(json, listing->columns[i], session_column_integer(&query, i));
            else
                json_member_string(json, listing->columns[i],
                                   session_column_bytes(&query, i, arena));
        }
        json_end_object(json);
        arena_destroy(arena);
        arena = arena_create(4096);
    }
    json_end_array(json);
    arena_destroy(arena);
    return session_query_end(&query);
}

bool store_user_export(struct store_session *session, struct slice bot, struct slice user,
                       struct buffer *out, struct fault *fault) {
    static const char *const conversations[] = {"id",         "bot",        "door", "summary",
                                                "created_ms", "updated_ms", NULL};
    static const char *const messages[] = {"conversation", "id",         "role", "text",
                                           "status",       "created_ms", NULL};
    static const char *const tools[] = {"conversation", "tool",       "arguments",
                                        "outcome",      "started_ms", NULL};
    static const char *const attachments[] = {"conversation", "message", "name", "media_type",
                                              "created_ms",   "data",    NULL};
    static const char *const bookings[] = {"calendar", "topic", "start_ms", "created_ms", NULL};
    static const char *const leads[] = {"id",         "fields",     "consent",
                                        "created_ms", "updated_ms", NULL};
    static const char *const deliveries[] = {"id",         "kind",    "state", "body",
                                             "created_ms", "sent_ms", NULL};
    static const char *const feedback[] = {"message", "comment", "rating", "created_ms", NULL};
    static const struct listing listings[] = {
        {"conversations",
         "SELECT id, bot, door, summary, created_ms, updated_ms FROM conversations"
         " WHERE " OF_USER " ORDER BY id",
         conversations},
        {"messages",
         "SELECT conversation_id, id, role, text, status, created_ms FROM messages"
         " WHERE role <> 'note' AND " IN_THEIRS " ORDER BY conversation_id, position",
         messages},
        {"tool_calls",
         "SELECT conversation_id, tool, arguments, outcome, started_ms FROM tool_calls"
         " WHERE " OF_USER " ORDER BY id",
         tools},
        /* The first 32 MiB with their bytes: what a browser can still take as one file. */
        {"attachments",
         "SELECT coalesce(conversation_id, ''), message_id, name, media_type, created_ms,"
         " CASE WHEN sum(size) OVER (ORDER BY id) <= 33554432 THEN data ELSE x'' END"
         " FROM attachments WHERE " OF_USER " ORDER BY id",
         attachments},
        {"bookings",
         "SELECT calendar, topic, start_ms, created_ms FROM bookings WHERE " IN_THEIRS
         " ORDER BY start_ms",
         bookings},
        {"leads", "SELECT id, fields, consent, created_ms, updated_ms FROM leads WHERE " OF_USER,
         leads},
        {"deliveries",
         "SELECT id, kind, state, body, created_ms, sent_ms FROM deliveries WHERE " OF_USER
         " ORDER BY id",
         deliveries},
        {"feedback",
         "SELECT message_id, comment, rating, created_ms FROM feedback WHERE " IN_THEIRS
         " UNION ALL SELECT conversation_id, comment, stars, created_ms FROM ratings"
         " WHERE " IN_THEIRS,
         feedback},
    };
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "user", user);
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++)
        if (!write_rows(session, &listings[i], user, bot, &json, fault))
            return false;
    json_end_object(&json);
    return true;
}
