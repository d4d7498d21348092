/* What the built-in provider knows of languages: common words, words around numbers and times, and
 * which words mean about the same. All words are folded (base/fold.h). Private to model/. */
#pragma once
#include "base/slice.h"

enum offline_term {
    TERM_COMMON, /* says nothing of what is meant */
    TERM_ASKING, /* begins a question, not an order: how, can, which */
    TERM_MINE,   /* it is about the visitor's own */
    TERM_MOST,   /* before or behind a number: it is a highest one */
    TERM_LEAST,  /* … a lowest one */
    TERM_NOT,    /* turns that around: "not more than" */
    TERM_AT,     /* before an hour */
    TERM_ABOUT,  /* what follows is the topic */
    TERM_KIND,   /* kinds of values, not things: day, number, part */
    TERM_MORNING,
    TERM_AFTERNOON,
    TERM_EVENING,
    TERMS,
};

/* In any language. */
bool offline_term_is(enum offline_term term, struct slice word);
/* In one, a BCP 47 tag. */
bool offline_term_is_in(struct slice language, struct slice word);
/* The languages that there are words of; NULL behind the last. */
const char *offline_term_language(size_t index);

/* 1 January … 12 December, by name or the beginning of it; 0 for others. */
int offline_term_month(struct slice word);
bool offline_term_is_currency(struct slice word);
/* Units behind a number that make it a quantity: days, percent, inches. */
bool offline_term_is_unit(struct slice word);
/* Behind an hour: "pm" adds 12 to it (1), "am" and "Uhr" do not (0); -1 for others. */
int offline_term_hour(struct slice word);

/* Bits for what the word is about: searching, orders, appointments and so on. Words that share one
 * mean about the same, whatever their languages. */
enum { OFFLINE_ABOUT_SEARCH = 1 };
unsigned offline_term_about(struct slice word);
/* The same word, or another form of it: orders and order. */
bool offline_terms_alike(struct slice a, struct slice b);
