/* Makes a vendor's words fit to be shown. */
#pragma once
#include "base/slice.h"
struct buffer;

/* Appends the text as one line of at most `limit` bytes: blanks and control characters become one
 * blank, malformed UTF-8 U+FFFD, and what looks like a key, an account or an inner address "…". */
void failure_append_text(struct buffer *out, struct slice text, size_t limit);
/* True for a page instead of an error: markup. */
bool failure_is_markup(struct slice body);
