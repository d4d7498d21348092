/* Words for days in a dozen languages: a visitor may name one where no model stands between. */
#pragma once
#include "base/slice.h"

enum { DAY_TODAY = 7, DAY_TOMORROW = 8 };

/* 0 Sunday … 6 Saturday, DAY_TODAY or DAY_TOMORROW. ASCII letters in any case. */
bool day_word(struct slice word, int *ret_day);
