/* Figures as in the vendors' price lists: those that users will look at first. */
#include "model/catalogue.h"
#include "model/provider.h"
#include <math.h>
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

/* Prices in dollars for a million tokens, as the price lists have them; 0: there is none. */
struct figures {
    const char *vendor, *id;
    int64_t window, output_max;
    double input, cached, output;
    int64_t above; /* prompts that are longer cost … */
    double above_input, above_cached, above_output;
};

static const struct figures figures[] = {
    {"openai", "gpt-4o", 128000, 16384, 2.5, 1.25, 10, 0, 0, 0, 0},
    {"openai", "gpt-4o-mini", 128000, 16384, 0.15, 0.075, 0.6, 0, 0, 0, 0},
    {"openai", "o1", 200000, 100000, 15, 7.5, 60, 0, 0, 0, 0},
    {"anthropic", "claude-3-5-sonnet", 200000, 8192, 3, 0.3, 15, 0, 0, 0, 0},
    {"anthropic", "claude-3-opus", 200000, 4096, 15, 1.5, 75, 0, 0, 0, 0},
    {"anthropic", "claude-3-5-haiku", 200000, 8192, 0.8, 0.08, 4, 0, 0, 0, 0},
    {"gemini", "gemini-1.5-pro", 1000000, 8192, 1.25, 0.3125, 5, 128000, 2.5, 0.625, 10},
    {"gemini", "gemini-1.5-flash", 1000000, 8192, 0.075, 0.01875, 0.3, 128000, 0.15, 0.0375, 0.6},
    {"mistral", "mistral-large", 131072, 16384, 2, 0, 6, 0, 0, 0, 0},
    {"mistral", "mistral-large-2407", 131072, 16384, 2, 0, 6, 0, 0, 0, 0},
    {"mistral", "mistral-large-2512", 262144, 0, 0.5, 0.05, 1.5, 0, 0, 0, 0},
    {"mistral", "mistral-large-latest", 262144, 0, 0.5, 0.05, 1.5, 0, 0, 0, 0},
    {"mistral", "open-mistral-7b", 8000, 0, 0.25, 0, 0.25, 0, 0, 0, 0},
};

static void assert_price(const struct model_price *price, double input, double cached,
                         double output) {
    assert_int_equal(price->input, llround(input * 1e6));
    assert_int_equal(price->cache_read, cached > 0 ? llround(cached * 1e6) : -1);
    assert_int_equal(price->output, llround(output * 1e6));
}

static void test_the_models_that_must_be_there(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const struct figures *wanted = &figures[i];
        const struct model_info *info = must(wanted->vendor, wanted->id);
        assert_int_equal(info->context_window, wanted->window);
        assert_int_equal(info->output_max, wanted->output_max);
        assert_price(&info->price, wanted->input, wanted->cached, wanted->output);
        assert_int_equal(info->tiers[0].above, wanted->above);
        if (wanted->above > 0)
            assert_price(&info->tiers[0].price, wanted->above_input, wanted->above_cached,
                         wanted->above_output);
        assert_int_equal(info->tiers[1].above, 0);
    }
    /* what Anthropic asks for writing into its cache: 1.25 and 2 times the input */
    assert_int_equal(must("anthropic", "claude-3-5-sonnet")->price.cache_write, 3750000);
    assert_int_equal(must("anthropic", "claude-3-5-sonnet")->price.cache_write_1h, 6000000);
}

