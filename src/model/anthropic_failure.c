#include "model/anthropic_failure.h"
#include "base/clock.h"
#include "model/failure.h"
#include <time.h>

#define DAY_MS INT64_C(86400000)

/* "2026-08-19T14:34:18Z", with or without a fraction, which is left out. */
static bool read_time(struct slice text, int64_t *ret_ms) {
    char copy[21] = "";
    struct tm time = {0};
    if (text.size < 20 || text.data[text.size - 1] != 'Z')
        return false;
    memcpy(copy, text.data, 19);
    const char *end = strptime(copy, "%Y-%m-%dT%H:%M:%S", &time);
    if (!end || *end)
        return false;
    *ret_ms = (int64_t)timegm(&time) * 1000;
    return true;
}

static struct slice header_of(const struct model_reply_head *head, const char *limit,
                              const char *what) {
    char name[64];
    snprintf(name, sizeof name, "anthropic-ratelimit-%s-%s", limit, what);
    return slice_trim(head->header(head->head, name));
}

/* Until the last of the limits that are used up starts anew; -1 where none is. */
static int64_t wait_of_limits(const struct model_reply_head *head) {
    static const char *const limits[] = {"requests", "tokens", "input-tokens", "output-tokens"};
    int64_t wait_ms = -1;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int64_t left, reset_ms;
        if (!slice_to_int64(header_of(head, limits[i], "remaining"), &left) || left > 0 ||
            !read_time(header_of(head, limits[i], "reset"), &reset_ms))
            continue;
        int64_t ms = reset_ms - clock_wall_ms();
        ms = ms < 0 ? 0 : ms > DAY_MS ? DAY_MS : ms;
        if (ms > wait_ms)
            wait_ms = ms;
    }
    return wait_ms;
}

void anthropic_failure(const struct model_reply_head *head, struct slice body,
                       struct fault *ret_fault) {
    failure_of_reply(head, body, ret_fault);
    if (ret_fault->kind == FAULT_PROVIDER_RATE_LIMITED && ret_fault->retry_after_ms < 0)
        ret_fault->retry_after_ms = wait_of_limits(head);
}
