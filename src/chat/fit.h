/* How the site's knowledge is put before the model. */
#pragma once
#include "model/provider.h"
struct arena;

/* As data, in front of the question, so that the instructions and the history before it stay
 * byte-identical and prompt caches hit. */
void fit_add_passages(struct arena *arena, const struct model_passage *passages, size_t count,
                      struct model_message *message);
