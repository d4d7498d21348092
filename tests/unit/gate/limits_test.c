/* Limits on messages, judged by a model that keeps every message and counts anew each time. */
#include "gate/limits.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-11-23 00:00 UTC: a day begins, and so do all shorter windows below. */
#define MIDNIGHT_MS INT64_C(1795392000000)
#define USER        SLICE("support/user/anon:1")

enum { MESSAGES_MAX = 4000 };

/* --- the model --- */

struct model {
    int64_t window_ms, most;
    size_t count;
    int64_t times[MESSAGES_MAX];
};

static int64_t count_between(const struct model *model, int64_t from_ms, int64_t to_ms) {
    int64_t count = 0;
    for (size_t i = 0; i < model->count; i++)
        count += model->times[i] >= from_ms && model->times[i] < to_ms;
    return count;
}

static bool model_admits(const struct model *model, int64_t now_ms) {
    int64_t window = model->window_ms, start = now_ms / window * window;
    int64_t current = count_between(model, start, start + window);
    if (window == LIMIT_DAY_MS)
        return current < model->most;
    int64_t previous = count_between(model, start - window, start);
    /* The formula of limits.h times the window, so that it stays in whole numbers. */
    return current * window + previous * (window - (now_ms - start)) <= (model->most - 1) * window;
}

/* A generator of its own (SplitMix64), so that a failure comes again. */
static uint64_t seed;
static int64_t random_below(int64_t bound) {
    uint64_t z = seed += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (int64_t)((z ^ z >> 31) % (uint64_t)bound);
}

/* --- taking --- */

static struct limit limit_of(struct slice key, int64_t window_ms, int64_t most) {
    return (struct limit){key, window_ms, most, "messages per minute"};
}

/* -1 when it is admitted, else how long to wait. */
static int64_t take(struct limiter *limiter, struct limit limit, int64_t now_ms) {
    struct fault fault = {0};
    int64_t start = -77;
    if (limiter_take(limiter, &limit, 1, now_ms, &start, &fault))
        return -1;
    assert_int_equal(start, -77);
    assert_int_equal(fault.kind, FAULT_RATE_LIMITED);
    assert_true(fault.retryable && fault.retry_after_ms > 0);
    return fault.retry_after_ms;
}

static void agrees_with_the_model(int64_t window_ms, int64_t most, int64_t pause_max_ms) {
    static struct model model;
    struct limiter *limiter = limiter_create();
    struct limit limit = limit_of(USER, window_ms, most);
    int64_t now_ms = MIDNIGHT_MS + random_below(3 * window_ms);
    model = (struct model){.window_ms = window_ms, .most = most};
    for (size_t i = 0; i < 600; i++) {
        now_ms += random_below(3) ? random_below(pause_max_ms) : 0;
        bool expected = model_admits(&model, now_ms);
        int64_t wait_ms = take(limiter, limit, now_ms);
        assert_int_equal(wait_ms < 0, expected);
        if (wait_ms > 0 && random_below(2)) {
            /* Not one millisecond too long, nor too short. */
            assert_false(model_admits(&model, now_ms + wait_ms - 1));
            assert_true(take(limiter, limit, now_ms + wait_ms - 1) > 0);
            now_ms += wait_ms;
            assert_true(model_admits(&model, now_ms));
            assert_int_equal(take(limiter, limit, now_ms), -1);
            wait_ms = -1;
        }
        if (wait_ms < 0)
            model.times[model.count++] = now_ms;
    }
    assert_true(model.count > 20);
    limiter_destroy(limiter);
}

static void admits_what_the_formula_says(void **state) {
    (void)state;
    for (uint64_t round = 1; round < 40; round++) {
        seed = round;
        agrees_with_the_model(LIMIT_MINUTE_MS, 1 + random_below(20), LIMIT_MINUTE_MS / 4);
        agrees_with_the_model(LIMIT_DAY_MS, 1 + random_below(50), LIMIT_DAY_MS / 30);
        agrees_with_the_model(1 + random_below(10000), 1 + random_below(9), 2000);
    }
}

static void a_day_ends_at_midnight(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create();
    struct limit limit = limit_of(USER, LIMIT_DAY_MS, 2);
    int64_t last_ms = MIDNIGHT_MS + LIMIT_DAY_MS - 1;
    assert_int_equal(take(limiter, limit, MIDNIGHT_MS), -1);
    assert_int_equal(take(limiter, limit, last_ms), -1);
    assert_int_equal(take(limiter, limit, last_ms), 1);
    assert_int_equal(take(limiter, limit, last_ms + 1), -1);
    assert_int_equal(take(limiter, limit, last_ms + 1), -1);
    assert_int_equal(take(limiter, limit, last_ms + 1), LIMIT_DAY_MS);
    limiter_destroy(limiter);
}

