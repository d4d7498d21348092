#include "chat/metrics.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <pthread.h>

enum {
    MODELS_MAX = 256
}; /* rows beyond that share the last: names come from the config, not from clients */

struct metrics_table {
    pthread_mutex_t lock; /* guards adding; rows never move */
    size_t count;
    struct metrics_model *rows[MODELS_MAX];
};

struct metrics_tools {
    pthread_mutex_t lock; /* guards adding; rows never move */
    size_t count;
    struct metrics_tool *rows[MODELS_MAX];
};

struct metrics *metrics_create(void) {
    struct metrics *metrics = memory_zeroed(1, sizeof *metrics);
    metrics->tools = memory_zeroed(1, sizeof *metrics->tools);
    pthread_mutex_init(&metrics->tools->lock, NULL);
    metrics->models = memory_zeroed(1, sizeof *metrics->models);
    pthread_mutex_init(&metrics->models->lock, NULL);
    return metrics;
}

void metrics_destroy(struct metrics *metrics) {
    if (!metrics)
        return;
    for (size_t i = 0; i < metrics->models->count; i++) {
        free(metrics->models->rows[i]->provider);
        free(metrics->models->rows[i]->model);
        free(metrics->models->rows[i]);
    }
    for (size_t i = 0; i < metrics->tools->count; i++) {
        free(metrics->tools->rows[i]->name);
        free(metrics->tools->rows[i]);
    }
    pthread_mutex_destroy(&metrics->tools->lock);
    free(metrics->tools);
    pthread_mutex_destroy(&metrics->models->lock);
    free(metrics->models);
    free(metrics);
}

struct metrics_model *metrics_model(struct metrics *metrics, const char *provider,
                                    const char *model) {
    struct metrics_table *table = metrics->models;
    struct metrics_model *row = NULL;
    pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < table->count && !row; i++)
        if (strcmp(table->rows[i]->provider, provider) == 0 &&
            strcmp(table->rows[i]->model, model) == 0)
            row = table->rows[i];
    if (!row && table->count == MODELS_MAX)
        row = table->rows[MODELS_MAX - 1];
    if (!row) {
        row = memory_zeroed(1, sizeof *row);
        row->provider = memory_string(provider);
        row->model = memory_string(model);
        table->rows[table->count++] = row;
    }
    pthread_mutex_unlock(&table->lock);
    return row;
}

void metrics_count_tool(struct metrics *metrics, const char *name, bool failed,
                        int64_t duration_us) {
    struct metrics_tools *tools = metrics->tools;
    struct metrics_tool *row = NULL;
    pthread_mutex_lock(&tools->lock);
    for (size_t i = 0; i < tools->count && !row; i++)
        if (strcmp(tools->rows[i]->name, name) == 0)
            row = tools->rows[i];
    if (!row && tools->count == MODELS_MAX)
        row = tools->rows[MODELS_MAX - 1];
    if (!row) {
        row = memory_zeroed(1, sizeof *row);
        row->name = memory_string(name);
        tools->rows[tools->count++] = row;
    }
    pthread_mutex_unlock(&tools->lock);
    atomic_fetch_add(&row->calls, 1);
    atomic_fetch_add(&row->failures, failed);
    atomic_fetch_add(&row->duration_us, (uint64_t)(duration_us > 0 ? duration_us : 0));
}

void metrics_observe(struct metrics_histogram *histogram, int64_t duration_us) {
    if (duration_us < 0)
        duration_us = 0;
    size_t bucket = 0;
    while (bucket < METRICS_BUCKETS - 1 && duration_us > INT64_C(1000) << bucket)
        bucket++;
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)duration_us, memory_order_relaxed);
}

void metrics_count_drift(struct metrics_model *model, int64_t counted, int64_t reported) {
    if (counted < 0 || reported <= 0)
        return;
    atomic_fetch_add_explicit(&model->counted_tokens, (uint64_t)counted, memory_order_relaxed);
    atomic_fetch_add_explicit(&model->reported_tokens, (uint64_t)reported, memory_order_relaxed);
}

static void write_help(struct buffer *out, const char *name, const char *type, const char *help) {
    buffer_printf(out, "# HELP switchboard_%s %s\n# TYPE switchboard_%s %s\n", name, help, name,
                  type);
}

