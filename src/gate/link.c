#include "gate/link.h"
#include <sodium.h>

void link_sign(const struct session_key *key, struct slice what, int64_t expires_s,
               char ret_signature[LINK_SIGNATURE_MAX]) {
    /* Two lines in front, of a form that no id has in it: no two links sign the same bytes, and
     * none those of a session. */
    char head[64];
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    int size = snprintf(head, sizeof head, "switchboard link v1\n%lld\n", (long long)expires_s);
    crypto_auth_hmacsha256_init(&state, key->secret, sizeof key->secret);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, (size_t)size);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)what.data, what.size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(ret_signature, LINK_SIGNATURE_MAX, mac, sizeof mac,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(&state, sizeof state);
}

bool link_verify(const struct session_key *key, struct slice what, int64_t expires_s,
                 struct slice signature, int64_t now_ms) {
    char expected[LINK_SIGNATURE_MAX];
    link_sign(key, what, expires_s, expected);
    return signature.size == strlen(expected) && expires_s > now_ms / 1000 &&
           sodium_memcmp(expected, signature.data, signature.size) == 0;
}
