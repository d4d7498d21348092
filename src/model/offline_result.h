/* Results of tools as a visitor can read them, without a model. Private to model/. */
#pragma once
#include "model/provider.h"
struct arena;

/* The results behind the visitor's last message, in that language; in the arena. */
struct slice offline_results(const struct model_call *call, struct slice language,
                             struct arena *arena);
