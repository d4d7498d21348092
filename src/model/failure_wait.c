#include "model/failure_wait.h"
#include "base/clock.h"
#include <time.h>

#define DAY_MS INT64_C(86400000)

static int64_t cap(int64_t ms) {
    return ms > DAY_MS ? DAY_MS : ms;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Digits with an optional fraction, in thousandths; -1 for anything else. */
static int64_t read_thousandths(struct slice text) {
    int64_t number = 0, scale = 1000;
    bool point = false, digits = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '.' && !point) {
            point = true;
        } else if (!is_digit(c)) {
            return -1;
        } else {
            digits = true;
            if (point)
                scale /= 10;
            number = point ? number + (c - '0') * scale : number * 10 + (c - '0') * INT64_C(1000);
            if (number > INT64_C(1000) * DAY_MS)
                number = INT64_C(1000) * DAY_MS; /* enough to be cut, far from overflowing */
        }
    }
    return digits ? number : -1;
}

int64_t failure_duration_ms(struct slice text) {
    if (text.size < 2 || text.data[text.size - 1] != 's')
        return -1;
    int64_t ms = read_thousandths(slice_first(text, text.size - 1));
    return ms < 0 ? -1 : cap(ms);
}

/* --- HTTP dates (RFC 9110, 5.6.7), in all three forms: the parts are told apart by their looks ---
 */

static int month_of(struct slice word) {
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (slice_equal_nocase(slice_first(word, 3), (struct slice){names + 3 * (size_t)i, 3}))
            return i;
    return -1;
}

static bool read_time(struct slice word, struct tm *time) {
    if (word.size != 8 || word.data[2] != ':' || word.data[5] != ':')
        return false;
    int64_t hour, minute, second;
    if (!slice_to_int64(slice_first(word, 2), &hour) ||
        !slice_to_int64(slice_first(slice_from(word, 3), 2), &minute) ||
        !slice_to_int64(slice_from(word, 6), &second))
        return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    time->tm_hour = (int)hour;
    time->tm_min = (int)minute;
    time->tm_sec = (int)second;
    return true;
}

static int full_year(int64_t year, size_t digits) {
    if (digits != 2)
        return (int)year;
    return (int)(year < 70 ? year + 2000 : year + 1900);
}

/* The first number is the day, the second the year. */
static bool take_date_part(struct slice word, struct tm *time) {
    int64_t number;
    if (read_time(word, time))
        return true;
    if (is_digit(word.data[0])) {
        if (!slice_to_int64(word, &number) || word.size > 4)
            return false;
        if (time->tm_mday == 0)
            time->tm_mday = (int)number;
        else
            time->tm_year = full_year(number, word.size) - 1900;
    } else if (time->tm_mon < 0 && word.size == 3) {
        time->tm_mon = month_of(word);
    }
    return true;
}

static bool read_date(struct slice text, int64_t *ret_ms) {
    struct tm time = {.tm_mon = -1, .tm_year = -1, .tm_hour = -1};
    size_t at = 0;
    text = slice_first(text, 64);
    while (at < text.size) {
        size_t start = at;
        while (at < text.size && text.data[at] != ' ' && text.data[at] != ',' &&
               text.data[at] != '-')
            at++;
        if (at > start && !take_date_part((struct slice){text.data + start, at - start}, &time))
            return false;
        at++;
    }
    if (time.tm_mon < 0 || time.tm_year < 70 || time.tm_hour < 0 || time.tm_mday < 1 ||
        time.tm_mday > 31)
        return false;
    *ret_ms = (int64_t)timegm(&time) * 1000;
    return true;
}

static int64_t wait_until(const struct model_reply_head *head, struct slice date) {
    int64_t then_ms, now_ms;
    if (!read_date(date, &then_ms))
        return -1;
    if (!read_date(head->header(head->head, "date"), &now_ms))
        now_ms = clock_wall_ms();
    return then_ms > now_ms ? cap(then_ms - now_ms) : 0;
}

int64_t failure_wait_ms(const struct model_reply_head *head) {
    /* Azure says 0 ms beside a Retry-After of 1 second. */
    int64_t ms = read_thousandths(slice_trim(head->header(head->head, "retry-after-ms")));
    if (ms >= 1000)
        return cap(ms / 1000);
    struct slice after = slice_trim(head->header(head->head, "retry-after"));
    if (after.size == 0)
        return ms >= 0 ? 0 : -1;
    int64_t seconds_ms = read_thousandths(after);
    return seconds_ms >= 0 ? cap(seconds_ms) : wait_until(head, after);
}
