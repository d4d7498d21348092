/* How long the vendor asks to wait. */
#pragma once
#include "model/provider.h"

/* From retry-after-ms, else Retry-After as seconds or HTTP date (against the reply's own Date where
 * it has one, so that wrong clocks do not matter); -1 where it does not say. At most a day. */
int64_t failure_wait_ms(const struct model_reply_head *head);
/* A duration as Google writes it: "34.4s". -1 for anything else. */
int64_t failure_duration_ms(struct slice text);
