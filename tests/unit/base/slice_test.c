#include "base/slice.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_slice(struct slice got, const char *wanted) {
    assert_int_equal(got.size, strlen(wanted));
    assert_memory_equal(got.data, wanted, got.size);
}

static void compares(void **state) {
    (void)state;
    const struct slice none = {NULL, 0};
    assert_true(slice_equal(none, SLICE("")));
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_equal(SLICE("ab"), SLICE("abc")));
    assert_true(slice_equal_nocase(SLICE("Content-Type"), SLICE("content-tYPE")));
    assert_false(slice_equal_nocase(SLICE("a"), SLICE("b")));
    assert_true(slice_equal_nocase(none, none));
    assert_true(slice_is(SLICE("x"), "x"));
    assert_false(slice_is(SLICE("x\0"), "x"));
    assert_true(slice_is(none, ""));
    assert_int_equal(slice_of(NULL).size, 0);
}

static void finds_ends(void **state) {
    (void)state;
    assert_true(slice_starts_with(SLICE("data: x"), SLICE("data:")));
    assert_false(slice_starts_with(SLICE("dat"), SLICE("data:")));
    assert_true(slice_starts_with(SLICE(""), SLICE("")));
    assert_true(slice_ends_with(SLICE("a.json"), SLICE(".json")));
    assert_false(slice_ends_with(SLICE("json"), SLICE(".json")));
    assert_true(slice_ends_with((struct slice){NULL, 0}, SLICE("")));
}

static void cuts(void **state) {
    (void)state;
    assert_slice(slice_trim(SLICE(" \t\r\n a b \n")), "a b");
    assert_slice(slice_trim(SLICE(" \n ")), "");
    assert_int_equal(slice_trim((struct slice){NULL, 0}).size, 0);
    assert_slice(slice_from(SLICE("abc"), 1), "bc");
    assert_slice(slice_from(SLICE("abc"), 3), "");
    assert_slice(slice_from(SLICE("abc"), SIZE_MAX), "");
    assert_null(slice_from((struct slice){NULL, 0}, 5).data);
    assert_slice(slice_first(SLICE("abc"), 2), "ab");
    assert_slice(slice_first(SLICE("abc"), 9), "abc");
}

static void finds(void **state) {
    (void)state;
    assert_int_equal(slice_find(SLICE("hello"), SLICE("l")), 2);
    assert_int_equal(slice_find(SLICE("hello"), SLICE("lo")), 3);
    assert_int_equal(slice_find(SLICE("hello"), SLICE("")), 0);
    assert_true(slice_find(SLICE("he"), SLICE("hello")) == SIZE_MAX);
    assert_true(slice_find(SLICE("hello"), SLICE("x")) == SIZE_MAX);
    assert_int_equal(slice_find_byte(SLICE("a\0b"), '\0'), 1);
    assert_true(slice_find_byte((struct slice){NULL, 0}, 'a') == SIZE_MAX);
}

static void splits(void **state) {
    (void)state;
    struct slice rest = SLICE("a,,b,"), part;
    assert_true(slice_split(&rest, ',', &part));
    assert_slice(part, "a");
    assert_true(slice_split(&rest, ',', &part));
    assert_slice(part, "");
    assert_true(slice_split(&rest, ',', &part));
    assert_slice(part, "b");
    /* What ends in a separator has an empty last part. */
    assert_true(slice_split(&rest, ',', &part));
    assert_slice(part, "");
    assert_false(slice_split(&rest, ',', &part));

    rest = SLICE("");
    assert_true(slice_split(&rest, ',', &part));
    assert_slice(part, "");
    assert_false(slice_split(&rest, ',', &part));
    rest = (struct slice){NULL, 0};
    assert_false(slice_split(&rest, ',', &part));
}

static void reads_integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"007", 7},
        {"-12", -12},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 99;
        assert_true(slice_to_int64(slice_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {
        "",
        "-",
        "+",
        " 1",
        "1 ",
        "1.0",
        "0x10",
        "--1",
        "+-1",
        "1e3",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "\xD9\xA1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 99;
        assert_false(slice_to_int64(slice_of(bad[i]), &value));
        assert_int_equal(value, 99);
    }
}

static void copies(void **state) {
    (void)state;
    char *copy = slice_to_string(SLICE("a\0b"));
    assert_memory_equal(copy, "a\0b\0", 4);
    free(copy);
    copy = slice_to_string((struct slice){NULL, 0});
    assert_string_equal(copy, "");
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares), cmocka_unit_test(finds_ends), cmocka_unit_test(cuts),
        cmocka_unit_test(finds),    cmocka_unit_test(splits),     cmocka_unit_test(reads_integers),
        cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
