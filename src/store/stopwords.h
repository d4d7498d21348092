/* Words that questions are made of and that say nothing of what is asked. Private to store/. */
#pragma once
#include "base/slice.h"

enum { STOPWORDS_LANGUAGES = 5 };

/* Lower case, without accents; each with a blank before and after it. */
struct stopwords {
    const char *language;
    const char *words;
    const char *after_how; /* common only behind "how": "how long", but "a long cable" */
    const char *how;
};

extern const struct stopwords stopwords_lists[STOPWORDS_LANGUAGES]; /* the first is English */

/* `before`: the word before it, empty at the start. */
bool stopwords_has(const struct stopwords *list, struct slice word, struct slice before);
