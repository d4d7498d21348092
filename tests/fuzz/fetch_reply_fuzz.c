/* Replies as a server may send them: the first byte says how to cut the rest. The head's end must
 * not depend on the cuts, nor the decoded body. */
#include "base/buffer.h"
#include "fetch/dechunk.h"
#include "fetch/head.h"
#include "fetch/url.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum dechunk_outcome decode(struct slice coded, size_t piece, struct buffer *body) {
    struct dechunk dechunk = {0};
    enum dechunk_outcome outcome = DECHUNK_MORE;
    for (size_t at = 0; at < coded.size && outcome == DECHUNK_MORE;) {
        struct slice part = slice_first(slice_from(coded, at), piece);
        char *copy = slice_to_string(part);
        struct slice decoded;
        size_t used;
        outcome = dechunk_feed(&dechunk, copy, part.size, &decoded, &used);
        assert(used <= part.size && decoded.size <= part.size);
        buffer_append(body, decoded);
        at += used;
        free(copy);
    }
    return outcome;
}

static void check_body(struct slice coded, size_t piece) {
    struct buffer whole = {0}, cut = {0};
    enum dechunk_outcome outcome = decode(coded, coded.size ? coded.size : 1, &whole);
    assert(decode(coded, piece, &cut) == outcome);
    assert(slice_equal(buffer_slice(&whole), buffer_slice(&cut)));
    buffer_finish(&whole);
    buffer_finish(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    size_t piece = (size_t)data[0] % 32 + 1;
    struct slice text = {(const char *)data + 1, size - 1};
    size_t scanned = 0, stepwise = 0, end = head_find_end(text, &scanned);
    scanned = 0;
    for (size_t seen = piece; stepwise == 0 && seen < text.size + piece; seen += piece)
        stepwise = head_find_end(slice_first(text, seen), &scanned);
    assert(stepwise == end);
    /* A copy of the exact size, so that a read too far shows. */
    char *copy = memcpy(malloc(size), text.data, text.size);
    struct head head;
    if (!head_parse((struct slice){copy, end}, &head)) {
        assert(head.fetch.status >= 100 && head.fetch.status <= 999);
        assert(!(head.chunked && head.length >= 0));
        for (size_t i = 0; i < head.fetch.header_count; i++)
            assert(head.fields[i].name.size > 0 && head.fields[i].value.size <= end);
    }
    struct url url;
    if (url_parse((struct slice){copy, text.size}, &url))
        assert(url.host.size > 0 && url.port > 0);
    free(copy);
    check_body(slice_from(text, end), piece);
    return 0;
}
