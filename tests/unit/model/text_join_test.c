#include "base/json.h"
#include "base/utf8.h"
#include "model/text_join.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* JSON values, NULL behind the last, read one after the other; a bar where each ends. */
static void expect(const char *const *values, const char *texts) {
    struct text_join join = {0};
    struct buffer scratch = {0}, all = {0};
    for (; *values; values++) {
        struct slice text = text_join_read(&join, slice_of(*values), &scratch);
        assert_true(utf8_valid(text));
        buffer_append(&all, text);
        buffer_append_byte(&all, '|');
    }
    buffer_append(&all, text_join_rest(&join));
    assert_string_equal(buffer_string(&all), texts);
    assert_int_equal(text_join_rest(&join).size, 0);
    buffer_finish(&scratch);
    buffer_finish(&all);
}

#define EXPECT(texts, ...) expect((const char *const[]){__VA_ARGS__, NULL}, texts)

static void test_plain_text_and_escapes(void **state) {
    (void)state;
    EXPECT("a|b|", "\"a\"", "\"b\"");
    EXPECT("\"\\/\b\f\n\r\t\xE2\x82\xAC|", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20ac\"");
    EXPECT("||||", "1", "null", "{}", "\"\"");
}

static void test_plain_text_is_not_copied(void **state) {
    (void)state;
    struct text_join join = {0};
    struct buffer scratch = {0};
    const char *value = "\"abc\"";
    assert_ptr_equal(text_join_read(&join, slice_of(value), &scratch).data, value + 1);
    buffer_finish(&scratch);
}

static void test_pairs_of_surrogates(void **state) {
    (void)state;
    EXPECT("\xF0\x9F\x98\x80|", "\"\\ud83d\\ude00\"");
    EXPECT("a|\xF0\x9F\x98\x80z|", "\"a\\ud83d\"", "\"\\ude00z\"");
    EXPECT("a||\xF0\x9F\x98\x80|", "\"a\\ud83d\"", "\"\"", "\"\\ude00\"");
}

static void test_halves_that_stay_alone(void **state) {
    (void)state;
    EXPECT("a|\xEF\xBF\xBD", "\"a\\ud83d\"");
    EXPECT("|\xEF\xBF\xBDz|", "\"\\ud83d\"", "\"z\"");
    EXPECT("\xEF\xBF\xBD|", "\"\\ude00\"");
    EXPECT("\xEF\xBF\xBD\xF0\x9F\x98\x80|", "\"\\ud83d\\ud83d\\ude00\"");
}

/* As text_join_mend writes what is not UTF-8. */
static void test_sequences_cut_in_two(void **state) {
    (void)state;
    const char *pieces[] = {"\"\xE2\"", "\"\x82\"", "\"\xAC!\"", NULL};
    struct buffer mended[3] = {0};
    const char *values[4] = {0};
    for (size_t i = 0; pieces[i]; i++) {
        text_join_mend(slice_of(pieces[i]), &mended[i]);
        assert_true(json_validate(buffer_slice(&mended[i]), NULL));
        values[i] = buffer_string(&mended[i]);
    }
    expect(values, "||\xE2\x82\xAC!|");
    for (size_t i = 0; i < 3; i++)
        buffer_finish(&mended[i]);
}

static void test_broken_sequences(void **state) {
    (void)state;
    EXPECT("a|\xEF\xBF\xBDz|", "\"a\\udce2\"", "\"z\"");
    EXPECT("\xEF\xBF\xBD\xEF\xBF\xBD|", "\"\\udc80\\udcff\"");
    EXPECT("|\xEF\xBF\xBD", "\"\\udcf0\\udc9f\"");
}

static void test_mending_leaves_what_is_right(void **state) {
    (void)state;
    struct buffer out = {0};
    text_join_mend(SLICE("{\"a\":\"\xE2\x82\xAC\"}"), &out);
    assert_string_equal(buffer_string(&out), "{\"a\":\"\xE2\x82\xAC\"}");
    buffer_finish(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_and_escapes),
        cmocka_unit_test(test_plain_text_is_not_copied),
        cmocka_unit_test(test_pairs_of_surrogates),
        cmocka_unit_test(test_halves_that_stay_alone),
        cmocka_unit_test(test_sequences_cut_in_two),
        cmocka_unit_test(test_broken_sequences),
        cmocka_unit_test(test_mending_leaves_what_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
