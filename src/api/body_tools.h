/* Tools of a trusted client's own, in OpenAI's form: their definitions, the calls that an
 * assistant's message holds, and the results that come back. Private to api/. */
#pragma once
#include "base/fault.h"
#include "model/provider.h"
struct arena;

enum { BODY_TOOLS_MAX = 128, BODY_CALLS_MAX = 128 };

/* The body's `tools`: functions only. Everything in the arena. */
bool body_tools_read(struct slice tools, struct arena *arena, struct model_tool **ret_tools,
                     size_t *ret_count, struct fault *fault);
/* Adds the `tool_calls` of an assistant's message to its parts. */
bool body_calls_read(struct slice calls, const char *path, struct arena *arena,
                     struct model_message *message, struct fault *fault);
/* A message of the role `tool`; the call that it answers is among those before it. */
bool body_result_read(struct slice value, const char *path, const struct model_message *before,
                      size_t before_count, struct arena *arena, struct model_message *ret_message,
                      struct fault *fault);
