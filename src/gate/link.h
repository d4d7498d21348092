/* Signed links: who has one may fetch what it leads to, until it expires. For what a browser
 * fetches without headers, as images. HMAC-SHA-256 (libsodium) over what it leads to and the time.
 */
#pragma once
#include "gate/session.h"

enum { LINK_SIGNATURE_MAX = 64 };

/* `what` says what it leads to, and is never the same for two kinds of things: "file/ULID".
 * NUL-terminated, in the letters of base64url. */
void link_sign(const struct session_key *key, struct slice what, int64_t expires_s,
               char ret_signature[LINK_SIGNATURE_MAX]);
/* False when it is forged, or expired at `now_ms` (wall clock). */
bool link_verify(const struct session_key *key, struct slice what, int64_t expires_s,
                 struct slice signature, int64_t now_ms) __attribute__((warn_unused_result));
