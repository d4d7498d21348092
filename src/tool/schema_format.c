/* `format`: the forms that tools ask for, strictly enough to be used without a second look. */
#include "tool/schema_node.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The digits at `at`; -1 where there are others. */
static int number_at(struct slice text, size_t at, size_t digits) {
    int number = 0;
    if (at + digits > text.size)
        return -1;
    for (size_t i = at; i < at + digits; i++) {
        if (!is_digit(text.data[i]))
            return -1;
        number = number * 10 + (text.data[i] - '0');
    }
    return number;
}

static bool is_at(struct slice text, size_t at, char c) {
    return at < text.size && text.data[at] == c;
}

static bool is_date(struct slice text) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
    if (text.size != 10 || !is_at(text, 4, '-') || !is_at(text, 7, '-') || year < 0 || month < 1 ||
        month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap);
}

/* "14:30", "14:30:00", with a fraction and an offset where there are seconds. */
static bool is_time(struct slice text, bool with_offset) {
    int hour = number_at(text, 0, 2), minute = number_at(text, 3, 2);
    if (hour < 0 || hour > 23 || !is_at(text, 2, ':') || minute < 0 || minute > 59)
        return false;
    size_t at = 5;
    if (is_at(text, at, ':')) {
        int second = number_at(text, at + 1, 2);
        if (second < 0 || second > 60)
            return false;
        at += 3;
        if (is_at(text, at, '.') && number_at(text, at + 1, 1) < 0)
            return false;
        if (is_at(text, at, '.'))
            for (at++; at < text.size && is_digit(text.data[at]); at++)
                continue;
    }
    if (at == text.size)
        return !with_offset;
    if (is_at(text, at, 'Z') || is_at(text, at, 'z'))
        return at + 1 == text.size;
    int offset_hour = number_at(text, at + 1, 2), offset_minute = number_at(text, at + 4, 2);
    return (is_at(text, at, '+') || is_at(text, at, '-')) && at + 6 == text.size &&
           offset_hour >= 0 && offset_hour < 24 && is_at(text, at + 3, ':') && offset_minute >= 0 &&
           offset_minute < 60;
}

static bool is_date_time(struct slice text) {
    return text.size > 11 && is_date(slice_first(text, 10)) &&
           (text.data[10] == 'T' || text.data[10] == 't' || text.data[10] == ' ') &&
           is_time(slice_from(text, 11), true);
}

static bool has_blank(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == '\x7f')
            return true;
    return false;
}

static bool is_email(struct slice text) {
    size_t at = slice_find_byte(text, '@');
    if (at == SIZE_MAX || at == 0 || at > 64 || text.size > 254 || has_blank(text))
        return false;
    struct slice domain = slice_from(text, at + 1);
    size_t dot = slice_find_byte(domain, '.');
    return dot != SIZE_MAX && dot > 0 && domain.data[domain.size - 1] != '.' &&
           slice_find_byte(domain, '@') == SIZE_MAX && slice_find(text, SLICE("..")) == SIZE_MAX;
}

static bool is_uri(struct slice text) {
    size_t colon = slice_find_byte(text, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == text.size || has_blank(text))
        return false;
    for (size_t i = 0; i < colon; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(i > 0 && (is_digit(c) || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return true;
}

static bool is_uuid(struct slice text) {
    if (text.size != 36)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : !hex)
            return false;
    }
    return true;
}

bool schema_format_fits(enum schema_format format, struct slice text) {
    switch (format) {
    case SCHEMA_DATE:
        return is_date(text);
    case SCHEMA_DATE_TIME:
        return is_date_time(text);
    case SCHEMA_TIME:
        return is_time(text, false);
    case SCHEMA_EMAIL:
        return is_email(text);
    case SCHEMA_URI:
        return is_uri(text);
    case SCHEMA_UUID:
        return is_uuid(text);
    default:
        return true;
    }
}

const char *schema_format_name(enum schema_format format) {
    static const char *const names[] = {[SCHEMA_ANY_FORMAT] = "any",
                                        [SCHEMA_DATE] = "a date as 2026-11-24",
                                        [SCHEMA_DATE_TIME] =
                                            "a date and time as 2026-11-24T14:30:00Z",
                                        [SCHEMA_TIME] = "a time as 14:30",
                                        [SCHEMA_EMAIL] = "an e-mail address",
                                        [SCHEMA_URI] = "a URI",
                                        [SCHEMA_UUID] = "a UUID"};
    return names[format];
}
