/* Key sets: what is taken from a document, rotation, when to fetch, many threads. */
#include "support.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#define URL "https://id.example.com/keys"

static EVP_PKEY *rsa[3], *ec[3], *small, *p384;

static int setup(void **state) {
    memory_setup(state);
    for (size_t i = 0; i < 3; i++) {
        rsa[i] = make_rsa(2048);
        ec[i] = make_ec("P-256");
    }
    small = make_rsa(1024);
    p384 = make_ec("P-384");
    return 0;
}

static int teardown(void **state) {
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY_free(rsa[i]);
        EVP_PKEY_free(ec[i]);
    }
    EVP_PKEY_free(small);
    EVP_PKEY_free(p384);
    return memory_teardown(state);
}

static struct jwt_verifier *create(const char *algorithm) {
    const struct jwt_options options = {
        .algorithm = algorithm, .jwks_url = URL, .leeway_ms = 60 * 1000};
    struct jwt_verifier *verifier;
    assert_true(jwt_verifier_create(&options, &verifier, NULL));
    assert_string_equal(jwt_verifier_jwks_url(verifier), URL);
    return verifier;
}

/* A token by the key, naming `key_id` where it is not NULL, good for two days. */
static struct slice token_by(EVP_PKEY *key, const char *key_id) {
    bool is_rsa = EVP_PKEY_is_a(key, "RSA");
    const struct signer signer = {.how = is_rsa ? SIGN_RSA : SIGN_EC, .key = key};
    struct slice member = key_id ? text(",\"kid\":\"%s\"", key_id) : SLICE("");
    struct slice header =
        text("{\"alg\":\"%s\"%.*s}", is_rsa ? "RS256" : "ES256", SLICE_ARG(member));
    struct slice payload =
        text("{\"sub\":\"zebra\",\"exp\":%lld}", (long long)NOW_S + 2 * 24 * 60 * 60);
    return make_token(&signer, header.data, payload.data);
}

static void set_keys(struct jwt_verifier *verifier, const char *document, int64_t now_ms) {
    struct fault fault;
    if (!jwt_verifier_set_keys(verifier, slice_of(document), now_ms, &fault))
        fail_msg("%s", fault.message);
}

static void takes_keys_by_their_id(void **state) {
    (void)state;
    const char *keys[] = {to_jwk(rsa[0], "\"kid\":\"a\",\"use\":\"sig\",\"alg\":\"RS256\""),
                          to_jwk(rsa[1], "\"kid\":\"b\",\"key_ops\":[\"sign\",\"verify\"]"),
                          to_jwk(ec[0], "\"kid\":\"c\"")};
    struct jwt_verifier *verifier = create("RS256");
    set_keys(verifier, jwks_document(keys, 3), NOW_MS);
    assert_taken(verifier, token_by(rsa[0], "a"));
    assert_taken(verifier, token_by(rsa[1], "b"));
    assert_taken(verifier, token_by(rsa[0], "\\u0061"));
    assert_refused(verifier, token_by(rsa[1], "a"), "the signature of the token is wrong");
    assert_refused(verifier, token_by(rsa[0], "zebra"), "the token is signed with an unknown key");
    assert_refused(verifier, token_by(rsa[0], "A"), "the token is signed with an unknown key");
    assert_refused(verifier, token_by(rsa[0], "a\\u0000"),
                   "the token is signed with an unknown key");
    assert_refused(verifier, token_by(rsa[0], ""), "the token is signed with an unknown key");
    assert_refused(verifier, token_by(rsa[0], "../../a"),
                   "the token is signed with an unknown key");
    assert_refused(verifier, token_by(rsa[0], "' OR 'a'='a"),
                   "the token is signed with an unknown key");
    assert_refused(verifier, token_by(ec[0], "c"), "the token is not signed with RS256");
    /* No id: all are tried. */
    assert_taken(verifier, token_by(rsa[0], NULL));
    assert_taken(verifier, token_by(rsa[1], NULL));
    assert_refused(verifier, token_by(rsa[2], NULL), "the signature of the token is wrong");
    jwt_verifier_destroy(verifier);
}

/* An id that is used twice, and keys without one. */
static void takes_keys_with_odd_ids(void **state) {
    (void)state;
    const char *keys[] = {to_jwk(ec[0], "\"kid\":\"a\""), to_jwk(ec[1], "\"kid\":\"a\""),
                          to_jwk(ec[2], "")};
    struct jwt_verifier *verifier = create("ES256");
    set_keys(verifier, jwks_document(keys, 3), NOW_MS);
    assert_taken(verifier, token_by(ec[0], "a"));
    assert_taken(verifier, token_by(ec[1], "a"));
    assert_refused(verifier, token_by(ec[2], "a"), "the signature of the token is wrong");
    assert_taken(verifier, token_by(ec[2], "b"));
    assert_taken(verifier, token_by(ec[2], NULL));
    assert_refused(verifier, token_by(ec[0], "b"), "the signature of the token is wrong");
    jwt_verifier_destroy(verifier);
}

