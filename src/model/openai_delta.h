/* One chunk's `choices`: what the model said since the chunk before. */
#pragma once
#include "model/emitter.h"

/* Emits what the first choice holds, in a `delta` or, where the whole answer came at once, in a
 * `message`. */
void openai_choices(struct emitter *emitter, struct slice choices);
