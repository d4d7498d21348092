/* API keys, and the secrets this program makes for itself. */
#include "base/arena.h"
#include "store/records.h"
#include "store/session.h"

#define KEY_COLUMNS "id, name, hash, bots, created_ms, last_used_ms, expires_ms, revoked_ms"

bool store_key_add(struct store_session *session, const struct store_key *key,
                   struct fault *fault) {
    return session_run(
        session,
        "INSERT INTO api_keys (" KEY_COLUMNS ")"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        SESSION_VALUES(session_text(key->id), session_text(key->name), session_blob(key->hash),
                       session_text(key->bots), session_integer(key->created_ms),
                       session_integer(key->last_used_ms), session_integer(key->expires_ms),
                       session_integer(key->revoked_ms)),
        NULL, fault);
}

static struct store_key read_key(const struct session_query *query, struct arena *arena) {
    return (struct store_key){
        .id = session_column_bytes(query, 0, arena),
        .name = session_column_bytes(query, 1, arena),
        .hash = session_column_bytes(query, 2, arena),
        .bots = session_column_bytes(query, 3, arena),
        .created_ms = session_column_integer(query, 4),
        .last_used_ms = session_column_integer(query, 5),
        .expires_ms = session_column_integer(query, 6),
        .revoked_ms = session_column_integer(query, 7),
    };
}

bool store_key_get(struct store_session *session, struct slice id, struct arena *arena,
                   struct store_key *ret_key, struct fault *fault) {
    struct session_query query;
    if (!session_query(session, "SELECT " KEY_COLUMNS " FROM api_keys WHERE id = $1",
                       SESSION_VALUES(session_text(id)), &query, fault))
        return false;
    bool found = session_next(&query, fault);
    struct store_key key = {0};
    if (found)
        key = read_key(&query, arena);
    if (!session_query_end(&query))
        return false;
    if (!found)
        return fault_set(fault, FAULT_NOT_FOUND, "no such key");
    *ret_key = key;
    return true;
}

bool store_key_list(struct store_session *session, struct arena *arena, struct store_key **ret_keys,
                    size_t *ret_count, struct fault *fault) {
    int64_t room = 0;
    bool found;
    if (!session_query_integer(session, "SELECT count(*) FROM api_keys", NULL, 0, &found, &room,
                               fault))
        return false;
    struct session_query query;
    if (!session_query(session, "SELECT " KEY_COLUMNS " FROM api_keys ORDER BY id", NULL, 0, &query,
                       fault))
        return false;
    struct store_key *keys = arena_array(arena, (size_t)room, sizeof *keys);
    size_t count = 0;
    while (count < (size_t)room && session_next(&query, fault))
        keys[count++] = read_key(&query, arena);
    if (!session_query_end(&query))
        return false;
    *ret_keys = keys;
    *ret_count = count;
    return true;
}

bool store_key_touch(struct store_session *session, struct slice id, int64_t when_ms,
                     struct fault *fault) {
    return session_run(session, "UPDATE api_keys SET last_used_ms = $1 WHERE id = $2",
                       SESSION_VALUES(session_integer(when_ms), session_text(id)), NULL, fault);
}

bool store_key_revoke(struct store_session *session, struct slice id, int64_t when_ms,
                      struct fault *fault) {
    int64_t changes; /* a key revoked before keeps its time */
    if (!session_run(session,
                     "UPDATE api_keys"
                     " SET revoked_ms = CASE WHEN revoked_ms = 0 THEN $1 ELSE revoked_ms END"
                     " WHERE id = $2",
                     SESSION_VALUES(session_integer(when_ms), session_text(id)), &changes, fault))
        return false;
    return changes > 0 || fault_set(fault, FAULT_NOT_FOUND, "no such key");
}

bool store_secret_get(struct store_session *session, const char *name, struct slice fresh,
                      struct arena *arena, struct slice *ret_value, struct fault *fault) {
    if (!session_run(session,
                     "INSERT INTO secrets (name, value) VALUES ($1, $2)"
                     " ON CONFLICT (name) DO NOTHING",
                     SESSION_VALUES(session_text(slice_of(name)), session_blob(fresh)), NULL,
                     fault))
        return false;
    struct session_query query;
    if (!session_query(session, "SELECT value FROM secrets WHERE name = $1",
                       SESSION_VALUES(session_text(slice_of(name))), &query, fault))
        return false;
    struct slice value = {NULL, 0};
    if (session_next(&query, fault))
        value = session_column_bytes(&query, 0, arena);
    if (!session_query_end(&query))
        return false;
    *ret_value = value;
    return true;
}
