#include "base/day_words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void days_in_many_languages(void **state) {
    (void)state;
    static const struct {
        const char *word;
        int day;
    } good[] = {
        {"Sunday", 0},      {"tuesday", 2},   {"TODAY", 7},       {"tomorrow", 8},
        {"Dienstag", 2},    {"Sonnabend", 6}, {"übermorgen", 9},  {"mardi", 2},
        {"demain", 8},      {"miércoles", 3}, {"MIERCOLES", 3},   {"mañana", 8},
        {"martedì", 2},     {"domani", 8},    {"terça-feira", 2}, {"dinsdag", 2},
        {"środę", 3},       {"Вівторок", 2},  {"п’ятницю", 5},    {"п'ятниця", 5},
        {"ПІСЛЯЗАВТРА", 9}, {"среду", 3},     {"salı", 2},        {"aujourd’hui", 7},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int day = -1;
        if (!day_word(slice_of(good[i].word), &day) || day != good[i].day)
            fail_msg("'%s' is %d", good[i].word, day);
    }
}

static void other_words(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "day",
                                      "tuesdays",
                                      "tues day",
                                      "\xFF",
                                      "\xCC\x81",
                                      "mondaymondaymondaymondaymondaymondaymonday"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int day = -1;
        if (day_word(slice_of(bad[i]), &day))
            fail_msg("'%s' is %d", bad[i], day);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_in_many_languages),
        cmocka_unit_test(other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
