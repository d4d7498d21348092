/* Token counts of models whose tokenizer is not public: the count by one of ours times a ratio that
 * is learnt from what the provider reports, one of these for each model.
 *
 * It is made for numbers from outside: whatever is reported, the ratio stays within bounds and one
 * odd report (an image, a cached prompt told wrongly) moves it little. Thread-safe on different
 * estimates. */
#pragma once
#include "base/slice.h"
struct buffer;

struct tokens_estimate {
    double ratio;    /* reported by counted */
    double error;    /* how far off, as a share of the estimate: 0.05 is 5 % */
    int64_t samples; /* reports learnt from */
};

#define TOKENS_RATIO_MIN 0.2
#define TOKENS_RATIO_MAX 5.0

/* Knows nothing yet: as counted, 30 % off. */
struct tokens_estimate tokens_estimate_start(void);
/* What will be reported for so many tokens counted; at least 0. */
int64_t tokens_estimate_of(const struct tokens_estimate *estimate, int64_t counted);
/* A number that the report should hardly exceed, for reserving money: the estimate and twice the
 * error. */
int64_t tokens_estimate_most(const struct tokens_estimate *estimate, int64_t counted);
/* Learns from a call: `counted` as we counted its prompt, `reported` all prompt tokens that the
 * provider says, from and into caches too. Calls too small to tell anything, and numbers that
 * cannot be, are left out. */
void tokens_estimate_learn(struct tokens_estimate *estimate, int64_t counted, int64_t reported);

/* As text for the database: "1 1183400 31200 412" (version, ratio and error in
 * millionths, samples). */
void tokens_estimate_write(const struct tokens_estimate *estimate, struct buffer *out);
/* False for anything that tokens_estimate_write does not write. */
bool tokens_estimate_read(struct slice text, struct tokens_estimate *ret_estimate);