static const char *first_part(const char *jwk, const char *upto) {
    const char *end = strstr(jwk, upto);
    assert_non_null(end);
    return arena_string(memory, (struct slice){jwk, (size_t)(end - jwk)});
}

static void passes_over_unsuitable_keys(void **state) {
    (void)state;
    const char *n = first_part(to_jwk(rsa[0], ""), ",\"e\"");
    const char *x = first_part(to_jwk(ec[0], ""), ",\"y\"");
    const struct {
        const char *algorithm, *key;
    } cases[] = {
        {"RS256", to_jwk(ec[0], "")},
        {"ES256", to_jwk(rsa[0], "")},
        {"RS256", to_jwk(small, "")},
        {"ES256", to_jwk(p384, "")},
        {"RS256", to_jwk(rsa[0], "\"use\":\"enc\"")},
        {"RS256", to_jwk(rsa[0], "\"use\":null")},
        {"RS256", to_jwk(rsa[0], "\"alg\":\"RS512\"")},
        {"RS256", to_jwk(rsa[0], "\"alg\":\"HS256\"")},
        {"RS256", to_jwk(rsa[0], "\"alg\":\"none\"")},
        {"ES256", to_jwk(ec[0], "\"alg\":\"RS256\"")},
        {"RS256", to_jwk(rsa[0], "\"key_ops\":[\"sign\"]")},
        {"RS256", to_jwk(rsa[0], "\"key_ops\":\"verify\"")},
        {"RS256", to_jwk(rsa[0], "\"key_ops\":[]")},
        {"RS256", to_jwk(rsa[0], "\"d\":\"AQAB\"")},
        {"ES256", to_jwk(ec[0], "\"d\":\"AQAB\"")},
        {"ES256", to_jwk(ec[0], "\"k\":\"AQAB\"")},
        {"RS256", to_jwk(rsa[0], "\"kid\":7")},
        {"RS256", "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"},
        {"ES256", "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"},
        {"ES256", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}"},
        {"RS256", "{}"},
        {"RS256", "[]"},
        {"RS256", "null"},
        {"RS256", "\"zebra\""},
        {"RS256", text("%s}", n).data},
        {"RS256", text("%s,\"e\":\"\"}", n).data},
        {"RS256", text("%s,\"e\":\"AQ\"}", n).data}, /* 1 */
        {"RS256", text("%s,\"e\":\"AA\"}", n).data}, /* 0 */
        {"RS256", text("%s,\"e\":\"Ag\"}", n).data}, /* 2 */
        {"RS256", text("%s,\"e\":\"AQAB=\"}", n).data},
        {"RS256", text("%s,\"e\":65537}", n).data},
        {"RS256", text("%s,\"e\":\"AQAAAAAAAAAB\"}", n).data}, /* 2^64 + 1 */
        {"RS256", "{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}"},
        {"ES256", text("%s}", x).data},
        {"ES256", text("%s,\"y\":\"AAAA\"}", x).data},
        {"ES256", text("%s,\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", x).data},
        {"ES256", text("%s,\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", x).data},
        {"ES256", text("%s,\"y\":\"__________________________________________8\"}", x).data},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jwt_verifier *verifier = create(cases[i].algorithm);
        struct fault fault = {0};
        struct slice document = slice_of(jwks_document(&cases[i].key, 1));
        assert_false(jwt_verifier_set_keys(verifier, document, NOW_MS, &fault));
        assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
        assert_string_equal(fault.message, text("the key set holds no key for %s (it holds 1 of "
                                                "other kinds)",
                                                cases[i].algorithm)
                                               .data);
        /* Beside a good one they do no harm. */
        bool is_rsa = cases[i].algorithm[0] == 'R';
        const char *keys[] = {cases[i].key, to_jwk(is_rsa ? rsa[1] : ec[1], "\"kid\":\"good\"")};
        set_keys(verifier, jwks_document(keys, 2), NOW_MS);
        assert_taken(verifier, token_by(is_rsa ? rsa[1] : ec[1], "good"));
        jwt_verifier_destroy(verifier);
    }
}

