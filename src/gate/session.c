#include "gate/session.h"
#include "gate/strict.h"
#include <sodium.h>

enum {
    MAC_SIZE = crypto_auth_hmacsha256_BYTES,
    MAC_TEXT_SIZE = 43, /* in base64url */
    ISSUED_DIGITS_MAX = 11,
    FUTURE_MAX_MS = 60 * 1000,
    USER_SIZE_MAX = 200, /* as in tokens */
};

static void mac_add(crypto_auth_hmacsha256_state *state, struct slice part) {
    /* Each part behind its size, so that no two lists of parts give the same bytes. */
    uint64_t size = part.size;
    unsigned char header[8];
    for (size_t i = 0; i < sizeof header; i++)
        header[i] = (unsigned char)(size >> (8 * i));
    crypto_auth_hmacsha256_update(state, header, sizeof header);
    crypto_auth_hmacsha256_update(state, (const unsigned char *)part.data, part.size);
}

static void make_mac(const struct session_key *key, struct slice bot, struct slice id,
                     struct slice issued, unsigned char ret_mac[MAC_SIZE]) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key->secret, sizeof key->secret);
    mac_add(&state, SLICE("switchboard session v1"));
    mac_add(&state, bot);
    mac_add(&state, id);
    mac_add(&state, issued);
    crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof state);
}

struct session session_create(const struct session_key *key, struct slice bot, int64_t now_ms,
                              char ret_token[SESSION_TOKEN_MAX]) {
    struct session session = {.id = id_create(), .issued_ms = now_ms / 1000 * 1000};
    char issued[24], mac_text[MAC_TEXT_SIZE + 1];
    unsigned char mac[MAC_SIZE];
    snprintf(issued, sizeof issued, "%lld", (long long)(now_ms / 1000));
    make_mac(key, bot, id_slice(&session.id), slice_of(issued), mac);
    sodium_bin2base64(mac_text, sizeof mac_text, mac, sizeof mac,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(ret_token, SESSION_TOKEN_MAX, "v1.%s.%s.%s", session.id.text, issued, mac_text);
    return session;
}

/* What stands in a token, nothing of it proven. */
struct parts {
    struct slice id, issued;
    int64_t issued_s;
    unsigned char mac[MAC_SIZE];
};

/* The one form that session_create writes: no sign, no leading zero. */
static bool read_seconds(struct slice text, int64_t *ret_seconds) {
    if (text.size == 0 || text.size > ISSUED_DIGITS_MAX || (text.size > 1 && text.data[0] == '0'))
        return false;
    int64_t seconds = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        seconds = seconds * 10 + (text.data[i] - '0');
    }
    *ret_seconds = seconds;
    return true;
}

static bool read_parts(struct slice token, struct parts *ret_parts) {
    struct slice rest = token, version, mac;
    return token.size < SESSION_TOKEN_MAX && slice_split(&rest, '.', &version) &&
           slice_is(version, "v1") && slice_split(&rest, '.', &ret_parts->id) &&
           id_valid(ret_parts->id) && slice_split(&rest, '.', &ret_parts->issued) &&
           read_seconds(ret_parts->issued, &ret_parts->issued_s) && slice_split(&rest, '.', &mac) &&
           !rest.data && strict_base64url_exact(mac, ret_parts->mac, MAC_SIZE);
}

static bool refuse(struct fault *fault, const char *code, const char *message) {
    fault_set(fault, FAULT_UNAUTHENTICATED, "%s", message);
    if (fault)
        memcpy(fault->code, code, strlen(code) + 1);
    return false;
}

bool session_verify(const struct session_key *key, struct slice bot, struct slice token,
                    int64_t now_ms, int64_t max_age_ms, struct session *ret_session,
                    struct fault *fault) {
    struct parts parts;
    unsigned char mac[MAC_SIZE];
    if (!read_parts(token, &parts))
        return refuse(fault, "session_malformed", "the session is malformed");
    make_mac(key, bot, parts.id, parts.issued, mac);
    if (sodium_memcmp(mac, parts.mac, sizeof mac) != 0)
        return refuse(fault, "session_signature", "the session was not made here for this bot");
    int64_t issued_ms = parts.issued_s * 1000;
    if (issued_ms - now_ms > FUTURE_MAX_MS)
        return refuse(fault, "session_expired", "the session is from the future");
    if (now_ms - issued_ms > max_age_ms)
        return refuse(fault, "session_expired", "the session has expired");
    struct session session = {.issued_ms = issued_ms};
    memcpy(session.id.text, parts.id.data, ID_SIZE);
    *ret_session = session;
    return true;
}

bool user_hash_verify(struct slice secret, struct slice user, struct slice hex_hash) {
    char expected[2 * MAC_SIZE + 1];
    unsigned char mac[MAC_SIZE];
    crypto_auth_hmacsha256_state state;
    if (secret.size == 0 || !strict_name(user, USER_SIZE_MAX) ||
        hex_hash.size != sizeof expected - 1)
        return false;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.size);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)user.data, user.size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
    sodium_bin2hex(expected, sizeof expected, mac, sizeof mac);
    bool good = sodium_memcmp(expected, hex_hash.data, sizeof expected - 1) == 0;
    sodium_memzero(expected, sizeof expected);
    return good;
}
