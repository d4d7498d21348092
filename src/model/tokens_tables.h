/* The tables of tokens.c as script/tokens.d makes them. For the files tokens*.c only. */
#pragma once
#include "model/tokens.h"

struct tokens_tables {
    uint32_t count;             /* tokens are 0 … count - 1 */
    const uint32_t *units;      /* the trie, see below */
    const uint32_t (*parts)[2]; /* what each token is merged from, see TOKENS_BYTE */
    const uint32_t *slots;      /* hash table of all parts, see tokens_merged */
    const uint32_t *filter;     /* a bit for 8 times as many hashes */
    uint32_t bits;              /* of the number of slots */
};

struct tokens_tables tokens_tables(enum tokens_encoding encoding);

/* Classes of characters by code point: classes[pages[code / 64] * 64 + code % 64], for 0 … 127 also
 * classes[code]. */
struct tokens_classes {
    const uint16_t *pages;
    const uint8_t *classes;
};
struct tokens_classes tokens_classes(void);

/* A token of one byte has no parts but that byte with this mark, twice. */
#define TOKENS_BYTE UINT32_C(0x80000000)

/* The trie is a double array. A unit has a label (9 bits), two flags, and 21 bits that are the
 * token for a leaf and the base for the others. The child by byte c stands at base ^ c under the
 * label c. The token of a unit that also has children stands at base ^ 0xFF under a label that is
 * no byte. */
#define TOKENS_UNIT_LABEL UINT32_C(0x1FF)
#define TOKENS_UNIT_LEAF  UINT32_C(0x200)
#define TOKENS_UNIT_TOKEN UINT32_C(0x400)
enum { TOKENS_UNIT_SHIFT = 11, TOKENS_UNIT_OWN = 0xFF };

/* Goes from a unit on by one byte; false if no token does. */
static inline bool tokens_step(const uint32_t *units, uint32_t *unit, uint8_t byte) {
    if (*unit & TOKENS_UNIT_LEAF)
        return false;
    uint32_t next = units[(*unit >> TOKENS_UNIT_SHIFT) ^ byte];
    if ((next & TOKENS_UNIT_LABEL) != byte)
        return false;
    *unit = next;
    return true;
}

/* The token that ends at a unit with TOKENS_UNIT_TOKEN. */
static inline uint32_t tokens_of_unit(const uint32_t *units, uint32_t unit) {
    uint32_t value = unit >> TOKENS_UNIT_SHIFT;
    return unit & TOKENS_UNIT_LEAF ? value : units[value ^ TOKENS_UNIT_OWN] >> TOKENS_UNIT_SHIFT;
}

/* The token of exactly these bytes, or TOKENS_NONE. */
static inline int32_t tokens_whole(const uint32_t *units, const uint8_t *bytes, size_t size) {
    uint32_t unit = units[0];
    for (size_t i = 0; i < size; i++)
        if (!tokens_step(units, &unit, bytes[i]))
            return TOKENS_NONE;
    return unit & TOKENS_UNIT_TOKEN ? (int32_t)tokens_of_unit(units, unit) : TOKENS_NONE;
}
