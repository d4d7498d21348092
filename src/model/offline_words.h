/* A visitor's question as words and values, for the built-in provider. Private to model/. */
#pragma once
#include "base/slice.h"
struct arena;

enum offline_word_kind {
    OFFLINE_WORD,
    OFFLINE_NUMBER,   /* 1042, #1,042 */
    OFFLINE_MONEY,    /* a number with a currency beside it */
    OFFLINE_QUANTITY, /* a number with another unit behind it: 30 days */
    OFFLINE_TIME,     /* 14:30, 2 pm, 14 Uhr */
    OFFLINE_DATE,     /* 2026-11-24, 24.11.2026, 24 November */
    OFFLINE_DAY,      /* a weekday, today, tomorrow */
    OFFLINE_PART,     /* of a day */
    OFFLINE_EMAIL,
};

struct offline_word {
    struct slice text; /* as written, without marks around it */
    struct slice low;  /* folded */
    enum offline_word_kind kind;
    double number;           /* NUMBER, MONEY, QUANTITY */
    int limit;               /* of these: -1 a highest one, 1 a lowest one */
    int minutes;             /* TIME: from midnight */
    int year, month, of_day; /* DATE; year 0: none was named */
    int day;                 /* DAY: as day_word has it */
    int part;                /* PART: 0 morning, 1 afternoon, 2 evening */
    unsigned about;          /* WORD: as offline_term_about has it */
    bool common;             /* says nothing of what is meant */
    bool used;               /* is a value of a parameter, or belongs to one */
};

struct offline_words {
    struct offline_word *list;
    size_t count;
};

/* Of a question: with values. At most some hundred words; in the arena. */
struct offline_words offline_words_of_question(struct slice text, struct arena *arena);
struct offline_words offline_words_copy(const struct offline_words *words, struct arena *arena);
/* Of a tool's name or description: only how they are written. "max_price" and "maxPrice" are two.
 */
struct offline_words offline_words_of_tool(struct slice text, struct arena *arena);
/* True if it begins like a question, not like an order. */
bool offline_words_ask(const struct offline_words *question);
/* True if it is about something of the visitor's own: "my order". */
bool offline_words_mine(const struct offline_words *question);
/* What the visitor writes, where the common words tell; else English. */
struct slice offline_words_language(const struct offline_words *question);
