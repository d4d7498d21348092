/* Slots of a calendar: which there are on a day, and what a visitor's words for a day mean. All in
 * the calendar's own local time: days since 1970-01-01 and minutes from midnight; whose time zone
 * that is, the caller knows. Pure functions. */
#pragma once
#include "base/slice.h"
struct builtin_tool;

enum { SLOTS_MAX = 288 }; /* of a day: one each five minutes */

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int64_t slots_day(int year, int month, int day);
void slots_date(int64_t day, int *ret_year, int *ret_month, int *ret_day);
/* 0 Sunday … 6 Saturday. */
int slots_weekday(int64_t day);
/* "Tuesday" */
const char *slots_weekday_name(int weekday);

/* "2026-11-24", "24.11.2026", "today", "tomorrow", a weekday (the next one; today's own name means
 * today) in one of a dozen languages. False for what is none. */
bool slots_read_day(struct slice text, int64_t today, int64_t *ret_day);
/* "9:30", "14:00" in minutes. */
bool slots_read_time(struct slice text, int *ret_minutes);

/* Which slots begin on that day, in order; at most SLOTS_MAX. */
size_t slots_of(const struct builtin_tool *calendar, int64_t day, int *ret_minutes);

/* What of a day is asked for. */
struct slot_wish {
    int64_t day;
    int time;     /* minutes; -1: any within from and to */
    int from, to; /* minutes; the whole day: 0, 1440 */
    bool by_name; /* a weekday: a week later is meant where that day has nothing left to give */
};
/* From a day and, where they are not empty, a time and "morning", "afternoon" or "evening". False
 * where one of them is none. */
bool slots_read_wish(struct slice day, struct slice time, struct slice part, int64_t today,
                     struct slot_wish *ret_wish);
bool slots_fits(const struct slot_wish *wish, int minutes);
