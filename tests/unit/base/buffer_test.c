#include "base/buffer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void starts_empty(void **state) {
    (void)state;
    struct buffer buffer = {0};
    assert_int_equal(buffer_slice(&buffer).size, 0);
    buffer_append(&buffer, (struct slice){NULL, 0});
    buffer_append_string(&buffer, NULL);
    buffer_consume(&buffer, 0);
    assert_string_equal(buffer_string(&buffer), "");
    assert_int_equal(buffer.size, 0);
    buffer_finish(&buffer);

    /* No bytes are room too: the result may be handed to memcpy or write. */
    assert_non_null(buffer_reserve(&buffer, 0));
    buffer_finish(&buffer);
    buffer_finish(&buffer);
}

static void grows(void **state) {
    (void)state;
    struct buffer buffer = {0};
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&buffer, (char)i);
    assert_int_equal(buffer.size, 100000);
    for (int i = 0; i < 100000; i++)
        assert_true(buffer.data[i] == (char)i);
    assert_true(buffer.capacity < 4 * buffer.size);

    size_t capacity = buffer.capacity;
    buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(buffer.capacity, capacity);

    char *room = buffer_reserve(&buffer, 300000);
    memset(room, 'x', 300000);
    buffer.size += 300000;
    assert_int_equal(buffer_slice(&buffer).size, 300000);
    buffer_finish(&buffer);
    assert_int_equal(buffer.capacity, 0);
    buffer_append(&buffer, SLICE("again"));
    assert_string_equal(buffer_string(&buffer), "again");
    buffer_finish(&buffer);
}

static void consumes(void **state) {
    (void)state;
    struct buffer buffer = {0};
    buffer_append(&buffer, SLICE("abcdef"));
    buffer_consume(&buffer, 2);
    assert_string_equal(buffer_string(&buffer), "cdef");
    buffer_consume(&buffer, 0);
    assert_string_equal(buffer_string(&buffer), "cdef");
    buffer_consume(&buffer, 4);
    assert_string_equal(buffer_string(&buffer), "");
    buffer_finish(&buffer);
}

static void prints(void **state) {
    (void)state;
    struct buffer buffer = {0};
    buffer_printf(&buffer, "%s-%d", "a", 1);
    buffer_printf(&buffer, "%s", "");
    assert_string_equal(buffer_string(&buffer), "a-1");
    buffer_clear(&buffer);
    /* Longer than any first guess. */
    buffer_printf(&buffer, "%05000d", 7);
    assert_int_equal(buffer.size, 5000);
    assert_int_equal(buffer.data[4999], '7');
    buffer_finish(&buffer);
}

static void prints_integers(void **state) {
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {9, "9"},
        {-10, "-10"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer buffer = {0};
        buffer_append_int64(&buffer, rows[i].value);
        assert_string_equal(buffer_string(&buffer), rows[i].text);
        buffer_finish(&buffer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),    cmocka_unit_test(grows),  cmocka_unit_test(consumes),
        cmocka_unit_test(prints_integers), cmocka_unit_test(prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
