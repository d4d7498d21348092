/* What is known of each model: window, prices, accepted parameters. */
#pragma once
#include "base/slice.h"

struct model_info {
    const char *id;         /* "gpt-4o-mini" */
    int64_t context_window; /* tokens; 0 unknown */
    int64_t output_max;     /* tokens; 0 unknown */
    bool reasoning;         /* a reasoning model: OpenAI's parameter rules for those apply */
    bool no_temperature;    /* rejects temperature and top_p */
    bool no_tools, no_images;
};
