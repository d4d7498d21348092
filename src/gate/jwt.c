#include "gate/jwt.h"
#include "base/arena.h"
#include "base/memory.h"
#include "gate/claims.h"
#include "gate/jwks.h"
#include "gate/jws.h"
#include "gate/strict.h"
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>

struct jwt_verifier {
    enum jwk_algorithm algorithm;
    char *secret; /* HS256 */
    size_t secret_size;
    char *jwks_url, *issuer, *audience, *user_claim;
    int64_t leeway_ms;

    pthread_mutex_t lock; /* guards what follows */
    struct jwks *keys;    /* NULL for HS256 and until a set is there */
    int64_t fetched_ms;   /* when `keys` came */
    int64_t tried_ms;     /* when a fetch last ended, in success or not */
    bool tried;
};

/* --- options --- */

static bool bad_option(struct fault *fault, const char *option, const char *message) {
    fault_set(fault, FAULT_CONFIG, "%s", message);
    return fault_param(fault, "%s", option);
}

static bool check_secret(const struct jwt_options *options, struct fault *fault) {
    if (options->public_key_pem.size > 0)
        return bad_option(fault, "public_key", "HS256 uses `secret`, not a public key");
    if (options->jwks_url)
        return bad_option(fault, "jwks_url", "HS256 uses `secret`, not a key set");
    if (options->secret.size == 0)
        return bad_option(fault, "secret", "HS256 needs `secret`");
    if (options->secret.size < JWK_SECRET_MIN)
        return bad_option(fault, "secret", "the secret must have at least 32 bytes");
    /* The old confusion: whoever has the public key could sign with it. */
    if (slice_find(options->secret, SLICE("-----BEGIN ")) != SIZE_MAX)
        return bad_option(fault, "secret", "the secret is a key in PEM: HS256 needs random bytes");
    return true;
}

static bool check_public_key(const struct jwt_options *options, struct fault *fault) {
    if (options->secret.size > 0)
        return bad_option(fault, "secret", "a secret is for HS256 only");
    if (options->public_key_pem.size > 0 && options->jwks_url)
        return bad_option(fault, "jwks_url", "give either `public_key` or `jwks_url`, not both");
    if (options->public_key_pem.size == 0 && !options->jwks_url)
        return bad_option(fault, "algorithm",
                          "this algorithm needs `public_key` or `jwks_url` to verify with");
    if (options->jwks_url && !options->jwks_url[0])
        return bad_option(fault, "jwks_url", "the address of the key set is empty");
    return true;
}

static bool check_options(const struct jwt_options *options, enum jwk_algorithm *ret_algorithm,
                          struct fault *fault) {
    if (!jwk_algorithm_find(options->algorithm, ret_algorithm))
        return bad_option(fault, "algorithm", "the algorithm must be HS256, RS256 or ES256");
    if (options->user_claim && !options->user_claim[0])
        return bad_option(fault, "user_claim", "the name of the user claim is empty");
    if (options->leeway_ms < 0 || options->leeway_ms > INT64_C(24) * 60 * 60 * 1000)
        return bad_option(fault, "leeway", "the leeway must be from 0 to 24 hours");
    return *ret_algorithm == JWK_HS256 ? check_secret(options, fault)
                                       : check_public_key(options, fault);
}

bool jwt_verifier_create(const struct jwt_options *options, struct jwt_verifier **ret_verifier,
                         struct fault *fault) {
    enum jwk_algorithm algorithm;
    EVP_PKEY *key = NULL;
    if (!check_options(options, &algorithm, fault))
        return false;
    if (options->public_key_pem.size > 0 &&
        !jwk_from_pem(options->public_key_pem, algorithm, &key, fault))
        return fault_param(fault, "public_key");
    struct jwt_verifier *verifier = memory_zeroed(1, sizeof *verifier);
    verifier->algorithm = algorithm;
    verifier->secret = slice_to_string(options->secret);
    verifier->secret_size = options->secret.size;
    verifier->jwks_url = memory_string(options->jwks_url);
    verifier->issuer = memory_string(options->issuer);
    verifier->audience = memory_string(options->audience);
    verifier->user_claim = memory_string(options->user_claim ? options->user_claim : "sub");
    verifier->leeway_ms = options->leeway_ms;
    pthread_mutex_init(&verifier->lock, NULL);
    if (key)
        verifier->keys = jwks_of(key, algorithm);
    *ret_verifier = verifier;
    return true;
}

void jwt_verifier_destroy(struct jwt_verifier *verifier) {
    if (!verifier)
        return;
    jwks_unref(verifier->keys);
    pthread_mutex_destroy(&verifier->lock);
    sodium_memzero(verifier->secret, verifier->secret_size);
    free(verifier->secret);
    free(verifier->jwks_url);
    free(verifier->issuer);
    free(verifier->audience);
    free(verifier->user_claim);
    free(verifier);
}

const char *jwt_verifier_jwks_url(const struct jwt_verifier *verifier) {
    return verifier->jwks_url;
}

/* --- the key set --- */

