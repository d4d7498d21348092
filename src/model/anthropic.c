#include "model/anthropic_encode.h"
#include "model/anthropic_failure.h"
#include "model/anthropic_stream.h"
#include "model/vendors.h"

const struct provider anthropic_provider = {
    .name = "anthropic",
    .base_url = "https://api.anthropic.com/v1",
    .needs_key = true,
    .encode = anthropic_encode,
    .open = anthropic_open,
    .feed = anthropic_feed,
    .end = anthropic_end,
    .close = anthropic_close,
    .failure = anthropic_failure,
};