static void keeps_the_old_set_when_the_new_is_broken(void **state) {
    (void)state;
    const char *key = to_jwk(rsa[0], "\"kid\":\"a\""), *other = to_jwk(rsa[1], "\"kid\":\"b\"");
    struct jwt_verifier *verifier = create("RS256");
    set_keys(verifier, jwks_document(&key, 1), NOW_MS);
    struct slice good = slice_of(jwks_document(&other, 1));
    char *large = arena_allocate(memory, 300 * 1024);
    memset(large, ' ', 300 * 1024);
    memcpy(large, good.data, good.size);
    const struct slice broken[] = {
        SLICE(""),
        SLICE("zebra"),
        SLICE("null"),
        SLICE("[]"),
        SLICE("{}"),
        SLICE("{\"keys\":[]}"),
        SLICE("{\"keys\":{}}"),
        SLICE("{\"keys\":null}"),
        SLICE("<!doctype html><title>502</title>"),
        slice_first(good, good.size - 1),
        text("%.*s}", SLICE_ARG(good)),
        text("{\"keys\":[],\"keys\":[%s]}", other),
        text("{\"keys\":[%.*s,\"kid\":\"c\"}]}", (int)strlen(other) - 1, other),
        text("[%s]", other),
        slice_of(other),
        {large, 300 * 1024},
        {good.data, good.size + 1}, /* a NUL behind */
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct fault fault = {0};
        assert_false(jwt_verifier_set_keys(verifier, broken[i], NOW_MS, &fault));
        assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
        assert_true(fault.message[0] && !strstr(fault.message, "zebra"));
        assert_taken(verifier, token_by(rsa[0], "a"));
        assert_refused(verifier, token_by(rsa[1], "b"), "the token is signed with an unknown key");
    }
    large[256 * 1024] = '\0'; /* as large as may be */
    assert_true(jwt_verifier_set_keys(verifier, (struct slice){large, 256 * 1024}, NOW_MS, NULL));
    assert_taken(verifier, token_by(rsa[1], "b"));
    jwt_verifier_destroy(verifier);
}

static void rotates(void **state) {
    (void)state;
    const char *keys[] = {to_jwk(ec[0], "\"kid\":\"1\""), to_jwk(ec[1], "\"kid\":\"2\""),
                          to_jwk(ec[2], "\"kid\":\"3\"")};
    struct jwt_verifier *verifier = create("ES256");
    for (size_t i = 0; i < 2; i++) { /* 1 and 2, then 2 and 3 */
        set_keys(verifier, jwks_document(keys + i, 2), NOW_MS);
        for (size_t j = 0; j < 3; j++) {
            struct slice token = token_by(ec[j], text("%zu", j + 1).data);
            bool in_set = j >= i && j <= i + 1;
            assert_refused(verifier, token,
                           in_set ? "taken" : "the token is signed with an unknown key");
        }
    }
    jwt_verifier_destroy(verifier);
}

static void tries_a_bounded_number_of_keys(void **state) {
    (void)state;
    const char *keys[150];
    struct jwt_verifier *verifier = create("ES256");
    for (size_t i = 0; i < 150; i++)
        keys[i] = to_jwk(ec[0], text("\"kid\":\"%zu\"", i).data);
    keys[19] = to_jwk(ec[1], "\"kid\":\"19\"");
    keys[20] = keys[99] = keys[100] = to_jwk(ec[2], "\"kid\":\"last\"");
    set_keys(verifier, jwks_document(keys, 150), NOW_MS);
    assert_taken(verifier, token_by(ec[1], NULL));
    assert_refused(verifier, token_by(ec[2], NULL), "the signature of the token is wrong");
    assert_taken(verifier, token_by(ec[2], "last"));
    assert_taken(verifier, token_by(ec[0], "98"));
    assert_refused(verifier, token_by(ec[0], "101"), "the token is signed with an unknown key");
    jwt_verifier_destroy(verifier);
}

/* --- when to fetch --- */

static const char unavailable[] =
    "tokens cannot be checked now: there is no key set to check them with";

static void fetches_when_there_is_no_set(void **state) {
    (void)state;
    struct jwt_verifier *verifier = create("RS256");
    struct slice token = token_by(rsa[0], "a");
    assert_refused(verifier, token, unavailable);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS), JWT_NEED_KEYS);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS), JWT_NEED_KEYS);
    jwt_verifier_fetch_failed(verifier, NOW_MS);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS), JWT_NEED_NOTHING);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + 29999), JWT_NEED_NOTHING);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + 30000), JWT_NEED_KEYS);
    /* An unreadable document is as good as none. */
    assert_false(jwt_verifier_set_keys(verifier, SLICE("{}"), NOW_MS + 30000, NULL));
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + 31000), JWT_NEED_NOTHING);
    assert_refused(verifier, token, unavailable);
    jwt_verifier_destroy(verifier);
}

