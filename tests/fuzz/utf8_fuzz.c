/* base/utf8: what the functions say about a text must fit together. */
#include "base/buffer.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth) {
    if (!truth)
        abort();
}

static void check_prefix(struct slice text) {
    size_t prefix = utf8_valid_prefix(text), at = 0;
    while (at < prefix) {
        uint32_t code;
        char again[4];
        size_t size = utf8_decode(slice_from(text, at), &code);
        require(size > 0 && utf8_encode(code, again) == size);
        require(memcmp(again, text.data + at, size) == 0);
        at += size;
    }
    uint32_t unused;
    require(at == prefix && utf8_decode(slice_from(text, prefix), &unused) == 0);
    require(utf8_valid(text) == (prefix == text.size));
}

static void check_cuts(struct slice text) {
    bool valid = utf8_valid(text);
    for (size_t limit = 0; limit <= text.size; limit++) {
        size_t cut = utf8_cut(text, limit);
        require(cut <= limit && limit - cut < 4);
        require(!valid || utf8_valid(slice_first(text, cut)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    struct slice text = {copy, size};
    check_prefix(text);
    check_cuts(slice_first(text, 256));
    struct buffer clean = {0}, twice = {0};
    utf8_append_clean(&clean, text);
    require(utf8_valid(buffer_slice(&clean)));
    require(!utf8_valid(text) || slice_equal(text, buffer_slice(&clean)));
    utf8_append_clean(&twice, buffer_slice(&clean));
    require(slice_equal(buffer_slice(&clean), buffer_slice(&twice)));
    buffer_finish(&clean);
    buffer_finish(&twice);
    free(copy);
    return 0;
}
