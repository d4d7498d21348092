#include "gate/apikey.h"
#include "base/memory.h"
#include "gate/strict.h"
#include <pthread.h>
#include <sodium.h>

enum { SECRET_SIZE = 32, SECRET_TEXT_SIZE = 43, BUCKETS = 16384 };
#define PREFIX "sb-"

static void hash_secret(const unsigned char secret[SECRET_SIZE],
                        unsigned char ret_hash[APIKEY_HASH_SIZE]) {
    crypto_generichash(ret_hash, APIKEY_HASH_SIZE, secret, SECRET_SIZE, NULL, 0);
}

struct apikey apikey_create(void) {
    struct apikey key = {.id = id_create()};
    unsigned char secret[SECRET_SIZE];
    char secret_text[SECRET_TEXT_SIZE + 1];
    id_random(secret, sizeof secret);
    hash_secret(secret, key.hash);
    sodium_bin2base64(secret_text, sizeof secret_text, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(key.text, sizeof key.text, PREFIX "%s-%s", key.id.text, secret_text);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(secret_text, sizeof secret_text);
    return key;
}

static bool is_upper(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] >= 'a' && text.data[i] <= 'z')
            return false;
    return true;
}

bool apikey_parse(struct slice text, struct id *ret_id, unsigned char ret_hash[APIKEY_HASH_SIZE]) {
    enum { ID_AT = sizeof PREFIX - 1, SECRET_AT = ID_AT + ID_SIZE + 1 };
    unsigned char secret[SECRET_SIZE];
    if (text.size != SECRET_AT + SECRET_TEXT_SIZE || !slice_starts_with(text, SLICE(PREFIX)) ||
        text.data[SECRET_AT - 1] != '-')
        return false;
    struct slice id = {text.data + ID_AT, ID_SIZE};
    if (!id_valid(id) || !is_upper(id) ||
        !strict_base64url_exact(slice_from(text, SECRET_AT), secret, sizeof secret))
        return false;
    memcpy(ret_id->text, id.data, ID_SIZE);
    ret_id->text[ID_SIZE] = '\0';
    hash_secret(secret, ret_hash);
    sodium_memzero(secret, sizeof secret);
    return true;
}

bool apikey_matches(const unsigned char hash[APIKEY_HASH_SIZE], struct slice stored_hash) {
    return stored_hash.size == APIKEY_HASH_SIZE &&
           sodium_memcmp(hash, stored_hash.data, APIKEY_HASH_SIZE) == 0;
}

static bool allows(const struct apikey_record *record, struct slice bot) {
    struct slice rest = {record->bots, strnlen(record->bots, sizeof record->bots)}, name;
    if (rest.size == 0 || bot.size == 0)
        return true;
    while (slice_split(&rest, ',', &name))
        if (slice_equal(slice_trim(name), bot))
            return true;
    return false;
}

bool apikey_check(const struct apikey_record *record, const unsigned char hash[APIKEY_HASH_SIZE],
                  struct slice bot, int64_t now_ms, struct fault *fault) {
    /* First of all: who does not have the secret learns nothing about the key. */
    if (!apikey_matches(hash, (struct slice){(const char *)record->hash, sizeof record->hash}))
        return fault_set(fault, FAULT_UNAUTHENTICATED, "the API key is not valid");
    if (record->revoked_ms != 0)
        return fault_set(fault, FAULT_UNAUTHENTICATED, "the API key has been revoked");
    if (record->expires_ms != 0 && now_ms >= record->expires_ms)
        return fault_set(fault, FAULT_UNAUTHENTICATED, "the API key has expired");
    if (!allows(record, bot))
        return fault_set(fault, FAULT_FORBIDDEN, "the API key is not for this bot");
    return true;
}

/* --- cache --- */

/* Entries are taken in a ring, so the next one to use is always the oldest. */
struct entry {
    struct entry *next; /* in its bucket */
    int64_t put_ms;
    bool used;
    struct apikey_record record;
};

struct apikey_cache {
    pthread_mutex_t lock;
    int64_t ttl_ms;
    struct entry *ring; /* APIKEY_CACHE_MAX of them */
    size_t at;
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    struct entry *buckets[BUCKETS];
};

struct apikey_cache *apikey_cache_create(int64_t ttl_ms) {
    struct apikey_cache *cache = memory_zeroed(1, sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    cache->ttl_ms = ttl_ms;
    /* Pages of it that are never reached are never in memory. */
    cache->ring = memory_zeroed(APIKEY_CACHE_MAX, sizeof *cache->ring);
    id_random(cache->hash_key, sizeof cache->hash_key);
    return cache;
}

void apikey_cache_destroy(struct apikey_cache *cache) {
    if (!cache)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache->ring);
    free(cache);
}

static struct entry **bucket_of(struct apikey_cache *cache, const struct id *id) {
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)id->text, ID_SIZE,
                     cache->hash_key);
    return &cache->buckets[hash % BUCKETS];
}

/* The link that points to the entry, or to where it would be. */
static struct entry **find(struct apikey_cache *cache, const struct id *id) {
    struct entry **link = bucket_of(cache, id);
    while (*link && memcmp((*link)->record.id.text, id->text, ID_SIZE) != 0)
        link = &(*link)->next;
    return link;
}

static void drop(struct apikey_cache *cache, const struct id *id) {
    struct entry **link = find(cache, id), *entry = *link;
    if (!entry)
        return;
    *link = entry->next;
    entry->used = false;
}

bool apikey_cache_get(struct apikey_cache *cache, const struct id *id, int64_t now_monotonic_ms,
                      struct apikey_record *ret_record) {
    pthread_mutex_lock(&cache->lock);
    const struct entry *entry = *find(cache, id);
    bool fresh = entry && now_monotonic_ms - entry->put_ms < cache->ttl_ms;
    if (fresh)
        *ret_record = entry->record;
    pthread_mutex_unlock(&cache->lock);
    return fresh;
}

void apikey_cache_put(struct apikey_cache *cache, const struct apikey_record *record,
                      int64_t now_monotonic_ms) {
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = *find(cache, &record->id);
    if (!entry) {
        entry = &cache->ring[cache->at];
        cache->at = (cache->at + 1) % APIKEY_CACHE_MAX;
        if (entry->used)
            drop(cache, &entry->record.id);
        struct entry **bucket = bucket_of(cache, &record->id);
        entry->next = *bucket;
        *bucket = entry;
        entry->used = true;
    }
    entry->record = *record;
    entry->put_ms = now_monotonic_ms;
    pthread_mutex_unlock(&cache->lock);
}
