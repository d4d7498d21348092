/* Strict readers for what strangers hand in: base64url in its one canonical form, JSON objects in
 * which no key stands twice. For the files of this folder only. Thread-safe. */
#pragma once
#include "base/slice.h"
struct arena;

/* RFC 4648 section 5 without padding, blanks or stray bits behind the end. The bytes are in
 * `arena`. */
bool strict_base64url(struct slice text, struct arena *arena, struct slice *ret_bytes);
/* The same for a value whose size is known: false where it has any other. */
bool strict_base64url_exact(struct slice text, void *ret_bytes, size_t size);
/* A valid JSON object in which no object, nested ones included, has a key twice: parsers disagree
 * on which of two counts, and forgers live on that. */
bool strict_json_object(struct slice text, struct arena *arena);
/* Content of a JSON string, in `arena` if it has escapes; false for other types. */
bool strict_json_string(struct slice value, struct arena *arena, struct slice *ret_text);
/* UTF-8 with no control characters and no U+FFFD (which stands for what could not be read: two
 * different ids would become one), not empty, at most `most` bytes. */
bool strict_name(struct slice text, size_t most);
