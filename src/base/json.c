#include "base/json.h"
#include "base/buffer.h"
#include "base/json_scan.h"
#include "base/utf8.h"
#include <math.h>
#include <stdarg.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p, const char *end) {
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* --- validation: each function returns where the thing ends, or NULL with *bad set --- */

struct check {
    const char *end;
    const char *bad;
};

static const char *fail(struct check *check, const char *at) {
    check->bad = at;
    return NULL;
}

static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *check_escape(struct check *check, const char *p) {
    if (p + 1 >= check->end)
        return fail(check, check->end);
    if (p[1] == 'u') {
        for (int i = 2; i < 6; i++)
            if (p + i >= check->end || !is_hex(p[i]))
                return fail(check, p + i < check->end ? p + i : check->end);
        return p + 6;
    }
    if (p[1] == '\0' || !strchr("\"\\/bfnrt", p[1]))
        return fail(check, p + 1);
    return p + 2;
}

static const char *check_string(struct check *check, const char *p) {
    p++; /* the opening quote */
    while ((p = json_scan_plain(p, check->end)) < check->end) {
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            return p + 1;
        if (c < 0x20)
            return fail(check, p);
        if (c == '\\') {
            p = check_escape(check, p);
            if (!p)
                return NULL;
        } else {
            uint32_t ignored;
            size_t size = utf8_decode((struct slice){p, (size_t)(check->end - p)}, &ignored);
            if (size == 0)
                return fail(check, p);
            p += size;
        }
    }
    return fail(check, check->end);
}

static const char *check_digits(struct check *check, const char *p) {
    if (p >= check->end || !is_digit(*p))
        return fail(check, p);
    while (p < check->end && is_digit(*p))
        p++;
    return p;
}

static const char *check_number(struct check *check, const char *p) {
    if (*p == '-')
        p++;
    if (p < check->end && *p == '0')
        p++;
    else if (!(p = check_digits(check, p)))
        return NULL;
    if (p < check->end && *p == '.' && !(p = check_digits(check, p + 1)))
        return NULL;
    if (p < check->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < check->end && (*p == '+' || *p == '-'))
            p++;
        p = check_digits(check, p);
    }
    return p;
}

static const char *check_word(struct check *check, const char *p, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(check->end - p) < size || memcmp(p, word, size) != 0)
        return fail(check, p);
    return p + size;
}

static const char *check_scalar(struct check *check, const char *p) {
    switch (*p) {
    case '"':
        return check_string(check, p);
    case 't':
        return check_word(check, p, "true");
    case 'f':
        return check_word(check, p, "false");
    case 'n':
        return check_word(check, p, "null");
    default:
        if (*p == '-' || is_digit(*p))
            return check_number(check, p);
        return fail(check, p);
    }
}

/* Reads `"key" :` and returns where the value begins. */
static const char *check_key(struct check *check, const char *p) {
    if (p >= check->end || *p != '"')
        return fail(check, p);
    p = check_string(check, p);
    if (!p)
        return NULL;
    p = skip_blanks(p, check->end);
    if (p >= check->end || *p != ':')
        return fail(check, p);
    return skip_blanks(p + 1, check->end);
}

/* Without recursion: `open` remembers the brackets, so hostile depth costs no stack. */
static const char *check_value(struct check *check, const char *p) {
    char open[JSON_DEPTH_MAX];
    size_t depth = 0;
    for (;;) {
        if (p >= check->end)
            return fail(check, check->end);
        if (*p == '{' || *p == '[') {
            char close = *p == '{' ? '}' : ']';
            if (depth == JSON_DEPTH_MAX)
                return fail(check, p);
            const char *inside = skip_blanks(p + 1, check->end);
            if (inside < check->end && *inside == close) {
                p = inside + 1;
            } else {
                open[depth++] = close;
                p = close == '}' ? check_key(check, inside) : inside;
                if (!p)
                    return NULL;
                continue;
            }
        } else {
            p = check_scalar(check, p);
            if (!p)
                return NULL;
        }
        /* A value ended: close what ends here, or go on behind a comma. */
        for (;;) {
            if (depth == 0)
                return p;
            p = skip_blanks(p, check->end);
            if (p < check->end && *p == open[depth - 1]) {
                depth--;
                p++;
                continue;
            }
            if (p >= check->end || *p != ',')
                return fail(check, p);
            p = skip_blanks(p + 1, check->end);
            if (open[depth - 1] == '}' && !(p = check_key(check, p)))
                return NULL;
            break;
        }
    }
}

