/* Checks what a caller wants sent, so that no header can smuggle a line or change the framing. */
#pragma once
#include "fetch/fetch.h"
struct buffer;
struct url;

enum { OUTGOING_HEADERS_MAX = 128, OUTGOING_HEADER_BYTES_MAX = 64 * 1024 };

/* NULL when it may be sent, else what is wrong with it. */
const char *outgoing_check(const struct fetch_request *request);
/* Whether the transport sets this header itself; what the caller gave is left out. */
bool outgoing_owns(struct slice name);
bool outgoing_has(const struct fetch_request *request, const char *name);
/* Whether a request without a body says so ("Content-Length: 0"). */
bool outgoing_wants_length(const struct fetch_request *request);
