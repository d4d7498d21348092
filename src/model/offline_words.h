/* A visitor's question as words, for the built-in provider. Private to model/. */
#pragma once
#include "base/slice.h"
struct arena;

enum offline_word_kind {
    OFFLINE_WORD,
    OFFLINE_NUMBER, /* digits, with a `#` before them or separators in them */
    OFFLINE_MONEY,  /* a number with a currency beside it */
    OFFLINE_TIME,   /* 14:30 */
    OFFLINE_DATE,   /* 2026-11-24, 24.11.2026 */
    OFFLINE_EMAIL,
};

struct offline_word {
    struct slice text; /* as written, without marks around it */
    struct slice low;  /* in lower case (ASCII, Latin-1, Greek, Cyrillic) */
    enum offline_word_kind kind;
    double number; /* NUMBER, MONEY */
    bool used;     /* means something already: a tool's word, a value, a unit */
};

struct offline_question {
    struct offline_word *words;
    size_t count;
};

/* At most some hundred words; in the arena. */
struct offline_question offline_words(struct slice text, struct arena *arena);
/* Too common to say what is meant. */
bool offline_word_is_common(struct slice low);
/* "under", "bis": the number behind it is a highest one. */
bool offline_word_limits(struct slice low);
/* The same word, or another form of it: orders and order. */
bool offline_words_alike(struct slice a, struct slice b);
