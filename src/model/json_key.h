/* Compares a member's raw key with a literal: on the hot path, where a loop over all members takes
 * the place of one search for each. Keys written with escapes are not recognised; no vendor writes
 * any. */
#pragma once
#include "base/slice.h"

#define JSON_KEY(key, literal)                                                                     \
    ((key).size == sizeof(literal) - 1 && memcmp((key).data, literal, sizeof(literal) - 1) == 0)
