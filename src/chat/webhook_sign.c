#include "chat/webhook_sign.h"
#include "base/arena.h"
#include "base/buffer.h"
#include <sodium.h>

enum { KEY_MIN = 24, KEY_MAX = 64, SECRETS_MAX = 8 };

/* Base64 as it is usually written; the padding may have been lost. */
static bool decode(struct slice text, unsigned char key[KEY_MAX], size_t *ret_size) {
    return sodium_base642bin(key, KEY_MAX, text.data, text.size, NULL, ret_size, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 ||
           sodium_base642bin(key, KEY_MAX, text.data, text.size, NULL, ret_size, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
}

bool webhook_secret_read(struct slice text, struct arena *arena, const struct slice **ret_keys,
                         size_t *ret_count) {
    static const struct slice prefix = {"whsec_", sizeof "whsec_" - 1};
    struct slice *keys = arena_array(arena, SECRETS_MAX, sizeof *keys);
    struct slice rest = text, part;
    size_t count = 0;
    while (slice_split(&rest, ' ', &part)) {
        unsigned char key[KEY_MAX];
        size_t size;
        if (part.size == 0)
            continue;
        if (count == SECRETS_MAX || !slice_starts_with(part, prefix) ||
            !decode(slice_from(part, prefix.size), key, &size) || size < KEY_MIN)
            return false;
        keys[count++] = arena_copy(arena, (struct slice){(const char *)key, size});
        sodium_memzero(key, sizeof key);
    }
    if (count == 0)
        return false;
    *ret_keys = keys;
    *ret_count = count;
    return true;
}

void webhook_sign(const struct slice *keys, size_t count, struct slice id, int64_t timestamp_s,
                  struct slice body, struct buffer *out) {
    enum {
        TEXT_SIZE =
            sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL)
    };
    struct buffer head = {0};
    buffer_printf(&head, "%.*s.%lld.", SLICE_ARG(id), (long long)timestamp_s);
    for (size_t i = 0; i < count; i++) {
        unsigned char digest[crypto_auth_hmacsha256_BYTES];
        char text[TEXT_SIZE];
        crypto_auth_hmacsha256_state state;
        crypto_auth_hmacsha256_init(&state, (const unsigned char *)keys[i].data, keys[i].size);
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)head.data, head.size);
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.data, body.size);
        crypto_auth_hmacsha256_final(&state, digest);
        sodium_bin2base64(text, sizeof text, digest, sizeof digest, sodium_base64_VARIANT_ORIGINAL);
        buffer_printf(out, "%sv1,%s", i > 0 ? " " : "", text);
    }
    buffer_finish(&head);
}
