#include "chat/keyring.h"
#include "chat/settings.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct provider_key two_keys[] = {
    {.name = "first", .key = {"aaa", 3}, .weight = 3, .requests_per_minute = -1},
    {.name = "second", .key = {"bbb", 3}, .weight = 1, .requests_per_minute = -1},
};
static const struct provider_settings two = {.name = "up", .keys = two_keys, .key_count = 2};

static size_t choose(struct keyrings *keyrings, int64_t now_ms, uint32_t random) {
    size_t index = 99;
    struct fault fault;
    assert_true(keyrings_choose(keyrings, &two, now_ms, random, &index, &fault));
    return index;
}

static void test_weights(void **state) {
    (void)state;
    struct keyrings *keyrings = keyrings_create();
    size_t first = 0;
    for (uint32_t i = 0; i < 400; i++)
        first += choose(keyrings, 0, i) == 0;
    assert_int_equal(first, 300);
    keyrings_destroy(keyrings);
}

static void test_a_refused_key_goes_out(void **state) {
    (void)state;
    struct keyrings *keyrings = keyrings_create();
    struct fault fault;
    size_t index;
    fault_set(&fault, FAULT_PROVIDER_AUTH, "x");
    assert_true(keyrings_report(keyrings, &two, 0, &fault, 0));
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(choose(keyrings, 1, i), 1);
    fault_set(&fault, FAULT_PROVIDER_QUOTA, "x");
    assert_false(keyrings_report(keyrings, &two, 1, &fault, 1000));
    assert_false(keyrings_choose(keyrings, &two, 2000, 0, &index, &fault));
    assert_int_equal(fault.kind, FAULT_PROVIDER_AUTH); /* the one that comes back first */
    assert_int_equal(fault.retry_after_ms, KEYRING_REFUSED_MS - 2000);
    assert_int_equal(choose(keyrings, KEYRING_REFUSED_MS, 7), 0);
    keyrings_destroy(keyrings);
}

static void test_a_limited_key_rests(void **state) {
    (void)state;
    struct keyrings *keyrings = keyrings_create();
    struct fault fault;
    fault_set(&fault, FAULT_PROVIDER_RATE_LIMITED, "x");
    fault.retry_after_ms = 3000;
    assert_true(keyrings_report(keyrings, &two, 0, &fault, 0));
    assert_int_equal(choose(keyrings, 2999, 0), 1);
    assert_int_equal(choose(keyrings, 3000, 0), 0);
    keyrings_destroy(keyrings);
}

static void test_own_limit(void **state) {
    (void)state;
    struct keyrings *keyrings = keyrings_create();
    static const struct provider_key one_key[] = {
        {.name = "only", .key = {"ccc", 3}, .weight = 1, .requests_per_minute = 2}};
    const struct provider_settings one = {.name = "up", .keys = one_key, .key_count = 1};
    struct fault fault;
    size_t index;
    assert_true(keyrings_choose(keyrings, &one, 60000, 0, &index, &fault));
    assert_true(keyrings_choose(keyrings, &one, 60001, 0, &index, &fault));
    assert_false(keyrings_choose(keyrings, &one, 60002, 0, &index, &fault));
    assert_int_equal(fault.kind, FAULT_PROVIDER_RATE_LIMITED);
    assert_int_equal(fault.retry_after_ms, 59998);
    assert_true(keyrings_choose(keyrings, &one, 120000, 0, &index, &fault));
    /* A lone key that the provider limits is not taken out: the turn waits instead. */
    fault_set(&fault, FAULT_PROVIDER_RATE_LIMITED, "x");
    assert_false(keyrings_report(keyrings, &one, 0, &fault, 120000));
    assert_true(keyrings_choose(keyrings, &one, 120001, 0, &index, &fault));
    keyrings_destroy(keyrings);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_a_refused_key_goes_out),
        cmocka_unit_test(test_a_limited_key_rests),
        cmocka_unit_test(test_own_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
