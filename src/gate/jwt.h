/* JSON Web Tokens (RFC 7519, 8725): the algorithm is pinned by the configuration, never taken from
 * the token. A verifier belongs to one bot's settings; it is immutable but for its key set, which
 * is guarded. All times are of the wall clock. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;

struct jwt_options {
    const char *algorithm;       /* "HS256", "RS256" or "ES256" */
    struct slice secret;         /* HS256: at least 32 bytes */
    struct slice public_key_pem; /* RS256, ES256 without a JWKS: a public key or a certificate */
    const char *jwks_url; /* where the caller fetches the key set; NULL if none. Not opened here. */
    const char *issuer, *audience; /* NULL: not checked. `aud` may be a string or an array. */
    const char *user_claim;        /* "sub" when NULL */
    int64_t leeway_ms;             /* for exp, nbf and iat; 60 s */
};

struct jwt_verifier;
/* CONFIG fault that says which option is wrong; `param` is its name in the configuration ("secret",
 * "public_key", "jwks_url", "algorithm", "user_claim", "leeway"). Copies what it needs. */
bool jwt_verifier_create(const struct jwt_options *options, struct jwt_verifier **ret_verifier,
                         struct fault *fault) __attribute__((warn_unused_result));
void jwt_verifier_destroy(struct jwt_verifier *verifier); /* NULL is fine */
const char *jwt_verifier_jwks_url(const struct jwt_verifier *verifier);

enum {
    JWT_KEYS_FRESH_MS = 10 * 60 * 1000,      /* a key set is fetched anew after this long */
    JWT_KEYS_STALE_MS = 24 * 60 * 60 * 1000, /* and used no longer than this if that fails */
    JWT_KEYS_PUT_OFF_MS = 30 * 1000,         /* between two fetches */
};

/* Replaces the key set by a fetched JWKS document (RFC 7517). Keys of other types, uses or
 * algorithms are passed over; a document without one usable key is refused with UNAVAILABLE, the
 * old set stays and it counts as a failed fetch. Any thread. */
bool jwt_verifier_set_keys(struct jwt_verifier *verifier, struct slice jwks, int64_t now_ms,
                           struct fault *fault);

enum jwt_need {
    JWT_NEED_NOTHING,
    JWT_NEED_KEYS,    /* fetch jwks_url, then verify: there is no key set, or the token names a kid
                         that is not in it. */
    JWT_NEED_REFRESH, /* verify now and fetch meanwhile: the set is over 10 min old but still good
                       */
};
/* Whether to fetch before verifying this token: looks at its unverified header only, and never
 * sends out for a token that would be refused for its form or algorithm. NOTHING within 30 s of the
 * last fetch, whatever came of it; while one is under way the answer repeats, so join those who
 * wait for the same URL. Any thread. A fetch that fails must be reported by
 * jwt_verifier_fetch_failed. */
enum jwt_need jwt_verifier_need(struct jwt_verifier *verifier, struct slice token, int64_t now_ms);
void jwt_verifier_fetch_failed(struct jwt_verifier *verifier, int64_t now_ms);

struct jwt_claims {
    struct slice user;   /* the user claim: a text of 1 to 200 bytes, or an integer in decimal */
    struct slice claims; /* all claims, JSON object text without repeated keys */
    int64_t expires_ms;  /* without the leeway */
};
/* Checks signature, exp (required), nbf, iat, iss, aud. UNAUTHENTICATED with a message that says
 * what is wrong ("the token has expired") but repeats nothing of it, and a code ("token_malformed",
 * "token_algorithm", "token_signature", "token_key", "token_expired", "token_not_yet_valid",
 * "token_claims"); UNAVAILABLE when there is no usable key set, so that nothing is known of the
 * token. Strings in `arena`. Tokens above 8 KiB are refused. `alg: none`, another algorithm,
 * `crit`, another `typ`, nested tokens and JWE are refused. Any thread. */
bool jwt_verify(struct jwt_verifier *verifier, struct slice token, int64_t now_ms,
                struct arena *arena, struct jwt_claims *ret_claims, struct fault *fault)
    __attribute__((warn_unused_result));
