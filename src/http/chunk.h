/* Strict decoder of the chunked transfer coding (RFC 9112 section 7.1). Bytes may come cut
 * anywhere; the outcome depends on the bytes only. Extensions and trailers are checked and dropped.
 */
#pragma once
#include "base/slice.h"
#include "http/refusal.h"
struct buffer;

enum {
    HTTP_CHUNK_DIGITS_MAX = 8,        /* of a size: 4 GiB, far above any body_max */
    HTTP_CHUNK_EXTENSIONS_MAX = 1024, /* bytes of all extensions of one body */
    HTTP_TRAILERS_MAX = 4096,         /* bytes of the trailer section */
};

/* Zero-initialised is the start of a body. */
struct http_chunked {
    uint8_t state;
    uint8_t digits;      /* of the size being read */
    uint8_t name_size;   /* of the trailer name being read */
    uint16_t extensions; /* bytes so far */
    uint16_t trailers;   /* bytes so far */
    uint64_t left;       /* of the chunk being read */
    char name[24];       /* the longest forbidden name fits, longer ones are harmless */
};

enum http_chunked_outcome { HTTP_CHUNKED_MORE, HTTP_CHUNKED_DONE, HTTP_CHUNKED_REFUSED };
/* Appends data to `body` and stores how many bytes belong to this body: all of them unless it is
 * done. */
enum http_chunked_outcome http_chunked_feed(struct http_chunked *chunked, struct slice bytes,
                                            struct buffer *body, size_t body_max, size_t *ret_used,
                                            enum http_refusal *ret_refusal);
