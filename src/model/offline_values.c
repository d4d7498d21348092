#include "model/offline_values.h"
#include "base/day_words.h"
#include "model/offline_terms.h"
#include "model/offline_words.h"
#include <string.h>

enum { LIMIT_WORDS = 3 }; /* how far before a number its limit may stand: "up to", "à moins de" */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static struct offline_word *word_at(struct offline_words *question, size_t index) {
    return index < question->count ? &question->list[index] : NULL;
}

/* --- numbers --- */

/* "1,042", "1.042", "12.50", "12,50": a separator before exactly three digits groups thousands. */
static bool read_number(struct slice text, double *ret_number) {
    double number = 0, place = 0;
    size_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (is_digit(c)) {
            number = place > 0 ? number + (c - '0') * place : number * 10 + (c - '0');
            place /= 10;
            digits++;
            continue;
        }
        if ((c != ',' && c != '.') || digits == 0 || place > 0 || i + 1 == text.size)
            return false;
        size_t behind = 0;
        while (i + 1 + behind < text.size && is_digit(text.data[i + 1 + behind]))
            behind++;
        if (behind != 3)
            place = 0.1;
    }
    *ret_number = number;
    return digits > 0 && digits <= 15;
}

/* "100€", "€100" */
static bool read_money(struct slice low, double *ret_number) {
    static const char *const signs[] = {"€", "$", "£", "₴", "eur"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        struct slice sign = slice_of(signs[i]);
        if (slice_starts_with(low, sign) && read_number(slice_from(low, sign.size), ret_number))
            return true;
        if (slice_ends_with(low, sign) &&
            read_number(slice_first(low, low.size - sign.size), ret_number))
            return true;
    }
    return false;
}

/* Digits at the start, at most so many; 0 when there are none. */
static size_t read_digits(struct slice text, size_t most, int *ret_number) {
    size_t size = 0;
    int number = 0;
    while (size < text.size && size < most && is_digit(text.data[size]))
        number = number * 10 + (text.data[size++] - '0');
    *ret_number = number;
    return size;
}

/* --- dates --- */

static bool is_date(int year, int month, int day) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year == 0 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           (month != 2 || day < 29 || leap);
}

static void set_date(struct offline_word *word, int year, int month, int day) {
    word->kind = OFFLINE_DATE;
    word->year = year;
    word->month = month;
    word->of_day = day;
}

/* Three numbers: 2026-11-24, 24.11.2026, 24/11/2026. Of the last, where the second cannot be a
 * month, the first is. */
static bool read_date(struct offline_word *word) {
    int parts[3];
    size_t sizes[3], at = 0;
    struct slice text = word->low;
    char mark = '\0';
    for (int i = 0; i < 3; i++) {
        if (i > 0 && (at >= text.size || !strchr(".-/", text.data[at]) || text.data[at] == '\0' ||
                      (mark != '\0' && text.data[at] != mark)))
            return false;
        mark = i > 0 ? text.data[at] : '\0';
        at += i > 0;
        sizes[i] = read_digits(slice_from(text, at), 4, &parts[i]);
        at += sizes[i];
        if (sizes[i] == 0)
            return false;
    }
    if (at != text.size)
        return false;
    bool iso = sizes[0] == 4 && mark == '-';
    if (!iso && (sizes[2] != 4 || sizes[0] > 2))
        return false;
    int year = iso ? parts[0] : parts[2], month = parts[1], day = iso ? parts[2] : parts[0];
    if (!iso && mark == '/' && month > 12) {
        month = parts[0];
        day = parts[1];
    }
    if (year < 1900 || !is_date(year, month, day))
        return false;
    set_date(word, year, month, day);
    return true;
}

/* "24", "24th", "24.", "1er": the day of a month beside the month's name. */
static int day_of_month(const struct offline_word *word) {
    int day;
    size_t size = read_digits(word->low, 2, &day);
    struct slice rest = slice_from(word->low, size);
    bool plain = rest.size == 0 || slice_is(rest, "th") || slice_is(rest, "st") ||
                 slice_is(rest, "nd") || slice_is(rest, "rd") || slice_is(rest, "er");
    return size > 0 && plain ? day : 0;
}

static bool is_year(const struct offline_word *word, int *ret_year) {
    return word && word->low.size == 4 && read_digits(word->low, 4, ret_year) == 4 &&
           *ret_year >= 1900;
}

static bool is_of(const struct offline_word *word) {
    return word &&
           (slice_is(word->low, "of") || slice_is(word->low, "de") || slice_is(word->low, "del"));
}

