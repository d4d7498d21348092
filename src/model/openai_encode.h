/* Writes the messages and tools of a call as Chat Completions have them; Mistral's translator uses
 * them too. */
#pragma once
#include "model/provider.h"
struct buffer;
struct json_writer;

bool openai_encode(const struct model_call *call, struct arena *arena,
                   struct model_request *ret_request, struct fault *fault);
/* The whole member "messages"; `system_role` is "system" or "developer". With `prefix`, the text of
 * a last message of the assistant is marked as what the answer begins with (Mistral). */
void openai_write_messages(struct json_writer *json, const struct model_call *call,
                           const char *system_role, bool prefix);
/* The members "tools", "tool_choice" and "parallel_tool_calls", where there are tools. */
void openai_write_tools(struct json_writer *json, const struct model_call *call,
                        const char *required_word);
/* Limits, sampling, stop words and effort; `own_host`: the service is OpenAI itself, whose name for
 * the limit of an answer differs. */
void openai_write_limits(struct json_writer *json, const struct model_call *call, bool own_host);
/* URL, headers and body, which is freed. */
struct model_request openai_request(const struct model_call *call, const char *vendor_url,
                                    struct buffer *body, struct arena *arena);