static void test_successors(void **state) {
    (void)state;
    static const char *const successors[][2] = {
        {"openai", "gpt-5"},
        {"openai", "gpt-5.4-mini"},
        {"openai", "gpt-5.6-terra"},
        {"openai", "gpt-6-astra"},
        {"openai", "gpt-6.1-sol"},
        {"openai", "o3"},
        {"openai", "o4-mini"},
        {"anthropic", "claude-opus-5-5"},
        {"anthropic", "claude-sonnet-5-5"},
        {"anthropic", "claude-haiku-5-5"},
        {"anthropic", "claude-haiku-4-5"},
        {"anthropic", "claude-fable-5-2"},
        {"gemini", "gemini-2.5-pro"},
        {"gemini", "gemini-2.5-flash"},
        {"gemini", "gemini-3.8-flash"},
        {"mistral", "mistral-medium-latest"},
        {"mistral", "mistral-small-latest"},
    };
    for (size_t i = 0; i < sizeof successors / sizeof successors[0]; i++) {
        const struct model_info *info = must(successors[i][0], successors[i][1]);
        assert_true(info->price.input > 0 && info->price.output > info->price.input);
        assert_true(info->price.cache_read < info->price.input);
        assert_true(info->context_window >= 128000);
        assert_false(info->no_tools || info->no_images || info->retired);
    }
}

enum {
    LOW_TO_HIGH = MODEL_EFFORT_LOW | MODEL_EFFORT_MEDIUM | MODEL_EFFORT_HIGH,
    LOW_TO_XHIGH = LOW_TO_HIGH | MODEL_EFFORT_XHIGH,
    LOW_TO_MAX = LOW_TO_XHIGH | MODEL_EFFORT_MAX,
};

static void test_what_openais_models_take(void **state) {
    (void)state;
    static const struct {
        const char *id;
        unsigned efforts;
        bool no_temperature, unless_effort_none, no_stop, no_tools_with_reasoning;
    } wanted[] = {
        {"gpt-4o", 0, false, false, false, false},
        {"gpt-4.1", 0, false, false, false, false},
        {"gpt-5-chat-latest", 0, false, false, false, false},
        {"o1", LOW_TO_HIGH, true, false, false, false},
        {"o3", LOW_TO_HIGH, true, false, true, false},
        {"gpt-5", LOW_TO_HIGH | MODEL_EFFORT_MINIMAL, true, false, true, false},
        {"gpt-5.1", LOW_TO_HIGH | MODEL_EFFORT_NONE, true, true, true, false},
        {"gpt-5.2", LOW_TO_XHIGH | MODEL_EFFORT_NONE, true, true, true, false},
        {"gpt-5.5", LOW_TO_XHIGH | MODEL_EFFORT_NONE, true, true, true, false},
        {"gpt-5.6-terra", LOW_TO_MAX | MODEL_EFFORT_NONE, true, true, true, true},
        {"gpt-6-astra", LOW_TO_MAX, true, false, true, false},
        {"gpt-6-luna", LOW_TO_MAX | MODEL_EFFORT_NONE, true, true, true, false},
        {"gpt-6.1-terra", LOW_TO_MAX | MODEL_EFFORT_NONE, true, true, true, false},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct model_info *info = must("openai", wanted[i].id);
        bool reasoning = wanted[i].efforts != 0;
        print_message("%s\n", wanted[i].id);
        assert_int_equal(info->efforts, wanted[i].efforts);
        assert_int_equal(info->reasoning, reasoning);
        assert_int_equal(info->max_completion_tokens, reasoning);
        assert_int_equal(info->developer_role, reasoning);
        assert_int_equal(info->no_temperature, wanted[i].no_temperature);
        assert_int_equal(info->temperature_with_effort_none, wanted[i].unless_effort_none);
        assert_int_equal(info->no_stop, wanted[i].no_stop);
        assert_string_equal(info->tokenizer, "o200k_base");
        if (wanted[i].no_tools_with_reasoning)
            assert_true(info->no_tools_with_reasoning);
    }
    assert_string_equal(must("openai", "gpt-4")->tokenizer, "cl100k_base");
    assert_string_equal(must("openai", "gpt-3.5-turbo")->tokenizer, "cl100k_base");
}