/* "24 November 2026", "November 24th", "24 de noviembre". */
static void read_month(struct offline_words *question, size_t at) {
    struct offline_word *month_word = &question->list[at];
    int month = offline_term_month(month_word->low), year = 0, day = 0;
    if (month == 0)
        return;
    size_t before = at > 1 && is_of(&question->list[at - 1]) ? at - 2 : at - 1, behind = at + 1;
    struct offline_word *number = at > 0 ? &question->list[before] : NULL;
    if (number && number->kind == OFFLINE_WORD)
        day = day_of_month(number);
    if (day == 0) {
        number = word_at(question, behind);
        day = number && number->kind == OFFLINE_WORD ? day_of_month(number) : 0;
        behind++;
    }
    if (is_of(word_at(question, behind)) && is_year(word_at(question, behind + 1), &year))
        behind++;
    if (is_year(word_at(question, behind), &year))
        question->list[behind].used = true;
    if (day == 0 || !is_date(year, month, day))
        return;
    set_date(month_word, year, month, day);
    number->used = true;
}

static bool follows(const struct offline_words *question, size_t at, const char *words) {
    struct slice rest = slice_of(words), one;
    while (at > 0 && slice_split(&rest, ' ', &one))
        if (slice_equal(question->list[at - 1].low, one))
            return true;
    return false;
}

/* "am 24.11." has lost its last dot. */
static void read_day_and_month(struct offline_words *question, size_t at) {
    struct offline_word *word = &question->list[at];
    int day, month;
    size_t size = read_digits(word->low, 2, &day);
    struct slice rest = slice_from(word->low, size + 1);
    if (word->kind == OFFLINE_WORD && size > 0 && rest.size > 0 && word->low.data[size] == '.' &&
        read_digits(rest, 2, &month) == rest.size && is_date(0, month, day) &&
        follows(question, at, "am den zum vom il na на"))
        set_date(word, 0, month, day);
}

/* --- times --- */

static void set_time(struct offline_word *word, int hour, int minute) {
    word->kind = OFFLINE_TIME;
    word->minutes = hour * 60 + minute;
}

/* "14:30", "14h30", "2:30pm", "14h", "2pm" */
static bool read_time(struct offline_word *word) {
    int hour, minute = 0;
    size_t at = read_digits(word->low, 2, &hour);
    struct slice rest = slice_from(word->low, at);
    bool minutes = rest.size >= 3 && (rest.data[0] == ':' || rest.data[0] == 'h') &&
                   read_digits(slice_from(rest, 1), 2, &minute) == 2;
    rest = slice_from(rest, minutes ? 3 : 0);
    int half = offline_term_hour(rest);
    if (at == 0 || (!minutes && half < 0) || (minutes && rest.size > 0 && half < 0) || hour > 23 ||
        minute > 59)
        return false;
    bool noon = hour == 12 && slice_starts_with(rest, SLICE("a"));
    set_time(word, half == 1 && hour < 12 ? hour + 12 : noon ? 0 : hour, minute);
    return true;
}

/* "2 pm", "14 Uhr 30", "um 14", "a las 10" */
static void join_hour(struct offline_words *question, size_t at) {
    struct offline_word *word = &question->list[at], *behind = word_at(question, at + 1);
    bool clock = word->kind == OFFLINE_TIME;
    if (!clock && (word->kind != OFFLINE_NUMBER || word->number > 23 ||
                   word->number != (double)(int)word->number || word->low.size > 2))
        return;
    int half = behind ? offline_term_hour(behind->low) : -1, minute = 0;
    struct offline_word *minutes = word_at(question, at + 2);
    if (half < 0) {
        bool asked = at > 0 && offline_term_is(TERM_AT, question->list[at - 1].low);
        if (!clock && asked && !(behind && offline_term_is_unit(behind->low)) &&
            !(behind && offline_term_is_currency(behind->low)))
            set_time(word, (int)word->number, 0);
        return;
    }
    behind->used = true;
    if (!clock && minutes && minutes->kind == OFFLINE_NUMBER && minutes->low.size == 2 &&
        minutes->number < 60 && slice_is(behind->low, "uhr")) {
        minute = (int)minutes->number;
        minutes->used = true;
        minutes->kind = OFFLINE_WORD;
    }
    int hour = clock ? word->minutes / 60 : (int)word->number;
    minute = clock ? word->minutes % 60 : minute;
    set_time(word, half == 1 && hour < 12 ? hour + 12 : hour, minute);
}

/* --- days --- */

static int part_of(struct slice low) {
    return offline_term_is(TERM_MORNING, low)     ? 0
           : offline_term_is(TERM_AFTERNOON, low) ? 1
           : offline_term_is(TERM_EVENING, low)   ? 2
                                                  : -1;
}

/* "morgen" and "mañana" are tomorrow, or the morning: behind another day, and with an article. */
static bool is_morning(const struct offline_words *question, size_t at, bool after_day) {
    struct slice low = question->list[at].low;
    return (slice_is(low, "morgen") && (after_day || follows(question, at, "am jeden guten"))) ||
           (slice_is(low, "manana") && (after_day || follows(question, at, "la")));
}

