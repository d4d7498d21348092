/* What a recorded reply of Gemini says. */
#pragma once
#include "oracle.h"

/* False where the body is no answer of the model: its reason. `events` says that it is a stream. */
bool oracle_gemini(struct slice body, bool events, struct oracle_answer *ret_answer,
                   const char **ret_reason);
/* Kind of a failed reply by its body, whose message is appended and whose status is returned; a
 * status of 0 where it is no error. */
enum fault_kind oracle_gemini_failure(struct slice body, struct buffer *message, int *ret_status);
