/* Several keys of one provider: chosen by weight, within a limit of their own, and taken out for a
 * while when the provider refuses them. What is known of a key outlives a reload of the
 * configuration. Shared by all loops; thread-safe. */
#pragma once
#include "base/fault.h"
struct provider_settings;

enum {
    KEYRING_REFUSED_MS = 10 * 60 * 1000, /* a key that was refused or has no quota left */
    KEYRING_LIMITED_MS = 5 * 1000,       /* one that is rate limited, when no wait is named */
};

struct keyrings;
struct keyrings *keyrings_create(void);
void keyrings_destroy(struct keyrings *keyrings);

/* Chooses one of the provider's keys (it may have a single one, or none at all, which is index 0)
 * and counts the call against its limit. False when none may be used now: the fault is
 * PROVIDER_AUTH, PROVIDER_QUOTA or PROVIDER_RATE_LIMITED, as the last of them went out, with the
 * wait. `random` is any number. Monotonic time. */
bool keyrings_choose(struct keyrings *keyrings, const struct provider_settings *provider,
                     int64_t now_ms, uint32_t random, size_t *ret_index, struct fault *fault);
/* Takes the key out where the fault says so. True when another key of the provider may be used at
 * once. */
bool keyrings_report(struct keyrings *keyrings, const struct provider_settings *provider,
                     size_t index, const struct fault *fault, int64_t now_ms);
