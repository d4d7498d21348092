#include "base/buffer.h"
#include "base/json.h"
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_slice(struct slice got, const char *wanted) {
    if (!slice_is(got, wanted))
        fail_msg("got %.*s, wanted %s", SLICE_ARG(got), wanted);
}

static void assert_missing(struct slice value) {
    assert_int_equal(json_type(value), JSON_MISSING);
    assert_int_equal(value.size, 0);
}

static void names_types(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum json_type type;
    } rows[] = {
        {"null", JSON_NULL},   {" true", JSON_BOOLEAN}, {"false ", JSON_BOOLEAN},
        {"\n0", JSON_NUMBER},  {"-1.5e3", JSON_NUMBER}, {"\"\"", JSON_STRING},
        {"[1]", JSON_ARRAY},   {" {}", JSON_OBJECT},    {"", JSON_MISSING},
        {" \t", JSON_MISSING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(json_type(slice_of(rows[i].text)), rows[i].type);
    assert_int_equal(json_type((struct slice){NULL, 0}), JSON_MISSING);
}

static void walks_objects(void **state) {
    (void)state;
    struct slice object = SLICE(" { \"a\" : [1, {\"b\":\"]}\"}] ,\"b\\n\":\"x\\\"}\" , \"\":null, "
                                "\"n\":-1.5e+3,\"o\":{} } ");
    static const char *const wanted[][2] = {{"a", "[1, {\"b\":\"]}\"}]"},
                                            {"b\\n", "\"x\\\"}\""},
                                            {"", "null"},
                                            {"n", "-1.5e+3"},
                                            {"o", "{}"}};
    size_t cursor = 0;
    struct slice key, value;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_true(json_next_member(object, &cursor, &key, &value));
        assert_slice(key, wanted[i][0]);
        assert_slice(value, wanted[i][1]);
    }
    for (int again = 0; again < 3; again++)
        assert_false(json_next_member(object, &cursor, &key, &value));

    cursor = 0;
    assert_false(json_next_member(SLICE("{ }"), &cursor, &key, &value));
    static const char *const others[] = {"[1]", "\"{\"", "1", "null", "", " "};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cursor = 0;
        assert_false(json_next_member(slice_of(others[i]), &cursor, &key, &value));
    }
    cursor = 0;
    assert_false(json_next_member((struct slice){NULL, 0}, &cursor, &key, &value));
}

static void walks_arrays(void **state) {
    (void)state;
    struct slice array = SLICE("[ 1,\"a,]\" , [2,[3]],{\"x\":[]} ,true,null ]");
    static const char *const wanted[] = {"1", "\"a,]\"", "[2,[3]]", "{\"x\":[]}", "true", "null"};
    size_t cursor = 0;
    struct slice value;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_true(json_next_element(array, &cursor, &value));
        assert_slice(value, wanted[i]);
    }
    assert_false(json_next_element(array, &cursor, &value));
    static const char *const others[] = {"[]", "[ ]", "{\"a\":1}", "\"[1]\"", "1", ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cursor = 0;
        assert_false(json_next_element(slice_of(others[i]), &cursor, &value));
    }
}

static void gets_members(void **state) {
    (void)state;
    struct slice object =
        SLICE("{\"a\":1,\"b\":2,\"a\":3,\"\":4,\"c\\u0061\\n\":5,\"\\uD83D\\uDE00\":6,"
              "\"x\\\\n\":7,\"\xC3\xBC\":8,\"\\u0000\":9,\"\\uD800\":10,\"\\/\\\"\":11}");
    assert_slice(json_get(object, "a"), "1"); /* the first of two */
    assert_slice(json_get(object, "b"), "2");
    assert_slice(json_get(object, ""), "4");
    assert_slice(json_get(object, "ca\n"), "5");
    assert_slice(json_get(object, "\xF0\x9F\x98\x80"), "6");
    assert_slice(json_get(object, "x\\n"), "7");
    assert_slice(json_get(object, "\xC3\xBC"), "8");
    assert_slice(json_get(object, "\xEF\xBF\xBD"), "10");
    assert_slice(json_get(object, "/\""), "11");
    assert_missing(json_get(object, "c\\u0061\\n")); /* the raw spelling is not the key */
    assert_missing(json_get(object, "x\\\\n"));
    assert_missing(json_get(object, "A"));
    assert_missing(json_get(object, "ca"));
    assert_missing(json_get(object, "ca\n "));
    assert_missing(json_get(SLICE("[1]"), "0"));
    /* On what was missing already. */
    assert_missing(json_get(json_get(object, "nowhere"), "a"));
}

