/* Texts made to hurt: each ends with a mistake, and not with the memory. */
#include "help.h"

#define BOTS "bots: { b: { models: [offline] } }\n"

static void assert_refused(struct buffer *text, const char *message) {
    struct config_result result = config_load_text("a.yaml", buffer_slice(text));
    assert_null(result.config);
    bool found = false;
    for (size_t i = 0; i < result.error_count; i++)
        found = found || strcmp(result.errors[i].message, message) == 0;
    if (!found) {
        struct buffer out = printed(&result);
        fail_msg("expected %s, got\n%s", message, buffer_string(&out));
    }
    config_result_finish(&result);
    buffer_finish(text);
}

/* Lists of aliases of lists: a hundred levels, nine times as many values with each. */
static void append_bomb(struct buffer *text) {
    buffer_append_string(text, "x-a0: &a0 [l, l, l, l, l, l, l, l, l]\n");
    for (int i = 1; i < 100; i++)
        buffer_printf(text, "x-a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
                      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
}

static void test_laughs(void **state) {
    (void)state;
    struct buffer text = {0};
    append_bomb(&text);
    buffer_append_string(&text, "bots: { b: { models: *a99 } }\n");
    assert_refused(&text, "expected a model such as openai/gpt-4o-mini, or just a provider's name, "
                          "found a list");
}

static void test_tree_bomb(void **state) {
    (void)state;
    struct buffer text = {0};
    append_bomb(&text);
    buffer_append_string(&text, "tools: { t: { description: d, http: { url: 'http://a.example',"
                                " body: *a99 } } }\n");
    assert_refused(&text, "is too large: more than 10000 values (an alias counts as what it "
                          "stands for)");
}

/* One long text, and a long name, a thousand times. */
static void test_tree_bytes(void **state) {
    (void)state;
    for (int key = 0; key < 2; key++) {
        struct buffer text = {0};
        buffer_append_string(&text, key ? "x-a: &a { " : "x-a: &a ");
        for (int i = 0; i < (key ? 1000 : 5000); i++)
            buffer_append_byte(&text, 'w');
        buffer_append_string(&text, key ? ": 1 }\n" : "\n");
        buffer_append_string(&text, "tools: { t: { description: d, http: { url: 'http://a.example',"
                                    " body: [*a");
        for (int i = 0; i < (key ? 4900 : 1000); i++)
            buffer_append_string(&text, ", *a");
        buffer_append_string(&text, "] } } }\n");
        assert_refused(&text, "is too large: more than 1 MiB (an alias counts as what it stands "
                              "for)");
    }
}

/* Each tool is small enough, but there are many of them. */
static void test_many_trees(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "x-a: &a [");
    for (int i = 0; i < 100; i++) {
        buffer_append_string(&text, i > 0 ? ", " : "");
        for (int j = 0; j < 10000; j++)
            buffer_append_byte(&text, 'w');
    }
    buffer_append_string(&text, "]\ntools:\n");
    for (int i = 0; i < 200; i++)
        buffer_printf(&text,
                      "  t%d: { description: d, http: { url: 'http://a.example', body: *a "
                      "} }\n",
                      i);
    assert_refused(&text, "all values together take more than 64 MiB");
}

static void test_merge_bomb(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "x-a0: &a0 { k: 1 }\n");
    for (int i = 1; i < 250; i++)
        buffer_printf(&text, "x-a%d: &a%d { <<: [*a%d, *a%d, *a%d], k%d: 1 }\n", i, i, i - 1, i - 1,
                      i - 1, i);
    assert_refused(&text, "merge keys bring in too much");
}

static void test_caps(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "a: ");
    for (int i = 0; i < 5000; i++)
        buffer_append_byte(&text, '[');
    assert_refused(&text, "nested more than 32 deep");
    for (int i = 0; i < 120000; i++)
        buffer_append_string(&text, "- a\n");
    assert_refused(&text, "the file holds more than 100000 values");
    for (int i = 0; i < 3000; i++)
        buffer_printf(&text, "k%d: 1\n", i);
    assert_refused(&text, "more than 2000 keys");
    for (int i = 0; i < 300; i++)
        buffer_printf(&text, "x-%d: &a%d 1\n", i, i);
    assert_refused(&text, "more than 256 anchors");
    buffer_append_string(&text, "x-a: &a { system: '");
    for (int i = 0; i < 256 * 1024; i++)
        buffer_append_byte(&text, 'x');
    buffer_append_string(&text, "', models: [offline] }\nbots:\n");
    for (int i = 0; i < 256; i++)
        buffer_printf(&text, "  b%d: *a\n", i);
    assert_refused(&text, "all values together take more than 64 MiB");
    buffer_append_string(&text, BOTS "admin_token: ");
    for (int i = 0; i < 100000; i++)
        buffer_append_string(&text, "1");
    assert_refused(&text, "must be at most 4096 bytes long");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laughs),     cmocka_unit_test(test_tree_bomb),
        cmocka_unit_test(test_tree_bytes), cmocka_unit_test(test_many_trees),
        cmocka_unit_test(test_merge_bomb), cmocka_unit_test(test_caps),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
