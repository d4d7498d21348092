#include "chat/redact_kinds.h"
#include <string.h>

/* --- cards --- */

/* How long numbers are that begin so. What begins with 0, 1, 7, 8 or 9 is no card that one pays
 * with: so moments in milliseconds, which begin with 1, are none. */
static bool is_length(const char *digits, size_t count) {
    int two = (digits[0] - '0') * 10 + digits[1] - '0';
    if (digits[0] == '4')
        return count == 13 || count == 16 || count == 19;
    if (two == 34 || two == 37)
        return count == 15;
    if (two == 30 || two == 36 || two == 38 || two == 39)
        return count == 14 || count >= 16;
    return count >= 16;
}

/* Known length, and the check digit of ISO/IEC 7812 (Luhn). */
static bool is_card(struct slice found) {
    char digits[19];
    size_t count = 0;
    for (size_t i = 0; i < found.size; i++)
        if (found.data[i] >= '0' && found.data[i] <= '9') {
            if (count == sizeof digits)
                return false;
            digits[count++] = found.data[i];
        }
    int sum = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = digits[count - 1 - i] - '0';
        digit = i % 2 == 1 ? 2 * digit : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return count >= 13 && sum % 10 == 0 && is_length(digits, count);
}

#define BLANKS "\\x{20}\\x{A0}\\x{2009}\\x{202F}"
#define CARD   "(?<!\\d)[2-6](?:[" BLANKS ".\\x{2010}\\x{2011}-]?\\d){12,18}(?!\\d)(?C1)"

/* --- e-mail --- */

/* The local part begins with a letter, a digit, _ or +, and not in the middle of them: so each word
 * is tried once. */
#define WORD  "\\p{L}\\p{N}\\p{M}_+"
#define LABEL "[\\p{L}\\p{N}\\p{M}-]{1,63}"
#define DOT   "[.\\x{3002}\\x{FF0E}]"
#define EMAIL                                                                                      \
    "(?<![" WORD "])[" WORD "][" WORD "!#$%&'*/=?^`{|}~.-]{0,127}+[@\\x{FF20}]"                    \
    "(?:" LABEL DOT "){1,8}(?:[xX][nN]--[A-Za-z0-9-]{2,59}|\\p{L}[\\p{L}\\p{M}]{1,62})"

/* --- phone --- */

/* Not behind a letter or a digit, nor in the middle of a date, an amount, an address of a machine
 * or a number of an order (K-0151…, #0151…). */
#define LEFT      "(?<![\\p{L}\\p{N}_#])(?<!\\d[-.,:/])(?<!\\p{L}[-#])"
#define SEPARATOR "[" BLANKS "./()\\x{2010}\\x{2011}-]"
/* 5.11.2026, 05/11/26; but not 01.23.45.67.89. */
#define DATE "\\d{1,2}([./-])\\d{1,2}\\g{-1}\\d{2}(?:\\d{2})?(?![./-]?\\d)"
/* What follows a blank may be a date or a time, which is not part of the number. */
#define NEXT                                                                                       \
    "(?:\\d|" SEPARATOR "{1,3}+(?!(?<=[" BLANKS "])(?:" DATE "|\\d{4}-\\d\\d-\\d|\\d{1,2}:\\d))"   \
    "\\d)"
#define INTERNATIONAL "(?:\\+\\(?|00" SEPARATOR "?)[1-9]" NEXT "{6,14}(?!\\d)"
/* With the 0 before the area's number: grouped 7 digits at least, in one piece 9. */
#define NATIONAL                                                                                   \
    "(?!" DATE ")0[1-9](?:\\d{7,13}(?!\\d)|(?=\\d{0,5}" SEPARATOR "{1,3}\\d)" NEXT "{5,13}(?!\\d)" \
    ")"
#define BRACKETS "\\(\\d{2,6}\\)" NEXT "{5,12}(?!\\d)"
#define AMERICAN "(?:1[-.])?[2-9]\\d\\d([-.])\\d{3}\\g{-1}\\d{4}(?![-.]?\\d)"
#define PHONE    LEFT "(?:" INTERNATIONAL "|" NATIONAL "|" BRACKETS "|" AMERICAN ")"

static const struct redact_kind kinds[] = {
    {"card", CARD, is_card, true},
    {"email", EMAIL, NULL, false},
    {"phone", PHONE, NULL, true},
};

const struct redact_kind *redact_kind_find(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}