static void says_what_is_reached(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create();
    const struct limit limits[] = {{USER, LIMIT_MINUTE_MS, 1, "messages per minute"},
                                   {USER, LIMIT_DAY_MS, 2, "messages per day"}};
    int64_t starts[2];
    struct fault fault;
    int64_t now_ms = MIDNIGHT_MS;
    assert_true(limiter_take(limiter, limits, 2, now_ms, starts, &fault));
    assert_false(limiter_take(limiter, limits, 2, now_ms, starts, &fault));
    assert_string_equal(fault.code, "messages_per_minute");
    assert_string_equal(fault.message,
                        "You have reached the limit of 1 messages per minute. Try again in 2 "
                        "minutes.");
    assert_int_equal(fault.retry_after_ms, 2 * LIMIT_MINUTE_MS);
    now_ms += fault.retry_after_ms;
    assert_true(limiter_take(limiter, limits, 2, now_ms, starts, &fault));
    assert_int_equal(starts[0], now_ms);
    assert_int_equal(starts[1], MIDNIGHT_MS);
    /* Both are reached: the one that takes longer counts. */
    assert_false(limiter_take(limiter, limits, 2, now_ms, starts, &fault));
    assert_string_equal(fault.code, "messages_per_day");
    assert_int_equal(fault.retry_after_ms, MIDNIGHT_MS + LIMIT_DAY_MS - now_ms);
    limiter_destroy(limiter);
}

static void none_and_no_limit(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create();
    struct limit limit = limit_of(USER, LIMIT_MINUTE_MS, 0);
    int64_t start;
    struct fault fault;
    assert_false(limiter_take(limiter, &limit, 1, MIDNIGHT_MS, &start, &fault));
    assert_false(fault.retryable);
    assert_int_equal(fault.retry_after_ms, -1);
    limit.most = -1;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(limiter_take(limiter, &limit, 1, MIDNIGHT_MS, &start, &fault));
        assert_int_equal(start, -1);
    }
    assert_int_equal(limiter_sweep(limiter, MIDNIGHT_MS), 0);
    limiter_destroy(limiter);
}

/* A new cookie with each message makes a new user, but not a new address. */
static void counts_all_or_none(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create();
    int64_t starts[2];
    struct fault fault;
    size_t admitted = 0;
    for (int i = 0; i < 50; i++) {
        char user[32];
        snprintf(user, sizeof user, "support/user/anon:%d", i);
        const struct limit limits[] = {
            limit_of(slice_of(user), LIMIT_DAY_MS, 5),
            limit_of(SLICE("support/address/192.0.2.1"), LIMIT_DAY_MS, 10)};
        admitted += limiter_take(limiter, limits, 2, MIDNIGHT_MS, starts, &fault);
    }
    assert_int_equal(admitted, 10);
    /* Those who were refused for the address were not counted as users. */
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            take(limiter, limit_of(SLICE("support/user/anon:49"), LIMIT_DAY_MS, 5), MIDNIGHT_MS),
            -1);
    assert_true(
        take(limiter, limit_of(SLICE("support/user/anon:49"), LIMIT_DAY_MS, 5), MIDNIGHT_MS) > 0);
    limiter_destroy(limiter);
}

/* Whoever sets the clock back gains nothing, and is not locked out until it gets there again. */
static void survives_a_clock_that_goes_back(void **state) {
    (void)state;
    static const int64_t windows[] = {LIMIT_MINUTE_MS, LIMIT_DAY_MS};
    for (size_t i = 0; i < 2; i++)
        for (int64_t back = 1; back < INT64_C(400) * LIMIT_DAY_MS; back = back * 7 + 13) {
            struct limiter *limiter = limiter_create();
            struct limit limit = limit_of(USER, windows[i], 3);
            int64_t now_ms = MIDNIGHT_MS + 5 * LIMIT_DAY_MS + 1234;
            for (int j = 0; j < 3; j++)
                assert_int_equal(take(limiter, limit, now_ms), -1);
            int64_t wait_ms = take(limiter, limit, now_ms - back);
            assert_true(wait_ms > 0);
            assert_true(wait_ms <= 3 * windows[i]);
            assert_int_equal(take(limiter, limit, now_ms - back + wait_ms), -1);
            limiter_destroy(limiter);
        }
}

