/* The dialects of other vendors than OpenAI; streams only: Switchboard asks for nothing else. */
#pragma once
#include "mock_dialect.h"

extern const struct dialect anthropic_dialect;
extern const struct dialect gemini_dialect;
