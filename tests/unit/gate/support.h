/* Keys and tokens for the tests of gate/, made with OpenSSL when the tests run: good ones and every
 * sort of forgery. Texts live in one arena per program. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "gate/jwt.h"
#include <openssl/evp.h>

/* The time at which all happens: 2026-11-23 12:00 UTC. */
#define NOW_S  INT64_C(1795435200)
#define NOW_MS (NOW_S * 1000)

extern struct arena *memory;
int memory_setup(void **state);
int memory_teardown(void **state);

EVP_PKEY *make_rsa(unsigned bits);
EVP_PKEY *make_ec(const char *group);
char *public_pem(EVP_PKEY *key);
char *private_pem(EVP_PKEY *key);
/* A public key as JWK, with more members behind ("\"kid\":\"a\""), which may be "". */
char *to_jwk(EVP_PKEY *key, const char *more);
char *jwks_document(const char *const *keys, size_t count);

char *base64url(struct slice bytes);
struct slice text(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum signing { SIGN_NOT, SIGN_HMAC, SIGN_RSA, SIGN_EC, SIGN_EC_ASN1 };
/* What a token is signed with. */
struct signer {
    enum signing how;
    struct slice secret;
    EVP_PKEY *key;
};
/* The signature of any bytes, raw. */
struct slice sign(const struct signer *signer, struct slice bytes);
struct slice token_of_parts(struct slice header, struct slice payload, struct slice signature);
struct slice make_token(const struct signer *signer, const char *header, const char *payload);

/* NULL if the token is taken (`ret_claims` may be NULL), else the message. Checks what must hold of
 * every fault and that OpenSSL's error queue is left empty. */
const char *refusal(struct jwt_verifier *verifier, struct slice token, int64_t now_ms,
                    struct jwt_claims *ret_claims);
#define assert_refused(verifier, token, message)                                                   \
    assert_string_equal(or_taken(refusal((verifier), (token), NOW_MS, NULL)), (message))
#define assert_taken(verifier, token)                                                              \
    assert_string_equal(or_taken(refusal((verifier), (token), NOW_MS, NULL)), "taken")
const char *or_taken(const char *message);
