/* JSON Web Tokens (RFC 7519, 8725) by cjose: the algorithm is pinned by the configuration, never taken from
 * the token. A verifier belongs to one bot's settings; it is immutable but for its key set, which is guarded. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;

struct jwt_options {
    const char *algorithm; /* "HS256", "RS256" or "ES256" */
    struct slice secret;   /* HS256: at least 32 bytes */
    struct slice public_key_pem; /* RS256, ES256 without a JWKS; may be empty */
    const char *jwks_url;  /* where the caller fetches the key set; NULL if none. Not opened here. */
    const char *issuer, *audience; /* NULL: not checked. `aud` may be a string or an array. */
    const char *user_claim;        /* "sub" */
    int64_t leeway_ms;             /* for exp, nbf and iat; 60 s */
};

struct jwt_verifier;
/* CONFIG fault that says which option is wrong. */
bool jwt_verifier_create(const struct jwt_options *options, struct jwt_verifier **ret_verifier,
                         struct fault *fault);
void jwt_verifier_destroy(struct jwt_verifier *verifier); /* NULL is fine */
const char *jwt_verifier_jwks_url(const struct jwt_verifier *verifier);

/* Replaces the key set by a fetched JWKS document (RFC 7517). Keys of other types, uses or algorithms are
 * passed over; a document without one usable key is refused and the old set stays. Any thread. */
bool jwt_verifier_set_keys(struct jwt_verifier *verifier, struct slice jwks, int64_t now_ms,
                           struct fault *fault);

enum jwt_need {
    JWT_NEED_NOTHING,
    JWT_NEED_KEYS, /* fetch jwks_url and verify again: no key set yet, it is older than its time to live
                      (10 min), or the token names an unknown kid and the last fetch is over 30 s old */
};
/* Whether to fetch before verifying this token: looks at its unverified `kid` only. Any thread. A fetch that
 * fails must be reported by jwt_verifier_fetch_failed, which puts off the next by 30 s. */
enum jwt_need jwt_verifier_need(struct jwt_verifier *verifier, struct slice token, int64_t now_ms);
void jwt_verifier_fetch_failed(struct jwt_verifier *verifier, int64_t now_ms);

struct jwt_claims {
    struct slice user;   /* the user claim: a non-empty string or a number, at most 200 bytes */
    struct slice claims; /* all claims, JSON object text */
    int64_t expires_ms;  /* wall clock */
};
/* Checks signature, exp (required), nbf, iat, iss, aud. UNAUTHENTICATED with a message that says what is
 * wrong ("the token has expired") but repeats nothing of it; strings in `arena`. Tokens above 8 KiB are refused.
 * `alg: none`, another algorithm, `crit`, and JWE are refused. Any thread. */
bool jwt_verify(struct jwt_verifier *verifier, struct slice token, int64_t now_ms,
                struct arena *arena, struct jwt_claims *ret_claims, struct fault *fault);
