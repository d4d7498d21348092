#include "chat/local_time.h"
#include "gate/zone.h"
#include "tool/builtin.h"
#include "tool/slots.h"
#include <stdio.h>

enum { DAYS_SEARCHED = 31 };
static const int64_t minute_ms = 60000, day_minutes = INT64_C(24) * 60, day_ms = INT64_C(86400000);

int64_t local_minutes(const struct zone *zone, int64_t wall_ms) {
    int64_t seconds = wall_ms / 1000 + zone_offset_s(zone, wall_ms);
    return seconds / 60;
}

int64_t local_moment(const struct zone *zone, int64_t minutes) {
    int64_t guess = minutes * minute_ms;
    int64_t before = zone_offset_s(zone, guess - day_ms) * 1000;
    int64_t after = zone_offset_s(zone, guess + day_ms) * 1000;
    int64_t offset = zone_offset_s(zone, guess - before) * 1000;
    return guess - (offset == before ? before : after);
}

void local_write(const struct zone *zone, int64_t wall_ms, char ret_text[LOCAL_TEXT_SIZE]) {
    int64_t minutes = local_minutes(zone, wall_ms);
    int year, month, day, of_day = (int)(minutes % day_minutes);
    slots_date(minutes / day_minutes, &year, &month, &day);
    snprintf(ret_text, LOCAL_TEXT_SIZE, "%04d-%02d-%02d %02d:%02d", year % 10000, month, day,
             of_day / 60, of_day % 60);
}

/* --- hours --- */

bool hours_is_holiday(struct slice text) {
    char whole[16];
    int64_t day;
    bool yearly = text.size == 5; /* of a leap year: the 29th of February is a day */
    snprintf(whole, sizeof whole, "%s%.*s", yearly ? "2024-" : "", (int)slice_first(text, 10).size,
             text.data);
    return (yearly || text.size == 10) && whole[4] == '-' &&
           slots_read_day(slice_of(whole), 0, &day);
}

static bool is_holiday(const struct hours *hours, int64_t day) {
    char date[16];
    int year, month, of_month;
    slots_date(day, &year, &month, &of_month);
    snprintf(date, sizeof date, "%04d-%02d-%02d", year % 10000, month, of_month);
    for (size_t i = 0; i < hours->holiday_count; i++) {
        struct slice holiday = slice_of(hours->holidays[i]);
        if (slice_ends_with(slice_of(date), holiday))
            return true;
    }
    return false;
}

bool hours_are_open(const struct hours *hours, int64_t wall_ms, int64_t *ret_opens_ms) {
    int64_t now = local_minutes(hours->zone, wall_ms), next = 0;
    *ret_opens_ms = 0;
    if (hours->opening_count == 0 && !is_holiday(hours, now / day_minutes))
        return true;
    for (int64_t day = now / day_minutes; day <= now / day_minutes + DAYS_SEARCHED && next == 0;
         day++) {
        if (is_holiday(hours, day))
            continue;
        if (hours->opening_count == 0)
            next = day * day_minutes;
        for (size_t i = 0; i < hours->opening_count; i++) {
            const struct opening *opening = &hours->openings[i];
            int64_t from = day * day_minutes + opening->from, to = day * day_minutes + opening->to;
            if (opening->weekday != slots_weekday(day) || to <= now)
                continue;
            if (from <= now)
                return true;
            if (next == 0 || from < next)
                next = from;
        }
    }
    if (next > 0)
        *ret_opens_ms = local_moment(hours->zone, next);
    return false;
}
