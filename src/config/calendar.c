#include "config/calendar.h"
#include "base/arena.h"
#include "config/builder.h"

static const char *const weekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};

static int find_weekday(struct slice name) {
    for (int i = 0; i < 7; i++)
        if (slice_is(name, weekdays[i]))
            return i;
    return -1;
}

/* "9:00", "17", "24:00" in minutes; -1 where it is none. */
static int read_time(struct slice text) {
    int64_t hour, minute = 0;
    text = slice_trim(text);
    size_t colon = slice_find_byte(text, ':');
    bool good = text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9' &&
                slice_to_int64(slice_first(text, colon), &hour) && hour <= 24;
    if (good && colon != SIZE_MAX)
        good = text.size - colon == 3 && slice_to_int64(slice_from(text, colon + 1), &minute) &&
               minute >= 0 && minute < 60;
    return good && hour * 60 + minute <= INT64_C(24) * 60 ? (int)(hour * 60 + minute) : -1;
}

static bool read_span(const struct yaml_node *node, int weekday, struct opening *ret_opening) {
    struct slice text = node->kind == YAML_SCALAR ? node->value : (struct slice){NULL, 0};
    size_t dash = slice_find_byte(text, '-');
    if (dash == SIZE_MAX)
        return false;
    *ret_opening = (struct opening){weekday, read_time(slice_first(text, dash)),
                                    read_time(slice_from(text, dash + 1))};
    return ret_opening->from >= 0 && ret_opening->to > ret_opening->from;
}

static bool overlaps(const struct opening *openings, size_t count, const struct opening *opening) {
    for (size_t i = 0; i < count; i++)
        if (openings[i].weekday == opening->weekday && openings[i].from < opening->to &&
            opening->from < openings[i].to)
            return true;
    return false;
}

void build_hours(struct builder *builder, const struct yaml_node *node, const struct place *place,
                 const struct opening **ret_openings, size_t *ret_count) {
    struct place hours = below(place, "hours");
    size_t count = 0, most = 0;
    if (!node || node->kind != YAML_MAPPING) {
        if (node)
            errors_add(builder->errors, node->start, &hours, "expected weekdays with hours each");
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        most += node->pairs[i].value->kind == YAML_SEQUENCE ? node->pairs[i].value->count : 1;
    struct opening *openings = arena_array(builder->arena, most, sizeof *openings);
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
        struct place day = {.parent = &hours, .name = key->text};
        int weekday = find_weekday(key->text);
        bool list = value->kind == YAML_SEQUENCE;
        if (weekday < 0)
            errors_add(builder->errors, key->start, &day, "is no weekday (monday to sunday)");
        for (size_t j = 0; weekday >= 0 && j < (list ? value->count : 1); j++) {
            struct opening opening;
            const struct yaml_node *span = list ? value->items[j] : value;
            if (!read_span(span, weekday, &opening))
                errors_add(builder->errors, span->start, &day, "expected hours such as 9:00-17:00");
            else if (overlaps(openings, count, &opening))
                errors_add(builder->errors, span->start, &day, "overlaps with other hours");
            else
                openings[count++] = opening;
        }
    }
    *ret_openings = openings;
    *ret_count = count;
}
