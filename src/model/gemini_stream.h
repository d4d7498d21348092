/* Reads the replies of Gemini, streamed or whole, of Google's two doors to it. */
#pragma once
#include "model/provider.h"

struct model_stream *gemini_open(struct arena *arena, model_sink *sink, void *user);
bool gemini_feed(struct model_stream *stream, struct slice bytes, struct fault *fault);
bool gemini_end(struct model_stream *stream, struct fault *fault);
void gemini_close(struct model_stream *stream);
