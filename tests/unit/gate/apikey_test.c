/* API keys: their form, what is kept of them, who may, and the cache. */
#include "gate/apikey.h"
#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795435200000)

static int setup(void **state) {
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

static bool contains(const void *bytes, size_t size, const void *part, size_t part_size) {
    return slice_find((struct slice){bytes, size}, (struct slice){part, part_size}) != SIZE_MAX;
}

static void only_the_hash_is_kept(void **state) {
    (void)state;
    struct apikey key = apikey_create(), second = apikey_create();
    struct id id;
    unsigned char hash[APIKEY_HASH_SIZE], secret[32], hashed[APIKEY_HASH_SIZE];
    size_t size;
    assert_true(apikey_parse(slice_of(key.text), &id, hash));
    assert_string_equal(id.text, key.id.text);
    assert_memory_equal(hash, key.hash, sizeof hash);
    assert_memory_not_equal(second.hash, key.hash, sizeof hash);
    /* The secret is the text behind the second dash; what is stored is its hash and says no more.
     */
    const char *secret_text = key.text + strlen("sb-") + ID_SIZE + 1;
    assert_int_equal(strlen(secret_text), 43);
    assert_int_equal(sodium_base642bin(secret, sizeof secret, secret_text, 43, NULL, &size, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    assert_int_equal(size, sizeof secret);
    crypto_generichash(hashed, sizeof hashed, secret, sizeof secret, NULL, 0);
    assert_memory_equal(hashed, key.hash, sizeof hashed);
    assert_false(contains(key.hash, sizeof key.hash, secret, 8));
}

/* No other text stands for the same key: not in upper or lower case, not with stray bits. */
static void a_key_has_one_form(void **state) {
    (void)state;
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
        "=+/ .\x80";
    const struct apikey key = apikey_create();
    char changed[APIKEY_TEXT_MAX];
    size_t size = strlen(key.text);
    struct id id;
    unsigned char hash[APIKEY_HASH_SIZE];
    for (size_t i = 0; i < size; i++) {
        memcpy(changed, key.text, sizeof changed);
        for (size_t j = 0; j < sizeof alphabet; j++) {
            changed[i] = alphabet[j];
            if (alphabet[j] == key.text[i] ||
                !apikey_parse((struct slice){changed, size}, &id, hash))
                continue;
            assert_true(memcmp(id.text, key.id.text, ID_SIZE) != 0 ||
                        !apikey_matches(hash, (struct slice){(const char *)key.hash, 32}));
        }
        assert_false(apikey_parse((struct slice){key.text, i}, &id, hash));
    }
    snprintf(changed, sizeof changed, "%sA", key.text);
    assert_false(apikey_parse(slice_of(changed), &id, hash));
    assert_false(apikey_parse((struct slice){key.text, size + 1}, &id, hash)); /* and NUL */
    assert_false(apikey_parse((struct slice){NULL, 0}, &id, hash));
}

static void compares_whole_hashes(void **state) {
    (void)state;
    const struct apikey key = apikey_create();
    unsigned char hash[APIKEY_HASH_SIZE];
    memcpy(hash, key.hash, sizeof hash);
    assert_true(apikey_matches(hash, (struct slice){(const char *)key.hash, 32}));
    assert_false(apikey_matches(hash, (struct slice){(const char *)key.hash, 31}));
    assert_false(apikey_matches(hash, (struct slice){NULL, 0}));
    for (size_t i = 0; i < sizeof hash * 8; i++) {
        hash[i / 8] ^= (unsigned char)(1U << i % 8);
        assert_false(apikey_matches(hash, (struct slice){(const char *)key.hash, 32}));
        hash[i / 8] ^= (unsigned char)(1U << i % 8);
    }
}

static void judges(void **state) {
    (void)state;
    static const char revoked[] = "the API key has been revoked";
    static const char expired[] = "the API key has expired";
    static const char foreign[] = "the API key is not for this bot";
    static const char wrong[] = "the API key is not valid";
    static const struct {
        const char *bots, *bot;
        int64_t expires_ms, revoked_ms;
        bool has_secret;
        enum fault_kind kind;
        const char *message;
    } cases[] = {
        {"", "support", 0, 0, true, FAULT_NONE, ""},
        {"support", "support", NOW_MS + 1, 0, true, FAULT_NONE, ""},
        {"sales, support", "support", 0, 0, true, FAULT_NONE, ""},
        {"sales", "", 0, 0, true, FAULT_NONE, ""},
        {"", "support", NOW_MS, 0, true, FAULT_UNAUTHENTICATED, expired},
        {"", "support", 1, 0, true, FAULT_UNAUTHENTICATED, expired},
        {"", "support", 0, 1, true, FAULT_UNAUTHENTICATED, revoked},
        /* A clock that was behind when it was revoked makes no difference. */
        {"", "support", 0, NOW_MS + 9, true, FAULT_UNAUTHENTICATED, revoked},
        {"sales", "support", 0, 0, true, FAULT_FORBIDDEN, foreign},
        {"suppor", "support", 0, 0, true, FAULT_FORBIDDEN, foreign},
        {"support2,supp", "support", 0, 0, true, FAULT_FORBIDDEN, foreign},
        {"Support", "support", 0, 0, true, FAULT_FORBIDDEN, foreign},
        {"sales", "support", 0, 1, true, FAULT_UNAUTHENTICATED, revoked},
        /* Without the secret nothing is told of the key. */
        {"", "support", 0, 0, false, FAULT_UNAUTHENTICATED, wrong},
        {"", "support", 1, 0, false, FAULT_UNAUTHENTICATED, wrong},
        {"", "support", 0, 1, false, FAULT_UNAUTHENTICATED, wrong},
        {"sales", "support", 0, 0, false, FAULT_UNAUTHENTICATED, wrong},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct apikey key = apikey_create(), other = apikey_create();
        struct apikey_record record = {
            .id = key.id, .expires_ms = cases[i].expires_ms, .revoked_ms = cases[i].revoked_ms};
        struct fault fault = {0};
        memcpy(record.hash, key.hash, sizeof record.hash);
        snprintf(record.bots, sizeof record.bots, "%s", cases[i].bots);
        bool taken = apikey_check(&record, cases[i].has_secret ? key.hash : other.hash,
                                  slice_of(cases[i].bot), NOW_MS, &fault);
        assert_int_equal(taken, cases[i].kind == FAULT_NONE);
        assert_int_equal(fault.kind, cases[i].kind);
        assert_string_equal(fault.message, cases[i].message);
    }
}

/* --- the cache --- */

static struct apikey_record record_of(const char *bots) {
    struct apikey_record record = {.id = id_create()};
    snprintf(record.bots, sizeof record.bots, "%s", bots);
    return record;
}

static void forgets_after_its_time(void **state) {
    (void)state;
    struct apikey_cache *cache = apikey_cache_create(5000);
    struct apikey_record record = record_of("a"), other = record_of("b"), found;
    assert_false(apikey_cache_get(cache, &record.id, 1000, &found));
    apikey_cache_put(cache, &record, 1000);
    assert_true(apikey_cache_get(cache, &record.id, 5999, &found));
    assert_string_equal(found.bots, "a");
    assert_false(apikey_cache_get(cache, &record.id, 6000, &found));
    assert_false(apikey_cache_get(cache, &other.id, 1000, &found));
    /* Read again from the store: revoked meanwhile. */
    record.revoked_ms = NOW_MS;
    apikey_cache_put(cache, &record, 6000);
    assert_true(apikey_cache_get(cache, &record.id, 6001, &found));
    assert_int_equal(found.revoked_ms, NOW_MS);
    assert_true(apikey_cache_get(cache, &record.id, 10999, &found));
    assert_false(apikey_cache_get(cache, &record.id, 11000, &found));
    apikey_cache_destroy(cache);
}

static void keeps_a_bounded_number(void **state) {
    (void)state;
    enum { MORE = 100 };
    static struct apikey_record records[APIKEY_CACHE_MAX + MORE];
    struct apikey_cache *cache = apikey_cache_create(INT64_MAX);
    struct apikey_record found;
    for (size_t i = 0; i < APIKEY_CACHE_MAX + MORE; i++) {
        records[i] = record_of("");
        records[i].expires_ms = (int64_t)i;
        apikey_cache_put(cache, &records[i], 0);
        apikey_cache_put(cache, &records[i], 0); /* takes no second place */
    }
    for (size_t i = 0; i < APIKEY_CACHE_MAX + MORE; i++) {
        assert_int_equal(apikey_cache_get(cache, &records[i].id, 0, &found), i >= MORE);
        if (i >= MORE)
            assert_int_equal(found.expires_ms, i);
    }
    apikey_cache_destroy(cache);
    apikey_cache_destroy(NULL);
}

enum { THREADS = 4, ROUNDS = 5000, SHARED = 7 };

struct shared {
    struct apikey_cache *cache;
    struct apikey_record records[SHARED];
    atomic_int wrong;
};

static void *use_cache(void *user) {
    struct shared *shared = user;
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct apikey_record *record = &shared->records[i % SHARED];
        struct apikey_record found;
        if (apikey_cache_get(shared->cache, &record->id, (int64_t)i, &found)) {
            if (memcmp(&found, record, sizeof found) != 0)
                atomic_fetch_add(&shared->wrong, 1);
        } else {
            apikey_cache_put(shared->cache, record, (int64_t)i);
        }
    }
    return NULL;
}

static void works_in_many_threads(void **state) {
    (void)state;
    static struct shared shared;
    pthread_t threads[THREADS];
    shared.cache = apikey_cache_create(20);
    for (size_t i = 0; i < SHARED; i++) {
        shared.records[i] = record_of("support");
        memset(shared.records[i].hash, (int)i, sizeof shared.records[i].hash);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_cache, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    apikey_cache_destroy(shared.cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_hash_is_kept),  cmocka_unit_test(a_key_has_one_form),
        cmocka_unit_test(compares_whole_hashes),  cmocka_unit_test(judges),
        cmocka_unit_test(forgets_after_its_time), cmocka_unit_test(keeps_a_bounded_number),
        cmocka_unit_test(works_in_many_threads),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
