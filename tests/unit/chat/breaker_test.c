#include "base/buffer.h"
#include "chat/breaker.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void fail_at(struct breaker *breaker, int64_t now_ms, enum fault_kind kind) {
    struct fault fault;
    int64_t wait_ms;
    fault_set(&fault, kind, "x");
    assert_true(breaker_allow(breaker, now_ms, &wait_ms));
    breaker_failed(breaker, &fault, now_ms);
}

static void test_opens_probes_and_closes(void **state) {
    (void)state;
    struct breakers *breakers = breakers_create();
    struct breaker *breaker = breakers_get(breakers, "p", "m");
    int64_t now_ms = 1000, wait_ms = -1;
    for (int i = 0; i < BREAKER_FAILURES; i++)
        fail_at(breaker, now_ms, FAULT_PROVIDER_OVERLOADED);
    assert_int_equal(breaker_state(breaker, now_ms), BREAKER_OPEN);
    assert_false(breaker_allow(breaker, now_ms, &wait_ms));
    assert_int_equal(wait_ms, BREAKER_COOL_DOWN_MS);
    now_ms += BREAKER_COOL_DOWN_MS;
    assert_int_equal(breaker_state(breaker, now_ms), BREAKER_HALF_OPEN);
    assert_true(breaker_allow(breaker, now_ms, &wait_ms));
    assert_false(breaker_allow(breaker, now_ms, &wait_ms)); /* one probe at a time */
    breaker_abandoned(breaker);
    fail_at(breaker, now_ms, FAULT_PROVIDER_NETWORK); /* the probe fails: twice as long */
    assert_false(breaker_allow(breaker, now_ms + 2 * BREAKER_COOL_DOWN_MS - 1, &wait_ms));
    now_ms += 2 * BREAKER_COOL_DOWN_MS;
    assert_true(breaker_allow(breaker, now_ms, &wait_ms));
    breaker_succeeded(breaker);
    assert_int_equal(breaker_state(breaker, now_ms), BREAKER_CLOSED);
    assert_ptr_equal(breakers_get(breakers, "p", "m"), breaker);
    assert_ptr_not_equal(breakers_get(breakers, "p", "other"), breaker);
    struct buffer out = {0};
    breakers_write(breakers, now_ms, &out);
    assert_non_null(
        strstr(buffer_string(&out), "switchboard_breaker_state{provider=\"p\",model=\"m\"} 0\n"));
    buffer_finish(&out);
    breakers_destroy(breakers);
}

static void test_what_does_not_count(void **state) {
    (void)state;
    struct breakers *breakers = breakers_create();
    struct breaker *breaker = breakers_get(breakers, "p", "m");
    for (int i = 0; i < 20; i++) {
        fail_at(breaker, 0, FAULT_PROVIDER_BAD_REQUEST);
        fail_at(breaker, 0, FAULT_PROVIDER_CONTENT_FILTER);
        fail_at(breaker, 0, FAULT_PROVIDER_CONTEXT_TOO_LONG);
    }
    assert_int_equal(breaker_state(breaker, 0), BREAKER_CLOSED);
    for (int i = 0; i < 20; i++) { /* a success in between begins anew */
        fail_at(breaker, 0, FAULT_PROVIDER_STALLED);
        breaker_succeeded(breaker);
    }
    assert_int_equal(breaker_state(breaker, 0), BREAKER_CLOSED);
    breakers_destroy(breakers);
}

static void test_the_providers_wait_is_kept(void **state) {
    (void)state;
    struct breakers *breakers = breakers_create();
    struct breaker *breaker = breakers_get(breakers, "p", "m");
    struct fault fault;
    int64_t wait_ms;
    fault_set(&fault, FAULT_PROVIDER_RATE_LIMITED, "x");
    fault.retry_after_ms = 60000;
    for (int i = 0; i < BREAKER_FAILURES; i++)
        breaker_failed(breaker, &fault, 0);
    assert_false(breaker_allow(breaker, 59999, &wait_ms));
    assert_true(breaker_allow(breaker, 60000, &wait_ms));
    breakers_destroy(breakers);
}

static void *use(void *user) {
    for (int i = 0; i < 2000; i++) {
        int64_t wait_ms;
        struct fault fault;
        struct breaker *breaker = breakers_get(user, "p", i % 2 ? "a" : "b");
        fault_set(&fault, FAULT_PROVIDER_NETWORK, "x");
        if (!breaker_allow(breaker, i * 1000, &wait_ms))
            continue;
        if (i % 3)
            breaker_failed(breaker, &fault, i * 1000);
        else
            breaker_succeeded(breaker);
    }
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    struct breakers *breakers = breakers_create();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, breakers), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    breakers_destroy(breakers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_probes_and_closes),
        cmocka_unit_test(test_what_does_not_count),
        cmocka_unit_test(test_the_providers_wait_is_kept),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
