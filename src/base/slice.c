#include "base/slice.h"
#include "base/memory.h"
#include <strings.h>

struct slice slice_of(const char *text) {
    return (struct slice){text, text ? strlen(text) : 0};
}

bool slice_equal(struct slice a, struct slice b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_equal_nocase(struct slice a, struct slice b) {
    return a.size == b.size && (a.size == 0 || strncasecmp(a.data, b.data, a.size) == 0);
}

bool slice_is(struct slice a, const char *text) {
    return slice_equal(a, slice_of(text));
}

bool slice_starts_with(struct slice a, struct slice prefix) {
    return a.size >= prefix.size && slice_equal(slice_first(a, prefix.size), prefix);
}

bool slice_ends_with(struct slice a, struct slice suffix) {
    return a.size >= suffix.size && slice_equal(slice_from(a, a.size - suffix.size), suffix);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice a) {
    while (a.size > 0 && is_blank(a.data[0]))
        a = slice_from(a, 1);
    while (a.size > 0 && is_blank(a.data[a.size - 1]))
        a.size--;
    return a;
}

struct slice slice_from(struct slice a, size_t from) {
    if (from >= a.size)
        return (struct slice){a.data ? a.data + a.size : NULL, 0};
    return (struct slice){a.data + from, a.size - from};
}

struct slice slice_first(struct slice a, size_t size) {
    return (struct slice){a.data, size < a.size ? size : a.size};
}

size_t slice_find(struct slice a, struct slice needle) {
    if (needle.size == 0)
        return 0;
    if (a.size < needle.size)
        return SIZE_MAX;
    const char *hit = memmem(a.data, a.size, needle.data, needle.size);
    return hit ? (size_t)(hit - a.data) : SIZE_MAX;
}

size_t slice_find_byte(struct slice a, char byte) {
    const char *hit = a.size ? memchr(a.data, byte, a.size) : NULL;
    return hit ? (size_t)(hit - a.data) : SIZE_MAX;
}

bool slice_split(struct slice *rest, char separator, struct slice *ret_part) {
    if (!rest->data)
        return false;
    size_t at = slice_find_byte(*rest, separator);
    if (at == SIZE_MAX) {
        *ret_part = *rest;
        *rest = (struct slice){NULL, 0};
    } else {
        *ret_part = slice_first(*rest, at);
        *rest = slice_from(*rest, at + 1);
    }
    return true;
}

bool slice_to_int64(struct slice a, int64_t *ret_value) {
    bool negative = a.size > 0 && a.data[0] == '-';
    size_t at = (a.size > 0 && (a.data[0] == '-' || a.data[0] == '+')) ? 1 : 0;
    if (at == a.size)
        return false;
    int64_t value = 0;
    for (; at < a.size; at++) {
        int digit = a.data[at] - '0';
        if (digit < 0 || digit > 9)
            return false;
        /* Counted downwards, so that INT64_MIN fits too. */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *ret_value = negative ? value : -value;
    return true;
}

char *slice_to_string(struct slice a) {
    char *copy = memory_allocate(a.size + 1);
    if (a.size)
        memcpy(copy, a.data, a.size);
    copy[a.size] = '\0';
    return copy;
}
