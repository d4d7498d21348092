/* Limits on messages: so many per window, for a user, an address or a whole bot. Counters are
 * shared by all loops; the caller writes them through to the store, from which they are restored at
 * start. Thread-safe.
 *
 * Windows are aligned to the wall clock in UTC. A window of LIMIT_DAY_MS is fixed: a message passes
 * if fewer than `most` were counted since midnight. Any other window slides over two buckets: with
 * c counted in the window that is running since e ms, and p in the one before it, a message passes
 * if
 *
 *     c + p * (window_ms - e) / window_ms <= most - 1
 *
 * in exact arithmetic. So a burst of `most` is let through after a pause, then one message each
 * window_ms / most; at no time more than `most` within one aligned window, and less than twice that
 * within any span as long as a window (when all of a window's messages came at its very end).
 *
 * Clock changes: a clock that goes back keeps counting in the newest window seen; if it goes back
 * by more than a window (it was wrong before), the count moves along with it. Nobody gains messages
 * by it and nobody is locked out for longer than a window. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"

enum {
    LIMIT_MINUTE_MS = 60 * 1000,
    LIMIT_DAY_MS = 24 * 60 * 60 * 1000,
    LIMIT_COUNT_MAX = 16,         /* limits in one take */
    LIMIT_COUNTERS_MAX = 1000000, /* kept; 48 bytes each, 110 MB with the tables' free room */
};

/* One rule for one subject. */
struct limit {
    struct slice key;  /* whom it counts: "support/user/anon:01H…", "support/address/192.0.2.1",
                          "support" */
    int64_t window_ms; /* LIMIT_MINUTE_MS, LIMIT_DAY_MS or any other above 0 */
    int64_t most;      /* messages per window; negative means no limit, 0 means none at all */
    const char *name;  /* for the message: "messages per minute" */
};

struct limiter;
struct limiter *limiter_create(void);
/* For at most `counters_max` counters (rounded up to some per shard). */
struct limiter *limiter_create_sized(size_t counters_max);
void limiter_destroy(struct limiter *limiter); /* NULL is fine */

/* Counts one message against all of the limits, or against none: where one is reached it is
 * RATE_LIMITED with retry_after_ms until the earliest moment at which it would pass all of them
 * (if nobody else counts), and code = the name, with underscores, of the limit that takes longest.
 * With a limit of 0 that moment never comes: retry_after_ms is -1 and retryable false. Of limits
 * with equal key and window each counts it, but it is one counter and counts once. On success
 * `ret_window_starts` (one per limit; -1 for one without a limit, which is not counted) says in
 * which window it was counted, for the store.
 *
 * When LIMIT_COUNTERS_MAX counters are in use, those whose windows have passed are forgotten; if
 * none has, keys that are not counted yet are refused with UNAVAILABLE: forgetting one in use would
 * be a way around every limit. */
bool limiter_take(struct limiter *limiter, const struct limit *limits, size_t count, int64_t now_ms,
                  int64_t *ret_window_starts, struct fault *fault)
    __attribute__((warn_unused_result));
/* Takes a message back that was counted but never answered through a fault of ours. */
void limiter_give_back(struct limiter *limiter, const struct limit *limits, size_t count,
                       const int64_t *window_starts);
/* At start-up: a counter as the store had it, in any order. */
void limiter_restore(struct limiter *limiter, struct slice key, int64_t window_ms,
                     int64_t window_start_ms, int64_t count);
/* Forgets what has passed; call it now and then (once a minute). Returns how many counters are
 * left. */
size_t limiter_sweep(struct limiter *limiter, int64_t now_ms);

/* The address a limit counts: IPv4 as it is (written in IPv6 too), IPv6 by its /64 (a household has
 * that many): "192.0.2.1", "2001:db8:1:2::/64". A scope ("%eth0") is dropped; "unknown" for what is
 * no address. */
void limit_address(const char *peer, char ret_text[64]);
