/* Hours by a zone's own clock. */
#include "chat/local_time.h"
#include "gate/zone.h"
#include "tool/builtin.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 2026-11-24, a Tuesday, 00:00 UTC */
static const int64_t tuesday_ms = INT64_C(1795478400000);
static const int64_t hour_ms = 3600000;

static void assert_open(const struct hours *hours, int64_t wall_ms) {
    int64_t opens_ms;
    assert_true(hours_are_open(hours, wall_ms, &opens_ms));
}

static void assert_closed(const struct hours *hours, int64_t wall_ms, const char *until) {
    int64_t opens_ms;
    char text[LOCAL_TEXT_SIZE];
    assert_false(hours_are_open(hours, wall_ms, &opens_ms));
    if (!until) {
        assert_int_equal(opens_ms, 0);
        return;
    }
    local_write(hours->zone, opens_ms, text);
    assert_string_equal(text, until);
}

static void open_from_the_first_minute_to_the_last(void **state) {
    (void)state;
    static const struct opening openings[] = {
        {2, 13 * 60, 17 * 60}, {2, 9 * 60, 12 * 60}, {5, 9 * 60, 24 * 60}};
    const struct hours hours = {.openings = openings, .opening_count = 3};
    assert_closed(&hours, tuesday_ms + 9 * hour_ms - 1, "2026-11-24 09:00");
    assert_open(&hours, tuesday_ms + 9 * hour_ms);
    assert_open(&hours, tuesday_ms + 12 * hour_ms - 1);
    assert_closed(&hours, tuesday_ms + 12 * hour_ms, "2026-11-24 13:00");
    assert_open(&hours, tuesday_ms + 13 * hour_ms);
    assert_closed(&hours, tuesday_ms + 17 * hour_ms, "2026-11-27 09:00");
    assert_open(&hours, tuesday_ms + 4 * 24 * hour_ms - 1);
    assert_closed(&hours, tuesday_ms + 4 * 24 * hour_ms, "2026-12-01 09:00");
}

static void always_but_on_holidays(void **state) {
    (void)state;
    static const char *const days[] = {"2026-11-24", "11-25"};
    const struct hours always = {0};
    const struct hours hours = {.holidays = days, .holiday_count = 2};
    assert_open(&always, tuesday_ms);
    assert_closed(&hours, tuesday_ms + hour_ms, "2026-11-26 00:00");
    assert_open(&hours, tuesday_ms - 1);
    assert_closed(&hours, tuesday_ms + 366 * 24 * hour_ms, "2027-11-26 00:00");
    assert_open(&hours, tuesday_ms + 365 * 24 * hour_ms);
}

static void closed_for_long_is_not_known(void **state) {
    (void)state;
    static const struct opening openings[] = {{2, 540, 600}};
    static const char *const days[] = {"11-24", "12-01", "12-08", "12-15", "12-22"};
    const struct hours hours = {
        .openings = openings, .opening_count = 1, .holidays = days, .holiday_count = 5};
    assert_closed(&hours, tuesday_ms, NULL);
}

static void the_clock_is_the_zones(void **state) {
    (void)state;
    static const struct opening openings[] = {{2, 9 * 60, 17 * 60}, {0, 2 * 60, 3 * 60}};
    struct zone *zone;
    struct fault fault;
    if (!zone_load(SLICE("Europe/Berlin"), &zone, &fault))
        skip();
    const struct hours hours = {.openings = openings, .opening_count = 2, .zone = zone};
    assert_closed(&hours, tuesday_ms + 8 * hour_ms - 1, "2026-11-24 09:00");
    assert_open(&hours, tuesday_ms + 8 * hour_ms);
    /* In the night in which the clock skips that hour (2027-03-28) it opens an hour later. */
    int64_t opens_ms;
    assert_false(hours_are_open(&hours, INT64_C(1806184800000), &opens_ms));
    assert_int_equal(opens_ms % hour_ms, 0);
    zone_destroy(zone);
}

static void holidays_are_days(void **state) {
    (void)state;
    static const char *const good[] = {"2026-12-24", "12-25", "02-29", "2024-02-29"};
    static const char *const bad[] = {"",      "2026-13-01", "2026-02-29", "13-01",
                                      "1-1",   "24.12.2026", "monday",     "2026-12-241",
                                      "12/25", "2026-1-01"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(hours_is_holiday(slice_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hours_is_holiday(slice_of(bad[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_from_the_first_minute_to_the_last),
        cmocka_unit_test(always_but_on_holidays),
        cmocka_unit_test(closed_for_long_is_not_known),
        cmocka_unit_test(the_clock_is_the_zones),
        cmocka_unit_test(holidays_are_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