bool jwt_verifier_set_keys(struct jwt_verifier *verifier, struct slice document, int64_t now_ms,
                           struct fault *fault) {
    struct jwks *keys = NULL;
    if (!verifier->jwks_url)
        return fault_set(fault, FAULT_CONFIG, "this verifier has no key set to replace");
    if (!jwks_read(document, verifier->algorithm, &keys, fault)) {
        jwt_verifier_fetch_failed(verifier, now_ms);
        return false;
    }
    pthread_mutex_lock(&verifier->lock);
    struct jwks *old = verifier->keys;
    verifier->keys = keys;
    verifier->fetched_ms = verifier->tried_ms = now_ms;
    verifier->tried = true;
    pthread_mutex_unlock(&verifier->lock);
    jwks_unref(old);
    return true;
}

void jwt_verifier_fetch_failed(struct jwt_verifier *verifier, int64_t now_ms) {
    pthread_mutex_lock(&verifier->lock);
    verifier->tried_ms = now_ms;
    verifier->tried = true;
    pthread_mutex_unlock(&verifier->lock);
}

/* Under the lock. A key from the configuration does not age; neither does a set from the future:
 * the clock went back, which says nothing about the keys. */
static bool has_usable_keys(const struct jwt_verifier *verifier, int64_t now_ms) {
    return verifier->keys &&
           (!verifier->jwks_url || now_ms - verifier->fetched_ms < JWT_KEYS_STALE_MS);
}

/* Under the lock. A time in the future (the clock went back) counts as past for both, or keys would
 * not be fetched until it comes. */
static bool is_within(int64_t then_ms, int64_t now_ms, int64_t span_ms) {
    return now_ms >= then_ms && now_ms - then_ms < span_ms;
}

static enum jwt_need need_for(const struct jwt_verifier *verifier, struct slice key_id,
                              int64_t now_ms) {
    if (verifier->tried && is_within(verifier->tried_ms, now_ms, JWT_KEYS_PUT_OFF_MS))
        return JWT_NEED_NOTHING;
    if (!has_usable_keys(verifier, now_ms) || !jwks_has(verifier->keys, key_id))
        return JWT_NEED_KEYS;
    return is_within(verifier->fetched_ms, now_ms, JWT_KEYS_FRESH_MS) ? JWT_NEED_NOTHING
                                                                      : JWT_NEED_REFRESH;
}

enum jwt_need jwt_verifier_need(struct jwt_verifier *verifier, struct slice token, int64_t now_ms) {
    if (!verifier->jwks_url)
        return JWT_NEED_NOTHING;
    struct arena *arena = arena_create(4096);
    enum jwt_need need = JWT_NEED_NOTHING;
    struct jws jws;
    if (jws_read(token, jwk_algorithm_name(verifier->algorithm), arena, &jws, NULL)) {
        pthread_mutex_lock(&verifier->lock);
        need = need_for(verifier, jws.key_id, now_ms);
        pthread_mutex_unlock(&verifier->lock);
    }
    arena_destroy(arena);
    return need;
}

/* --- verifying --- */

static bool check_with_keys(struct jwt_verifier *verifier, const struct jws *jws,
                            struct slice signature, int64_t now_ms, struct fault *fault) {
    pthread_mutex_lock(&verifier->lock);
    struct jwks *keys = has_usable_keys(verifier, now_ms) ? jwks_ref(verifier->keys) : NULL;
    pthread_mutex_unlock(&verifier->lock);
    if (!keys)
        return fault_set(fault, FAULT_UNAVAILABLE,
                         "tokens cannot be checked now: there is no key set to check them with");
    /* One key from the configuration needs no name. */
    struct slice key_id = verifier->jwks_url ? jws->key_id : (struct slice){NULL, 0};
    bool known = jwks_has(keys, key_id);
    bool good = known && jwks_verify(keys, key_id, jws->signed_bytes, signature);
    jwks_unref(keys);
    if (!known)
        return jws_refuse(fault, "token_key", "the token is signed with an unknown key");
    return good || jws_refuse(fault, "token_signature", "the signature of the token is wrong");
}

static bool check_signature(struct jwt_verifier *verifier, const struct jws *jws, int64_t now_ms,
                            struct arena *arena, struct fault *fault) {
    struct slice signature;
    if (!strict_base64url(jws->signature, arena, &signature))
        return jws_refuse(fault, "token_malformed", "the token's signature is not base64url");
    if (verifier->algorithm != JWK_HS256)
        return check_with_keys(verifier, jws, signature, now_ms, fault);
    struct slice secret = {verifier->secret, verifier->secret_size};
    return jwk_verify_secret(secret, jws->signed_bytes, signature) ||
           jws_refuse(fault, "token_signature", "the signature of the token is wrong");
}

bool jwt_verify(struct jwt_verifier *verifier, struct slice token, int64_t now_ms,
                struct arena *arena, struct jwt_claims *ret_claims, struct fault *fault) {
    const struct claims_rules rules = {.issuer = verifier->issuer,
                                       .audience = verifier->audience,
                                       .user_claim = verifier->user_claim,
                                       .leeway_ms = verifier->leeway_ms};
    struct jws jws;
    struct slice payload;
    if (!jws_read(token, jwk_algorithm_name(verifier->algorithm), arena, &jws, fault) ||
        !check_signature(verifier, &jws, now_ms, arena, fault))
        return false;
    if (!strict_base64url(jws.payload, arena, &payload))
        return jws_refuse(fault, "token_malformed", "the token's content is not base64url");
    return claims_check(payload, &rules, now_ms, arena, ret_claims, fault);
}
