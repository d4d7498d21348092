#include "model/failure.h"
#include "model/mistral_encode.h"
#include "model/openai_stream.h"
#include "model/vendors.h"

const struct provider mistral_provider = {
    .name = "mistral",
    .base_url = MISTRAL_URL,
    .needs_key = true,
    .encode = mistral_encode,
    .open = openai_open,
    .feed = openai_feed,
    .end = openai_end,
    .close = openai_close,
    .failure = failure_of_reply,
};
