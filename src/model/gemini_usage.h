/* Token counts as Gemini reports them, in every piece of an answer: the last report counts. */
#pragma once
#include "model/provider.h"

/* From a `usageMetadata` object, into disjoint classes. False where it has no counts. Reports that
 * contradict themselves are cut so that no class is negative. */
bool gemini_usage(struct slice value, struct model_usage *ret_usage);
