#include "base/arena.h"
#include "config/errors.h"
#include "help.h"

static void assert_printed(const char *text, const char *expected) {
    struct config_result result = load(text);
    assert_null(result.config);
    struct buffer out = printed(&result);
    assert_string_equal(buffer_string(&out), expected);
    buffer_finish(&out);
    config_result_finish(&result);
}

static void test_caret(void **state) {
    (void)state;
    assert_printed("bots:\n  support:\n    models: [offline]\n    max_token: 5 # five\n",
                   "switchboard.yaml:4:5: bots.support.max_token: unknown option; did you mean "
                   "max_tokens?\n"
                   "      max_token: 5 # five\n"
                   "      ^\n");
    /* Columns are characters; tabs stay tabs in both lines; CR LF is no part of the line. */
    assert_printed("bots: { 'é': { models: [offline] },\tb: {\tmodels: [x/y] } }\r\n",
                   "switchboard.yaml:1:9: bots.\"é\": a name is made of a-z, 0-9, - and _, at most "
                   "64, the first a letter or digit\n"
                   "  bots: { 'é': { models: [offline] },\tb: {\tmodels: [x/y] } }\n"
                   "          ^\n"
                   "switchboard.yaml:1:51: bots.b.models[0]: unknown provider \"x\"\n"
                   "  bots: { 'é': { models: [offline] },\tb: {\tmodels: [x/y] } }\n"
                   "                                     \t    \t         ^\n");
    /* Without a line there is no caret. */
    assert_printed("\xFE\xFF", "switchboard.yaml: is UTF-16; save it as UTF-8\n");
}

static void test_secrets_are_hidden(void **state) {
    (void)state;
    assert_printed(
        "providers: { openai: { key: hunter2, ulr: x }, b: { key: \"hunter2\", nope: 1 } }\n"
        "bots: { b: { models: [offline] } }\n",
        "switchboard.yaml:1:38: providers.openai.ulr: unknown option; did you mean url?\n"
        "  providers: { openai: { key: ***, ulr: x }, b: { key: ***, nope: 1 } }\n"
        "                                   ^\n"
        "switchboard.yaml:1:48: providers.b: api is missing: one of " APIS "\n"
        "  providers: { openai: { key: ***, ulr: x }, b: { key: ***, nope: 1 } }\n"
        "                                             ^\n"
        "switchboard.yaml:1:69: providers.b.nope: unknown option; known here: api, url, "
        "key, keys, models, api_version, connect_timeout, first_byte_timeout, "
        "idle_timeout, total_timeout\n"
        "  providers: { openai: { key: ***, ulr: x }, b: { key: ***, nope: 1 } }\n"
        "                                                            ^\n");
}

/* Under a misspelt name, in the wrong place, in a URL, in a broken file. */
static void test_secrets_in_odd_places(void **state) {
    (void)state;
    static const char *const texts[] = {
        "providers: { openai: { kye: hunter2 } }",
        "providers: { openai: { apikey: sk-hunter2 } }",
        "providers: { openai: sk-hunter2 }",
        "providers: sk-hunter2",
        "providers: { openai: { url: sk-hunter2 } }",
        "providers: { openai: { url: \"https://me:hunter2@example.com\" } }",
        "providers: { openai: { key: [hunter2] } }",
        "providers: { openai: { key: { a: hunter2 } } }",
        "providers: { openai: { key: hunter2, api: [ } }",
        "providers:\n  openai: { \"key\": hunter2 } }",
        "providers:\n  openai:\n    key: hunter2: x",
        "providers:\n  openai:\n    key: >\n      hunter2: x\n    api: a: b",
        "providers:\n  openai:\n    key: \"hunter2",
        "admin_token: hunter2",
        "bots: { b: { models: [sk-hunter2] } }",
        "bots: { b: { models: [offline], access: { user_hash_secret: hunter2 } } }",
        "bots: { b: { models: [offline], access: { jwt: { secret: hunter2, algorithm: A } } } }",
        "listen: sk-hunter2",
        "threads: eyJhunter2eyJhbGciOiJIUzI1NiJ9",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config_result result = load(texts[i]);
        struct buffer out = printed(&result);
        assert_null(result.config);
        assert_true(result.error_count > 0);
        if (slice_find(buffer_slice(&out), SLICE("hunter2")) != SIZE_MAX)
            fail_msg("%s\nsays\n%s", texts[i], buffer_string(&out));
        buffer_finish(&out);
        config_result_finish(&result);
    }
}

