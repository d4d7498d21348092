/* A set of public keys (RFC 7517), immutable and counted by reference: whoever verifies holds on to
 * the set it began with while another takes its place. For the files of this folder only. */
#pragma once
#include "gate/jwk.h"

enum {
    JWKS_SIZE_MAX = 256 * 1024, /* of a document */
    JWKS_KEYS_MAX = 100,        /* kept; more are passed over */
    JWKS_TRIED_MAX = 20,        /* keys tried for one token */
    JWKS_KEY_ID_MAX = 256,      /* bytes */
};

struct jwks;
/* Takes the keys of a document that suit the algorithm. UNAVAILABLE fault when it is none,
 * or holds no such key. */
bool jwks_read(struct slice document, enum jwk_algorithm algorithm, struct jwks **ret_set,
               struct fault *fault);
/* A set of one key without an id; takes the key over. */
struct jwks *jwks_of(EVP_PKEY *key, enum jwk_algorithm algorithm);
struct jwks *jwks_ref(struct jwks *set);
void jwks_unref(struct jwks *set); /* NULL is fine */

/* Whether there is a key for a token that names this id (data NULL: names none). */
bool jwks_has(const struct jwks *set, struct slice key_id);
/* Tries the keys of that id, or those without an id where there is none, or all for a token
 * without. */
bool jwks_verify(const struct jwks *set, struct slice key_id, struct slice signed_bytes,
                 struct slice signature);
