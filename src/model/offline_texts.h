/* What is said without a model, in the visitor's language. */
#pragma once
#include "base/slice.h"

struct offline_texts {
    const char *language;  /* BCP 47, the primary part */
    const char *spent;     /* the budget is spent: a polite refusal */
    const char *no_answer; /* nothing in the documents fits */
    const char *greeting;  /* an answer to "hello" */
    const char *thanks;    /* an answer to "thank you" */
    /* with tools; a name or a value follows `missing` and `booked` */
    const char *missing;    /* what is still to be said for a call */
    const char *nothing;    /* the tool found nothing */
    const char *failed;     /* the tool failed */
    const char *booked;     /* the appointment is made for … */
    const char *not_booked; /* it is not; what is free follows */
    const char *yes, *no;   /* true and false in what it gave back */
    const char *confirm;    /* the visitor is to answer a card */
    const char *declined;   /* they said no */
    const char *greetings;  /* words that greet, separated by blanks, lower case */
    const char *thankings;
};

/* By the primary part of the tag; English where there are none. */
const struct offline_texts *offline_texts_for(struct slice language);
/* True for what was said with `missing`, in any language. */
bool offline_texts_asked(struct slice text);
/* The texts whose words hold that one as a greeting or thanks; NULL when none do. */
const struct offline_texts *offline_texts_greeted(struct slice word);
const struct offline_texts *offline_texts_thanked(struct slice word);
