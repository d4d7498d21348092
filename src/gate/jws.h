/* The outer form of a token: JWS compact serialisation (RFC 7515). For the files of this folder
 * only. Thread-safe. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;

enum { JWS_SIZE_MAX = 8 * 1024, JWS_KEY_ID_MAX = 256 };

/* Nothing in it is proven yet. */
struct jws {
    struct slice key_id;             /* data NULL when the header names none */
    struct slice signed_bytes;       /* header and payload as they stand in the token */
    struct slice payload, signature; /* still in base64url */
};

/* Splits the token and reads its header, in which `alg` must be `algorithm`. UNAUTHENTICATED with a
 * message that repeats nothing of the token. */
bool jws_read(struct slice token, const char *algorithm, struct arena *arena, struct jws *ret_jws,
              struct fault *fault);
/* The fault of a token that cannot be right. Always false. */
bool jws_refuse(struct fault *fault, const char *code, const char *message);
