/* A slice is a borrowed run of bytes: not owned, not NUL-terminated, valid as long as what it
 * points into. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *data; /* may be NULL when size is 0 */
    size_t size;      /* bytes */
};

/* The slice of a string literal. */
#define SLICE(literal)                                                                             \
    (struct slice) {                                                                               \
        "" literal, sizeof(literal) - 1                                                            \
    }
/* For printf: "%.*s", SLICE_ARG(s). */
#define SLICE_ARG(s) (int)(s).size, (s).data

/* The slice of a C string; an empty slice for NULL. */
struct slice slice_of(const char *text);
bool slice_equal(struct slice a, struct slice b);
/* ASCII case is ignored, as in HTTP header names. */
bool slice_equal_nocase(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);
bool slice_starts_with(struct slice a, struct slice prefix);
bool slice_ends_with(struct slice a, struct slice suffix);
/* Without leading and trailing blanks, tabs, CR and LF. */
struct slice slice_trim(struct slice a);
/* From `from` on; empty when it lies beyond the end. */
struct slice slice_from(struct slice a, size_t from);
/* The first `size` bytes at most. */
struct slice slice_first(struct slice a, size_t size);
/* Index of the first occurrence, or SIZE_MAX. */
size_t slice_find(struct slice a, struct slice needle);
size_t slice_find_byte(struct slice a, char byte);
/* Cuts off and returns what stands before `separator` (all of it where there is none), and moves
 * `rest` behind it. False when `rest` was already used up (data NULL). */
bool slice_split(struct slice *rest, char separator, struct slice *ret_part);
/* Whole slice as a decimal integer with optional sign; false on anything else or overflow. */
bool slice_to_int64(struct slice a, int64_t *ret_value);
/* A malloc'ed NUL-terminated copy; the caller frees it. Bytes behind a NUL inside are kept. */
char *slice_to_string(struct slice a);
