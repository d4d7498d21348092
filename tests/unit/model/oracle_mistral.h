/* What a recorded reply of Mistral's Chat Completions says. */
#pragma once
#include "oracle.h"

/* False where the body is no answer of the model: its reason. `events` says that it is a stream. */
bool oracle_mistral(struct slice body, bool events, struct oracle_answer *ret_answer,
                    const char **ret_reason);
/* The message of a failed reply, appended. */
void oracle_mistral_message(struct slice body, struct buffer *message);
