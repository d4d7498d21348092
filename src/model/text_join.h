/* Text that arrives as JSON strings in pieces cut without regard to characters: a surrogate pair
 * whose halves are escapes of two pieces, or (where a server cuts bytes) a UTF-8 sequence in two.
 * What cannot be completed waits for the next piece; what never will be becomes U+FFFD. */
#pragma once
#include "base/buffer.h"

/* One per run of text. Zero-initialised memory is a fresh one. */
struct text_join {
    char carry[3]; /* an unfinished sequence or a high surrogate, in three bytes */
    unsigned char size;
};

/* The content of a JSON string, valid UTF-8: in the input itself where it has no escapes, else in
 * `scratch`, whose content is replaced. Empty for other values. */
struct slice text_join_read(struct text_join *join, struct slice value, struct buffer *scratch);
/* At the end of the text: U+FFFD when something waits in vain, else nothing. */
struct slice text_join_rest(struct text_join *join);

/* Appends `json` with every byte that is no UTF-8 replaced by a lone surrogate escape (\udc80 to
 * \udcff), which text_join_read takes for that byte: so a text that is JSON but for characters cut
 * in two can be read after all. Control bytes in strings are not mended. */
void text_join_mend(struct slice json, struct buffer *out);
