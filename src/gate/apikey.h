/* API keys for servers: "sb-<ULID>-<43 characters base64url>". The id is public; of the secret only
 * its BLAKE2b-256 hash is stored (it has 256 random bits, so a slow hash would add nothing).
 * Thread-safe. */
#pragma once
#include "base/fault.h"
#include "base/id.h"

enum { APIKEY_TEXT_MAX = 80, APIKEY_HASH_SIZE = 32, APIKEY_CACHE_MAX = 10000 };
struct apikey {
    struct id id;
    char text[APIKEY_TEXT_MAX]; /* shown once */
    unsigned char hash[APIKEY_HASH_SIZE];
};
struct apikey apikey_create(void);
/* True if the text has the form of a key (the id in upper case, as written): `ret_id` is its id,
 * `ret_hash` the hash of its secret. */
bool apikey_parse(struct slice text, struct id *ret_id, unsigned char ret_hash[APIKEY_HASH_SIZE]);
/* Constant time. */
bool apikey_matches(const unsigned char hash[APIKEY_HASH_SIZE], struct slice stored_hash);

/* Verified keys, kept for `ttl_ms` so that the database is not asked for every message. Shared by
 * all loops. */
struct apikey_record {
    struct id id;
    unsigned char hash[APIKEY_HASH_SIZE];
    char bots[256];                 /* comma-separated, "" for all */
    int64_t expires_ms, revoked_ms; /* wall clock, 0 when not */
};
struct apikey_cache;
struct apikey_cache *apikey_cache_create(int64_t ttl_ms);
void apikey_cache_destroy(struct apikey_cache *cache); /* NULL is fine */
bool apikey_cache_get(struct apikey_cache *cache, const struct id *id, int64_t now_monotonic_ms,
                      struct apikey_record *ret_record);
/* At most APIKEY_CACHE_MAX records; the one put in longest ago goes. One of the same id is
 * replaced. */
void apikey_cache_put(struct apikey_cache *cache, const struct apikey_record *record,
                      int64_t now_monotonic_ms);
/* Hash right, not expired, not revoked: else UNAUTHENTICATED. Allowed for the bot: else FORBIDDEN.
 * An empty `bot` asks for no bot. */
bool apikey_check(const struct apikey_record *record, const unsigned char hash[APIKEY_HASH_SIZE],
                  struct slice bot, int64_t now_ms, struct fault *fault)
    __attribute__((warn_unused_result));
