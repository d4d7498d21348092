/* Passwords of operators: argon2id, by libsodium's crypto_pwhash_str with its limits for
 * interactive use (two passes over 64 MiB, some 100 ms). Blocking: never on a loop. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"

enum { PASSWORD_MIN = 10, PASSWORD_MAX = 1024 /* bytes */, PASSWORD_HASH_SIZE = 128 };

/* BAD_INPUT where it is too short or too long, UNAVAILABLE where there is no memory for it. */
bool password_hash(struct slice password, char ret_hash[PASSWORD_HASH_SIZE], struct fault *fault);
/* Whether it is the password of that hash. */
bool password_check(struct slice hash, struct slice password);
/* Always false, after as long: for a name that nobody has, so that nobody learns which ones there
 * are. */
bool password_check_nobody(struct slice password);
