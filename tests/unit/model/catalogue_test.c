/* Figures as in the vendors' price lists: those that users will look at first. */
#include "model/catalogue.h"
#include "model/provider.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct model_info *must(const char *vendor, const char *id) {
    const struct model_info *info = catalogue_find(vendor, slice_of(id));
    if (!info) {
        print_error("%s/%s is not in the catalogue\n", vendor ? vendor : "", id);
        fail();
    }
    return info;
}

static void assert_figures(const char *vendor, const char *id, int64_t window, int64_t input,
                           int64_t cache_read, int64_t output) {
    const struct model_info *info = must(vendor, id);
    assert_int_equal(info->context_window, window);
    assert_int_equal(info->price.input, input);
    assert_int_equal(info->price.cache_read, cache_read);
    assert_int_equal(info->price.output, output);
}

static void test_the_models_that_must_be_there(void **state) {
    (void)state;
    assert_figures("openai", "gpt-4o", 128000, 2500000, 1250000, 10000000);
    assert_figures("openai", "gpt-4o-mini", 128000, 150000, 75000, 600000);
    assert_figures("openai", "o1", 200000, 15000000, 7500000, 60000000);
    assert_figures("anthropic", "claude-3-5-sonnet", 200000, 3000000, 300000, 15000000);
    assert_figures("anthropic", "claude-3-opus", 200000, 15000000, 1500000, 75000000);
    assert_figures("anthropic", "claude-3-5-haiku", 200000, 800000, 80000, 4000000);
    assert_figures("gemini", "gemini-1.5-flash", 1000000, 75000, 18750, 300000);
    assert_int_equal(must("gemini", "gemini-1.5-pro")->price.input, 1250000);
    assert_int_equal(must("gemini", "gemini-1.5-pro")->price.output, 5000000);
    assert_int_equal(must("gemini", "gemini-1.5-pro")->tiers[0].above, 128000);
    assert_int_equal(must("gemini", "gemini-1.5-pro")->tiers[0].price.input, 2500000);
    assert_true(must("mistral", "mistral-large-latest")->context_window >= 128000);
    assert_figures("mistral", "open-mistral-7b", 8000, 250000, -1, 250000);
    static const char *const successors[][2] = {
        {"openai", "gpt-5.4-mini"},        {"openai", "gpt-6-astra"},
        {"anthropic", "claude-opus-5-5"},  {"gemini", "gemini-3.8-flash"},
        {"mistral", "mistral-large-2512"},
    };
    for (size_t i = 0; i < sizeof successors / sizeof successors[0]; i++) {
        const struct model_info *info = must(successors[i][0], successors[i][1]);
        assert_true(info->price.input > 0 && info->price.output >= info->price.input);
        assert_true(info->context_window > 0);
    }
}

static void test_every_row_is_sound(void **state) {
    (void)state;
    const struct model_info *before = NULL;
    size_t count = 0;
    for (const struct model_info *info; (info = catalogue_at(count)) != NULL; count++) {
        assert_ptr_equal(catalogue_find(info->vendor, slice_of(info->id)), info);
        assert_true(info->context_window >= 0 && info->output_max >= 0);
        for (size_t i = 0; i < MODEL_TIERS_MAX && info->tiers[i].above > 0; i++)
            assert_true(i == 0 || info->tiers[i].above > info->tiers[i - 1].above);
        if (before && strcmp(before->vendor, info->vendor) == 0)
            assert_true(strcmp(before->id, info->id) != 0);
        before = info;
    }
    assert_true(count > 100);
    assert_int_equal(strlen(catalogue_date()), 10);
}

static void test_names(void **state) {
    (void)state;
    assert_ptr_equal(must("openai", "gpt-4o-mini-2024-07-18"), must("openai", "gpt-4o-mini"));
    assert_ptr_equal(must("anthropic", "claude-3-5-haiku-20241022"),
                     must("anthropic", "claude-3-5-haiku"));
    assert_ptr_equal(must("anthropic", "claude-3.5-haiku"), must("anthropic", "claude-3-5-haiku"));
    assert_ptr_equal(must("anthropic", "claude-3-5-haiku@20241022"),
                     must("anthropic", "claude-3-5-haiku"));
    assert_ptr_equal(must("gemini", "models/gemini-1.5-pro-002"), must("google", "gemini-1.5-pro"));
    assert_ptr_equal(must(NULL, "openai/gpt-4o"), must("openai", "gpt-4o"));
    assert_ptr_equal(must("openrouter", "anthropic/claude-3.5-haiku"),
                     must("anthropic", "claude-3-5-haiku"));
    assert_ptr_equal(must("openai", "claude-3-5-haiku"), must("anthropic", "claude-3-5-haiku"));
    static const char *const unknown[] = {"",         "gpt",           "gpt-4o-something",
                                          "llama3.2", "gpt-4o-",       "/",
                                          "models/",  "nobody/gpt-4o", "gpt-4o-2024-08"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_null(catalogue_find("openai", slice_of(unknown[i])));
    assert_null(catalogue_find("anthropic", SLICE("gpt-4o")));
}

static void test_efforts(void **state) {
    (void)state;
    for (unsigned i = 0; model_effort_name(i); i++)
        assert_int_equal(model_effort_of(slice_of(model_effort_name(i))), 1U << i);
    assert_int_equal(model_effort_of(SLICE("hardest")), 0);
    assert_null(model_effort_name(MODEL_EFFORTS));
}

static int64_t cost(const char *vendor, const char *id, struct model_usage usage) {
    return catalogue_cost_microdollars(must(vendor, id), &usage);
}

static struct model_usage usage(int64_t input, int64_t output) {
    struct model_usage usage = model_usage_unknown();
    usage.input = input;
    usage.output = output;
    return usage;
}

static void test_costs(void **state) {
    (void)state;
    assert_int_equal(cost("openai", "gpt-4o", usage(1000, 100)), 3500);
    assert_int_equal(cost("openai", "gpt-4o-mini", usage(1, 0)), 0);  /* 0.15 microdollars */
    assert_int_equal(cost("openai", "gpt-4o-mini", usage(10, 0)), 2); /* 1.5: halves up */
    assert_int_equal(cost("openai", "gpt-4o-mini", usage(0, 0)), 0);
    assert_int_equal(cost("openai", "gpt-4o-mini", usage(-1, -1)), -1);
    struct model_usage all = {.input = 1000,
                              .cache_read = 2000,
                              .cache_write = 3000,
                              .cache_write_1h = 0,
                              .output = 100,
                              .reasoning = 50};
    /* Claude 3.5 Haiku: 0.80 in, 0.08 read, 1.00 written, 4.00 out */
    assert_int_equal(cost("anthropic", "claude-3-5-haiku", all), 800 + 160 + 3000 + 600);
    /* a longer prompt makes all tokens dearer */
    assert_int_equal(cost("gemini", "gemini-1.5-pro", usage(128000, 1000)), 160000 + 5000);
    assert_int_equal(cost("gemini", "gemini-1.5-pro", usage(128001, 1000)), 320003 + 10000);
    assert_int_equal(cost("openai", "gpt-4o", usage(INT64_MAX, INT64_MAX)), -1);
    struct model_info unknown = model_info_unknown("me", "mine");
    struct model_usage some = usage(1, 1);
    assert_int_equal(catalogue_cost_microdollars(&unknown, &some), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_models_that_must_be_there),
        cmocka_unit_test(test_every_row_is_sound),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_efforts),
        cmocka_unit_test(test_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