static void follows_paths(void **state) {
    (void)state;
    struct slice value =
        SLICE(" {\"choices\":[{\"delta\":{\"content\":\"hi\"}},7],\"0\":\"zero\"}");
    assert_slice(json_path(value, "choices", "0", "delta", "content", NULL), "\"hi\"");
    assert_slice(json_path(value, "choices", "1", NULL), "7");
    assert_slice(json_path(value, "0", NULL), "\"zero\"");
    assert_int_equal(json_type(json_path(value, NULL)), JSON_OBJECT);
    assert_missing(json_path(value, "choices", "2", NULL));
    assert_missing(json_path(value, "choices", "-1", NULL));
    assert_missing(json_path(value, "choices", "x", "y", "z", NULL));
    assert_missing(json_path(value, "choices", "1", "a", NULL));
}

static void follows_pointers(void **state) {
    (void)state;
    struct slice value =
        SLICE("{\"a/b\":1,\"m~n\":2,\"\":3,\"l\":[10,[20,21]],\"~1\":4,\"o\":{\"\":{\"\":5}}}");
    static const struct {
        const char *pointer, *wanted; /* NULL: leads nowhere */
    } rows[] = {
        {"/a~1b", "1"},   {"/m~0n", "2"},  {"/", "3"},          {"/l/0", "10"},
        {"/l/1/1", "21"}, {"/~01", "4"},   {"/o//", "5"},       {"/l/2", NULL},
        {"/l/-", NULL},   {"/l/-1", NULL}, {"/l/+1", NULL},     {"/l/01", NULL},
        {"/l/00", NULL},  {"/l/", NULL},   {"/l/1/1/0", NULL},  {"a~1b", NULL},
        {"/m~2n", NULL},  {"/m~", NULL},   {"/m~n", NULL},      {"/a/b", NULL},
        {"/l/1e0", NULL}, {"/l/ 1", NULL}, {"/none/x/y", NULL}, {"/l/99999999999999999999", NULL},
        {"/o///", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice got = json_pointer(value, slice_of(rows[i].pointer));
        if (rows[i].wanted)
            assert_slice(got, rows[i].wanted);
        else if (got.size)
            fail_msg("%s led to %.*s", rows[i].pointer, SLICE_ARG(got));
    }
    assert_true(slice_equal(json_pointer(value, (struct slice){NULL, 0}), value));
    assert_missing(json_pointer((struct slice){NULL, 0}, SLICE("/a")));
}

static void reads_strings(void **state) {
    (void)state;
#define FFFD "\xEF\xBF\xBD"
    static const struct {
        struct slice text, wanted;
    } rows[] = {
        {{"\"\"", 2}, {"", 0}},
        {{" \"a\" ", 5}, {"a", 1}},
        {{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 18}, {"\"\\/\b\f\n\r\t", 8}},
        {{"\"\\u0041\\u00e9\\u20AC\"", 20}, {"A\xC3\xA9\xE2\x82\xAC", 6}},
        {{"\"\\u0000x\"", 9}, {"\0x", 2}},
        {{"\"\\uD83D\\uDE00\"", 14}, {"\xF0\x9F\x98\x80", 4}},
        {{"\"\\uDBFF\\uDFFF\"", 14}, {"\xF4\x8F\xBF\xBF", 4}},
        {{"\"\\uD800\\uDC00\"", 14}, {"\xF0\x90\x80\x80", 4}},
        {{"\"\\uD83D\"", 8}, {FFFD, 3}},
        {{"\"\\uD83Dx\"", 9}, {FFFD "x", 4}},
        {{"\"\\uD83D\\n\"", 10}, {FFFD "\n", 4}},
        {{"\"\\uD83D\\u0041\"", 14}, {FFFD "A", 4}},
        {{"\"\\uD83D\\uD83D\\uDE00\"", 20}, {FFFD "\xF0\x9F\x98\x80", 7}},
        {{"\"\\uDE00\\uD83D\"", 14}, {FFFD FFFD, 6}},
        {{"\"\\uDC00\\uDC00\"", 14}, {FFFD FFFD, 6}},
        {{"\"\\uD83D\\uE000\"", 14}, {FFFD "\xEE\x80\x80", 6}},
        {{"\"\\uD83D\\uDBFF\"", 14}, {FFFD FFFD, 6}},
        {{"\"\\uD83D\\\\uDE00\"", 15}, {FFFD "\\uDE00", 9}},
        {{"\"\\\\u0041\"", 9}, {"\\u0041", 6}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(json_validate(rows[i].text, NULL));
        struct buffer out = {0};
        buffer_append(&out, SLICE("before"));
        assert_true(json_read_string(rows[i].text, &out));
        assert_true(slice_equal(slice_from(buffer_slice(&out), 6), rows[i].wanted));
        buffer_finish(&out);
    }
    struct buffer out = {0};
    static const char *const others[] = {"1", "null", "[\"a\"]", "{}", "", "true"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(json_read_string(slice_of(others[i]), &out));
    assert_int_equal(out.size, 0);
    buffer_finish(&out);
}

static void compares_strings(void **state) {
    (void)state;
    assert_true(json_string_is(SLICE("\"stop\""), "stop"));
    assert_true(json_string_is(SLICE(" \"\\u0073top\" "), "stop"));
    assert_false(json_string_is(SLICE("\"stopp\""), "stop"));
    assert_false(json_string_is(SLICE("\"sto\""), "stop"));
    assert_false(json_string_is(SLICE("\"\\u0073to\""), "stop"));
    assert_false(json_string_is(SLICE("stop"), "stop"));
    assert_false(json_string_is(SLICE("\"a\\n\""), "a\\n"));
    assert_true(json_string_is(SLICE("\"\""), ""));
    assert_false(json_string_is(SLICE("null"), ""));
    assert_false(json_string_is((struct slice){NULL, 0}, ""));

    assert_slice(json_plain_string(SLICE("\"gpt-4o\"")), "gpt-4o");
    assert_non_null(json_plain_string(SLICE("\"\"")).data);
    assert_null(json_plain_string(SLICE("\"a\\n\"")).data);
    assert_null(json_plain_string(SLICE("12")).data);
    assert_null(json_plain_string((struct slice){NULL, 0}).data);
}

static void reads_integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"-0.0e-5", 0},
        {" 12 ", 12},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"1.0", 1},
        {"12.50e1", 125},
        {"1200e-2", 12},
        {"-1.5e1", -15},
        {"0e999999999999999999999", 0},
        {"0.000e-99999999999999999999", 0},
        {"1e18", 1000000000000000000},
        {"9007199254740993.0", 9007199254740993}, /* a double would lose the last digit */
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"9223372036854775807.000", INT64_MAX},
        {"-9.223372036854775808e18", INT64_MIN},
        {"1000000000000000000000000000000e-30", 1},
        {"0.000000000000000000000000000001e30", 1},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 99;
        if (!json_read_int64(slice_of(good[i].text), &value) || value != good[i].value)
            fail_msg("%s was read as %lld", good[i].text, (long long)value);
    }
    static const char *const bad[] = {
        "1.5",
        "1e-1",
        "0.1e0",
        "9223372036854775808",
        "-9223372036854775809",
        "1e19",
        "1e400",
        "9.3e18",
        "1e999999999999999999999",
        "-1e-9223372036854775808",
        "1.00000000000000000000001",
        "9223372036854775808e0",
        "true",
        "\"1\"",
        "null",
        "[1]",
        "",
        "1e-99999999999999999999",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 99;
        if (json_read_int64(slice_of(bad[i]), &value) || value != 99)
            fail_msg("%s was read as %lld", bad[i], (long long)value);
    }
}

