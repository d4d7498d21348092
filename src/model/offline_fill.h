/* Fills the parameters of a tool from a question, by their types and by what they are called.
 * Private to model/. */
#pragma once
#include "model/offline_words.h"

struct offline_filling {
    /* in */
    struct slice schema; /* of the arguments: JSON Schema of an object */
    struct slice today;  /* "2026-11-24", empty when unknown */
    struct offline_words *question;
    const unsigned char *named; /* for each word, not 0: it names the tool, so it is no value */
    struct arena *arena;
    /* out */
    struct slice arguments; /* a JSON object */
    struct slice missing;   /* how to call the first required one without a value; empty: none */
    unsigned points;        /* how much the values say for the tool */
    bool bounded;           /* one is a highest or lowest number, as a parameter asks for */
    bool words;             /* a parameter took the words that were left */
    bool impossible;        /* a required one cannot be said in words at all */
};
void offline_fill(struct offline_filling *filling);
