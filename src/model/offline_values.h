/* Numbers, dates, times and addresses among the words of a question. Private to model/. */
#pragma once
struct offline_words;

/* Sets the kinds, and marks what belongs to a value and says nothing else: currencies, units. */
void offline_values_find(struct offline_words *question);
