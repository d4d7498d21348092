#include "gate/zone.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MAX = 256 * 1024, NAME_MAX_SIZE = 64, HEADER = 44, TYPE = 6 };
enum { DAY_S = 24 * 60 * 60 };
#define DAY_MS (DAY_S * INT64_C(1000))

struct zone {
    int64_t *times;   /* transitions, in seconds, rising */
    int32_t *offsets; /* from each on, seconds */
    size_t count;
    int32_t first; /* before the first one */
};

void zone_destroy(struct zone *zone) {
    if (!zone)
        return;
    free(zone->times);
    free(zone->offsets);
    free(zone);
}

/* --- TZif --- */

static uint64_t big_endian(const char *bytes, size_t size) {
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (unsigned char)bytes[i];
    return number;
}

struct counts {
    size_t ut, standard, leaps, times, types, names;
};

static bool read_counts(struct slice bytes, struct counts *ret_counts) {
    if (bytes.size < HEADER || memcmp(bytes.data, "TZif", 4) != 0)
        return false;
    size_t *const fields[] = {&ret_counts->ut,    &ret_counts->standard, &ret_counts->leaps,
                              &ret_counts->times, &ret_counts->types,    &ret_counts->names};
    for (size_t i = 0; i < 6; i++) {
        *fields[i] = big_endian(bytes.data + 20 + 4 * i, 4);
        if (*fields[i] > FILE_MAX)
            return false;
    }
    return ret_counts->types > 0;
}

static size_t body_size(const struct counts *counts, size_t time_size) {
    return counts->times * (time_size + 1) + counts->types * TYPE + counts->names +
           counts->leaps * (time_size + 4) + counts->standard + counts->ut;
}

static bool read_body(struct slice body, const struct counts *counts, struct zone *zone) {
    const char *times = body.data, *indices = times + 8 * counts->times;
    const char *types = indices + counts->times;
    zone->times = memory_zeroed(counts->times + 1, sizeof *zone->times);
    zone->offsets = memory_zeroed(counts->times + 1, sizeof *zone->offsets);
    zone->count = counts->times;
    zone->first = (int32_t)big_endian(types, 4);
    for (size_t i = 0; i < counts->times; i++) {
        size_t type = (unsigned char)indices[i];
        if (type >= counts->types)
            return false;
        zone->times[i] = (int64_t)big_endian(times + 8 * i, 8);
        zone->offsets[i] = (int32_t)big_endian(types + TYPE * type, 4);
        if ((i > 0 && zone->times[i] <= zone->times[i - 1]) || zone->offsets[i] < -93600 ||
            zone->offsets[i] > 93600)
            return false;
    }
    return true;
}

/* The first block has times of 32 bits, for old readers; behind it comes one of 64. */
bool zone_parse(struct slice bytes, struct zone **ret_zone) {
    struct counts counts;
    if (!read_counts(bytes, &counts) || bytes.data[4] < '2')
        return false;
    size_t skipped = HEADER + body_size(&counts, 4);
    if (skipped > bytes.size || !read_counts(slice_from(bytes, skipped), &counts))
        return false;
    struct slice body = slice_from(bytes, skipped + HEADER);
    if (body_size(&counts, 8) > body.size)
        return false;
    struct zone *zone = memory_zeroed(1, sizeof *zone);
    if (!read_body(body, &counts, zone)) {
        zone_destroy(zone);
        return false;
    }
    *ret_zone = zone;
    return true;
}

static bool is_name(struct slice name) {
    if (name.size == 0 || name.size > NAME_MAX_SIZE || name.data[0] == '/' ||
        slice_find(name, SLICE("..")) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-' || c == '+' || c == '/';
        if (!good)
            return false;
    }
    return true;
}

static bool read_file(const char *path, struct buffer *out) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    char piece[4096];
    ssize_t size;
    while ((size = read(descriptor, piece, sizeof piece)) > 0 && out->size <= FILE_MAX)
        buffer_append(out, (struct slice){piece, (size_t)size});
    close(descriptor);
    return size == 0;
}

bool zone_load(struct slice name, struct zone **ret_zone, struct fault *fault) {
    char path[128];
    struct buffer bytes = {0};
    bool good = false;
    if (is_name(name)) {
        snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", SLICE_ARG(name));
        good = read_file(path, &bytes) && zone_parse(buffer_slice(&bytes), ret_zone);
    }
    buffer_finish(&bytes);
    return good || fault_set(fault, FAULT_CONFIG,
                             "There is no time zone \"%.*s\" (such as Europe/Berlin; the package "
                             "tzdata has them).",
                             SLICE_ARG(slice_first(name, NAME_MAX_SIZE)));
}

int64_t zone_offset_s(const struct zone *zone, int64_t wall_ms) {
    if (!zone)
        return 0;
    int64_t now_s = wall_ms / 1000;
    size_t low = 0, high = zone->count; /* the number of transitions up to now */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->times[middle] <= now_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? zone->first : zone->offsets[low - 1];
}

/* --- the calendar --- */

/* When the zone's clock shows midnight of that day. Where that midnight is skipped or comes twice,
 * a moment beside it. */
static int64_t midnight(const struct zone *zone, int64_t days) {
    int64_t local = days * DAY_MS;
    int64_t guess = local - zone_offset_s(zone, local) * 1000;
    return local - zone_offset_s(zone, guess) * 1000;
}

static int64_t day_of(const struct zone *zone, int64_t wall_ms) {
    int64_t local = wall_ms + zone_offset_s(zone, wall_ms) * 1000;
    return (local >= 0 ? local : local - DAY_MS + 1) / DAY_MS;
}

struct zone_window zone_day(const struct zone *zone, int64_t wall_ms) {
    int64_t day = day_of(zone, wall_ms);
    return (struct zone_window){midnight(zone, day), midnight(zone, day + 1)};
}

struct zone_window zone_month(const struct zone *zone, int64_t wall_ms) {
    time_t noon = (time_t)(day_of(zone, wall_ms) * DAY_S + DAY_S / 2);
    struct tm date;
    gmtime_r(&noon, &date);
    struct tm first = {.tm_year = date.tm_year, .tm_mon = date.tm_mon, .tm_mday = 1};
    struct tm next = {.tm_year = date.tm_year, .tm_mon = date.tm_mon + 1, .tm_mday = 1};
    return (struct zone_window){midnight(zone, timegm(&first) / DAY_S),
                                midnight(zone, timegm(&next) / DAY_S)};
}
