/* Writes a call as Mistral's Chat Completions have it: OpenAI's, but for some parameters, and with
 * rules of its own on messages (see mistral_messages.h). */
#pragma once
#include "model/provider.h"

#define MISTRAL_URL "https://api.mistral.ai/v1"

bool mistral_encode(const struct model_call *call, struct arena *arena,
                    struct model_request *ret_request, struct fault *fault);
