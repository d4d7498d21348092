#include "gate/strict.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include <sodium.h>

/* libsodium refuses other alphabets, padding and non-zero bits behind the end; but 1.0.18
 * takes any byte above 0x7f for '_'. */
static bool decode(struct slice text, void *ret_bytes, size_t capacity, size_t *ret_size) {
    unsigned char seen = 0;
    for (size_t i = 0; i < text.size; i++)
        seen |= (unsigned char)text.data[i];
    return seen < 0x80 &&
           sodium_base642bin(ret_bytes, capacity, text.data, text.size, NULL, ret_size, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

bool strict_base64url(struct slice text, struct arena *arena, struct slice *ret_bytes) {
    size_t capacity = text.size / 4 * 3 + 3, size;
    char *bytes = arena_allocate(arena, capacity);
    if (text.size == 0 || !decode(text, bytes, capacity, &size))
        return false;
    *ret_bytes = (struct slice){bytes, size};
    return true;
}

bool strict_base64url_exact(struct slice text, void *ret_bytes, size_t size) {
    unsigned char bytes[512];
    size_t found;
    if (text.size != (size * 4 + 2) / 3 || size > sizeof bytes)
        return false;
    bool good = decode(text, bytes, sizeof bytes, &found) && found == size;
    if (good)
        memcpy(ret_bytes, bytes, size);
    sodium_memzero(bytes, sizeof bytes);
    return good;
}

bool strict_json_string(struct slice value, struct arena *arena, struct slice *ret_text) {
    if (json_type(value) != JSON_STRING)
        return false;
    struct slice plain = json_plain_string(value);
    if (plain.size > 0) {
        *ret_text = plain;
        return true;
    }
    struct buffer text = {0};
    bool good = json_read_string(value, &text);
    if (good)
        *ret_text = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return good;
}

static int compare(const void *a, const void *b) {
    const struct slice *left = a, *right = b;
    if (left->size != right->size)
        return left->size < right->size ? -1 : 1;
    return left->size ? memcmp(left->data, right->data, left->size) : 0;
}

static bool keys_differ(struct slice object, size_t count, struct arena *arena) {
    struct slice *keys = arena_array(arena, count, sizeof *keys), raw, value;
    size_t cursor = 0;
    for (size_t i = 0; i < count && json_next_member(object, &cursor, &raw, &value); i++) {
        struct slice quoted = {raw.data - 1, raw.size + 2};
        if (!strict_json_string(quoted, arena, &keys[i]))
            return false;
    }
    qsort(keys, count, sizeof *keys, compare);
    for (size_t i = 1; i < count; i++)
        if (slice_equal(keys[i - 1], keys[i]))
            return false;
    return true;
}

/* As deep as json_validate lets it be. */
static bool nothing_twice(struct slice value, struct arena *arena) { // NOLINT(misc-no-recursion)
    struct slice key, inner;
    size_t cursor = 0, count = 0;
    for (; json_next_member(value, &cursor, &key, &inner); count++)
        if (!nothing_twice(inner, arena))
            return false;
    if (count > 1 && !keys_differ(value, count, arena))
        return false;
    for (cursor = 0; json_next_element(value, &cursor, &inner);)
        if (!nothing_twice(inner, arena))
            return false;
    return true;
}

bool strict_json_object(struct slice text, struct arena *arena) {
    return json_validate(text, NULL) && json_type(text) == JSON_OBJECT &&
           nothing_twice(text, arena);
}

bool strict_name(struct slice text, size_t most) {
    if (text.size == 0 || text.size > most)
        return false;
    while (text.size > 0) {
        uint32_t code;
        size_t size = utf8_decode(text, &code);
        if (size == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffd)
            return false;
        text = slice_from(text, size);
    }
    return true;
}
