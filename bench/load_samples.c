#include "load_samples.h"
#include <stdlib.h>

void samples_add(struct samples *samples, int64_t ns) {
    if (samples->count == samples->size) {
        samples->size = samples->size * 2 + 1024;
        samples->us = realloc(samples->us, samples->size * sizeof(*samples->us));
        if (!samples->us) {
            fprintf(stderr, "load: out of memory\n");
            exit(1);
        }
    }
    samples->us[samples->count++] = (float)ns / 1000.0F;
}

void samples_clear(struct samples *samples) {
    samples->count = 0;
}

void samples_finish(struct samples *samples) {
    free(samples->us);
    *samples = (struct samples){0};
}

static int compare(const void *left, const void *right) {
    float a = *(const float *)left;
    float b = *(const float *)right;
    return (a > b) - (a < b);
}

static double quantile(const struct samples *samples, double part) {
    if (samples->count == 0)
        return 0;
    size_t at = (size_t)(part * (double)(samples->count - 1) + 0.5);
    return samples->us[at];
}

void samples_print(struct samples *samples, FILE *out) {
    if (samples->count > 0)
        qsort(samples->us, samples->count, sizeof(*samples->us), compare);
    fprintf(out, "{\"count\":%zu,\"median\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}",
            samples->count, quantile(samples, 0.5), quantile(samples, 0.9), quantile(samples, 0.99),
            quantile(samples, 1));
}