static void read_days(struct offline_words *question) {
    bool after_day = false;
    for (size_t i = 0; i < question->count; i++) {
        struct offline_word *word = &question->list[i];
        int day, part = part_of(word->low);
        if (word->kind == OFFLINE_DATE)
            after_day = true;
        if (word->kind != OFFLINE_WORD || word->used)
            continue;
        if (slice_is(word->low, "midi") && follows(question, i, "apres"))
            question->list[i - 1].used = true;
        if (is_morning(question, i, after_day))
            part = 0;
        else if (day_word(word->low, &day)) {
            word->kind = OFFLINE_DAY;
            word->day = day;
            /* "the day after tomorrow", "pasado mañana" */
            if (day == DAY_TOMORROW && follows(question, i, "after pasado")) {
                word->day = DAY_AFTER_TOMORROW;
                question->list[i - 1].used = true;
            }
            after_day = true;
            continue;
        }
        if (part >= 0) {
            word->kind = OFFLINE_PART;
            word->part = part;
        }
    }
}

/* --- what stands around numbers --- */

static void join_unit(struct offline_words *question, size_t at) {
    struct offline_word *word = &question->list[at], *behind = word_at(question, at + 1);
    if (word->kind != OFFLINE_NUMBER)
        return;
    if (at > 0 && offline_term_is_currency(question->list[at - 1].low)) {
        word->kind = OFFLINE_MONEY;
        question->list[at - 1].used = true;
    }
    if (behind && offline_term_is_currency(behind->low)) {
        word->kind = OFFLINE_MONEY;
        behind->used = true;
    } else if (behind && word->kind == OFFLINE_NUMBER && offline_term_is_unit(behind->low)) {
        word->kind = OFFLINE_QUANTITY;
    }
}

static bool is_number(const struct offline_word *word) {
    return word->kind == OFFLINE_NUMBER || word->kind == OFFLINE_MONEY ||
           word->kind == OFFLINE_QUANTITY;
}

/* Words of a limit right before the number, small ones between: "up to", "not more than", "à moins
 * de"; or right behind it and its currency: "100 euros max". */
static void find_limit(struct offline_words *question, size_t at) {
    struct offline_word *word = &question->list[at];
    bool turned = false;
    size_t from = at > LIMIT_WORDS ? at - LIMIT_WORDS : 0;
    for (size_t i = at; i-- > from && !is_number(&question->list[i]);) {
        struct offline_word *before = &question->list[i];
        bool most = offline_term_is(TERM_MOST, before->low),
             least = offline_term_is(TERM_LEAST, before->low);
        turned = turned || (word->limit != 0 && offline_term_is(TERM_NOT, before->low));
        if (word->limit == 0)
            word->limit = most ? -1 : least ? 1 : 0;
        else if (!turned && !most && !least)
            break;
        if (!most && !least && !offline_term_is(TERM_COMMON, before->low))
            break;
        before->used = before->used || most || least;
    }
    if (turned)
        word->limit = -word->limit;
    for (size_t i = at + 1; word->limit == 0 && i <= at + 2 && i < question->count; i++) {
        struct offline_word *behind = &question->list[i];
        bool most = offline_term_is(TERM_MOST, behind->low) && behind->low.size >= 3;
        if (most && i + 1 < question->count && is_number(&question->list[i + 1]))
            break; /* it belongs to the next number */
        word->limit = most ? -1 : 0;
        behind->used = behind->used || most;
    }
}

static void read_word(struct offline_word *word) {
    struct slice low = word->low;
    size_t at = slice_find_byte(low, '@');
    if (at != SIZE_MAX && at > 0 && slice_find_byte(slice_from(low, at), '.') != SIZE_MAX)
        word->kind = OFFLINE_EMAIL;
    else if (!is_digit(low.data[0]) && read_money(low, &word->number))
        word->kind = OFFLINE_MONEY;
    else if (low.size == 0 || !is_digit(low.data[0]) || read_date(word) || read_time(word))
        return;
    else if (read_money(low, &word->number))
        word->kind = OFFLINE_MONEY;
}

void offline_values_find(struct offline_words *question) {
    for (size_t i = 0; i < question->count; i++)
        if (question->list[i].low.size > 0)
            read_word(&question->list[i]);
    for (size_t i = 0; i < question->count; i++)
        read_month(question, i);
    for (size_t i = 0; i < question->count; i++)
        read_day_and_month(question, i);
    for (size_t i = 0; i < question->count; i++) {
        struct offline_word *word = &question->list[i];
        if (word->kind == OFFLINE_WORD && !word->used && word->low.size > 0 &&
            read_number(word->low, &word->number))
            word->kind = OFFLINE_NUMBER;
    }
    for (size_t i = 0; i < question->count; i++) {
        join_hour(question, i);
        join_unit(question, i);
    }
    for (size_t i = 0; i < question->count; i++)
        if (is_number(&question->list[i]))
            find_limit(question, i);
    read_days(question);
}
