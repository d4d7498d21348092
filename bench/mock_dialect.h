/* What an answer looks like on the wire in the words of one vendor. A dialect only renders bytes:
 * pacing, sockets and HTTP/1.1 framing are mock_connection.c's. A new vendor is one more row in
 * mock_dialect.c; those of other vendors are in mock_vendors.c. */
#pragma once
#include "mock_request.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    DIALECT_PIECE_MAX = 768,     /* one event */
    DIALECT_HEAD_MAX = 1024,     /* status line and header of an answer */
    DIALECT_WHOLE_MAX = 1 << 16, /* an answer without streaming */
    DIALECT_MODEL_MAX = 64,
};

enum piece {
    PIECE_OPENING, /* what a stream begins with, before any text */
    PIECE_TEXT,
    PIECE_FINISH,
    PIECE_USAGE,
    PIECE_END,
    PIECE_NONE,
};

/* One answer being given. */
struct answer {
    const struct dialect *dialect;
    char model[DIALECT_MODEL_MAX];
    char id[40];
    bool stream, usage;
    unsigned texts;       /* text deltas sent so far */
    size_t prefix_length; /* the part all text deltas of the answer share, made once by `begin` */
    char prefix[288];
};

struct dialect {
    const char *name;
    /* Does this request path belong to the dialect? */
    bool (*accepts)(const char *path, size_t length);
    /* Reads model, stream and usage from a request; false when they are not there. */
    bool (*read)(const struct request *request, struct answer *answer);
    /* Fills id and prefix from model, stream and usage. */
    void (*begin)(struct answer *answer, unsigned long long number);
    /* Renders one event, at most DIALECT_PIECE_MAX bytes; 0 when the dialect has no such event.
     * `last` marks the last text delta, which says so in its text: the load generator looks for it.
     */
    size_t (*piece)(const struct answer *answer, enum piece piece, bool last, char *out);
    /* Renders the whole answer of `texts` deltas as one JSON document, at most DIALECT_WHOLE_MAX
     * bytes. */
    size_t (*whole)(const struct answer *answer, unsigned texts, char *out);
    /* The vendor's own header lines, each ended by CRLF. */
    const char *header;
};

const struct dialect *dialect_find(const char *path,
                                   size_t length); /* NULL if no dialect knows the path */
/* The text of delta `number` (from 1), e.g. " river 7"; the last one reads " last 7". At most 32
 * bytes. */
size_t dialect_text(unsigned number, bool last, char *out);
/* All of 1 to `texts`, one after the other; stops early rather than fill more than `size` bytes. */
size_t dialect_texts(unsigned texts, char *out, size_t size);
/* snprintf costs more than all the rest of an event, so numbers are written by hand. */
size_t dialect_number(unsigned number, char *out);
/* Where most vendors have model and stream: in the body. */
bool dialect_read_body(const struct request *request, struct answer *answer);
