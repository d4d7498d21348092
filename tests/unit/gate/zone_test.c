#include "gate/zone.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)
/* 2026-03-29 00:00 UTC, the day on which Berlin's clocks go from 2 to 3. */
#define SPRING INT64_C(1774742400000)
/* 2026-10-25 00:00 UTC, when they go back. */
#define AUTUMN INT64_C(1792886400000)

static struct zone *load(const char *name) {
    struct zone *zone = NULL;
    struct fault fault;
    if (!zone_load(slice_of(name), &zone, &fault)) {
        print_error("%s\n", fault.message);
        fail();
    }
    return zone;
}

static void assert_window(struct zone_window window, int64_t start_ms, int64_t end_ms) {
    assert_int_equal(window.start_ms, start_ms);
    assert_int_equal(window.end_ms, end_ms);
}

static void test_utc(void **state) {
    (void)state;
    assert_window(zone_day(NULL, SPRING), SPRING, SPRING + DAY);
    assert_window(zone_day(NULL, SPRING + DAY - 1), SPRING, SPRING + DAY);
    assert_window(zone_day(NULL, -1), -DAY, 0);
    assert_window(zone_month(NULL, SPRING), SPRING - 28 * DAY, SPRING + 3 * DAY);
    /* December 2025, February 2028 */
    assert_window(zone_month(NULL, INT64_C(1767225599999)), INT64_C(1764547200000),
                  INT64_C(1767225600000));
    assert_window(zone_month(NULL, INT64_C(1835308800000)), INT64_C(1832976000000),
                  INT64_C(1835481600000));
}

static void test_days_with_23_and_25_hours(void **state) {
    (void)state;
    struct zone *berlin = load("Europe/Berlin");
    assert_int_equal(zone_offset_s(berlin, SPRING + HOUR - 1), 3600);
    assert_int_equal(zone_offset_s(berlin, SPRING + HOUR), 7200);
    assert_window(zone_day(berlin, SPRING + 12 * HOUR), SPRING - HOUR, SPRING + 22 * HOUR);
    assert_window(zone_day(berlin, AUTUMN + 12 * HOUR), AUTUMN - 2 * HOUR, AUTUMN + 23 * HOUR);
    struct zone_window month = zone_month(berlin, SPRING);
    assert_int_equal(month.end_ms - month.start_ms, 31 * DAY - HOUR);
    zone_destroy(berlin);
}

static void test_every_moment_lies_in_its_window(void **state) {
    (void)state;
    static const char *const names[] = {"UTC", "America/New_York", "Asia/Kolkata",
                                        "Pacific/Chatham", "America/Sao_Paulo"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *zone = load(names[i]);
        int64_t end = 0;
        for (int64_t at = SPRING - 400 * DAY; at < SPRING + 400 * DAY; at += 37 * 60000) {
            struct zone_window day = zone_day(zone, at), month = zone_month(zone, at);
            assert_true(day.start_ms <= at && at < day.end_ms);
            assert_true(month.start_ms <= day.start_ms && day.end_ms <= month.end_ms);
            /* no gap between one day and the next */
            assert_true(end == 0 || day.end_ms == end || day.start_ms == end);
            end = day.end_ms;
        }
        zone_destroy(zone);
    }
}

static void test_no_such_zone(void **state) {
    (void)state;
    static const char *const names[] = {
        "",       "Mars/Olympus",    "/etc/passwd", "../../etc/passwd",
        "Europe", "Europe/Berlin\n", "zone.tab"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *zone = NULL;
        struct fault fault;
        assert_false(zone_load(slice_of(names[i]), &zone, &fault));
        assert_int_equal(fault.kind, FAULT_CONFIG);
        assert_null(zone);
    }
}

static void test_malformed_files(void **state) {
    (void)state;
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "r");
    assert_non_null(file);
    char bytes[8192];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    struct zone *zone = NULL;
    assert_true(zone_parse((struct slice){bytes, size}, &zone));
    zone_destroy(zone);
    /* Cut anywhere: refused, or whole but for the text at its end. */
    for (size_t cut = 0; cut < size; cut++)
        if (zone_parse((struct slice){bytes, cut}, &zone))
            zone_destroy(zone);
    for (size_t at = 0; at < size; at++) {
        char kept = bytes[at];
        bytes[at] = (char)~kept;
        if (zone_parse((struct slice){bytes, size}, &zone))
            zone_destroy(zone);
        bytes[at] = kept;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utc),
        cmocka_unit_test(test_days_with_23_and_25_hours),
        cmocka_unit_test(test_every_moment_lies_in_its_window),
        cmocka_unit_test(test_no_such_zone),
        cmocka_unit_test(test_malformed_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
