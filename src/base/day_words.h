/* Words for days in a dozen languages: a visitor may name one where no model stands between. */
#pragma once
#include "base/slice.h"

enum { DAY_TODAY = 7, DAY_TOMORROW = 8, DAY_AFTER_TOMORROW = 9 };

/* 0 Sunday … 6 Saturday, DAY_TODAY and so on: in any case, with or without accents. */
bool day_word(struct slice word, int *ret_day);
