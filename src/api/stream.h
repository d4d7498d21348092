/* An open page: what is published on a channel of the hub, as server-sent events with ids; a client
 * that comes back with the last one goes on behind it. */
#pragma once
#include "base/fault.h"
struct api;
struct errand_request;

struct stream;
struct stream_options {
    struct slice channel; /* as long as the exchange */
    /* What happened before is not said to who comes anew: they read the rest from the store. */
    bool only_new;
    /* The page is closed, or the stream was ended; the request is released when it returns. */
    void (*left)(void *user);
    void *user;
};
/* Replies to the request with the stream. RATE_LIMITED with the code "too_many_pages" where the
 * channel has as many as it may: then nothing was replied. Loop's thread. */
bool stream_open(struct errand_request *request, const struct stream_options *options,
                 struct stream **ret_stream, struct fault *fault);
/* That refusal; always false. */
bool stream_too_many(struct fault *fault);
/* Writes an event of the stream's own, and ends it; calls `left`. `event` is as it goes out; may be
 * empty. */
void stream_end(struct stream *stream, struct slice event);
/* Ends those on which nothing more is to come, and the others when it has: for a server that stops.
 */
void stream_drain(struct api *api);
