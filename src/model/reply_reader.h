/* From a reply's bytes, cut anywhere, to the JSON objects in it: the payloads of an event stream,
 * or the one value of a server that did not stream, or the elements of it if it is an array. */
#pragma once
#include "model/sse.h"

enum reply_kind { REPLY_UNKNOWN, REPLY_EVENTS, REPLY_WHOLE };

/* A valid JSON object. False ends the reading; the fault at `fault` is filled then. */
typedef bool reply_object(void *user, struct slice object, struct fault *fault);

struct reply_reader {
    struct sse_reader sse;
    enum reply_kind kind;
    struct buffer whole;
    reply_object *object;
    void *user;
    struct fault *fault; /* of the call in progress */
    bool done;           /* set by the owner: the answer is complete, whatever still comes */
    bool busy,
        abandoned; /* released by its own callback: freed once the call in progress returns */
};

void reply_reader_init(struct reply_reader *reader, reply_object *object, void *user);
/* Frees what it holds, or marks it so when it is called from within the reader; then `feed` and
 * `end` free it before they return. */
void reply_reader_release(struct reply_reader *reader);
bool reply_reader_feed(struct reply_reader *reader, struct slice bytes, struct fault *fault);
/* End of the body: what still waits is handed out. A whole body that is not JSON was cut. */
bool reply_reader_end(struct reply_reader *reader, struct fault *fault);
