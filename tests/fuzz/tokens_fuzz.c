/* model/tokens: the same as literal merging, and back again to the same bytes. */
#include "base/buffer.h"
#include "model/tokens.h"
#include "support/literal_tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth) {
    if (!truth)
        abort();
}

static void check(enum tokens_encoding encoding, struct tokens *tokens, struct slice text) {
    struct buffer ids = {0}, literal = {0}, back = {0};
    tokens_encode(tokens, text, &ids);
    size_t count = ids.size / sizeof(uint32_t);
    require(tokens_count(tokens, text) == count);
    require(tokens_decode(encoding, (const uint32_t *)(void *)ids.data, count, &back));
    require(slice_equal(buffer_slice(&back), text));
    literal_tokens(encoding, text, &literal);
    require(slice_equal(buffer_slice(&ids), buffer_slice(&literal)));
    buffer_finish(&ids);
    buffer_finish(&literal);
    buffer_finish(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* Kept from run to run: what one text leaves behind must not change the next. */
    static struct tokens *tokens[TOKENS_ENCODINGS];
    if (size > 2000) /* literal merging takes its time */
        return 0;
    char *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    for (unsigned encoding = 0; encoding < TOKENS_ENCODINGS; encoding++) {
        if (!tokens[encoding])
            tokens[encoding] = tokens_create(encoding);
        check(encoding, tokens[encoding], (struct slice){copy, size});
    }
    free(copy);
    return 0;
}