/* Label values come from the config's names, but a quote in one must not break the page. */
static void write_label(struct buffer *out, const char *name, const char *value) {
    buffer_printf(out, "%s=\"", name);
    for (const char *p = value; *p; p++) {
        if (*p == '"' || *p == '\\')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, *p == '\n' ? ' ' : *p);
    }
    buffer_append_byte(out, '"');
}

static void write_row(struct buffer *out, const char *name, const struct metrics_model *row,
                      const char *label, const char *value, uint64_t number) {
    buffer_printf(out, "switchboard_%s{", name);
    write_label(out, "provider", row->provider);
    buffer_append_byte(out, ',');
    write_label(out, "model", row->model);
    if (label) {
        buffer_append_byte(out, ',');
        write_label(out, label, value);
    }
    buffer_printf(out, "} %llu\n", (unsigned long long)number);
}

static void write_histogram(struct buffer *out, const char *name, const struct metrics_model *row,
                            const struct metrics_histogram *histogram) {
    char bucket_name[96], bound[32];
    snprintf(bucket_name, sizeof bucket_name, "%s_bucket", name);
    uint64_t sum = 0;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        sum += atomic_load(&histogram->buckets[i]);
        if (i == METRICS_BUCKETS - 1)
            snprintf(bound, sizeof bound, "+Inf");
        else
            snprintf(bound, sizeof bound, "%g", (double)(1 << i) / 1000);
        write_row(out, bucket_name, row, "le", bound, sum);
    }
    buffer_printf(out, "switchboard_%s_sum{", name);
    write_label(out, "provider", row->provider);
    buffer_append_byte(out, ',');
    write_label(out, "model", row->model);
    buffer_printf(out, "} %.6f\n", (double)atomic_load(&histogram->sum_us) / 1e6);
    char count_name[96];
    snprintf(count_name, sizeof count_name, "%s_count", name);
    write_row(out, count_name, row, NULL, NULL, sum);
}

static void write_counter(struct buffer *out, const struct metrics_table *table, size_t count,
                          const char *name, const char *help, size_t offset) {
    write_help(out, name, "counter", help);
    for (size_t i = 0; i < count; i++) {
        const struct metrics_model *row = table->rows[i];
        const atomic_uint_fast64_t *counter = (const void *)((const char *)row + offset);
        write_row(out, name, row, NULL, NULL, *counter);
    }
}

static void write_models(struct metrics_table *table, size_t count, struct buffer *out) {
    static const char *const classes[] = {"input", "cache_read", "cache_write", "output",
                                          "reasoning"};
    write_counter(out, table, count, "model_calls_total", "Calls of a model.",
                  offsetof(struct metrics_model, calls));
    write_counter(out, table, count, "model_retries_total",
                  "Calls after whose failure the same model was tried again.",
                  offsetof(struct metrics_model, retries));
    write_counter(out, table, count, "model_fallbacks_total",
                  "Calls after whose failure the next model was tried.",
                  offsetof(struct metrics_model, fallbacks));
    write_counter(out, table, count, "model_continuations_total",
                  "Calls that continued an answer which had broken off.",
                  offsetof(struct metrics_model, continuations));
    write_counter(out, table, count, "model_cost_microdollars_total",
                  "What the calls cost, estimates included.",
                  offsetof(struct metrics_model, cost_microdollars));
    write_counter(out, table, count, "model_counted_prompt_tokens_total",
                  "Prompts as counted here before the call, where the provider reported them too.",
                  offsetof(struct metrics_model, counted_tokens));
    write_counter(out, table, count, "model_reported_prompt_tokens_total",
                  "The same prompts as the provider reported them.",
                  offsetof(struct metrics_model, reported_tokens));
    write_help(out, "model_errors_total", "counter", "Failed calls of a model by class.");
    for (size_t i = 0; i < count; i++)
        for (int kind = 1; kind < FAULT_KIND_COUNT; kind++)
            if (table->rows[i]->errors[kind] > 0)
                write_row(out, "model_errors_total", table->rows[i], "class",
                          fault_kind_name((enum fault_kind)kind), table->rows[i]->errors[kind]);
    write_help(out, "model_tokens_total", "counter", "Tokens as reported, by class.");
    for (size_t i = 0; i < count; i++)
        for (size_t class = 0; class < METRICS_TOKEN_CLASSES; class ++)
            write_row(out, "model_tokens_total", table->rows[i], "class", classes[class],
                      table->rows[i]->tokens[class]);
    write_help(out, "model_first_token_seconds", "histogram", "From the call to its first token.");
    for (size_t i = 0; i < count; i++)
        write_histogram(out, "model_first_token_seconds", table->rows[i],
                        &table->rows[i]->first_token);
    write_help(out, "model_between_tokens_seconds", "histogram",
               "Between two deltas of an answer.");
    for (size_t i = 0; i < count; i++)
        write_histogram(out, "model_between_tokens_seconds", table->rows[i],
                        &table->rows[i]->between_tokens);
    write_help(out, "model_call_seconds", "histogram", "Duration of a call.");
    for (size_t i = 0; i < count; i++)
        write_histogram(out, "model_call_seconds", table->rows[i], &table->rows[i]->duration);
}