static void test_what_claude_takes(void **state) {
    (void)state;
    static const struct {
        const char *id;
        unsigned efforts, thinking;
        bool no_temperature, no_forced_choice, prefill;
        int64_t output_max;
    } wanted[] = {
        {"claude-3-haiku", 0, 0, false, false, true, 4096},
        {"claude-opus-4-1", 0, MODEL_THINKING_BUDGET, false, false, true, 32000},
        {"claude-sonnet-4-5", 0, MODEL_THINKING_BUDGET, false, false, true, 64000},
        {"claude-opus-4-6", LOW_TO_HIGH | MODEL_EFFORT_MAX,
         MODEL_THINKING_BUDGET | MODEL_THINKING_ADAPTIVE, false, false, false, 128000},
        {"claude-opus-4-7", LOW_TO_MAX, MODEL_THINKING_BUDGET | MODEL_THINKING_ADAPTIVE, true,
         false, false, 128000},
        {"claude-sonnet-5", LOW_TO_MAX, MODEL_THINKING_BUDGET | MODEL_THINKING_ADAPTIVE, true,
         false, false, 128000},
        {"claude-haiku-5-5", LOW_TO_MAX, MODEL_THINKING_ADAPTIVE, true, false, false, 128000},
        {"claude-opus-5-5", LOW_TO_MAX, MODEL_THINKING_ADAPTIVE | MODEL_THINKING_ALWAYS, true, true,
         false, 128000},
        {"claude-sonnet-5-5", LOW_TO_MAX, MODEL_THINKING_ADAPTIVE | MODEL_THINKING_ALWAYS, true,
         true, false, 128000},
        {"claude-fable-5", LOW_TO_MAX, MODEL_THINKING_ADAPTIVE | MODEL_THINKING_ALWAYS, true, false,
         false, 128000},
        {"claude-fable-5-2", LOW_TO_MAX, MODEL_THINKING_ADAPTIVE | MODEL_THINKING_ALWAYS, true,
         true, false, 128000},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct model_info *info = must("anthropic", wanted[i].id);
        print_message("%s\n", wanted[i].id);
        assert_int_equal(info->efforts, wanted[i].efforts);
        assert_int_equal(info->thinking, wanted[i].thinking);
        assert_int_equal(info->no_temperature, wanted[i].no_temperature);
        assert_int_equal(info->no_forced_tool_choice, wanted[i].no_forced_choice);
        assert_int_equal(info->prefill, wanted[i].prefill);
        assert_int_equal(info->output_max, wanted[i].output_max);
        assert_false(info->no_images || info->no_tools || info->no_stop);
        assert_null(info->tokenizer); /* not public */
    }
}

static void test_every_row_is_sound(void **state) {
    (void)state;
    const struct model_info *before = NULL;
    size_t count = 0;
    for (const struct model_info *info; (info = catalogue_at(count)) != NULL; count++) {
        assert_ptr_equal(catalogue_find(info->vendor, slice_of(info->id)), info);
        assert_true(info->context_window >= 0 && info->output_max >= 0);
        assert_true(info->context_window == 0 || info->output_max < info->context_window);
        assert_true((info->price.input < 0) == (info->price.output < 0));
        assert_true(info->price.cache_read <= info->price.input);
        assert_true(catalogue_has_vendor(slice_of(info->vendor)));
        for (size_t i = 0; i < MODEL_TIERS_MAX && info->tiers[i].above > 0; i++)
            assert_true(i == 0 || info->tiers[i].above > info->tiers[i - 1].above);
        if (before && strcmp(before->vendor, info->vendor) == 0)
            assert_true(strcmp(before->id, info->id) != 0);
        before = info;
    }
    assert_true(count > 100);
    assert_int_equal(strlen(catalogue_date()), 10);
    assert_false(catalogue_has_vendor(SLICE("nobody")) || catalogue_has_vendor(SLICE("")));
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
        cmocka_unit_test(test_successors),
        cmocka_unit_test(test_what_openais_models_take),
        cmocka_unit_test(test_what_claude_takes),
        cmocka_unit_test(test_every_row_is_sound),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_efforts),
        cmocka_unit_test(test_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
