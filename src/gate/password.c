#include "gate/password.h"
#include <sodium.h>
#include <string.h>

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "as libsodium writes it");

bool password_hash(struct slice password, char ret_hash[PASSWORD_HASH_SIZE], struct fault *fault) {
    if (password.size < PASSWORD_MIN)
        return fault_set(fault, FAULT_BAD_INPUT,
                         "the password is too short: at least %d characters", PASSWORD_MIN);
    if (password.size > PASSWORD_MAX)
        return fault_set(fault, FAULT_BAD_INPUT, "the password is too long: at most %d bytes",
                         PASSWORD_MAX);
    if (crypto_pwhash_str(ret_hash, password.data, password.size,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return fault_set(fault, FAULT_UNAVAILABLE, "there is no memory to hash a password with");
    return true;
}

bool password_check(struct slice hash, struct slice password) {
    char text[PASSWORD_HASH_SIZE] = "";
    if (hash.size >= sizeof text || password.size > PASSWORD_MAX)
        return false;
    memcpy(text, hash.data, hash.size);
    return crypto_pwhash_str_verify(text, password.data ? password.data : "", password.size) == 0;
}

bool password_check_nobody(struct slice password) {
    char hash[PASSWORD_HASH_SIZE];
    int ignored =
        crypto_pwhash_str(hash, password.data ? password.data : "", password.size,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
    (void)ignored;
    return false;
}
