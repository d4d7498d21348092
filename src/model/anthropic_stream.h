/* Reads the replies of the Messages API, streamed or whole. */
#pragma once
#include "model/provider.h"

struct model_stream *anthropic_open(struct arena *arena, model_sink *sink, void *user);
bool anthropic_feed(struct model_stream *stream, struct slice bytes, struct fault *fault);
bool anthropic_end(struct model_stream *stream, struct fault *fault);
void anthropic_close(struct model_stream *stream);