static void reads_doubles(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"-1.5", -1.5},
        {"1e3", 1000},
        {"0.1", 0.1},
        {" 2.5E-3 ", 0.0025},
        {"1.7976931348623157e308", DBL_MAX},
        {"1e-400", 0},
        {"0.3333333333333333333333333333333333333333333333333333333333333333333333333333333",
         1.0 / 3},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double value = 99;
        assert_true(json_read_double(slice_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {"1e309", "-1e999", "true", "\"1\"", "", "[1]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 99;
        assert_false(json_read_double(slice_of(bad[i]), &value));
        assert_true(value == 99);
    }
}

static void reads_booleans(void **state) {
    (void)state;
    bool truth = false;
    assert_true(json_read_bool(SLICE(" true"), &truth));
    assert_true(truth);
    assert_true(json_read_bool(SLICE("false "), &truth));
    assert_false(truth);
    static const char *const bad[] = {"1", "\"true\"", "null", "", "[true]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(json_read_bool(slice_of(bad[i]), &truth));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_types),    cmocka_unit_test(walks_objects),
        cmocka_unit_test(walks_arrays),   cmocka_unit_test(gets_members),
        cmocka_unit_test(follows_paths),  cmocka_unit_test(follows_pointers),
        cmocka_unit_test(reads_strings),  cmocka_unit_test(compares_strings),
        cmocka_unit_test(reads_integers), cmocka_unit_test(reads_doubles),
        cmocka_unit_test(reads_booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