static void gives_back(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create();
    struct limit limit = limit_of(USER, LIMIT_MINUTE_MS, 2);
    int64_t starts[2];
    struct fault fault;
    for (size_t i = 0; i < 2; i++)
        assert_true(limiter_take(limiter, &limit, 1, MIDNIGHT_MS, &starts[i], &fault));
    assert_true(take(limiter, limit, MIDNIGHT_MS) > 0);
    limiter_give_back(limiter, &limit, 1, &starts[0]);
    assert_int_equal(take(limiter, limit, MIDNIGHT_MS), -1);
    assert_true(take(limiter, limit, MIDNIGHT_MS) > 0);
    /* In the next window it comes off the one before. */
    int64_t later_ms = MIDNIGHT_MS + LIMIT_MINUTE_MS;
    assert_true(take(limiter, limit, later_ms) > 0);
    limiter_give_back(limiter, &limit, 1, &starts[0]);
    assert_int_equal(take(limiter, limit, later_ms), -1);
    /* Of a window long gone: nothing happens, and nothing falls below zero. */
    for (size_t i = 0; i < 5; i++)
        limiter_give_back(limiter, &limit, 1, &starts[0]);
    int64_t much_later_ms = MIDNIGHT_MS + 10 * LIMIT_MINUTE_MS;
    assert_int_equal(take(limiter, limit, much_later_ms), -1);
    for (size_t i = 0; i < 5; i++)
        limiter_give_back(limiter, &limit, 1, &starts[0]);
    assert_int_equal(take(limiter, limit, much_later_ms), -1);
    assert_true(take(limiter, limit, much_later_ms) > 0);
    limiter_destroy(limiter);
}

/* --- over a restart --- */

struct row {
    int64_t start_ms, count;
};

static void add_row(struct row *rows, size_t *count, int64_t start_ms) {
    for (size_t i = 0; i < *count; i++)
        if (rows[i].start_ms == start_ms) {
            rows[i].count++;
            return;
        }
    rows[(*count)++] = (struct row){start_ms, 1};
}

/* What limiter_take told is written down as the store does it, one row per window; now and then the
 * program is killed, and the next one starts from the rows in any order. */
static void counts_on_after_a_restart(void **state) {
    (void)state;
    static const int64_t windows[] = {LIMIT_MINUTE_MS, LIMIT_DAY_MS, 7000};
    static struct model model;
    static struct row rows[MESSAGES_MAX];
    for (uint64_t round = 100; round < 130; round++) {
        int64_t window_ms = windows[round % 3], now_ms = MIDNIGHT_MS;
        seed = round;
        struct limit limit = limit_of(USER, window_ms, 1 + random_below(12));
        struct limiter *limiter = limiter_create();
        size_t row_count = 0;
        model = (struct model){.window_ms = window_ms, .most = limit.most};
        for (size_t i = 0; i < 400; i++) {
            int64_t start_ms;
            now_ms += random_below(window_ms / 5);
            if (random_below(10) == 0) {
                limiter_destroy(limiter);
                limiter = limiter_create();
                for (size_t j = row_count; j > 1; j--) {
                    size_t other = (size_t)random_below((int64_t)j);
                    struct row row = rows[j - 1];
                    rows[j - 1] = rows[other];
                    rows[other] = row;
                }
                for (size_t j = 0; j < row_count; j++)
                    limiter_restore(limiter, USER, window_ms, rows[j].start_ms, rows[j].count);
            }
            bool admitted = limiter_take(limiter, &limit, 1, now_ms, &start_ms, NULL);
            assert_int_equal(admitted, model_admits(&model, now_ms));
            if (admitted) {
                model.times[model.count++] = now_ms;
                add_row(rows, &row_count, start_ms);
            }
        }
        limiter_destroy(limiter);
    }
}

