/* The dialects of other vendors than OpenAI. */
#pragma once
#include "mock_dialect.h"

extern const struct dialect anthropic_dialect;
extern const struct dialect gemini_dialect;
