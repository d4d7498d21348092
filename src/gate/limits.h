/* Limits on messages: so many per window, for a user, an address or a whole bot. The minute is a sliding window
 * of two buckets (count of the last one weighted by how much of it still overlaps), the day a fixed one from
 * midnight UTC. Counters are shared by all loops; the caller writes them through to the store, from which
 * they are restored at start. Clock changes: a window never starts in the future; a jump back keeps counting in the
 * newest window seen. Thread-safe. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"

enum { LIMIT_MINUTE_MS = 60 * 1000, LIMIT_DAY_MS = 24 * 60 * 60 * 1000 };

/* One rule for one subject. */
struct limit {
    struct slice key;   /* whom it counts: "support/user/anon:01H…", "support/address/192.0.2.1", "support" */
    int64_t window_ms;  /* LIMIT_MINUTE_MS or LIMIT_DAY_MS */
    int64_t most;       /* messages per window; negative means no limit, 0 means none at all */
    const char *name;   /* for the message: "messages per minute" */
};

struct limiter;
struct limiter *limiter_create(void);
void limiter_destroy(struct limiter *limiter);

/* Counts one message against all of the limits, or against none: where one is reached it is RATE_LIMITED with
 * retry_after_ms until the earliest moment at which it would pass, and code = the limit's name with
 * underscores. On success `ret_window_starts` (one per limit) says in which window it was counted, for the
 * store. */
bool limiter_take(struct limiter *limiter, const struct limit *limits, size_t count, int64_t now_ms,
                  int64_t *ret_window_starts, struct fault *fault);
/* Takes a message back that was counted but never answered through a fault of ours. */
void limiter_give_back(struct limiter *limiter, const struct limit *limits, size_t count,
                       const int64_t *window_starts);
/* At start-up: a counter as the store had it. */
void limiter_restore(struct limiter *limiter, struct slice key, int64_t window_ms,
                     int64_t window_start_ms, int64_t count);
/* Forgets what has passed; call it now and then. Returns how many counters are left. */
size_t limiter_sweep(struct limiter *limiter, int64_t now_ms);

/* The address a limit counts: IPv4 as it is, IPv6 by its /64 (a household has that many). */
void limit_address(const char *peer, char ret_text[64]);
