#include "base/utf8.h"
#include "base/buffer.h"

size_t utf8_decode(struct slice text, uint32_t *ret_code_point) {
    if (text.size == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)text.data;
    if (p[0] < 0x80) {
        *ret_code_point = p[0];
        return 1;
    }
    size_t size = p[0] >= 0xC2 && p[0] <= 0xDF   ? 2
                  : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
                  : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                                 : 0;
    if (size == 0 || text.size < size)
        return 0;
    uint32_t value = p[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3Fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *ret_code_point = value;
    return size;
}

size_t utf8_valid_prefix(struct slice text) {
    size_t at = 0;
    while (at < text.size) {
        uint64_t eight;
        if (at + 8 <= text.size) {
            memcpy(&eight, text.data + at, 8);
            if (!(eight & 0x8080808080808080u)) {
                at += 8;
                continue;
            }
        }
        uint32_t ignored;
        size_t size = utf8_decode(slice_from(text, at), &ignored);
        if (size == 0)
            break;
        at += size;
    }
    return at;
}

bool utf8_valid(struct slice text) {
    return utf8_valid_prefix(text) == text.size;
}

size_t utf8_encode(uint32_t code_point, char ret_bytes[4]) {
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
        code_point = 0xFFFD;
    if (code_point < 0x80) {
        ret_bytes[0] = (char)code_point;
        return 1;
    }
    size_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        ret_bytes[i] = (char)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    ret_bytes[0] = (char)(lead[size] | code_point);
    return size;
}

size_t utf8_cut(struct slice text, size_t limit) {
    if (limit >= text.size)
        limit = text.size;
    /* Step back over at most one unfinished sequence. */
    size_t start = limit;
    while (start > 0 && limit - start < 4) {
        unsigned char c = (unsigned char)text.data[start - 1];
        if (c < 0x80)
            return limit;
        start--;
        if (c >= 0xC0) {
            size_t size = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
            return start + size <= limit ? limit : start;
        }
    }
    return limit;
}

void utf8_append_clean(struct buffer *out, struct slice text) {
    while (text.size > 0) {
        size_t good = utf8_valid_prefix(text);
        buffer_append(out, slice_first(text, good));
        text = slice_from(text, good);
        if (text.size > 0) {
            buffer_append(out, SLICE("\xEF\xBF\xBD"));
            text = slice_from(text, 1);
        }
    }
}
