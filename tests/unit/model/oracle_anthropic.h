/* What a recorded reply of the Messages API says. */
#pragma once
#include "oracle.h"

/* False where the body is no answer of the model: its reason. `events` says that it is a stream. */
bool oracle_anthropic(struct slice body, bool events, struct oracle_answer *ret_answer,
                      const char **ret_reason);
/* Kind of a failed reply by its status and type; its message is appended. */
enum fault_kind oracle_anthropic_failure(int status, struct slice body, struct buffer *message);
