/* Failed replies of the Messages API. */
#pragma once
#include "model/provider.h"

/* As failure_of_reply; where no Retry-After says how long a limit lasts, the limits' own headers
 * do. */
void anthropic_failure(const struct model_reply_head *head, struct slice body,
                       struct fault *ret_fault);
