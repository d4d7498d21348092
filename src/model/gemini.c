#include "model/failure.h"
#include "model/gemini_encode.h"
#include "model/gemini_stream.h"
#include "model/vendors.h"

const struct provider gemini_provider = {
    .name = "gemini",
    .base_url = "https://generativelanguage.googleapis.com",
    .needs_key = true,
    .encode = gemini_encode,
    .open = gemini_open,
    .feed = gemini_feed,
    .end = gemini_end,
    .close = gemini_close,
    .failure = failure_of_reply,
};
