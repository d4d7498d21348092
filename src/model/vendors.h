/* The tables of the translators, for registry.c. */
#pragma once
#include "model/provider.h"

extern const struct provider anthropic_provider;
extern const struct provider gemini_provider;
extern const struct provider mistral_provider;
extern const struct provider openai_provider;
extern const struct provider offline_provider;
