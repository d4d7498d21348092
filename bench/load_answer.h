/* Reads one HTTP answer in the OpenAI dialect and checks that it is whole: status, framing, every
 * text delta in order, the last text, finish reason, [DONE]. What is not exactly so is trouble. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trouble {
    TROUBLE_NONE,
    TROUBLE_CONNECT, /* no connection */
    TROUBLE_RESET,   /* closed or reset before the answer's end */
    TROUBLE_STATUS,  /* not 200 */
    TROUBLE_SYNTAX,  /* not HTTP/1.1, not SSE, not the JSON expected */
    TROUBLE_GAP,     /* a text delta lost, doubled or out of order */
    TROUBLE_SHORT,   /* ended in good order but without last text, finish reason or [DONE] */
    TROUBLE_EVENT,   /* an error event in the stream */
    TROUBLE_TIMEOUT, /* never ended */
    TROUBLE_COUNT,
};
extern const char *const trouble_names[TROUBLE_COUNT];

enum answer_phase {
    ANSWER_HEAD,
    ANSWER_CHUNK_SIZE,
    ANSWER_CHUNK,
    ANSWER_CHUNK_END,
    ANSWER_TRAILER,
    ANSWER_SIZED, /* a body with Content-Length */
    ANSWER_DONE,
};

struct answer_reader {
    enum answer_phase phase;
    bool stream; /* set by the caller: what to expect */
    int status;
    bool close; /* the server closes the connection after it */
    bool event_stream, saw_last, saw_finish, saw_done;
    unsigned texts;  /* text deltas */
    unsigned events; /* SSE events that carried text: fewer when a proxy merges deltas */
    size_t left;     /* of the chunk or the sized body */
    char *carry;     /* what came in part: head, line or a whole JSON body */
    size_t carry_length, carry_size;
};

/* Makes ready for the next answer; keeps memory. */
void answer_begin(struct answer_reader *reader, bool stream);
void answer_finish(struct answer_reader *reader);
/* Takes bytes as they come. The answer has ended, for good or bad, when phase is ANSWER_DONE or
 * what is returned is not TROUBLE_NONE; `reader->carry` then holds the offending text where there
 * is any. */
enum trouble answer_feed(struct answer_reader *reader, const char *bytes, size_t length);