static void write_tool_counter(struct buffer *out, const struct metrics_tools *tools, size_t count,
                               const char *name, const char *help, size_t offset) {
    write_help(out, name, "counter", help);
    for (size_t i = 0; i < count; i++) {
        const atomic_uint_fast64_t *counter = (const void *)((const char *)tools->rows[i] + offset);
        buffer_printf(out, "switchboard_%s{", name);
        write_label(out, "tool", tools->rows[i]->name);
        buffer_printf(out, "} %llu\n", (unsigned long long)*counter);
    }
}

static void write_tools(struct metrics_tools *tools, struct buffer *out) {
    pthread_mutex_lock(&tools->lock);
    size_t count = tools->count;
    pthread_mutex_unlock(&tools->lock);
    write_tool_counter(out, tools, count, "tool_calls_total", "Calls of a tool.",
                       offsetof(struct metrics_tool, calls));
    write_tool_counter(out, tools, count, "tool_failures_total",
                       "Calls of a tool that gave no result.",
                       offsetof(struct metrics_tool, failures));
    write_tool_counter(out, tools, count, "tool_microseconds_total",
                       "How long the calls of a tool took.",
                       offsetof(struct metrics_tool, duration_us));
}

void metrics_write(struct metrics *metrics, struct buffer *out) {
    write_help(out, "http_requests_total", "counter", "HTTP requests that reached a door.");
    buffer_printf(out, "switchboard_http_requests_total %llu\n",
                  (unsigned long long)metrics->requests);
    write_help(out, "turns_total", "counter", "Turns begun.");
    buffer_printf(out, "switchboard_turns_total %llu\n", (unsigned long long)metrics->turns);
    write_help(out, "turns_cancelled_total", "counter", "Turns whose client went away.");
    buffer_printf(out, "switchboard_turns_cancelled_total %llu\n",
                  (unsigned long long)metrics->turns_cancelled);
    write_help(out, "turns_active", "gauge", "Turns in flight.");
    buffer_printf(out, "switchboard_turns_active %lld\n", (long long)metrics->turns_active);
    write_help(out, "refused_total", "counter", "Requests refused before a model was called.");
    for (int kind = 1; kind < FAULT_KIND_COUNT; kind++)
        if (metrics->refused[kind] > 0)
            buffer_printf(out, "switchboard_refused_total{reason=\"%s\"} %llu\n",
                          fault_kind_name((enum fault_kind)kind),
                          (unsigned long long)metrics->refused[kind]);
    write_help(out, "log_failures_total", "counter", "Records that the database did not take.");
    buffer_printf(out, "switchboard_log_failures_total %llu\n",
                  (unsigned long long)metrics->log_failures);
    write_help(out, "budget_warnings_total", "counter", "Limits on money or tokens nearly spent.");
    buffer_printf(out, "switchboard_budget_warnings_total %llu\n",
                  (unsigned long long)metrics->budget_warnings);
    write_help(out, "webhooks_sent_total", "counter", "Webhooks that were taken.");
    buffer_printf(out, "switchboard_webhooks_sent_total %llu\n",
                  (unsigned long long)metrics->webhooks_sent);
    write_help(out, "webhook_failures_total", "counter", "Webhooks that were given up.");
    buffer_printf(out, "switchboard_webhook_failures_total %llu\n",
                  (unsigned long long)metrics->webhook_failures);
    pthread_mutex_lock(&metrics->models->lock);
    size_t count = metrics->models->count;
    pthread_mutex_unlock(&metrics->models->lock);
    write_models(metrics->models, count, out);
    write_tools(metrics->tools, out);
}
