/* Replies that are no stream, and the one place where a fault becomes an HTTP status. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct buffer;
struct http_exchange;

/* Status by the kind of the fault; see the table in reply.c. */
/* The machine's word for it, as in a JSON error. */
const char *reply_code(const struct fault *fault);
int reply_status(const struct fault *fault);
/* Appends {"error":{"message","type","param","code"}} as OpenAI's API has it. */
void reply_error_json(const struct fault *fault, struct buffer *out);
/* The whole error reply, with Retry-After where the fault says when, and x-should-retry for the
 * official clients. */
void reply_error(struct http_exchange *exchange, const struct fault *fault);
/* The same with a body and status of a door's own. */
void reply_error_as(struct http_exchange *exchange, const struct fault *fault, int status,
                    struct slice body);
void reply_json(struct http_exchange *exchange, int status, struct slice body);
void reply_text(struct http_exchange *exchange, int status, struct slice body);
