#include "chat/splice.h"

void splice_init(struct splice *splice, struct slice said) {
    *splice = (struct splice){.said = said};
}

void splice_finish(struct splice *splice) {
    buffer_finish(&splice->held);
}

static size_t common_prefix(struct slice a, struct slice b) {
    size_t size = 0;
    while (size < a.size && size < b.size && a.data[size] == b.data[size])
        size++;
    return size;
}

/* The longest end of `said` that `held` begins with; 0 when it is too short to mean something. */
static size_t overlap(struct slice said, struct slice held) {
    size_t most = said.size < held.size ? said.size : held.size;
    for (size_t size = most; size >= SPLICE_OVERLAP; size--)
        if (memcmp(said.data + said.size - size, held.data, size) == 0)
            return size;
    return 0;
}

static bool skip(struct splice *splice, struct slice text, struct buffer *out) {
    struct slice left = slice_from(splice->said, splice->at);
    size_t same = common_prefix(left, text);
    splice->at += same;
    if (splice->at < splice->said.size)
        return same == text.size;
    splice->state = SPLICE_THROUGH;
    buffer_append(out, slice_from(text, same));
    return true;
}

static bool decide(struct splice *splice, struct buffer *out) {
    struct slice held = buffer_slice(&splice->held);
    size_t same = common_prefix(splice->said, held);
    if (same >= SPLICE_RESTART || (same == splice->said.size && same > 0)) {
        splice->state = SPLICE_SKIPPING;
        return skip(splice, held, out);
    }
    splice->state = SPLICE_THROUGH;
    buffer_append(out, slice_from(held, overlap(splice->said, held)));
    return true;
}

bool splice_feed(struct splice *splice, struct slice delta, struct buffer *out) {
    switch (splice->state) {
    case SPLICE_THROUGH:
        buffer_append(out, delta);
        return true;
    case SPLICE_SKIPPING:
        return skip(splice, delta, out);
    default:
        buffer_append(&splice->held, delta);
        return splice->held.size < SPLICE_HOLD || decide(splice, out);
    }
}

bool splice_end(struct splice *splice, struct buffer *out) {
    if (splice->state == SPLICE_DECIDING)
        return decide(splice, out);
    /* An answer that repeated less than was said already is shorter than it: nothing more is new.
     */
    return true;
}
