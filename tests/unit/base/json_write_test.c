/* What the writer writes, our reader and jansson read back. */
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "support/jansson_tree.h"
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_written(struct buffer *out, const char *wanted) {
    assert_string_equal(buffer_string(out), wanted);
    buffer_clear(out);
}

static void puts_commas(void **state) {
    (void)state;
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "a", SLICE("x"));
    json_member_int(&json, "b", -5);
    json_member_bool(&json, "c", false);
    json_key(&json, "d");
    json_begin_array(&json);
    json_end_array(&json);
    json_key(&json, "e");
    json_begin_array(&json);
    json_null(&json);
    json_begin_object(&json);
    json_end_object(&json);
    json_begin_array(&json);
    json_bool(&json, true);
    json_end_array(&json);
    json_double(&json, 0.5);
    json_end_array(&json);
    json_member_raw(&json, "f", SLICE("[1]"));
    json_key_slice(&json, SLICE("g\n"));
    json_string(&json, SLICE(""));
    json_end_object(&json);
    assert_written(&out, "{\"a\":\"x\",\"b\":-5,\"c\":false,\"d\":[],\"e\":[null,{},[true],0.5],"
                         "\"f\":[1],\"g\\n\":\"\"}");

    /* What was missing in the input is null in the output, never a hole. */
    json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_raw(&json, "id", json_get(SLICE("{}"), "id"));
    json_end_object(&json);
    assert_written(&out, "{\"id\":null}");
    buffer_finish(&out);
}

static void writes_numbers(void **state) {
    (void)state;
    static const double numbers[] = {0,       -0.0,          1,      -1,      0.1,
                                     1.0 / 3, 1e21,          1e-7,   DBL_MAX, -DBL_MIN,
                                     5e-324,  123456789.125, 2.5e15, 1e15,    1e16};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct buffer out = {0};
        struct json_writer json = json_writer_start(&out);
        json_double(&json, numbers[i]);
        double back = 99;
        assert_true(json_validate(buffer_slice(&out), NULL));
        assert_true(json_read_double(buffer_slice(&out), &back));
        assert_true(back == numbers[i] && signbit(back) == signbit(numbers[i]));
        buffer_finish(&out);
    }
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_array(&json);
    json_double(&json, 0.1);
    json_double(&json, NAN);
    json_double(&json, -INFINITY);
    json_int(&json, INT64_MIN);
    json_end_array(&json);
    assert_written(&out, "[0.1,null,null,-9223372036854775808]");
    buffer_finish(&out);
}

