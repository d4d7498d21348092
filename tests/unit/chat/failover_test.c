#include "chat/failover.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct failover_case basic(struct fault *fault, enum fault_kind kind) {
    fault_set(fault, kind, "x");
    return (struct failover_case){
        .fault = fault, .attempts = 1, .retries_max = 2, .left_ms = 20000};
}

static void test_what_may_be_retried(void **state) {
    (void)state;
    static const struct {
        enum fault_kind kind;
        enum failover_action alone, with_next;
    } rows[] = {
        {FAULT_PROVIDER_OVERLOADED, FAILOVER_RETRY, FAILOVER_RETRY},
        {FAULT_PROVIDER_RATE_LIMITED, FAILOVER_RETRY, FAILOVER_RETRY},
        {FAULT_PROVIDER_NETWORK, FAILOVER_RETRY, FAILOVER_NEXT},
        {FAULT_PROVIDER_STALLED, FAILOVER_RETRY, FAILOVER_NEXT},
        {FAULT_PROVIDER_TRUNCATED, FAILOVER_RETRY, FAILOVER_RETRY},
        {FAULT_PROVIDER_MALFORMED, FAILOVER_RETRY, FAILOVER_RETRY},
        {FAULT_PROVIDER_AUTH, FAILOVER_FAIL, FAILOVER_NEXT},
        {FAULT_PROVIDER_QUOTA, FAILOVER_FAIL, FAILOVER_NEXT},
        {FAULT_PROVIDER_CONTEXT_TOO_LONG, FAILOVER_FAIL, FAILOVER_NEXT},
        {FAULT_PROVIDER_BAD_REQUEST, FAILOVER_FAIL, FAILOVER_NEXT},
        {FAULT_PROVIDER_CONTENT_FILTER, FAILOVER_FAIL, FAILOVER_NEXT},
        {FAULT_PROVIDER_MODEL_NOT_FOUND, FAILOVER_FAIL, FAILOVER_NEXT},
        {FAULT_CANCELLED, FAILOVER_FAIL, FAILOVER_FAIL},
        {FAULT_INTERNAL, FAILOVER_FAIL, FAILOVER_FAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fault fault;
        struct failover_case it = basic(&fault, rows[i].kind);
        assert_int_equal(failover_decide(&it).action, rows[i].alone);
        it.has_next = true;
        assert_int_equal(failover_decide(&it).action, rows[i].with_next);
    }
}

static void test_waits(void **state) {
    (void)state;
    struct fault fault;
    struct failover_case it = basic(&fault, FAULT_PROVIDER_OVERLOADED);
    assert_int_equal(failover_decide(&it).wait_ms, 500);
    it.attempts = 2;
    assert_int_equal(failover_decide(&it).wait_ms, 1000);
    for (it.random = 0; it.random < 5000; it.random += 7) {
        int64_t wait_ms = failover_decide(&it).wait_ms;
        assert_true(wait_ms >= 750 && wait_ms <= 1000);
    }
    /* The provider's own wait goes first, and what does not fit the time is not waited for. */
    fault.retry_after_ms = 3000;
    assert_int_equal(failover_decide(&it).wait_ms, 3000);
    it.left_ms = 2999;
    assert_int_equal(failover_decide(&it).action, FAILOVER_FAIL);
    it.left_ms = 20000;
    it.has_next = true; /* another model can answer sooner */
    assert_int_equal(failover_decide(&it).action, FAILOVER_NEXT);
    it.next_is_offline = true; /* that one is the last resort: worth waiting a little */
    assert_int_equal(failover_decide(&it).action, FAILOVER_RETRY);
}

static void test_retries_end(void **state) {
    (void)state;
    struct fault fault;
    struct failover_case it = basic(&fault, FAULT_PROVIDER_OVERLOADED);
    it.attempts = 3;
    assert_int_equal(failover_decide(&it).action, FAILOVER_FAIL);
    it.has_next = true;
    assert_int_equal(failover_decide(&it).action, FAILOVER_NEXT);
    it.attempts = 1;
    it.retries_max = 0;
    assert_int_equal(failover_decide(&it).action, FAILOVER_NEXT);
}

static void test_after_the_first_token_offline_is_no_help(void **state) {
    (void)state;
    struct fault fault;
    struct failover_case it = basic(&fault, FAULT_PROVIDER_TRUNCATED);
    it.visible = it.has_next = it.next_is_offline = true;
    assert_int_equal(failover_decide(&it).action, FAILOVER_RETRY);
    it.attempts = 3;
    assert_int_equal(failover_decide(&it).action, FAILOVER_FAIL);
    it.next_is_offline = false;
    assert_int_equal(failover_decide(&it).action, FAILOVER_NEXT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_may_be_retried),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_retries_end),
        cmocka_unit_test(test_after_the_first_token_offline_is_no_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