static void does_not_fetch_for_what_would_be_refused(void **state) {
    (void)state;
    struct jwt_verifier *verifier = create("RS256");
    char *huge = arena_allocate(memory, 9000);
    memset(huge, 'A', 9000);
    const struct slice tokens[] = {
        SLICE(""),
        SLICE("zebra"),
        SLICE("a.b.c"),
        SLICE("e30.e30.AAAA"),
        token_by(ec[0], "a"),
        text("%.*s.x", SLICE_ARG(token_by(rsa[0], "a"))),
        {huge, 9000},
        SLICE("eyJhbGciOiJub25lIn0.e30."),
    };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        assert_int_equal(jwt_verifier_need(verifier, tokens[i], NOW_MS), JWT_NEED_NOTHING);
    jwt_verifier_destroy(verifier);
}

static void fetches_for_unknown_keys_now_and_then(void **state) {
    (void)state;
    const char *key = to_jwk(rsa[0], "\"kid\":\"a\"");
    struct jwt_verifier *verifier = create("RS256");
    struct slice known = token_by(rsa[0], "a"), unknown = token_by(rsa[1], "b");
    set_keys(verifier, jwks_document(&key, 1), NOW_MS);
    assert_int_equal(jwt_verifier_need(verifier, unknown, NOW_MS + 29999), JWT_NEED_NOTHING);
    assert_int_equal(jwt_verifier_need(verifier, unknown, NOW_MS + 30000), JWT_NEED_KEYS);
    assert_int_equal(jwt_verifier_need(verifier, known, NOW_MS + 30000), JWT_NEED_NOTHING);
    assert_int_equal(jwt_verifier_need(verifier, token_by(rsa[0], NULL), NOW_MS + 30000),
                     JWT_NEED_NOTHING);
    /* The same set again: it stays unknown, and the next fetch waits. */
    set_keys(verifier, jwks_document(&key, 1), NOW_MS + 30000);
    assert_int_equal(jwt_verifier_need(verifier, unknown, NOW_MS + 59999), JWT_NEED_NOTHING);
    assert_int_equal(jwt_verifier_need(verifier, unknown, NOW_MS + 60000), JWT_NEED_KEYS);
    jwt_verifier_destroy(verifier);
}

static void refreshes_an_old_set_and_uses_it_for_a_day(void **state) {
    (void)state;
    const char *key = to_jwk(rsa[0], "\"kid\":\"a\"");
    struct jwt_verifier *verifier = create("RS256");
    struct slice token = token_by(rsa[0], "a");
    int64_t fresh = JWT_KEYS_FRESH_MS, stale = JWT_KEYS_STALE_MS;
    set_keys(verifier, jwks_document(&key, 1), NOW_MS);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + fresh - 1), JWT_NEED_NOTHING);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + fresh), JWT_NEED_REFRESH);
    jwt_verifier_fetch_failed(verifier, NOW_MS + fresh);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + fresh + 29999), JWT_NEED_NOTHING);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + fresh + 30000), JWT_NEED_REFRESH);
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + stale - 1), JWT_NEED_REFRESH);
    assert_null(refusal(verifier, token, NOW_MS + stale - 1, NULL));
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + stale), JWT_NEED_KEYS);
    assert_string_equal(refusal(verifier, token, NOW_MS + stale, NULL), unavailable);
    set_keys(verifier, jwks_document(&key, 1), NOW_MS + stale);
    assert_null(refusal(verifier, token, NOW_MS + stale, NULL));
    assert_int_equal(jwt_verifier_need(verifier, token, NOW_MS + stale), JWT_NEED_NOTHING);
    jwt_verifier_destroy(verifier);
}

/* The clock was ahead when the set came, by a year, and was put right. */
static void survives_a_clock_that_goes_back(void **state) {
    (void)state;
    const char *key = to_jwk(rsa[0], "\"kid\":\"a\"");
    struct jwt_verifier *verifier = create("RS256");
    struct slice known = token_by(rsa[0], "a"), unknown = token_by(rsa[1], "b");
    set_keys(verifier, jwks_document(&key, 1), NOW_MS + INT64_C(365) * 24 * 60 * 60 * 1000);
    assert_taken(verifier, known);
    assert_int_equal(jwt_verifier_need(verifier, known, NOW_MS), JWT_NEED_REFRESH);
    assert_int_equal(jwt_verifier_need(verifier, unknown, NOW_MS), JWT_NEED_KEYS);
    set_keys(verifier, jwks_document(&key, 1), NOW_MS);
    assert_int_equal(jwt_verifier_need(verifier, known, NOW_MS), JWT_NEED_NOTHING);
    jwt_verifier_destroy(verifier);
}