static void escapes(void **state) {
    (void)state;
    struct buffer out = {0};
    json_append_string(&out, SLICE("\"\\/\b\f\n\r\t\x01\x1F plain"));
    assert_written(&out, "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0001\\u001f plain\"");
    json_append_string(&out, SLICE("\0"));
    assert_written(&out, "\"\\u0000\"");
    json_append_string(&out, SLICE("\xC3\xBC\xF0\x9F\x98\x80"));
    assert_written(&out, "\"\xC3\xBC\xF0\x9F\x98\x80\"");
    json_append_string(&out, SLICE("a\xFF\xC3z\xE2\x82"));
    assert_written(&out, "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"");
    json_append_escaped(&out, SLICE("0123456789\n0123456789\"0123456"));
    assert_written(&out, "0123456789\\n0123456789\\\"0123456");
    json_append_escaped(&out, (struct slice){NULL, 0});
    json_append_string(&out, (struct slice){NULL, 0});
    assert_written(&out, "\"\"");
    buffer_finish(&out);
}

/* A generator without state outside, so that a failure comes again. */
static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void random_text(uint32_t *seed, struct buffer *out) {
    static const uint32_t tops[] = {0x20, 0x80, 0x80, 0x800, 0x10000, 0x110000};
    buffer_clear(out);
    for (uint32_t left = next(seed) % 40; left > 0; left--) {
        uint32_t code = next(seed) % tops[next(seed) % 6];
        char bytes[4];
        buffer_append(out, (struct slice){bytes, utf8_encode(code ? code : 'x', bytes)});
    }
}

static int64_t random_integer(uint32_t *seed) {
    uint64_t high = next(seed), middle = next(seed);
    return (int64_t)(high << 40 ^ middle << 20 ^ next(seed));
}

static double random_real(uint32_t *seed) {
    double mantissa = (double)next(seed) + 0.25;
    return ldexp(mantissa, (int)(next(seed) % 200) - 100);
}

static void write_value(struct json_writer *json, uint32_t *seed, int depth) {
    struct buffer text = {0};
    uint32_t kind = next(seed) % (depth > 0 ? 7 : 5);
    uint32_t count = next(seed) % 5;
    switch (kind) {
    case 0:
        json_null(json);
        break;
    case 1:
        json_bool(json, count & 1);
        break;
    case 2:
        json_int(json, random_integer(seed));
        break;
    case 3:
        json_double(json, random_real(seed));
        break;
    case 4:
        random_text(seed, &text);
        json_string(json, buffer_slice(&text));
        break;
    case 5:
        json_begin_array(json);
        for (uint32_t i = 0; i < count; i++)
            write_value(json, seed, depth - 1);
        json_end_array(json);
        break;
    default:
        json_begin_object(json);
        for (uint32_t i = 0; i < count; i++) {
            random_text(seed, &text);
            buffer_append_int64(&text, i); /* no key twice */
            json_key_slice(json, buffer_slice(&text));
            write_value(json, seed, depth - 1);
        }
        json_end_object(json);
    }
    buffer_finish(&text);
}

/* Draws the same numbers as write_value did and looks whether that is what the tree holds. */
static void check_value(const struct tree *tree, uint32_t *seed, int depth) {
    assert_non_null(tree);
    struct buffer text = {0};
    uint32_t kind = next(seed) % (depth > 0 ? 7 : 5);
    uint32_t count = next(seed) % 5;
    switch (kind) {
    case 0:
        assert_int_equal(tree_type(tree), 'n');
        break;
    case 1:
        assert_int_equal(tree_type(tree), count & 1 ? 't' : 'f');
        break;
    case 2:
        assert_int_equal(tree_type(tree), 'i');
        assert_true(tree_integer(tree) == random_integer(seed));
        break;
    case 3: {
        double number = random_real(seed);
        assert_true((tree_type(tree) == 'r' && tree_real(tree) == number) ||
                    (tree_type(tree) == 'i' && (double)tree_integer(tree) == number));
        break;
    }
    case 4:
        random_text(seed, &text);
        assert_int_equal(tree_type(tree), 's');
        assert_true(slice_equal(tree_string(tree), buffer_slice(&text)));
        break;
    case 5:
        assert_int_equal(tree_type(tree), 'a');
        assert_int_equal(tree_count(tree), count);
        for (uint32_t i = 0; i < count; i++)
            check_value(tree_element(tree, i), seed, depth - 1);
        break;
    default:
        assert_int_equal(tree_type(tree), 'o');
        assert_int_equal(tree_count(tree), count);
        for (uint32_t i = 0; i < count; i++) {
            random_text(seed, &text);
            buffer_append_int64(&text, i);
            check_value(tree_member(tree, buffer_slice(&text)), seed, depth - 1);
        }
    }
    buffer_finish(&text);
}

static void is_read_by_jansson(void **state) {
    (void)state;
    uint32_t seed = 20261123;
    for (int round = 0; round < 3000; round++) {
        struct buffer out = {0};
        struct json_writer json = json_writer_start(&out);
        uint32_t same = seed;
        write_value(&json, &seed, 5);
        assert_true(json_validate(buffer_slice(&out), NULL));
        char reason[200];
        struct tree *tree = tree_parse(buffer_slice(&out), reason, sizeof reason);
        if (!tree)
            fail_msg("%s in %s", reason, buffer_string(&out));
        check_value(tree, &same, 5);
        assert_int_equal(same, seed);
        tree_free(tree);
        buffer_finish(&out);
    }
}

static void leaves_jansson_its_names(void **state) {
    (void)state;
    struct tree *tree = tree_from_string("text");
    assert_int_equal(tree_type(tree), 's');
    assert_true(slice_is(tree_string(tree), "text"));
    tree_free(tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_commas),
        cmocka_unit_test(writes_numbers),
        cmocka_unit_test(escapes),
        cmocka_unit_test(is_read_by_jansson),
        cmocka_unit_test(leaves_jansson_its_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
