#include "base/memory.h"
#include "gate/ledger.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY INT64_C(86400000)

static struct ledger_limit day_limit(const char *key, int64_t day, int64_t microdollars) {
    return (struct ledger_limit){
        slice_of(key), day * DAY, (day + 1) * DAY, {microdollars, -1}, "user_cost_per_day"};
}

static struct ledger_amount money(int64_t microdollars) {
    return (struct ledger_amount){microdollars, microdollars / 10};
}

static void test_a_hold_counts_until_it_is_settled(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit limit = day_limit("a", 1, 1000);
    struct ledger_hold first, second;
    struct fault fault;
    assert_true(ledger_hold(ledger, &limit, 1, money(600), DAY, &first, &fault));
    assert_false(ledger_hold(ledger, &limit, 1, money(401), DAY, &second, &fault));
    assert_int_equal(fault.kind, FAULT_BUDGET);
    assert_string_equal(fault.code, "user_cost_per_day");
    assert_int_equal(fault.retry_after_ms, DAY);
    assert_true(ledger_hold(ledger, &limit, 1, money(400), DAY, &second, &fault));
    ledger_settle(ledger, &first, money(100));
    ledger_settle(ledger, &first, money(100)); /* twice is once */
    assert_true(ledger_used(ledger, &limit, 1, DAY, NULL) == 0.5);
    ledger_settle(ledger, &second, money(0));
    assert_true(ledger_used(ledger, &limit, 1, DAY, NULL) == 0.1);
    ledger_destroy(ledger);
}

static void test_all_accounts_or_none(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit limits[] = {day_limit("a", 1, 1000), day_limit("b", 1, 100)};
    limits[1].end_ms = INT64_MAX;
    limits[1].name = "conversation_cost";
    struct ledger_hold hold;
    struct fault fault;
    assert_false(ledger_hold(ledger, limits, 2, money(101), DAY, &hold, &fault));
    assert_string_equal(fault.code, "conversation_cost");
    assert_int_equal(fault.retry_after_ms, -1);
    assert_true(ledger_used(ledger, limits, 2, DAY, NULL) == 0);
    size_t which = 9;
    assert_true(ledger_hold(ledger, limits, 2, money(90), DAY, &hold, &fault));
    assert_true(ledger_used(ledger, limits, 2, DAY, &which) == 0.9);
    assert_int_equal(which, 1);
    ledger_settle(ledger, &hold, money(90));
    ledger_destroy(ledger);
}

static void test_zero_lets_nothing_through_but_what_is_free(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit limit = day_limit("a", 1, 0);
    struct ledger_hold hold;
    struct fault fault;
    assert_false(ledger_hold(ledger, &limit, 1, money(1), DAY, &hold, &fault));
    assert_true(ledger_hold(ledger, &limit, 1, money(0), DAY, &hold, &fault));
    ledger_settle(ledger, &hold, money(0));
    assert_true(ledger_used(ledger, &limit, 1, DAY, NULL) == 1);
    ledger_destroy(ledger);
}

static void test_tokens_are_limited_too(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit limit = day_limit("a", 1, -1);
    limit.most.tokens = 50;
    struct ledger_hold hold;
    struct fault fault;
    assert_true(ledger_hold(ledger, &limit, 1, money(500), DAY, &hold, &fault));
    ledger_settle(ledger, &hold, money(500));
    assert_false(ledger_hold(ledger, &limit, 1, money(10), DAY, &hold, &fault));
    ledger_destroy(ledger);
}

static void test_a_new_day_begins_at_zero_and_yesterdays_calls_are_yesterdays(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit today = day_limit("a", 1, 1000), tomorrow = day_limit("a", 2, 1000);
    struct ledger_hold late, hold;
    struct fault fault;
    assert_true(ledger_hold(ledger, &today, 1, money(700), 2 * DAY - 1, &late, &fault));
    assert_true(ledger_hold(ledger, &tomorrow, 1, money(300), 2 * DAY, &hold, &fault));
    ledger_settle(ledger, &late, money(700));
    ledger_settle(ledger, &hold, money(300));
    assert_true(ledger_used(ledger, &tomorrow, 1, 2 * DAY, NULL) == 0.3);
    ledger_destroy(ledger);
}

static void test_a_clock_that_jumps_back_over_midnight_gives_no_new_budget(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit today = day_limit("a", 100, 1000), yesterday = day_limit("a", 99, 1000);
    struct ledger_hold hold;
    struct fault fault;
    assert_true(ledger_hold(ledger, &today, 1, money(1000), 100 * DAY + 5, &hold, &fault));
    ledger_settle(ledger, &hold, money(1000));
    assert_false(ledger_hold(ledger, &yesterday, 1, money(1), 100 * DAY - 5, &hold, &fault));
    assert_false(ledger_hold(ledger, &today, 1, money(1), 100 * DAY + 5, &hold, &fault));
    /* The clock was a year ahead: what was spent moves to the day that is running, and no further.
     */
    struct ledger_limit ahead = day_limit("b", 500, 1000), back = day_limit("b", 100, 1000),
                        next = day_limit("b", 101, 1000);
    assert_true(ledger_hold(ledger, &ahead, 1, money(900), 500 * DAY, &hold, &fault));
    ledger_settle(ledger, &hold, money(900));
    assert_false(ledger_hold(ledger, &back, 1, money(200), 100 * DAY, &hold, &fault));
    assert_true(ledger_hold(ledger, &next, 1, money(1000), 101 * DAY, &hold, &fault));
    ledger_settle(ledger, &hold, money(0));
    ledger_destroy(ledger);
}

