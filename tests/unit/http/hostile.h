/* Requests that must be refused, with the status and the code of the refusal. Used against the
 * parser (cut everywhere) and against a listening server. Limits: header_max 16384, body_max 1000.
 * To add one, add a line. */
#pragma once
#include "base/slice.h"

struct hostile {
    const char *name;
    int status;
    const char *code;
    struct slice bytes;
    bool behind_good; /* a good request stands in front of it */
};

#define HOST   "Host: example.com\r\n"
#define GET    "GET / HTTP/1.1\r\n" HOST
#define POST   "POST / HTTP/1.1\r\n" HOST
#define CHUNKS POST "Transfer-Encoding: chunked\r\n\r\n"
#define REFUSED(name, status, code, text)                                                          \
    { name, status, code, {text, sizeof(text) - 1}, false }
#define BEHIND(name, status, code, text)                                                           \
    { name, status, code, {text, sizeof(text) - 1}, true }

static const struct hostile hostile_requests[] = {
#include "hostile_body.inc"
#include "hostile_head.inc"
};

#undef REFUSED
#undef BEHIND
