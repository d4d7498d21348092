/* Joins the beginning of an answer with its continuation by another call. Asked to go on where the
 * text stopped, models often repeat its last words, and some start again from the beginning: what
 * the client has seen already is left out. */
#pragma once
#include "base/buffer.h"

enum {
    SPLICE_HOLD = 96,   /* bytes held back until the join is decided */
    SPLICE_OVERLAP = 6, /* a repetition shorter than this is taken for chance */
    SPLICE_RESTART =
        24, /* as many equal bytes as the answer's beginning mean that it starts again */
};

enum splice_state { SPLICE_DECIDING, SPLICE_SKIPPING, SPLICE_THROUGH };

struct splice {
    struct slice said; /* what the client has seen; must live as long as this */
    enum splice_state state;
    struct buffer held;
    size_t at; /* SKIPPING: how much of `said` was repeated so far */
};

void splice_init(struct splice *splice, struct slice said);
void splice_finish(struct splice *splice);
/* Takes a delta of the continuation and appends to `out` what is new. False when the continuation
 * began to repeat the answer and then said something else: the two cannot be joined. */
bool splice_feed(struct splice *splice, struct slice delta, struct buffer *out);
/* The continuation has ended: appends what was held back. */
bool splice_end(struct splice *splice, struct buffer *out);
