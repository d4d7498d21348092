/* Decoder of the chunked transfer coding for replies, in place and strict: sizes of at most 15
 * digits, CR LF line ends; extensions and trailers are dropped. Bytes may come cut anywhere. */
#pragma once
#include "base/slice.h"

enum { DECHUNK_LINE_MAX = 4096, DECHUNK_TRAILERS_MAX = 16 * 1024 };

/* Zero-initialised is the start of a body. */
struct dechunk {
    uint64_t left;    /* bytes of the chunk that have not come yet */
    uint16_t dropped; /* bytes of this extension or of the trailers so far */
    uint8_t digits;   /* of the size so far */
    uint8_t state;
};

enum dechunk_outcome { DECHUNK_MORE, DECHUNK_DONE, DECHUNK_WRONG };

/* `ret_body` is what the bytes hold of the body, gathered inside them (also what came before a
 * mistake); a single chunk is not moved. `ret_used` is their size but when done, where it is the
 * end of the coded body. */
enum dechunk_outcome dechunk_feed(struct dechunk *dechunk, char *bytes, size_t size,
                                  struct slice *ret_body, size_t *ret_used);
