#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static void formats(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1795426200123, "2026-11-23T09:30:00.123Z"},
        {4102444799999, "2099-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[25];
        clock_format(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
    }
    /* Nonsense is still 24 characters. */
    char text[25];
    clock_format(INT64_MAX, text);
    assert_int_equal(strlen(text), 24);
    clock_format(INT64_MIN, text);
    assert_int_equal(strlen(text), 24);
}

static void tells_the_time(void **state) {
    (void)state;
    int64_t seconds = time(NULL);
    assert_true(clock_wall_ms() / 1000 >= seconds);
    assert_true(clock_wall_ms() / 1000 <= time(NULL));
    int64_t last = clock_monotonic_us();
    for (int i = 0; i < 100000; i++) {
        int64_t now = clock_monotonic_us();
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_monotonic_ms() >= last / 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(tells_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
