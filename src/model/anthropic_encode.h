/* Writes a call as Anthropic's Messages API has it. */
#pragma once
#include "model/provider.h"

bool anthropic_encode(const struct model_call *call, struct arena *arena,
                      struct model_request *ret_request, struct fault *fault);
