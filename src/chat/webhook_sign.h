/* Signatures of webhooks, as the Standard Webhooks specification has them. Thread-safe. */
#pragma once
#include "base/slice.h"
#include <stdbool.h>
struct arena;
struct buffer;

/* Reads secrets: "whsec_" and 24 to 64 bytes in Base64, one or several with blanks between them
 * (the new one and the old one, while receivers change over). False, and nothing set, for anything
 * else. The keys are in the arena. */
__attribute__((warn_unused_result)) bool webhook_secret_read(struct slice text, struct arena *arena,
                                                             const struct slice **ret_keys,
                                                             size_t *ret_count);
/* Appends the value of the header webhook-signature: "v1,BASE64" for each key. */
void webhook_sign(const struct slice *keys, size_t count, struct slice id, int64_t timestamp_s,
                  struct slice body, struct buffer *out);
