#include "base/day_words.h"
#include "base/fold.h"

enum { WORD_MAX = 40 };

/* Folded. Sunday first, with today, tomorrow and the day after it behind the week; empty where a
 * language needs several words. Forms of a Slavic word stand side by side. */
static const char *const words[][10] = {
    {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "today",
     "tomorrow", ""},
    {"sonntag", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "heute",
     "morgen", "ubermorgen"},
    {"", "", "", "", "", "", "sonnabend", "", "", ""},
    {"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "aujourd'hui",
     "demain", "apres-demain"},
    {"domingo", "lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "hoy", "manana",
     "pasado-manana"},
    {"domenica", "lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "oggi", "domani",
     "dopodomani"},
    {"domingo", "segunda-feira", "terca-feira", "quarta-feira", "quinta-feira", "sexta-feira",
     "sabado", "hoje", "amanha", ""},
    {"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "vandaag",
     "morgen", "overmorgen"},
    {"niedziela", "poniedzialek", "wtorek", "sroda", "czwartek", "piatek", "sobota", "dzisiaj",
     "jutro", "pojutrze"},
    {"niedziele", "", "", "srode", "", "", "sobote", "dzis", "", ""},
    {"неділя", "понеділок", "вівторок", "середа", "четвер", "п'ятниця", "субота", "сьогодні",
     "завтра", "післязавтра"},
    {"неділю", "понеділка", "вівторка", "середу", "четверга", "п'ятницю", "суботу", "", "", ""},
    {"воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "сегодня",
     "завтра", "послезавтра"},
    {"", "", "", "среду", "", "пятницу", "субботу", "", "", ""},
    {"pazar", "pazartesi", "sali", "carsamba", "persembe", "cuma", "cumartesi", "bugun", "yarin",
     ""},
};

bool day_word(struct slice word, int *ret_day) {
    char bytes[WORD_MAX];
    if (word.size == 0 || word.size > sizeof bytes)
        return false;
    struct slice folded = {bytes, fold_text(word, bytes)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (int day = 0; day < 10; day++)
            if (folded.size > 0 && slice_is(folded, words[i][day])) {
                *ret_day = day;
                return true;
            }
    return false;
}
