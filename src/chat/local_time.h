/* The clock of a time zone, and hours by it. Pure functions. */
#pragma once
#include "base/slice.h"
struct opening;
struct zone;

/* Minutes since 1970-01-01 00:00 by the zone's own clock. NULL stands for UTC here and below. */
int64_t local_minutes(const struct zone *zone, int64_t wall_ms);
/* The moment of a local time. Where the clock was put back it is the first of the two; a time that
 * it skips becomes the one an hour later. */
int64_t local_moment(const struct zone *zone, int64_t minutes);
/* "2026-11-24 09:00" */
enum { LOCAL_TEXT_SIZE = 24 };
void local_write(const struct zone *zone, int64_t wall_ms, char ret_text[LOCAL_TEXT_SIZE]);

/* When somebody is there. */
struct hours {
    const struct opening *openings; /* none: at any time */
    size_t opening_count;
    const char *const *holidays; /* "2026-12-25", or "12-25" for each year's: closed */
    size_t holiday_count;
    const struct zone *zone;
};
/* "2026-12-25", "12-25": a day that there is. */
bool hours_is_holiday(struct slice text);
/* `ret_opens_ms`: where they are closed, when they open next; 0 where they do not within a month.
 */
bool hours_are_open(const struct hours *hours, int64_t wall_ms, int64_t *ret_opens_ms);
