/* A circuit breaker per provider and model: after several failures in a row calls are not even
 * tried for a while, then one probe decides. Shared by all loops; thread-safe. */
#pragma once
#include "base/fault.h"
struct buffer;

enum {
    BREAKER_FAILURES = 5,              /* in a row, until it opens */
    BREAKER_COOL_DOWN_MS = 10000,      /* the first time; doubles with each failed probe … */
    BREAKER_COOL_DOWN_MAX_MS = 300000, /* … up to this */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breakers;
struct breaker;

struct breakers *breakers_create(void);
void breakers_destroy(struct breakers *breakers);
/* Made at first use; lives as long as `breakers`. */
struct breaker *breakers_get(struct breakers *breakers, const char *provider, const char *model);

/* Whether a call may be tried now. Each true must be followed by one of the three reports below.
 * When false, `ret_wait_ms` is how long until it is worth asking again. Times are monotonic. */
bool breaker_allow(struct breaker *breaker, int64_t now_ms, int64_t *ret_wait_ms);
void breaker_succeeded(struct breaker *breaker);
/* Failures that say nothing about the service's health (a bad request, a refused content) count as
 * nothing. */
void breaker_failed(struct breaker *breaker, const struct fault *fault, int64_t now_ms);
/* The call was given up by us. */
void breaker_abandoned(struct breaker *breaker);
enum breaker_state breaker_state(struct breaker *breaker, int64_t now_ms);
/* Prometheus text: 0 closed, 1 half open, 2 open. */
void breakers_write(struct breakers *breakers, int64_t now_ms, struct buffer *out);
