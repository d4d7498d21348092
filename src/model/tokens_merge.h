/* Byte-pair encoding of one piece of text. For tokens.c. */
#pragma once
#include "model/tokens_tables.h"

enum { TOKENS_SEEN_BITS = 14 };
/* Working memory, which grows with the longest piece; zero-initialised memory is valid. */
struct tokens_merge {
    uint32_t *tokens; /* the result: the token in the lower 24 bits, its size above */
    uint64_t *dead;   /* a bit for each place that no encoding of the rest begins at */
    size_t capacity;  /* bytes of text */
    uint64_t seen[1 << TOKENS_SEEN_BITS]; /* pairs met lately, and whether they stay apart */
};
#define TOKENS_MERGE_ID UINT32_C(0xFFFFFF)

void tokens_merge_finish(struct tokens_merge *merge);
/* How many tokens the bytes, at least one, are. */
size_t tokens_merge_piece(struct tokens_merge *merge, const struct tokens_tables *tables,
                          const uint8_t *bytes, size_t size);
