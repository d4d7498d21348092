/* Days and months of a time zone: when a budget "per day" begins anew. Zones are read from the
 * system's database (TZif, RFC 9636), whose transitions reach to 2037; after that the last one
 * stays. Immutable, so any thread. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"

struct zone;
/* "UTC", "Europe/Berlin". CONFIG when there is no such zone. */
bool zone_load(struct slice name, struct zone **ret_zone, struct fault *fault)
    __attribute__((warn_unused_result));
/* From the bytes of a TZif file; false when it is malformed. */
bool zone_parse(struct slice bytes, struct zone **ret_zone) __attribute__((warn_unused_result));
void zone_destroy(struct zone *zone); /* NULL is fine */

/* Seconds east of Greenwich. NULL stands for UTC here and below. */
int64_t zone_offset_s(const struct zone *zone, int64_t wall_ms);
/* The day or the month that holds a moment: from midnight to midnight by the zone's own clock. */
struct zone_window {
    int64_t start_ms, end_ms;
};
struct zone_window zone_day(const struct zone *zone, int64_t wall_ms);
struct zone_window zone_month(const struct zone *zone, int64_t wall_ms);
