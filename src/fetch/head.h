/* The head of an HTTP/1 reply, parsed strictly: status line and fields up to and with the empty
 * line. */
#pragma once
#include "fetch/fetch.h"

enum { HEAD_SIZE_MAX = 64 * 1024, HEAD_FIELDS_MAX = 256 };

struct head {
    struct fetch_head fetch; /* points into the text and to `fields` */
    int major, minor;        /* HTTP version */
    bool chunked;
    int64_t length;         /* of the body as declared, -1 if not */
    bool close, keep_alive; /* as the Connection field says */
    struct fetch_header fields[HEAD_FIELDS_MAX];
};

/* Size of the head at the start of `bytes` with its empty line, or 0 when it has not all come.
 * `*scanned` is where an earlier call stopped. */
size_t head_find_end(struct slice bytes, size_t *scanned);
/* NULL, or what is wrong with it. Ambiguous framing is wrong: Content-Length beside
 * Transfer-Encoding, lengths that differ, any transfer coding but chunked. */
const char *head_parse(struct slice text, struct head *ret_head);
/* Whether a reply of this status has no body whatever its fields say. */
bool head_bodiless(int status);
