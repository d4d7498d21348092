/* The conversation as Mistral takes it: system text stands at the beginning only, no message is
 * empty, a message of the user never follows the results of tools, and the ids of tool calls have
 * nine letters and digits. */
#pragma once
#include "model/provider.h"

enum { MISTRAL_ID_SIZE = 9 };

/* The call with such messages, in the arena; what is not changed is shared with `call`. */
struct model_call mistral_call(const struct model_call *call, struct arena *arena);
