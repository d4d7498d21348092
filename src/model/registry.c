#include "model/vendors.h"

/* To add a vendor: one file, and one line here. */
static const struct provider *const providers[] = {
    &openai_provider, &anthropic_provider, &gemini_provider, &mistral_provider, &offline_provider,
};

const struct provider *provider_at(size_t index) {
    return index < sizeof providers / sizeof providers[0] ? providers[index] : NULL;
}

const struct provider *provider_find(struct slice name) {
    for (size_t i = 0; provider_at(i); i++)
        if (slice_is(name, providers[i]->name))
            return providers[i];
    return NULL;
}
