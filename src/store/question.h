/* The words of a question in plain language that are worth looking for. Private to store/. */
#pragma once
#include "base/slice.h"

enum { QUESTION_WORDS_MAX = 32, QUESTION_WORD_SIZE_MAX = 64 };

struct question_word {
    struct slice text; /* letters and digits as written, valid UTF-8; points into the question */
    bool prefix;       /* long enough to look for words that begin with it, too */
};

struct question {
    struct question_word words[QUESTION_WORDS_MAX]; /* distinct */
    size_t count;
};

/* Any bytes. Common words of the question's language (English, German, French, Spanish, Italian)
 * are left out, unless no other is left. */
void question_read(struct slice text, struct question *ret_question);
