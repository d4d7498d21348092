#include "support/literal_tokens.h"
#include "base/buffer.h"
#include "base/memory.h"

/* `ends[i]` is where the i-th part ends. Merges the two neighbours of the lowest rank, the first of
 * them, as long as there are any. */
static size_t merge_all(enum tokens_encoding encoding, struct slice piece, size_t *ends) {
    size_t count = piece.size;
    for (size_t i = 0; i < count; i++)
        ends[i] = i + 1;
    for (;;) {
        int32_t lowest = INT32_MAX;
        size_t at = 0;
        for (size_t i = 0; i + 1 < count; i++) {
            size_t start = i ? ends[i - 1] : 0;
            int32_t rank =
                tokens_find(encoding, (struct slice){piece.data + start, ends[i + 1] - start});
            if (rank != TOKENS_NONE && rank < lowest) {
                lowest = rank;
                at = i;
            }
        }
        if (lowest == INT32_MAX)
            return count;
        memmove(ends + at, ends + at + 1, (count - at - 1) * sizeof *ends);
        count--;
    }
}

void literal_tokens(enum tokens_encoding encoding, struct slice text, struct buffer *ids) {
    size_t *ends = memory_allocate((text.size + 1) * sizeof *ends);
    while (text.size) {
        struct slice piece = slice_first(text, tokens_piece(encoding, text));
        size_t count = merge_all(encoding, piece, ends);
        for (size_t i = 0, start = 0; i < count; start = ends[i++]) {
            int32_t id = tokens_find(encoding, (struct slice){piece.data + start, ends[i] - start});
            buffer_append(ids, (struct slice){(const char *)&id, sizeof id});
        }
        text = slice_from(text, piece.size);
    }
    free(ends);
}
