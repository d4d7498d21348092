/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once
#include "base/slice.h"
struct buffer;

bool utf8_valid(struct slice text);
/* Length in bytes of the longest prefix that is valid UTF-8. */
size_t utf8_valid_prefix(struct slice text);
/* Length in bytes of the well-formed sequence at the start, or 0. Stores the code point. */
size_t utf8_decode(struct slice text, uint32_t *ret_code_point);
/* Writes 1 to 4 bytes; a surrogate or a value above U+10FFFF becomes U+FFFD. */
size_t utf8_encode(uint32_t code_point, char ret_bytes[4]);
/* Largest size <= limit that does not end inside a sequence. */
size_t utf8_cut(struct slice text, size_t limit);
/* Appends the text with every malformed part replaced by U+FFFD. */
void utf8_append_clean(struct buffer *out, struct slice text);
