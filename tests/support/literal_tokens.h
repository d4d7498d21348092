/* Byte-pair encoding done literally: what model/tokens is compared with. */
#pragma once
#include "model/tokens.h"

/* Appends the ids of the tokens of a whole text, as tokens_encode does, in time that grows with the
 * square of the longest piece. */
void literal_tokens(enum tokens_encoding encoding, struct slice text, struct buffer *ids);
