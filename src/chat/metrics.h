/* Counters and histograms of the whole process, shared by all loops without locks; rendered as
 * Prometheus text (exposition format 0.0.4). */
#pragma once
#include "base/fault.h"
#include <stdatomic.h>
struct buffer;

enum { METRICS_BUCKETS = 16 };

/* Seconds in powers of two from 1 ms; the last bucket takes the rest. */
struct metrics_histogram {
    atomic_uint_fast64_t buckets[METRICS_BUCKETS];
    atomic_uint_fast64_t sum_us;
};
void metrics_observe(struct metrics_histogram *histogram, int64_t duration_us);

enum metrics_tokens {
    METRICS_INPUT,
    METRICS_CACHE_READ,
    METRICS_CACHE_WRITE,
    METRICS_OUTPUT,
    METRICS_REASONING,
    METRICS_TOKEN_CLASSES,
};

/* Of one provider and model. */
struct metrics_model {
    char *provider, *model;
    atomic_uint_fast64_t calls, retries, fallbacks, continuations;
    atomic_uint_fast64_t errors[FAULT_KIND_COUNT];
    atomic_uint_fast64_t tokens[METRICS_TOKEN_CLASSES];
    atomic_uint_fast64_t cost_microdollars;
    /* Prompts that we counted and the provider reported: how far our count is off. */
    atomic_uint_fast64_t counted_tokens, reported_tokens;
    struct metrics_histogram first_token, between_tokens, duration;
};

/* Of one tool. */
struct metrics_tool {
    char *name;
    atomic_uint_fast64_t calls, failures, duration_us;
};

struct metrics {
    atomic_uint_fast64_t turns, turns_cancelled;
    atomic_int_fast64_t turns_active;
    atomic_uint_fast64_t refused[FAULT_KIND_COUNT]; /* requests refused before a turn, by kind */
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t log_failures; /* records that the store did not take */
    atomic_uint_fast64_t budget_warnings, webhooks_sent, webhook_failures;
    struct metrics_table *models;
    struct metrics_tools *tools;
};

struct metrics *metrics_create(void);
void metrics_destroy(struct metrics *metrics);
/* The row of that provider and model, made at first use; lives as long as `metrics`. Any thread. */
struct metrics_model *metrics_model(struct metrics *metrics, const char *provider,
                                    const char *model);
/* A call of a tool; names come from the configuration. Any thread. */
void metrics_count_tool(struct metrics *metrics, const char *name, bool failed,
                        int64_t duration_us);
void metrics_count_drift(struct metrics_model *model, int64_t counted, int64_t reported);
void metrics_write(struct metrics *metrics, struct buffer *out);
