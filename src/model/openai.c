#include "model/failure.h"
#include "model/openai_encode.h"
#include "model/openai_stream.h"
#include "model/vendors.h"

const struct provider openai_provider = {
    .name = "openai",
    .base_url = "https://api.openai.com/v1",
    .needs_key = true,
    .encode = openai_encode,
    .open = openai_open,
    .feed = openai_feed,
    .end = openai_end,
    .close = openai_close,
    .failure = failure_of_reply,
};
