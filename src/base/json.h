/* JSON (RFC 8259) without a tree: text is validated once, then read in place on demand and without
 * allocating. A value is the slice of its own text ("{\"a\":1}", "12", "\"x\\n\""), which points
 * into the input.
 *
 * Everything but json_validate expects validated text: values handed out by these functions, or
 * text for which json_validate was true. For trees and off the hot path use jansson. Thread-safe.
 */
#pragma once
#include "base/slice.h"
struct buffer;

enum { JSON_DEPTH_MAX = 64 };

enum json_type {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
    JSON_MISSING, /* type of an empty slice: a value that was not there */
};

/* One JSON value with nothing but blanks around it, valid UTF-8, at most JSON_DEPTH_MAX deep. Where
 * not, `ret_error_at` (may be NULL) is the byte offset. Lone surrogate escapes are let through, as
 * the RFC does; reading such a string gives U+FFFD. Linear time. */
bool json_validate(struct slice text, size_t *ret_error_at);

/* Blanks around the value are allowed, here and in all readers below. */
enum json_type json_type(struct slice value);

/* Walks the members of an object or the elements of an array. Start with *cursor = 0; false at the
 * end (and at once for other types). `ret_key` is the raw text between the quotes (escapes not
 * resolved). */
bool json_next_member(struct slice object, size_t *cursor, struct slice *ret_key,
                      struct slice *ret_value);
bool json_next_element(struct slice array, size_t *cursor, struct slice *ret_value);

/* The member with that key (the first one, if repeated), or an empty slice: JSON_MISSING. Keys
 * written with escapes are resolved before they are compared. */
struct slice json_get(struct slice object, const char *key);
/* json_get along a path of keys and array indexes: json_path(v, "choices", "0", NULL). */
struct slice json_path(struct slice value, ...) __attribute__((sentinel));
/* RFC 6901 pointer ("/data/0/name"); an empty slice when it leads nowhere. */
struct slice json_pointer(struct slice value, struct slice pointer);

/* Appends the content of a string value with escapes resolved; false (nothing appended) for other
 * types. */
bool json_read_string(struct slice value, struct buffer *out);
/* True if the value is a string of exactly this content. */
bool json_string_is(struct slice value, const char *text);
/* The text between the quotes when it has no escapes, which is what enums, ids and names look like;
 * an empty slice otherwise. Allocates nothing. */
struct slice json_plain_string(struct slice value);
/* Numbers without a fraction that fit (1e3 does, 1.5 does not). */
bool json_read_int64(struct slice value, int64_t *ret_number);
bool json_read_double(struct slice value, double *ret_number);
bool json_read_bool(struct slice value, bool *ret_truth);

/* Writer. Commas are put in by itself; keys are string literals that need no escaping.
 * Two functions have another name for the linker: jansson has some called json_string and
 * json_null, and who calls those must not get ours. For the same reason one file cannot include
 * both headers. */
struct json_writer {
    struct buffer *out;
    bool comma; /* a value precedes on this level */
};
struct json_writer json_writer_start(struct buffer *out);
void json_begin_object(struct json_writer *json);
void json_end_object(struct json_writer *json);
void json_begin_array(struct json_writer *json);
void json_end_array(struct json_writer *json);
void json_key(struct json_writer *json, const char *key);
/* For keys that come from outside. */
void json_key_slice(struct json_writer *json, struct slice key);
/* Malformed UTF-8 becomes U+FFFD, so that the output is always valid. */
void json_string(struct json_writer *json, struct slice text) __asm__("json_write_string");
void json_int(struct json_writer *json, int64_t number);
void json_double(struct json_writer *json,
                 double number); /* shortest form; null for NaN, infinity */
void json_bool(struct json_writer *json, bool truth);
void json_null(struct json_writer *json) __asm__("json_write_null");
void json_raw(struct json_writer *json, struct slice value); /* JSON; unchecked; empty: null */

void json_member_string(struct json_writer *json, const char *key, struct slice text);
void json_member_int(struct json_writer *json, const char *key, int64_t number);
void json_member_bool(struct json_writer *json, const char *key, bool truth);
void json_member_raw(struct json_writer *json, const char *key, struct slice value);

/* Appends the text as a quoted JSON string. */
void json_append_string(struct buffer *out, struct slice text);
/* Appends the text escaped, without the quotes. */
void json_append_escaped(struct buffer *out, struct slice text);
