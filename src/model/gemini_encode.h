/* Writes a call as Gemini's generateContent has it. */
#pragma once
#include "model/provider.h"

bool gemini_encode(const struct model_call *call, struct arena *arena,
                   struct model_request *ret_request, struct fault *fault);
