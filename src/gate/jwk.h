/* Keys that tokens are checked with, and the check itself, by OpenSSL. A public key is immutable
 * and may be used by any number of threads. For the files of this folder only. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
#include <openssl/types.h>
struct arena;

/* HS256 has no jwk: its secret is only ever bytes, so a public key cannot be mistaken for it. */
enum jwk_algorithm { JWK_HS256, JWK_RS256, JWK_ES256 };
enum { JWK_RSA_BITS_MIN = 2048, JWK_RSA_BITS_MAX = 8192, JWK_SECRET_MIN = 32 };

const char *jwk_algorithm_name(enum jwk_algorithm algorithm);
bool jwk_algorithm_find(const char *name, enum jwk_algorithm *ret_algorithm);

/* One public key or certificate in PEM, of the kind the algorithm needs (RSA of 2048 to 8192 bits,
 * P-256). CONFIG fault on anything else; private keys are refused. Free with EVP_PKEY_free. */
bool jwk_from_pem(struct slice pem, enum jwk_algorithm algorithm, EVP_PKEY **ret_key,
                  struct fault *fault);
/* A JSON Web Key (RFC 7517) as validated JSON text. NULL where it is of another type, use or
 * algorithm, too weak, malformed, or holds a private or symmetric key. */
EVP_PKEY *jwk_from_json(struct slice json, enum jwk_algorithm algorithm, struct arena *arena);

/* RS256 and ES256 as RFC 7518 has them: the signature is as long as the modulus, or is r and s of
 * 32 bytes each. */
bool jwk_verify(EVP_PKEY *key, enum jwk_algorithm algorithm, struct slice signed_bytes,
                struct slice signature);
/* HS256. Constant time. */
bool jwk_verify_secret(struct slice secret, struct slice signed_bytes, struct slice signature);
