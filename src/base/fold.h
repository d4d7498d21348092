/* Words as they are compared: lower case, without accents. */
#pragma once
#include "base/slice.h"

/* Latin, Greek and Cyrillic letters in lower case, Latin ones without their accents (ß as ss), one
 * kind of apostrophe; all else as it is, malformed bytes left out. `ret_bytes` has room for the
 * text's size; returns how many were written. */
size_t fold_text(struct slice text, char *ret_bytes);
