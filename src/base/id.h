/* Ids: ULIDs (26 characters of Crockford's base 32: 48 bits of wall clock in ms, 80 random bits).
 * They sort by time and leak no counts; those of one thread sort in the order they were
 * made, also within a millisecond (each a random step of 64 bits after the last). Thread-safe. */
#pragma once
#include "base/slice.h"

enum { ID_SIZE = 26 };
struct id {
    char text[ID_SIZE + 1]; /* NUL-terminated */
};

struct id id_create(void);
/* The smallest id of that millisecond: where a range of time begins. */
struct id id_first(int64_t wall_ms);
/* 26 characters of the alphabet (upper or lower case) and nothing else. */
bool id_valid(struct slice text);
struct slice id_slice(const struct id *id);
/* Cryptographically random bytes. */
void id_random(void *ret_bytes, size_t size);
