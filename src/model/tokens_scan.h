/* Cuts a text into the pieces that are encoded one by one, as the regular expressions of the
 * encodings do. For tokens.c. */
#pragma once
#include "model/tokens_tables.h"

/* Where the piece ends that begins at `text`, which lies before `end`. */
typedef const uint8_t *tokens_scan(const struct tokens_classes *classes, const uint8_t *text,
                                   const uint8_t *end);
tokens_scan *tokens_scan_of(enum tokens_encoding encoding);
