#include "model/text_join.h"
#include "base/json.h"
#include "base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static uint32_t hex4(const char *p) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static void append_code(struct buffer *out, uint32_t code) {
    char bytes[4];
    size_t size = utf8_encode(code, bytes);
    buffer_append(out, (struct slice){bytes, size});
}

/* --- first pass: from JSON to bytes, in which what waits for its other half is not UTF-8 --- */

/* A high surrogate stands as if it were a character: in three bytes, which UTF-8 forbids. */
static void append_high(struct buffer *out, uint32_t code) {
    const char bytes[3] = {(char)0xED, (char)(0x80 | (code >> 6 & 0x3F)),
                           (char)(0x80 | (code & 0x3F))};
    buffer_append(out, (struct slice){bytes, sizeof bytes});
}

static bool is_high(struct slice at) {
    return at.size >= 3 && (unsigned char)at.data[0] == 0xED && (unsigned char)at.data[1] >= 0xA0 &&
           (unsigned char)at.data[1] < 0xB0;
}

/* The other half of a high surrogate before it, or else a byte that text_join_mend wrote so. */
static void append_low(struct buffer *out, uint32_t code) {
    struct slice before = buffer_slice(out);
    if (before.size >= 3)
        before = slice_from(before, before.size - 3);
    if (is_high(before)) {
        uint32_t high = (uint32_t)(before.data[1] & 0x1F) << 6 | (uint32_t)(before.data[2] & 0x3F);
        out->size -= 3;
        append_code(out, 0x10000 + (high << 10) + (code - 0xDC00));
    } else if (code >= 0xDC80 && code <= 0xDCFF) {
        buffer_append_byte(out, (char)(code - 0xDC00));
    } else {
        buffer_append(out, SLICE(REPLACEMENT));
    }
}

static size_t decode_escape(struct slice at, struct buffer *out, bool *odd) {
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    char c = at.data[1];
    if (c != 'u') {
        const char *name = strchr(names, c);
        buffer_append_byte(out, name ? values[name - names] : c);
        return 2;
    }
    uint32_t code = hex4(at.data + 2);
    if (code < 0xD800 || code > 0xDFFF) {
        append_code(out, code);
        return 6;
    }
    *odd = true;
    if (code < 0xDC00)
        append_high(out, code);
    else
        append_low(out, code);
    return 6;
}

/* True where a second pass is needed. */
static bool decode(struct slice inside, struct buffer *out) {
    bool odd = false;
    while (inside.size > 0) {
        size_t plain = slice_find_byte(inside, '\\');
        buffer_append(out, slice_first(inside, plain));
        if (plain == SIZE_MAX)
            break;
        inside = slice_from(inside, plain);
        inside = slice_from(inside, decode_escape(inside, out, &odd));
    }
    return odd;
}

/* --- second pass: the unfinished end is held back, what stays broken is replaced --- */

static bool is_unfinished(struct slice end) {
    unsigned char lead = (unsigned char)end.data[0];
    size_t wanted = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3 : 2;
    if (is_high(end))
        return end.size == 3;
    if (lead < 0xC2 || lead > 0xF4 || end.size >= wanted)
        return false;
    for (size_t i = 1; i < end.size; i++)
        if (((unsigned char)end.data[i] & 0xC0) != 0x80)
            return false;
    return true;
}

static void clean(struct text_join *join, struct slice raw, struct buffer *out) {
    for (;;) {
        size_t valid = utf8_valid_prefix(raw);
        buffer_append(out, slice_first(raw, valid));
        raw = slice_from(raw, valid);
        if (raw.size == 0)
            return;
        if (is_unfinished(raw)) {
            memcpy(join->carry, raw.data, raw.size);
            join->size = (unsigned char)raw.size;
            return;
        }
        buffer_append(out, SLICE(REPLACEMENT));
        raw = slice_from(raw, is_high(raw) ? 3 : 1);
    }
}

struct slice text_join_read(struct text_join *join, struct slice value, struct buffer *scratch) {
    struct slice plain = json_plain_string(value);
    if (plain.data && (join->size == 0 || plain.size == 0))
        return plain;
    value = slice_trim(value);
    if (json_type(value) != JSON_STRING)
        return (struct slice){NULL, 0};
    buffer_clear(scratch);
    buffer_append(scratch, (struct slice){join->carry, join->size});
    bool odd = decode((struct slice){value.data + 1, value.size - 2}, scratch);
    if (!odd && join->size == 0)
        return buffer_slice(scratch);
    join->size = 0;
    struct buffer cleaned = {0};
    clean(join, buffer_slice(scratch), &cleaned);
    buffer_clear(scratch);
    buffer_append(scratch, buffer_slice(&cleaned));
    buffer_finish(&cleaned);
    return buffer_slice(scratch);
}

struct slice text_join_rest(struct text_join *join) {
    bool waits = join->size > 0;
    join->size = 0;
    return waits ? SLICE(REPLACEMENT) : (struct slice){NULL, 0};
}

void text_join_mend(struct slice json, struct buffer *out) {
    static const char digits[] = "0123456789abcdef";
    for (;;) {
        size_t valid = utf8_valid_prefix(json);
        buffer_append(out, slice_first(json, valid));
        json = slice_from(json, valid);
        if (json.size == 0)
            return;
        unsigned char byte = (unsigned char)json.data[0];
        const char escape[6] = {'\\', 'u', 'd', 'c', digits[byte >> 4], digits[byte & 15]};
        buffer_append(out, (struct slice){escape, sizeof escape});
        json = slice_from(json, 1);
    }
}
