/* What a recorded reply says, read by other means than ours (jansson, line by line, no stream):
 * what the translators are compared with. One file for each vendor's API. */
#pragma once
#include "base/buffer.h"
#include "model/provider.h"

enum { ORACLE_CALLS_MAX = 64 };

struct oracle_call {
    struct buffer id, name, arguments; /* arguments: JSON, or what there is of it */
    struct buffer input;               /* what its block began with */
};

struct oracle_answer {
    struct buffer text, reasoning, refusal, signatures;
    struct oracle_call calls[ORACLE_CALLS_MAX];
    size_t call_count;
    struct model_usage usage;
    enum model_finish finish;
    enum fault_kind fault; /* an error stands in the stream, after what was said before */
    struct buffer message; /* of that error */
};

void oracle_answer_finish(struct oracle_answer *answer);
/* Equal as JSON values; where they are none, as text. */
bool oracle_same_json(struct slice a, struct slice b);