static void has_no_set_beside_a_configured_key(void **state) {
    (void)state;
    struct jwt_options options = {.algorithm = "ES256",
                                  .public_key_pem = slice_of(public_pem(ec[0]))};
    const char *key = to_jwk(ec[1], "");
    struct jwt_verifier *verifier;
    struct fault fault;
    assert_true(jwt_verifier_create(&options, &verifier, NULL));
    assert_null(jwt_verifier_jwks_url(verifier));
    assert_false(jwt_verifier_set_keys(verifier, slice_of(jwks_document(&key, 1)), NOW_MS, &fault));
    assert_int_equal(fault.kind, FAULT_CONFIG);
    assert_int_equal(jwt_verifier_need(verifier, token_by(ec[1], "b"), NOW_MS), JWT_NEED_NOTHING);
    assert_taken(verifier, token_by(ec[0], "any"));
    assert_refused(verifier, token_by(ec[1], "any"), "the signature of the token is wrong");
    jwt_verifier_destroy(verifier);
}

/* --- threads --- */

enum { THREADS = 4, ROUNDS = 300 };

/* Two sets are put in by turns; key 0 is in both, 1 and 2 in one each. */
struct shared {
    struct jwt_verifier *verifier;
    struct slice documents[2], tokens[3];
    atomic_int wrong;
};

static void *replace_sets(void *user) {
    struct shared *shared = user;
    for (int i = 0; i < ROUNDS; i++)
        if (!jwt_verifier_set_keys(shared->verifier, shared->documents[i % 2], NOW_MS, NULL))
            atomic_fetch_add(&shared->wrong, 1);
    return NULL;
}

static void *verify_tokens(void *user) {
    struct shared *shared = user;
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *arena = arena_create(4096);
        struct jwt_claims claims;
        struct fault fault;
        size_t which = (size_t)i % 3;
        bool taken =
            jwt_verify(shared->verifier, shared->tokens[which], NOW_MS, arena, &claims, &fault);
        bool right = taken ? slice_is(claims.user, "zebra")
                           : which != 0 && strcmp(fault.code, "token_key") == 0;
        enum jwt_need need = jwt_verifier_need(shared->verifier, shared->tokens[which], NOW_MS);
        if (!right || need != JWT_NEED_NOTHING)
            atomic_fetch_add(&shared->wrong, 1);
        arena_destroy(arena);
    }
    return NULL;
}

static void works_in_many_threads(void **state) {
    (void)state;
    const char *keys[] = {to_jwk(ec[1], "\"kid\":\"1\""), to_jwk(ec[0], "\"kid\":\"0\""),
                          to_jwk(ec[2], "\"kid\":\"2\"")};
    struct shared shared = {
        .verifier = create("ES256"),
        .documents = {slice_of(jwks_document(keys, 2)), slice_of(jwks_document(keys + 1, 2))},
        .tokens = {token_by(ec[0], "0"), token_by(ec[1], "1"), token_by(ec[2], "2")}};
    pthread_t threads[THREADS + 1];
    set_keys(shared.verifier, shared.documents[0].data, NOW_MS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_tokens, &shared), 0);
    assert_int_equal(pthread_create(&threads[THREADS], NULL, replace_sets, &shared), 0);
    for (size_t i = 0; i <= THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    jwt_verifier_destroy(shared.verifier);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_keys_by_their_id),
        cmocka_unit_test(takes_keys_with_odd_ids),
        cmocka_unit_test(passes_over_unsuitable_keys),
        cmocka_unit_test(keeps_the_old_set_when_the_new_is_broken),
        cmocka_unit_test(rotates),
        cmocka_unit_test(tries_a_bounded_number_of_keys),
        cmocka_unit_test(fetches_when_there_is_no_set),
        cmocka_unit_test(does_not_fetch_for_what_would_be_refused),
        cmocka_unit_test(fetches_for_unknown_keys_now_and_then),
        cmocka_unit_test(refreshes_an_old_set_and_uses_it_for_a_day),
        cmocka_unit_test(survives_a_clock_that_goes_back),
        cmocka_unit_test(has_no_set_beside_a_configured_key),
        cmocka_unit_test(works_in_many_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
