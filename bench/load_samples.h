/* Latencies: kept one by one, so that percentiles are exact. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct samples {
    float *us;
    size_t count, size;
};
void samples_add(struct samples *samples, int64_t ns);
void samples_clear(struct samples *samples);
void samples_finish(struct samples *samples);
/* Prints {"count":…,"median":…,"p90":…,"p99":…,"max":…} in microseconds; sorts the samples. */
void samples_print(struct samples *samples, FILE *out);
