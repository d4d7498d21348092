#include "base/day_words.h"

/* Sunday first, with today and tomorrow behind the week. */
static const char *const words[][9] = {
    {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "today",
     "tomorrow"},
    {"sonntag", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "heute",
     "morgen"},
    {"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "aujourd'hui",
     "demain"},
    {"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "hoy", "mañana"},
    {"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "oggi",
     "domani"},
    {"domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira",
     "sábado", "hoje", "amanhã"},
    {"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "vandaag",
     "morgen"},
    {"niedziela", "poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "dzisiaj",
     "jutro"},
    {"неділя", "понеділок", "вівторок", "середа", "четвер", "п'ятниця", "субота", "сьогодні",
     "завтра"},
    {"неділю", "понеділка", "вівторка", "середу", "четверга", "п'ятницю", "суботу", "сьогодні",
     "завтра"},
};

bool day_word(struct slice word, int *ret_day) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (int day = 0; day < 9; day++)
            if (slice_equal_nocase(word, slice_of(words[i][day]))) {
                *ret_day = day;
                return true;
            }
    return false;
}
