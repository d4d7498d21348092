#include "tool/slots.h"
#include "base/day_words.h"
#include "tool/builtin.h"

/* --- dates: days_from_civil and civil_from_days, Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms" --- */

int64_t slots_day(int year, int month, int day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void slots_date(int64_t day, int *ret_year, int *ret_month, int *ret_day) {
    int64_t z = day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

int slots_weekday(int64_t day) {
    int64_t weekday = (day + 4) % 7; /* 1970-01-01 was a Thursday */
    return (int)(weekday < 0 ? weekday + 7 : weekday);
}

static const char *const english[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

const char *slots_weekday_name(int weekday) {
    return english[weekday];
}

/* --- words --- */

static bool read_name(struct slice text, int64_t today, bool *ret_weekday, int64_t *ret_day) {
    int word;
    if (!day_word(text, &word))
        return false;
    *ret_weekday = word < DAY_TODAY;
    *ret_day = today + (*ret_weekday ? (word - slots_weekday(today) + 7) % 7 : word - DAY_TODAY);
    return true;
}

static bool read_number(struct slice *rest, size_t most, int *ret_number) {
    size_t size = 0;
    int number = 0;
    while (size < rest->size && size < most && rest->data[size] >= '0' && rest->data[size] <= '9')
        number = number * 10 + (rest->data[size++] - '0');
    *rest = slice_from(*rest, size);
    *ret_number = number;
    return size > 0;
}

static bool skip(struct slice *rest, char c) {
    if (rest->size == 0 || rest->data[0] != c)
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static bool read_date(struct slice text, int64_t *ret_day) {
    int year, month, day;
    struct slice rest = text;
    bool iso = read_number(&rest, 4, &year) && skip(&rest, '-') && read_number(&rest, 2, &month) &&
               skip(&rest, '-') && read_number(&rest, 2, &day) && rest.size == 0;
    if (!iso) {
        rest = text;
        if (!read_number(&rest, 2, &day) || !skip(&rest, '.') || !read_number(&rest, 2, &month) ||
            !skip(&rest, '.') || !read_number(&rest, 4, &year) || rest.size > 0)
            return false;
    }
    int64_t number = slots_day(year, month, day);
    int real_year, real_month, real_day;
    if (month < 1 || month > 12 || day < 1 || year < 1970 || year > 9999)
        return false;
    slots_date(number, &real_year, &real_month, &real_day);
    if (real_month != month || real_day != day) /* the 31st of April */
        return false;
    *ret_day = number;
    return true;
}

bool slots_read_day(struct slice text, int64_t today, int64_t *ret_day) {
    bool weekday;
    text = slice_trim(text);
    return read_date(text, ret_day) || read_name(text, today, &weekday, ret_day);
}

bool slots_read_time(struct slice text, int *ret_minutes) {
    int hour, minute;
    struct slice rest = slice_trim(text);
    if (!read_number(&rest, 2, &hour) || !skip(&rest, ':') || rest.size != 2 ||
        !read_number(&rest, 2, &minute) || rest.size > 0 || hour > 23 || minute > 59)
        return false;
    *ret_minutes = hour * 60 + minute;
    return true;
}

bool slots_read_wish(struct slice day, struct slice time, struct slice part, int64_t today,
                     struct slot_wish *ret_wish) {
    struct slot_wish wish = {.time = -1, .from = 0, .to = 24 * 60};
    if (!slots_read_day(day, today, &wish.day) ||
        (time.size > 0 && !slots_read_time(time, &wish.time)))
        return false;
    if (slice_is(part, "morning"))
        wish.to = 12 * 60;
    else if (slice_is(part, "afternoon"))
        wish.from = 12 * 60, wish.to = 18 * 60;
    else if (slice_is(part, "evening"))
        wish.from = 17 * 60;
    else if (part.size > 0)
        return false;
    read_name(slice_trim(day), today, &wish.by_name, &wish.day);
    *ret_wish = wish;
    return true;
}

bool slots_fits(const struct slot_wish *wish, int minutes) {
    return wish->time >= 0 ? minutes == wish->time : minutes >= wish->from && minutes < wish->to;
}

/* --- slots --- */

static bool begins(const struct builtin_tool *calendar, int weekday, int minute) {
    for (size_t i = 0; i < calendar->opening_count; i++) {
        const struct opening *opening = &calendar->openings[i];
        if (opening->weekday == weekday && minute >= opening->from &&
            minute + calendar->slot_minutes <= opening->to &&
            (minute - opening->from) % calendar->slot_minutes == 0)
            return true;
    }
    return false;
}

/* Each time once, though hours may overlap. */
size_t slots_of(const struct builtin_tool *calendar, int64_t day, int *ret_minutes) {
    size_t count = 0;
    int weekday = slots_weekday(day);
    for (int minute = 0; minute < 24 * 60 && count < SLOTS_MAX; minute++)
        if (begins(calendar, weekday, minute))
            ret_minutes[count++] = minute;
    return count;
}