static void damaged_rows_do_no_harm(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create();
    const int64_t rows[][3] = {{0, MIDNIGHT_MS, 9},
                               {-1, MIDNIGHT_MS, 9},
                               {LIMIT_MINUTE_MS, -LIMIT_MINUTE_MS, 9},
                               {LIMIT_MINUTE_MS, MIDNIGHT_MS + 1, 9},
                               {LIMIT_MINUTE_MS, MIDNIGHT_MS, 0},
                               {LIMIT_MINUTE_MS, MIDNIGHT_MS, -9}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        limiter_restore(limiter, USER, rows[i][0], rows[i][1], rows[i][2]);
    assert_int_equal(limiter_sweep(limiter, MIDNIGHT_MS), 0);
    /* The largest count there is: it waits, and does not overflow. */
    limiter_restore(limiter, USER, LIMIT_MINUTE_MS, MIDNIGHT_MS, INT64_MAX);
    int64_t wait_ms = take(limiter, limit_of(USER, LIMIT_MINUTE_MS, 3), MIDNIGHT_MS);
    assert_true(wait_ms > 0 && wait_ms <= 2 * LIMIT_MINUTE_MS);
    limiter_destroy(limiter);
}

/* --- room --- */

static void a_flood_of_users_pushes_nobody_out(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create_sized(640);
    struct limit own = limit_of(USER, LIMIT_MINUTE_MS, 1);
    size_t admitted = 0, refused = 0;
    assert_int_equal(take(limiter, own, MIDNIGHT_MS), -1);
    for (int i = 0; i < 5000; i++) {
        char user[32];
        snprintf(user, sizeof user, "flood %d", i);
        struct limit limit = limit_of(slice_of(user), LIMIT_MINUTE_MS, 1);
        int64_t start;
        struct fault fault;
        if (limiter_take(limiter, &limit, 1, MIDNIGHT_MS, &start, &fault)) {
            admitted++;
            continue;
        }
        assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
        assert_int_equal(fault.retry_after_ms, 2 * LIMIT_MINUTE_MS);
        refused++;
    }
    assert_true(admitted <= 640 && refused >= 5000 - 640);
    assert_true(take(limiter, own, MIDNIGHT_MS) > 0); /* still counted */
    assert_int_equal(limiter_sweep(limiter, MIDNIGHT_MS), admitted + 1);
    /* When their windows have passed there is room again. */
    int64_t later_ms = MIDNIGHT_MS + 2 * LIMIT_MINUTE_MS;
    assert_int_equal(take(limiter, limit_of(SLICE("late"), LIMIT_MINUTE_MS, 1), later_ms), -1);
    assert_int_equal(limiter_sweep(limiter, later_ms), 1);
    limiter_destroy(limiter);
}

static void keys_and_windows_are_apart(void **state) {
    (void)state;
    struct limiter *limiter = limiter_create();
    char a[300], b[300];
    memset(a, 'k', sizeof a);
    memset(b, 'k', sizeof b);
    b[299] = 'K';
    const struct slice keys[] = {SLICE(""), SLICE("a"), SLICE("a\0b"), SLICE("A"),
                                 {a, 299},  {a, 300},   {b, 300}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        for (int64_t window_ms = 1000; window_ms < 1003; window_ms++) {
            struct limit limit = limit_of(keys[i], window_ms, 1);
            assert_int_equal(take(limiter, limit, MIDNIGHT_MS), -1);
            assert_true(take(limiter, limit, MIDNIGHT_MS) > 0);
        }
    limiter_destroy(limiter);
}

/* --- threads --- */

enum { THREADS = 4, TRIES = 2000, EACH = 3000 };
struct shared {
    struct limiter *limiter;
    atomic_int admitted, number;
};

static void *flood(void *user) {
    struct shared *shared = user;
    char own[32];
    snprintf(own, sizeof own, "user %d", atomic_fetch_add(&shared->number, 1));
    for (int i = 0; i < TRIES; i++) {
        struct limit limits[] = {limit_of(slice_of(own), LIMIT_DAY_MS, TRIES),
                                 limit_of(SLICE("bot"), LIMIT_DAY_MS, EACH)};
        int64_t starts[2];
        if (limiter_take(shared->limiter, limits, 2, MIDNIGHT_MS, starts, NULL))
            atomic_fetch_add(&shared->admitted, 1);
        if (i % 100 == 0)
            limiter_sweep(shared->limiter, MIDNIGHT_MS);
    }
    return NULL;
}

static void threads_share_a_limit(void **state) {
    (void)state;
    struct shared shared = {.limiter = limiter_create()};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, flood, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&shared.admitted), EACH);
    limiter_destroy(shared.limiter);
}

/* --- addresses --- */

static void counts_addresses(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"64:ff9b::192.0.2.1", "192.0.2.1"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:DB8:1:2::", "2001:db8:1:2::/64"},
        {"2001:db8:1:3::1", "2001:db8:1:3::/64"},
        {"::1", "::/64"},
        {"fe80::1%eth0", "fe80::/64"},
        {"", "unknown"},
        {"%eth0", "unknown"},
        {"192.0.2", "unknown"},
        {"192.0.2.1, 198.51.100.7", "unknown"},
        {"192.0.2.1:80", "unknown"},
        {"[2001:db8::1]", "unknown"},
        {"support/user/x", "unknown"},
        {"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", "unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        limit_address(cases[i][0], text);
        assert_string_equal(text, cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admits_what_the_formula_says),
        cmocka_unit_test(a_day_ends_at_midnight),
        cmocka_unit_test(says_what_is_reached),
        cmocka_unit_test(none_and_no_limit),
        cmocka_unit_test(counts_all_or_none),
        cmocka_unit_test(survives_a_clock_that_goes_back),
        cmocka_unit_test(gives_back),
        cmocka_unit_test(counts_on_after_a_restart),
        cmocka_unit_test(damaged_rows_do_no_harm),
        cmocka_unit_test(a_flood_of_users_pushes_nobody_out),
        cmocka_unit_test(keys_and_windows_are_apart),
        cmocka_unit_test(threads_share_a_limit),
        cmocka_unit_test(counts_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