bool json_validate(struct slice text, size_t *ret_error_at) {
    if (text.size == 0)
        text.data = ""; /* no arithmetic on NULL */
    struct check check = {.end = text.data + text.size, .bad = NULL};
    const char *p = check_value(&check, skip_blanks(text.data, check.end));
    if (p) {
        p = skip_blanks(p, check.end);
        if (p < check.end)
            check.bad = p;
    }
    if (check.bad && ret_error_at)
        *ret_error_at = (size_t)(check.bad - text.data);
    return check.bad == NULL;
}

/* --- reading of validated text --- */

enum json_type json_type(struct slice value) {
    size_t at = 0;
    while (at < value.size && is_blank(value.data[at]))
        at++;
    if (at == value.size)
        return JSON_MISSING;
    switch (value.data[at]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOLEAN;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

static const char *skip_string(const char *p, const char *end) {
    for (p++; (p = json_scan_quote(p, end)) < end; p += 2) {
        if (*p == '"')
            return p + 1;
        if (end - p < 2)
            break;
    }
    return end;
}

static const char *skip_value(const char *p, const char *end) {
    size_t depth = 0;
    while (p < end) {
        char c = *p;
        if (c == '"') {
            p = skip_string(p, end);
        } else if (c == '{' || c == '[') {
            depth++;
            p++;
            continue;
        } else if (c == '}' || c == ']') {
            depth--;
            p++;
        } else if (depth > 0) {
            p++;
            continue;
        } else {
            while (p < end && !is_blank(*p) && *p != ',' && *p != '}' && *p != ']')
                p++;
        }
        if (depth == 0)
            return p;
    }
    return end;
}

/* Moves to the next entry of the container that starts with `open`; NULL at its end. */
static const char *next_entry(struct slice container, char open, size_t *cursor) {
    if (container.size == 0)
        return NULL;
    const char *end = container.data + container.size;
    const char *p = container.data + *cursor;
    if (*cursor == 0) {
        p = skip_blanks(p, end);
        if (p >= end || *p != open)
            return NULL;
        p++;
    }
    p = skip_blanks(p, end);
    if (p < end && *p == ',')
        p = skip_blanks(p + 1, end);
    return p < end && *p != '}' && *p != ']' ? p : NULL;
}

bool json_next_member(struct slice object, size_t *cursor, struct slice *ret_key,
                      struct slice *ret_value) {
    const char *p = next_entry(object, '{', cursor);
    if (!p)
        return false;
    const char *end = object.data + object.size;
    const char *after_key = skip_string(p, end);
    const char *value = skip_blanks(after_key, end);
    value = skip_blanks(value + 1, end); /* behind the colon */
    const char *after = skip_value(value, end);
    *ret_key = (struct slice){p + 1, (size_t)(after_key - p) - 2};
    *ret_value = (struct slice){value, (size_t)(after - value)};
    *cursor = (size_t)(after - object.data);
    return true;
}

bool json_next_element(struct slice array, size_t *cursor, struct slice *ret_value) {
    const char *p = next_entry(array, '[', cursor);
    if (!p)
        return false;
    const char *after = skip_value(p, array.data + array.size);
    *ret_value = (struct slice){p, (size_t)(after - p)};
    *cursor = (size_t)(after - array.data);
    return true;
}

static uint32_t hex4(const char *p) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* Resolves the escape at the start of `text`; returns how many bytes it took. */
static size_t unescape(struct slice text, char ret_bytes[4], size_t *ret_size) {
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    char c = text.data[1];
    if (c != 'u') {
        const char *name = strchr(names, c);
        ret_bytes[0] = name ? values[name - names] : c;
        *ret_size = 1;
        return 2;
    }
    uint32_t code = hex4(text.data + 2);
    size_t taken = 6;
    if (code >= 0xD800 && code < 0xDC00 && text.size >= 12 && text.data[6] == '\\' &&
        text.data[7] == 'u') {
        uint32_t low = hex4(text.data + 8);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            taken = 12;
        }
    }
    *ret_size = utf8_encode(code, ret_bytes);
    return taken;
}

static void append_unescaped(struct slice inside, struct buffer *out) {
    while (inside.size > 0) {
        size_t plain = slice_find_byte(inside, '\\');
        if (plain == SIZE_MAX) {
            buffer_append(out, inside);
            return;
        }
        buffer_append(out, slice_first(inside, plain));
        inside = slice_from(inside, plain);
        char bytes[4];
        size_t size;
        size_t taken = unescape(inside, bytes, &size);
        buffer_append(out, (struct slice){bytes, size});
        inside = slice_from(inside, taken);
    }
}

static bool escaped_equals(struct slice inside, struct slice text) {
    while (inside.size > 0) {
        char bytes[4] = {inside.data[0]};
        size_t size = 1, taken = 1;
        if (inside.data[0] == '\\')
            taken = unescape(inside, bytes, &size);
        if (text.size < size || memcmp(text.data, bytes, size) != 0)
            return false;
        text = slice_from(text, size);
        inside = slice_from(inside, taken);
    }
    return text.size == 0;
}

/* An escape is always longer than what it stands for: what is shorter than `text` cannot be equal,
 * and what is as long only without escapes. */
static bool inside_is(struct slice inside, struct slice text) {
    if (inside.size <= text.size)
        return slice_equal(inside, text) && slice_find_byte(inside, '\\') == SIZE_MAX;
    return slice_find_byte(inside, '\\') != SIZE_MAX && escaped_equals(inside, text);
}

static struct slice get(struct slice object, struct slice key) {
    size_t cursor = 0;
    struct slice name, value;
    while (json_next_member(object, &cursor, &name, &value))
        if (inside_is(name, key))
            return value;
    return (struct slice){NULL, 0};
}

struct slice json_get(struct slice object, const char *key) {
    return get(object, slice_of(key));
}

/* As RFC 6901 writes indexes: digits only, no leading zero. */
static bool read_index(struct slice key, int64_t *ret_index) {
    if (key.size == 0 || !is_digit(key.data[0]) || (key.size > 1 && key.data[0] == '0'))
        return false;
    return slice_to_int64(key, ret_index);
}

static struct slice step(struct slice value, struct slice key) {
    if (json_type(value) == JSON_OBJECT)
        return get(value, key);
    int64_t index;
    struct slice element = {NULL, 0};
    if (json_type(value) != JSON_ARRAY || !read_index(key, &index))
        return element;
    size_t cursor = 0;
    while (json_next_element(value, &cursor, &element))
        if (index-- == 0)
            return element;
    return (struct slice){NULL, 0};
}

struct slice json_path(struct slice value, ...) {
    va_list keys;
    va_start(keys, value);
    for (const char *key; (key = va_arg(keys, const char *));)
        value = step(value, slice_of(key));
    va_end(keys);
    return value;
}

/* Resolves ~0 and ~1; false where a tilde stands alone. */
static bool read_token(struct slice token, struct buffer *out) {
    buffer_clear(out);
    for (size_t i = 0; i < token.size; i++) {
        char c = token.data[i];
        if (c == '~') {
            if (++i == token.size || (token.data[i] != '0' && token.data[i] != '1'))
                return false;
            c = token.data[i] == '1' ? '/' : '~';
        }
        buffer_append_byte(out, c);
    }
    return true;
}

struct slice json_pointer(struct slice value, struct slice pointer) {
    const struct slice nowhere = {NULL, 0};
    if (pointer.size == 0)
        return value;
    if (pointer.data[0] != '/')
        return nowhere;
    struct slice rest = slice_from(pointer, 1), part;
    struct buffer key = {0};
    while (slice_split(&rest, '/', &part))
        value = read_token(part, &key) ? step(value, buffer_slice(&key)) : nowhere;
    buffer_finish(&key);
    return value;
}

/* The text between the quotes; data NULL when it is no string. */
static struct slice inside_of(struct slice value) {
    value = slice_trim(value);
    if (value.size < 2 || value.data[0] != '"')
        return (struct slice){NULL, 0};
    return (struct slice){value.data + 1, value.size - 2};
}

bool json_read_string(struct slice value, struct buffer *out) {
    struct slice inside = inside_of(value);
    if (!inside.data)
        return false;
    append_unescaped(inside, out);
    return true;
}

bool json_string_is(struct slice value, const char *text) {
    struct slice inside = inside_of(value);
    return inside.data && inside_is(inside, slice_of(text));
}

struct slice json_plain_string(struct slice value) {
    struct slice inside = inside_of(value);
    if (inside.data && slice_find_byte(inside, '\\') == SIZE_MAX)
        return inside;
    return (struct slice){NULL, 0};
}

bool json_read_double(struct slice value, double *ret_number) {
    value = slice_trim(value);
    if (json_type(value) != JSON_NUMBER)
        return false;
    char text[64], *copy = text;
    if (value.size < sizeof text) {
        memcpy(text, value.data, value.size);
        text[value.size] = '\0';
    } else {
        copy = slice_to_string(value);
    }
    double number = strtod(copy, NULL);
    if (copy != text)
        free(copy);
    if (!isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

/* Shifts the decimal point of a number like 12.50e1 by its exponent: exact, where a double would
 * round. */
struct decimal {
    struct slice whole, fraction;
    int64_t exponent;
};

static struct decimal split_number(struct slice text) {
    struct decimal parts = {.whole = text, .fraction = {NULL, 0}, .exponent = 0};
    size_t e = slice_find_byte(text, 'e');
    if (e == SIZE_MAX)
        e = slice_find_byte(text, 'E');
    if (e != SIZE_MAX) {
        struct slice exponent = slice_from(text, e + 1);
        parts.whole = slice_first(text, e);
        /* One that does not fit is as good as one far beyond any number of digits. */
        if (!slice_to_int64(exponent, &parts.exponent) || parts.exponent > INT32_MAX ||
            parts.exponent < INT32_MIN)
            parts.exponent = exponent.data[0] == '-' ? -(INT64_C(1) << 62) : INT64_C(1) << 62;
    }
    size_t point = slice_find_byte(parts.whole, '.');
    if (point != SIZE_MAX) {
        parts.fraction = slice_from(parts.whole, point + 1);
        parts.whole = slice_first(parts.whole, point);
    }
    return parts;
}

static bool read_scaled(struct slice value, int64_t *ret_number) {
    bool negative = value.data[0] == '-';
    struct decimal parts = split_number(slice_from(value, negative ? 1 : 0));
    int64_t count = (int64_t)(parts.whole.size + parts.fraction.size);
    int64_t kept = (int64_t)parts.whole.size + parts.exponent; /* digits before the point */
    int64_t number = 0; /* counted downwards, so that INT64_MIN fits too */
    for (int64_t i = 0; i < count || (i < kept && number != 0); i++) {
        size_t at = (size_t)i;
        int digit = i >= count              ? 0
                    : at < parts.whole.size ? parts.whole.data[at] - '0'
                                            : parts.fraction.data[at - parts.whole.size] - '0';
        if (i >= kept && digit != 0)
            return false;
        if (i < kept && (__builtin_mul_overflow(number, 10, &number) ||
                         __builtin_sub_overflow(number, digit, &number)))
            return false;
    }
    if (!negative && number == INT64_MIN)
        return false;
    *ret_number = negative ? number : -number;
    return true;
}

bool json_read_int64(struct slice value, int64_t *ret_number) {
    value = slice_trim(value);
    if (json_type(value) != JSON_NUMBER)
        return false;
    return slice_to_int64(value, ret_number) || read_scaled(value, ret_number);
}

bool json_read_bool(struct slice value, bool *ret_truth) {
    value = slice_trim(value);
    if (json_type(value) != JSON_BOOLEAN)
        return false;
    *ret_truth = value.data[0] == 't';
    return true;
}
