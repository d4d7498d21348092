#include "model/tokens_merge.h"
#include "base/memory.h"

/* Byte-pair encoding merges again and again the two neighbours whose token has the lowest rank.
 * Done literally that takes a queue and many look-ups. But its result is also the only sequence of
 * tokens in which each two neighbours stay apart, that is, of which encoding their bytes alone
 * gives these two again. So we go from left to right, take the longest token that stays apart from
 * the one before, and go back where none does; a place once gone back from is dead and never tried
 * again, which is why time grows linearly with the text. Found by Hendrik van Antwerpen and
 * Alexander Neubeck ("So many tokens, so little time", 2024). tests/fuzz/tokens_fuzz.c compares
 * with the literal way. */

enum { TOKEN_SIZE_MAX = 128, SIZE_SHIFT = 24 };

static inline uint32_t pair_hash(uint32_t left, uint32_t right) {
    uint32_t mixed = (left * UINT32_C(0x9E3779B1)) ^ (right * UINT32_C(0x85EBCA77));
    return (mixed ^ (mixed >> 15)) * UINT32_C(0xC2B2AE3D);
}

/* The token merged from these two, or UINT32_MAX. */
static inline uint32_t merged(const struct tokens_tables *tables, uint32_t left, uint32_t right) {
    uint32_t hash = pair_hash(left, right), bit = hash >> (29 - tables->bits);
    if (!(tables->filter[bit / 32] >> (bit % 32) & 1))
        return UINT32_MAX;
    uint32_t mask = (UINT32_C(1) << tables->bits) - 1;
    for (uint32_t at = hash >> (32 - tables->bits);; at = (at + 1) & mask) {
        uint32_t slot = tables->slots[at], token = slot & 0x3FFFF;
        if (slot == UINT32_MAX)
            return UINT32_MAX;
        if (slot >> 18 == (hash & 0x3FFF) && tables->parts[token][0] == left &&
            tables->parts[token][1] == right)
            return token;
    }
}

/* Undoes the merges on both sides of the border between two tokens, the latest first, and looks
 * each time whether the two that meet there would have been merged before the one undone. */
static bool stay_apart(const struct tokens_tables *tables, uint32_t left, uint32_t right) {
    uint32_t limit = UINT32_MAX;
    for (;;) {
        if (merged(tables, left, right) < limit)
            return false;
        uint32_t left_part = tables->parts[left][1], right_part = tables->parts[right][0];
        bool left_ends = left_part & TOKENS_BYTE, right_ends = right_part & TOKENS_BYTE;
        if (left_ends && right_ends)
            return true;
        /* Of equal ranks the left one is merged first. */
        if (right_ends || (left > right && !left_ends)) {
            limit = left;
            left = left_part;
        } else {
            limit = right + 1;
            right = right_part;
        }
    }
}

/* The same, from memory if the two have met lately. */
static inline bool fit(struct tokens_merge *merge, const struct tokens_tables *tables,
                       uint32_t left, uint32_t right) {
    uint64_t *seen = &merge->seen[pair_hash(left, right) >> (32 - TOKENS_SEEN_BITS)];
    /* The top bit is set so that no pair looks like an unused place. */
    uint64_t pair = UINT64_C(1) << 63 | (uint64_t)left << 32 | (uint64_t)right << 1;
    if ((*seen & ~UINT64_C(1)) != pair)
        *seen = pair | stay_apart(tables, left, right);
    return *seen & 1;
}

/* The tokens that the bytes begin with, shortest first, as units of the trie and sizes. */
struct prefixes {
    uint32_t units[TOKEN_SIZE_MAX];
    uint8_t sizes[TOKEN_SIZE_MAX];
    unsigned count;
};

static void find_prefixes(const uint32_t *units, const uint8_t *bytes, size_t size,
                          struct prefixes *ret_prefixes) {
    uint32_t unit = units[0];
    unsigned count = 0;
    if (size > TOKEN_SIZE_MAX)
        size = TOKEN_SIZE_MAX;
    for (size_t i = 0; i < size && tokens_step(units, &unit, bytes[i]); i++)
        if (unit & TOKENS_UNIT_TOKEN) {
            ret_prefixes->units[count] = unit;
            ret_prefixes->sizes[count++] = (uint8_t)(i + 1);
        }
    ret_prefixes->count = count;
}

static void reserve(struct tokens_merge *merge, size_t size) {
    if (size <= merge->capacity)
        return;
    size_t capacity = size < 256 ? 256 : size + size / 2;
    merge->tokens = memory_resize(merge->tokens, capacity * sizeof merge->tokens[0]);
    merge->dead = memory_resize(merge->dead, (capacity / 64 + 1) * sizeof merge->dead[0]);
    merge->capacity = capacity;
}

void tokens_merge_finish(struct tokens_merge *merge) {
    free(merge->tokens);
    free(merge->dead);
    *merge = (struct tokens_merge){0};
}

static bool is_dead(const struct tokens_merge *merge, size_t place) {
    return merge->dead[place / 64] >> (place % 64) & 1;
}

size_t tokens_merge_piece(struct tokens_merge *merge, const struct tokens_tables *tables,
                          const uint8_t *bytes, size_t size) {
    reserve(merge, size);
    memset(merge->dead, 0, (size / 64 + 1) * sizeof merge->dead[0]);
    size_t place = 0, count = 0, limit = size;
    while (place < size) {
        struct prefixes prefixes;
        find_prefixes(tables->units, bytes + place, limit, &prefixes);
        unsigned i = prefixes.count;
        uint32_t token = 0;
        while (i > 0) {
            if (!is_dead(merge, place + prefixes.sizes[i - 1])) {
                token = tokens_of_unit(tables->units, prefixes.units[i - 1]);
                if (count == 0 ||
                    fit(merge, tables, merge->tokens[count - 1] & TOKENS_MERGE_ID, token))
                    break;
            }
            i--;
        }
        if (i > 0) {
            merge->tokens[count++] = token | (uint32_t)prefixes.sizes[i - 1] << SIZE_SHIFT;
            place += prefixes.sizes[i - 1];
            limit = size - place;
        } else {
            /* There always is an encoding, so the first place is never dead. */
            merge->dead[place / 64] |= UINT64_C(1) << (place % 64);
            size_t last = merge->tokens[--count] >> SIZE_SHIFT;
            place -= last;
            limit = last - 1;
        }
    }
    return count;
}
