/* Reads Server-Sent Events (WHATWG HTML, 9.2.6) from bytes cut anywhere: LF, CR, CRLF and any mix,
 * comments, a byte order mark, several data lines per event, a last event without its blank line.
 * Lines that lie whole in the input are handed on without a copy.
 *
 * Beyond the standard, a field `error` with a value is read as `event: error` and `data`: so do
 * llama.cpp and its kin say that they failed. */
#pragma once
#include "base/buffer.h"
#include "base/fault.h"

struct sse_event {
    struct slice name; /* "" when there was no event: line */
    struct slice data; /* data lines joined with \n */
};
/* Valid during the call. Return false to stop reading (sse_feed returns false). */
typedef bool sse_sink(void *user, const struct sse_event *event);

struct sse_reader {
    struct buffer line; /* an unfinished line */
    struct buffer data; /* data of an event in several lines or several feeds */
    struct buffer name;
    bool has_data;
    bool skip_lf;          /* the last byte was CR: a LF next belongs to it */
    bool started;          /* a byte order mark can no longer come */
    struct buffer last_id; /* the last `id`, for a request that goes on behind that event */
    int64_t retry_ms;      /* the last `retry`: how long to wait before it; -1: none came */
    size_t event_max;      /* bytes of one event; 4 MiB unless set */
    sse_sink *sink;
    void *user;
};
void sse_init(struct sse_reader *reader, sse_sink *sink, void *user);
void sse_finish(struct sse_reader *reader);
/* False when the sink said stop, or (with the fault filled, kind PROVIDER_MALFORMED) an event is
 * too large. */
bool sse_feed(struct sse_reader *reader, struct slice bytes, struct fault *fault);
/* End of input: an event that waits for its blank line is handed out. */
bool sse_end(struct sse_reader *reader, struct fault *fault);
