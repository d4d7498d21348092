#include "chat/failover.h"

enum {
    BACK_OFF_MS = 500,      /* doubles with every attempt … */
    BACK_OFF_MAX_MS = 8000, /* … up to this, less up to a quarter */
    /* Where another real model could answer, a visitor does not wait longer than this for the
       first. */
    PATIENCE_MS = 1000,
};

static int64_t back_off_ms(const struct failover_case *it) {
    if (it->fault->retry_after_ms >= 0)
        return it->fault->retry_after_ms;
    int64_t wait_ms = BACK_OFF_MS;
    for (unsigned i = 1; i < it->attempts && wait_ms < BACK_OFF_MAX_MS; i++)
        wait_ms *= 2;
    if (wait_ms > BACK_OFF_MAX_MS)
        wait_ms = BACK_OFF_MAX_MS;
    return wait_ms - (int64_t)(it->random % (uint32_t)(wait_ms / 4 + 1));
}

/* Another vendor or model may do what this one refused; the visitor who left wants nothing any
 * more. */
static bool another_may_help(enum fault_kind kind) {
    return kind >= FAULT_PROVIDER_AUTH && kind < FAULT_KIND_COUNT;
}

struct failover_decision failover_decide(const struct failover_case *it) {
    const struct failover_decision fail = {FAILOVER_FAIL, 0}, next = {FAILOVER_NEXT, 0};
    enum fault_kind kind = it->fault->kind;
    if (!another_may_help(kind) && kind != FAULT_CONFIG)
        return fail;
    bool next_helps = it->has_next && !(it->visible && it->next_is_offline);
    bool real_next = next_helps && !it->next_is_offline;
    int64_t wait_ms = back_off_ms(it);
    unsigned retries_max = real_next && it->retries_max > 1 ? 1 : it->retries_max;
    bool worth_it = it->fault->retryable && it->attempts <= retries_max && wait_ms <= it->left_ms &&
                    (!real_next || wait_ms <= PATIENCE_MS);
    /* Who cannot be reached or stalled has cost time already: the next model is quicker. */
    if (real_next && (kind == FAULT_PROVIDER_STALLED || kind == FAULT_PROVIDER_NETWORK))
        worth_it = false;
    if (worth_it)
        return (struct failover_decision){FAILOVER_RETRY, wait_ms};
    return next_helps ? next : fail;
}
