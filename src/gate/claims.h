/* What a token says, once its signature was found right (RFC 7519, section 4.1). For the files of
 * this folder only. Thread-safe. */
#pragma once
#include "gate/jwt.h"

struct claims_rules {
    const char *issuer, *audience; /* NULL: not checked */
    const char *user_claim;
    int64_t leeway_ms;
};

bool claims_check(struct slice payload, const struct claims_rules *rules, int64_t now_ms,
                  struct arena *arena, struct jwt_claims *ret_claims, struct fault *fault);
