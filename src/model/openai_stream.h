/* Reads the replies of Chat Completions, streamed or whole, of OpenAI and of all servers that speak
 * its dialect: the functions for the table of a provider, Mistral's too. */
#pragma once
#include "model/provider.h"

struct model_stream *openai_open(struct arena *arena, model_sink *sink, void *user);
bool openai_feed(struct model_stream *stream, struct slice bytes, struct fault *fault);
bool openai_end(struct model_stream *stream, struct fault *fault);
void openai_close(struct model_stream *stream);
