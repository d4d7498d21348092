/* Token counts as the Messages API reports them: some with the start of a message, the rest with
 * its end, where a count replaces the one said before. */
#pragma once
#include "model/provider.h"

struct anthropic_usage {
    int64_t input, cache_read, written, written_5m, written_1h, output, thinking; /* -1: not said */
};
struct anthropic_usage anthropic_usage_unknown(void);
/* Takes what a `usage` object says; what it leaves out or has as null stays as it was. */
void anthropic_usage_take(struct anthropic_usage *usage, struct slice value);
/* As disjoint classes. Reports that contradict themselves are cut so that no class is negative. */
struct model_usage anthropic_usage_classes(const struct anthropic_usage *usage);
