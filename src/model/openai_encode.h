/* Writes the messages and tools of a call as Chat Completions have them; Mistral's translator uses
 * them too. */
#pragma once
#include "model/provider.h"
struct json_writer;

bool openai_encode(const struct model_call *call, struct arena *arena,
                   struct model_request *ret_request, struct fault *fault);
/* The whole member "messages"; `system_role` is "system" or "developer". */
void openai_write_messages(struct json_writer *json, const struct model_call *call,
                           const char *system_role);
/* The members "tools", "tool_choice" and "parallel_tool_calls", where there are tools. */
void openai_write_tools(struct json_writer *json, const struct model_call *call,
                        const char *required_word);
