/* Money and tokens: what was spent and what is reserved for calls under way, for a user's day, a
 * bot's month, a conversation, a key. A call first reserves the most it can cost and is refused
 * where that does not fit, so that calls at the same time cannot overspend; then it settles what it
 * did cost. Shared by all loops, thread-safe.
 *
 * What lasts is in the store: its table of calls is the ledger, and at start-up the accounts here
 * are restored from its sums (store_spending_list). Money is in microdollars. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"

struct ledger_amount {
    int64_t microdollars, tokens;
};

/* One account and its limit. An account belongs to a window of time (a day, a month) and begins at
 * zero with the next one. A clock that goes back keeps to the newest window seen, unless that lies
 * ahead by more than its own length: then the clock was wrong before, and what was spent is moved
 * to the window that is running. */
struct ledger_limit {
    struct slice key;          /* "support/user/anon:01H…", "support", "conversation/01H…" */
    int64_t start_ms, end_ms;  /* the window, wall clock; 0 and INT64_MAX for one that never ends */
    struct ledger_amount most; /* negative: no limit, only counted */
    const char *name;          /* for the fault's code: "user_cost_per_day" … static */
};

enum { LEDGER_LIMITS_MAX = 12 };

struct ledger_account;
/* A reservation; kept by the caller until it is settled. Zeroed memory is one that is settled. */
struct ledger_hold {
    struct ledger_account *accounts[LEDGER_LIMITS_MAX];
    int64_t starts[LEDGER_LIMITS_MAX];
    size_t count;
    struct ledger_amount amount;
};

struct ledger;
struct ledger *ledger_create(void);
void ledger_destroy(struct ledger *ledger); /* NULL is fine; nothing may be held */

/* Reserves `amount` in all of the accounts or in none: BUDGET with the code of the limit whose
 * window ends last, and retry_after_ms until then (-1 where it never does). */
bool ledger_hold(struct ledger *ledger, const struct ledger_limit *limits, size_t count,
                 struct ledger_amount amount, int64_t now_ms, struct ledger_hold *ret_hold,
                 struct fault *fault) __attribute__((warn_unused_result));
/* Replaces the reservation by what it came to. Does nothing to a hold that is settled. */
void ledger_settle(struct ledger *ledger, struct ledger_hold *hold, struct ledger_amount spent);

/* The largest part of a limit that is spent or reserved: 0 to 1 and, after a call that cost more
 * than was reserved, above. `ret_which` (may be NULL) is the index of that limit. */
double ledger_used(struct ledger *ledger, const struct ledger_limit *limits, size_t count,
                   int64_t now_ms, size_t *ret_which);
/* True once for an account's window when `share` of its limit is spent: time for a warning. */
bool ledger_warn_once(struct ledger *ledger, const struct ledger_limit *limit, double share,
                      int64_t now_ms, struct ledger_amount *ret_spent);

/* From the store's sums. An account that is in use already is left as it is, so that a reload may
 * restore again. */
void ledger_restore(struct ledger *ledger, struct slice key, int64_t start_ms,
                    struct ledger_amount spent);
/* Forgets accounts of windows that have ended and those not used for a day, which are restored at
 * need; returns how many are left. */
size_t ledger_sweep(struct ledger *ledger, int64_t now_ms);
