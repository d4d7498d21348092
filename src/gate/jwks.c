#include "gate/jwks.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/memory.h"
#include "gate/strict.h"
#include <openssl/evp.h>
#include <stdatomic.h>

struct entry {
    EVP_PKEY *key;
    char *id; /* NULL when it has none */
    size_t id_size;
};

struct jwks {
    atomic_size_t references;
    enum jwk_algorithm algorithm;
    size_t count;
    struct entry entries[JWKS_KEYS_MAX];
};

static struct jwks *create(enum jwk_algorithm algorithm) {
    struct jwks *set = memory_zeroed(1, sizeof *set);
    atomic_init(&set->references, 1);
    set->algorithm = algorithm;
    return set;
}

struct jwks *jwks_ref(struct jwks *set) {
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void jwks_unref(struct jwks *set) {
    if (!set || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < set->count; i++) {
        EVP_PKEY_free(set->entries[i].key);
        free(set->entries[i].id);
    }
    free(set);
}

struct jwks *jwks_of(EVP_PKEY *key, enum jwk_algorithm algorithm) {
    struct jwks *set = create(algorithm);
    set->entries[set->count++].key = key;
    return set;
}

static void take_key(struct jwks *set, struct slice json, struct arena *arena) {
    struct slice id_value = json_get(json, "kid"), id = {NULL, 0};
    if (json_type(id_value) != JSON_MISSING &&
        (!strict_json_string(id_value, arena, &id) || id.size > JWKS_KEY_ID_MAX))
        return;
    EVP_PKEY *key = jwk_from_json(json, set->algorithm, arena);
    if (key)
        set->entries[set->count++] = (struct entry){
            .key = key, .id = id.data ? slice_to_string(id) : NULL, .id_size = id.size};
}

bool jwks_read(struct slice document, enum jwk_algorithm algorithm, struct jwks **ret_set,
               struct fault *fault) {
    if (document.size > JWKS_SIZE_MAX)
        return fault_set(fault, FAULT_UNAVAILABLE, "the key set is larger than %d KiB",
                         JWKS_SIZE_MAX / 1024);
    struct arena *arena = arena_create(8192);
    struct jwks *set = NULL;
    bool readable = strict_json_object(document, arena);
    struct slice keys = readable ? json_get(document, "keys") : (struct slice){NULL, 0}, key;
    if (json_type(keys) != JSON_ARRAY) {
        fault_set(fault, FAULT_UNAVAILABLE,
                  "the key set is not a JSON object with an array \"keys\"");
        goto rollback;
    }
    set = create(algorithm);
    size_t cursor = 0, seen = 0;
    for (; json_next_element(keys, &cursor, &key) && set->count < JWKS_KEYS_MAX; seen++)
        take_key(set, key, arena);
    if (set->count == 0) {
        fault_set(fault, FAULT_UNAVAILABLE,
                  "the key set holds no key for %s (it holds %zu of other kinds)",
                  jwk_algorithm_name(algorithm), seen);
        goto rollback;
    }
    arena_destroy(arena);
    *ret_set = set;
    return true;
rollback:
    jwks_unref(set);
    arena_destroy(arena);
    return false;
}

static bool matches(const struct entry *entry, struct slice key_id) {
    return entry->id && slice_equal(key_id, (struct slice){entry->id, entry->id_size});
}

static bool names_one(const struct jwks *set, struct slice key_id) {
    for (size_t i = 0; key_id.data && i < set->count; i++)
        if (matches(&set->entries[i], key_id))
            return true;
    return false;
}

bool jwks_has(const struct jwks *set, struct slice key_id) {
    if (!key_id.data || names_one(set, key_id))
        return true;
    for (size_t i = 0; i < set->count; i++)
        if (!set->entries[i].id)
            return true;
    return false;
}

bool jwks_verify(const struct jwks *set, struct slice key_id, struct slice signed_bytes,
                 struct slice signature) {
    bool named = names_one(set, key_id);
    size_t tried = 0;
    for (size_t i = 0; i < set->count && tried < JWKS_TRIED_MAX; i++) {
        const struct entry *entry = &set->entries[i];
        bool candidate = !key_id.data || (named ? matches(entry, key_id) : !entry->id);
        if (!candidate)
            continue;
        tried++;
        if (jwk_verify(entry->key, set->algorithm, signed_bytes, signature))
            return true;
    }
    return false;
}
