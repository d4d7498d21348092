#include "tool/builtin.h"
#include "tool/slots.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void counts_days(void **state) {
    (void)state;
    assert_int_equal(slots_day(1970, 1, 1), 0);
    assert_int_equal(slots_day(2000, 3, 1), 11017);
    assert_int_equal(slots_day(2026, 11, 24), 20781);
    for (int64_t day = -200000; day < 200000; day += 17) {
        int year, month, of_month;
        slots_date(day, &year, &month, &of_month);
        assert_int_equal(slots_day(year, month, of_month), day);
    }
    assert_int_equal(slots_weekday(slots_day(2026, 11, 24)), 2);
    assert_int_equal(slots_weekday(-1), 3);
    assert_string_equal(slots_weekday_name(2), "Tuesday");
}

static void reads_days(void **state) {
    (void)state;
    int64_t tuesday = slots_day(2026, 11, 24), day;
    static const struct {
        const char *text;
        int ahead;
    } good[] = {{"2026-11-24", 0}, {"24.11.2026", 0}, {"4.12.2026", 10}, {"today", 0},
                {"Tomorrow", 1},   {"tuesday", 0},    {" Monday ", 6},   {"mittwoch", 1},
                {"dimanche", 5},   {"sabado", 4},     {"Вівторок", 0},   {"übermorgen", 2},
                {"завтра", 1},     {"п'ятницю", 3}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!slots_read_day(slice_of(good[i].text), tuesday, &day))
            fail_msg("%s was not read", good[i].text);
        assert_int_equal(day - tuesday, good[i].ahead);
    }
    static const char *const bad[] = {"",          "someday",    "2026-02-30",
                                      "31.4.2026", "2026-13-01", "2026-11-24x",
                                      "24.11.26",  "1.1.1969",   "-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (slots_read_day(slice_of(bad[i]), tuesday, &day))
            fail_msg("%s was read", bad[i]);
}

static void reads_wishes(void **state) {
    (void)state;
    struct slot_wish wish;
    assert_true(slots_read_wish(SLICE("tomorrow"), SLICE(""), SLICE("afternoon"), 100, &wish));
    assert_int_equal(wish.day, 101);
    assert_true(slots_fits(&wish, 12 * 60) && slots_fits(&wish, 17 * 60 + 30));
    assert_false(slots_fits(&wish, 11 * 60 + 30) || slots_fits(&wish, 18 * 60));
    assert_true(slots_read_wish(SLICE("today"), SLICE("9:30"), SLICE(""), 100, &wish));
    assert_true(slots_fits(&wish, 570));
    assert_false(slots_fits(&wish, 571));
    assert_false(wish.by_name); /* today is today, however late it is */
    assert_true(slots_read_wish(SLICE(" Montag"), SLICE(""), SLICE(""), 100, &wish));
    assert_true(wish.by_name);
    assert_true(slots_read_wish(SLICE("2026-11-24"), SLICE(""), SLICE(""), 100, &wish));
    assert_false(wish.by_name);
    assert_false(slots_read_wish(SLICE("today"), SLICE("25:00"), SLICE(""), 100, &wish));
    assert_false(slots_read_wish(SLICE("today"), SLICE("9:3"), SLICE(""), 100, &wish));
    assert_false(slots_read_wish(SLICE("today"), SLICE(""), SLICE("night"), 100, &wish));
}

static void lists_slots(void **state) {
    (void)state;
    const struct opening openings[] = {
        {2, 9 * 60, 10 * 60 + 15}, {2, 13 * 60, 14 * 60}, {3, 0, 1440}};
    struct builtin_tool calendar = {.openings = openings, .opening_count = 3, .slot_minutes = 30};
    int minutes[SLOTS_MAX];
    int64_t tuesday = slots_day(2026, 11, 24);
    assert_int_equal(slots_of(&calendar, tuesday, minutes), 4);
    assert_int_equal(minutes[0], 540);
    assert_int_equal(minutes[1], 570); /* the quarter of an hour that is left is too short */
    assert_int_equal(minutes[2], 780);
    assert_int_equal(minutes[3], 810);
    assert_int_equal(slots_of(&calendar, tuesday - 1, minutes), 0);
    calendar.slot_minutes = 5;
    assert_int_equal(slots_of(&calendar, tuesday + 1, minutes), SLOTS_MAX);
}

/* Each time is listed once: seats are counted by time. */
static void hours_that_overlap(void **state) {
    (void)state;
    const struct opening openings[] = {{2, 10 * 60, 12 * 60}, {2, 9 * 60, 11 * 60}};
    struct builtin_tool calendar = {.openings = openings, .opening_count = 2, .slot_minutes = 60};
    int minutes[SLOTS_MAX];
    assert_int_equal(slots_of(&calendar, slots_day(2026, 11, 24), minutes), 3);
    assert_int_equal(minutes[0], 540);
    assert_int_equal(minutes[1], 600);
    assert_int_equal(minutes[2], 660);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_days),        cmocka_unit_test(reads_days),
        cmocka_unit_test(reads_wishes),       cmocka_unit_test(lists_slots),
        cmocka_unit_test(hours_that_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
