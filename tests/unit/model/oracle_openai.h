/* What a recorded reply of Chat Completions says, OpenAI's or of a server like it. */
#pragma once
#include "oracle.h"

/* False where the body is no answer of the model: its reason. `events` says that it is a stream. */
bool oracle_openai(struct slice body, bool events, struct oracle_answer *ret_answer,
                   const char **ret_reason);
/* Kind of a failed reply by its status and body; its message is appended. */
enum fault_kind oracle_openai_failure(int status, struct slice body, struct buffer *message);