static void test_long_line(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "bots: { b: { models: [offline], system: '");
    for (int i = 0; i < 500; i++)
        buffer_append_string(&text, "é ");
    buffer_append_string(&text, "', top_p: 7 } } #");
    for (int i = 0; i < 500; i++)
        buffer_append_string(&text, "x ");
    struct config_result result = config_load_text("a.yaml", buffer_slice(&text));
    assert_int_equal(result.error_count, 1);
    const struct config_error *error = &result.errors[0];
    assert_int_equal(error->column, 41 + 1000 + 11);
    assert_true(strlen(error->source) < 200);
    /* the caret stands below the 7 */
    struct buffer out = {0};
    config_error_print(error, &out);
    struct slice lines = buffer_slice(&out), line, source, caret;
    assert_true(slice_split(&lines, '\n', &line) && slice_split(&lines, '\n', &source) &&
                slice_split(&lines, '\n', &caret));
    size_t column = 0, at = 0;
    for (; column + 1 < caret.size; column++) /* skip as many characters of the source */
        do
            at++;
        while (at < source.size && ((unsigned char)source.data[at] & 0xC0) == 0x80);
    assert_int_equal(source.data[at], '7');
    buffer_finish(&out);
    buffer_finish(&text);
    config_result_finish(&result);
}

/* What a terminal would act on does not get there. */
static void test_no_control_characters(void **state) {
    (void)state;
    struct config_result result =
        load("listen: \"\\e[31m\\u202e\"\nbots: { b: { models: [\"\\e[2J/x\"], \"\\a\": 1 } }\n");
    struct buffer out = printed(&result);
    assert_true(result.error_count >= 3);
    for (size_t i = 0; i < out.size; i++)
        assert_true((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n');
    assert_int_equal(slice_find(buffer_slice(&out), SLICE("\xE2\x80\xAE")), SIZE_MAX);
    buffer_finish(&out);
    config_result_finish(&result);
}

static void test_nearest(void **state) {
    (void)state;
    static const char *const names[] = {"models", "max_tokens", "stop", "top_p", "key", NULL};
    static const struct {
        const char *name, *nearest;
    } cases[] = {
        {"model", "models"},
        {"maxTokens", "max_tokens"},
        {"max-tokens", "max_tokens"},
        {"mdoels", "models"},
        {"kye", "key"},
        {"spot", "stop"},
        {"topp", "top_p"},
        {"site", NULL},
        {"x", NULL},
        {"something_else", NULL},
        {"", NULL},
        {"STOP", "stop"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *nearest = nearest_name(slice_of(cases[i].name), names);
        if (cases[i].nearest)
            assert_string_equal(nearest, cases[i].nearest);
        else
            assert_null(nearest);
    }
}

static void test_lines(void **state) {
    (void)state;
    struct arena *arena = arena_create(1024);
    struct error_list errors = errors_start("a", arena);
    errors.text = SLICE("a\nb\r\nc\rd\n\n\xC3\xA9x");
    static const size_t lines[] = {1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_int_equal(errors_line(&errors, i), lines[i]);
    assert_int_equal(errors_offset(&errors, 3, 1), 5);
    assert_int_equal(errors_offset(&errors, 6, 2), 12);
    assert_int_equal(errors_offset(&errors, 6, 99), errors.text.size);
    assert_int_equal(errors_offset(&errors, 99, 1), 10);
    errors_finish(&errors);
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caret),
        cmocka_unit_test(test_secrets_are_hidden),
        cmocka_unit_test(test_secrets_in_odd_places),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_no_control_characters),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
