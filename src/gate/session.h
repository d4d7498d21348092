/* Sessions of anonymous visitors: a token "v1.<id>.<issued>.<mac>" signed with HMAC-SHA-256
 * (libsodium) over bot, id and time of issue (s). Holds no data of the visitor. Thread-safe. */
#pragma once
#include "base/fault.h"
#include "base/id.h"

enum { SESSION_SECRET_SIZE = 32, SESSION_TOKEN_MAX = 128 };

struct session_key {
    unsigned char secret[SESSION_SECRET_SIZE];
};
struct session {
    struct id id;
    int64_t issued_ms; /* wall clock, whole seconds */
};
/* A fresh session and its token, NUL-terminated. */
struct session session_create(const struct session_key *key, struct slice bot, int64_t now_ms,
                              char ret_token[SESSION_TOKEN_MAX]);
/* UNAUTHENTICATED when it is malformed, forged, of another bot, from the future (over 60 s) or
 * older than `max_age_ms`; code "session_malformed", "session_signature" or "session_expired". */
bool session_verify(const struct session_key *key, struct slice bot, struct slice token,
                    int64_t now_ms, int64_t max_age_ms, struct session *ret_session,
                    struct fault *fault) __attribute__((warn_unused_result));

/* Signed user hash, as sites with a server-side secret make it: lower-case hex HMAC-SHA-256(secret,
 * user id). False for an empty secret too, and for ids that no token may have either (1 to 200
 * bytes of UTF-8 without control characters): both name the same users. */
bool user_hash_verify(struct slice secret, struct slice user, struct slice hex_hash)
    __attribute__((warn_unused_result));