static void test_a_warning_comes_once_in_a_window(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit limit = day_limit("a", 1, 1000), next = day_limit("a", 2, 1000);
    struct ledger_hold hold;
    struct ledger_amount spent;
    struct fault fault;
    assert_true(ledger_hold(ledger, &limit, 1, money(800), DAY, &hold, &fault));
    assert_false(ledger_warn_once(ledger, &limit, 0.8, DAY, &spent)); /* reserved is not spent */
    ledger_settle(ledger, &hold, money(800));
    assert_true(ledger_warn_once(ledger, &limit, 0.8, DAY, &spent));
    assert_int_equal(spent.microdollars, 800);
    assert_false(ledger_warn_once(ledger, &limit, 0.8, DAY, &spent));
    assert_false(ledger_warn_once(ledger, &next, 0.8, 2 * DAY, &spent));
    ledger_destroy(ledger);
}

static void test_restored_accounts_go_on(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct ledger_limit limit = day_limit("a", 1, 1000), next = day_limit("a", 2, 1000);
    struct ledger_hold hold;
    struct fault fault;
    ledger_restore(ledger, SLICE("a"), DAY, money(950));
    ledger_restore(ledger, SLICE("a"), DAY, money(1)); /* in use: left as it is */
    assert_false(ledger_hold(ledger, &limit, 1, money(51), DAY, &hold, &fault));
    assert_true(ledger_hold(ledger, &limit, 1, money(50), DAY, &hold, &fault));
    ledger_settle(ledger, &hold, money(50));
    assert_int_equal(ledger_sweep(ledger, DAY + 1), 1);
    assert_true(ledger_used(ledger, &next, 1, 2 * DAY, NULL) == 0);
    assert_int_equal(ledger_sweep(ledger, 3 * DAY), 0);
    ledger_destroy(ledger);
}

enum { THREADS = 4, CALLS = 20000, BUDGET = 1000000 };
struct worker {
    pthread_t thread;
    struct ledger *ledger;
    unsigned seed;
    int64_t spent;
};

static void *work(void *user) {
    struct worker *worker = user;
    struct ledger_hold open[8] = {0};
    struct fault fault;
    for (int i = 0; i < CALLS; i++) {
        struct ledger_hold *hold = &open[i % 8];
        if (hold->count > 0) {
            int64_t cost = rand_r(&worker->seed) % (hold->amount.microdollars + 1);
            ledger_settle(worker->ledger, hold, money(cost));
            worker->spent += cost;
        }
        struct ledger_limit limit = day_limit("shared", 1, BUDGET);
        if (!ledger_hold(worker->ledger, &limit, 1, money(1 + rand_r(&worker->seed) % 500), DAY,
                         hold, &fault))
            hold->count = 0;
        if (i % 1000 == 0)
            ledger_sweep(worker->ledger, DAY);
    }
    for (size_t i = 0; i < 8; i++)
        ledger_settle(worker->ledger, &open[i], money(0));
    return NULL;
}

static void test_threads_never_overspend(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.ledger = ledger, .seed = i + 1};
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    int64_t spent = 0;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        spent += workers[i].spent;
    }
    struct ledger_limit limit = day_limit("shared", 1, BUDGET);
    assert_true(spent <= BUDGET && spent > BUDGET / 2);
    assert_true(ledger_used(ledger, &limit, 1, DAY, NULL) == (double)spent / BUDGET);
    ledger_destroy(ledger);
}

static void test_many_accounts(void **state) {
    (void)state;
    struct ledger *ledger = ledger_create();
    char key[32];
    struct fault fault;
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "user/%d", i);
        struct ledger_limit limit = day_limit(key, 1, 10);
        struct ledger_hold hold;
        assert_true(ledger_hold(ledger, &limit, 1, money(i % 11), DAY, &hold, &fault));
        ledger_settle(ledger, &hold, money(i % 11));
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "user/%d", i);
        struct ledger_limit limit = day_limit(key, 1, 10);
        assert_true(ledger_used(ledger, &limit, 1, DAY, NULL) == (i % 11) / 10.0);
    }
    assert_int_equal(ledger_sweep(ledger, DAY), 5000);
    assert_int_equal(ledger_sweep(ledger, 2 * DAY), 0);
    ledger_destroy(ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hold_counts_until_it_is_settled),
        cmocka_unit_test(test_all_accounts_or_none),
        cmocka_unit_test(test_zero_lets_nothing_through_but_what_is_free),
        cmocka_unit_test(test_tokens_are_limited_too),
        cmocka_unit_test(test_a_new_day_begins_at_zero_and_yesterdays_calls_are_yesterdays),
        cmocka_unit_test(test_a_clock_that_jumps_back_over_midnight_gives_no_new_budget),
        cmocka_unit_test(test_a_warning_comes_once_in_a_window),
        cmocka_unit_test(test_restored_accounts_go_on),
        cmocka_unit_test(test_threads_never_overspend),
        cmocka_unit_test(test_many_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
