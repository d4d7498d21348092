/* What a recorded reply of the Messages API says, read by other means than ours (jansson, line by
 * line, no stream): what the translator is compared with. */
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
    bool mixed; /* another message begins in the middle of one */
};

/* False where the body is no answer of the model: its reason. `events` says that it is a stream. */
bool oracle_anthropic(struct slice body, bool events, struct oracle_answer *ret_answer,
                      const char **ret_reason);
void oracle_answer_finish(struct oracle_answer *answer);
/* Kind of a failed reply by its status and type; its message is appended. */
enum fault_kind oracle_anthropic_failure(int status, struct slice body, struct buffer *message);
/* Equal as JSON values; where they are none, as text. */
bool oracle_same_json(struct slice a, struct slice b);
