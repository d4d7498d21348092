/* Token counts as Chat Completions and the servers that imitate it report them. */
#pragma once
#include "model/provider.h"

/* From the value of `usage`, into disjoint classes. Reports that contradict themselves are cut so
 * that no class is negative and what was said in total is kept. */
struct model_usage openai_usage(struct slice value);
