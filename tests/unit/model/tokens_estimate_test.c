#include "base/buffer.h"
#include "model/tokens_estimate.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void starts_as_counted(void **state) {
    (void)state;
    struct tokens_estimate estimate = tokens_estimate_start();
    assert_int_equal(tokens_estimate_of(&estimate, 1000), 1000);
    assert_int_equal(tokens_estimate_most(&estimate, 1000), 1600);
    assert_int_equal(tokens_estimate_of(&estimate, 0), 0);
    assert_int_equal(tokens_estimate_of(&estimate, -5), 0);
    assert_true(tokens_estimate_most(&estimate, INT64_MAX) > 0);
}

/* What a vendor that counts 35 % more, give or take 4 %, reports for a prompt. */
static int64_t vendor(int64_t counted, int i) {
    static const double off[] = {0, 0.04, -0.03, 0.01, -0.04, 0.02};
    return llround((double)counted * 1.35 * (1 + off[i % 6]));
}

static void learns_a_vendor(void **state) {
    (void)state;
    struct tokens_estimate estimate = tokens_estimate_start();
    tokens_estimate_learn(&estimate, 500, vendor(500, 0));
    assert_in_range(tokens_estimate_of(&estimate, 1000), 1345, 1355); /* from one report on */
    for (int i = 1; i < 100; i++)
        tokens_estimate_learn(&estimate, 100 + 17 * i, vendor(100 + 17 * i, i));
    assert_int_equal(estimate.samples, 100);
    assert_true(fabs(estimate.ratio - 1.35) < 0.02);
    assert_true(estimate.error > 0.01 && estimate.error < 0.05);
    for (int i = 0; i < 6; i++)
        assert_true(vendor(10000, i) <= tokens_estimate_most(&estimate, 10000));
}

static void is_hardly_moved_by_one_odd_report(void **state) {
    (void)state;
    struct tokens_estimate estimate = tokens_estimate_start();
    for (int i = 0; i < 50; i++)
        tokens_estimate_learn(&estimate, 1000, vendor(1000, i));
    double before = estimate.ratio;
    tokens_estimate_learn(&estimate, 1000, 40000);
    assert_true(fabs(estimate.ratio / before - 1) < 0.02);
    tokens_estimate_learn(&estimate, 1000, 1);
    assert_true(fabs(estimate.ratio / before - 1) < 0.02);
}

static void follows_a_new_tokenizer(void **state) {
    (void)state;
    struct tokens_estimate estimate = tokens_estimate_start();
    for (int i = 0; i < 200; i++)
        tokens_estimate_learn(&estimate, 1000, 1000);
    for (int i = 0; i < 100; i++)
        tokens_estimate_learn(&estimate, 1000, 1400);
    assert_true(fabs(estimate.ratio - 1.4) < 0.03);
}

static void leaves_out_what_cannot_be(void **state) {
    (void)state;
    static const int64_t calls[][2] = {{0, 100},         {15, 100},     {-1, -1},
                                       {100, 0},         {100, -1},     {INT64_MAX, 100},
                                       {100, INT64_MAX}, {INT64_MIN, 1}};
    struct tokens_estimate estimate = tokens_estimate_start();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        tokens_estimate_learn(&estimate, calls[i][0], calls[i][1]);
    assert_int_equal(estimate.samples, 0);
    assert_true(estimate.ratio == 1);
}

static void stays_within_bounds(void **state) {
    (void)state;
    struct tokens_estimate low = tokens_estimate_start(), high = low, torn = low;
    for (int i = 0; i < 1000; i++) {
        tokens_estimate_learn(&low, 1000000, 1);
        tokens_estimate_learn(&high, 16, 1000000);
        tokens_estimate_learn(&torn, 1000, i % 2 ? 1 : 1000000);
    }
    assert_true(low.ratio >= TOKENS_RATIO_MIN && low.ratio < 0.3);
    assert_true(high.ratio <= TOKENS_RATIO_MAX && high.ratio > 4);
    assert_true(torn.ratio >= TOKENS_RATIO_MIN && torn.ratio <= TOKENS_RATIO_MAX);
    assert_true(torn.error > 0.5 && torn.error <= 1);
}

static void survives_being_stored(void **state) {
    (void)state;
    struct tokens_estimate estimate = tokens_estimate_start(), back = {0};
    for (int i = 0; i < 30; i++)
        tokens_estimate_learn(&estimate, 1000, vendor(1000, i));
    struct buffer text = {0};
    tokens_estimate_write(&estimate, &text);
    assert_true(tokens_estimate_read(buffer_slice(&text), &back));
    assert_true(fabs(back.ratio - estimate.ratio) < 1e-6);
    assert_true(fabs(back.error - estimate.error) < 1e-6);
    assert_int_equal(back.samples, 30);
    /* The bounds themselves must come back, too. */
    const struct tokens_estimate bounds[] = {{TOKENS_RATIO_MIN, 0.005, 0},
                                             {TOKENS_RATIO_MAX, 1, INT64_MAX}};
    for (int i = 0; i < 2; i++) {
        buffer_clear(&text);
        tokens_estimate_write(&bounds[i], &text);
        assert_true(tokens_estimate_read(buffer_slice(&text), &back));
    }
    buffer_finish(&text);
}

static void refuses_what_was_never_written(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "1",
                                        "1 1000000 300000",
                                        "2 1000000 300000 5",
                                        "1 1000000 300000 5 5",
                                        "1 1000000 300000 -5",
                                        "1 100 300000 5",
                                        "1 9000000 300000 5",
                                        "1 1000000 0 5",
                                        "1 1000000 2000000 5",
                                        "1 x 300000 5",
                                        "1 1000000 300000 ",
                                        "1  1000000 300000 5"};
    struct tokens_estimate estimate = {.samples = 7};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (tokens_estimate_read(slice_of(texts[i]), &estimate))
            fail_msg("\"%s\" was read", texts[i]);
    assert_int_equal(estimate.samples, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_as_counted),
        cmocka_unit_test(learns_a_vendor),
        cmocka_unit_test(is_hardly_moved_by_one_odd_report),
        cmocka_unit_test(follows_a_new_tokenizer),
        cmocka_unit_test(leaves_out_what_cannot_be),
        cmocka_unit_test(stays_within_bounds),
        cmocka_unit_test(survives_being_stored),
        cmocka_unit_test(refuses_what_was_never_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
