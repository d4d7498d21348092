#include "chat/estimates.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "model/catalogue.h"
#include "store/records.h"
#include <pthread.h>

enum { MODELS_MAX = 1024, NAME_SIZE = 200 }; /* names come from the configuration */

struct row {
    char name[NAME_SIZE];
    struct tokens_estimate estimate;
    bool changed;
};

struct estimates {
    pthread_mutex_t lock;
    struct row *rows;
    size_t count;
};

struct estimates *estimates_create(void) {
    struct estimates *estimates = memory_zeroed(1, sizeof *estimates);
    pthread_mutex_init(&estimates->lock, NULL);
    estimates->rows = memory_zeroed(MODELS_MAX, sizeof *estimates->rows);
    return estimates;
}

void estimates_destroy(struct estimates *estimates) {
    if (!estimates)
        return;
    pthread_mutex_destroy(&estimates->lock);
    free(estimates->rows);
    free(estimates);
}

/* What wraps messages and tools is told by nobody, so even an exact tokenizer is a little off. */
static struct tokens_estimate first_guess(const struct model_info *info) {
    if (info && info->tokenizer)
        return (struct tokens_estimate){.ratio = 1, .error = 0.02};
    return tokens_estimate_start();
}

/* NULL when the table is full. */
static struct row *row_of(struct estimates *estimates, const char *name,
                          const struct tokens_estimate *first) {
    for (size_t i = 0; i < estimates->count; i++)
        if (strcmp(estimates->rows[i].name, name) == 0)
            return &estimates->rows[i];
    if (estimates->count == MODELS_MAX)
        return NULL;
    struct row *row = &estimates->rows[estimates->count++];
    snprintf(row->name, sizeof row->name, "%s", name);
    row->estimate = *first;
    return row;
}

struct tokens_estimate estimates_get(struct estimates *estimates, const char *provider,
                                     const char *model, const struct model_info *info) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s/%s", provider, model);
    struct tokens_estimate estimate = first_guess(info);
    pthread_mutex_lock(&estimates->lock);
    const struct row *row = row_of(estimates, name, &estimate);
    if (row)
        estimate = row->estimate;
    pthread_mutex_unlock(&estimates->lock);
    return estimate;
}

void estimates_learn(struct estimates *estimates, const char *provider, const char *model,
                     const struct model_info *info, int64_t counted, int64_t reported) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s/%s", provider, model);
    struct tokens_estimate first = first_guess(info);
    pthread_mutex_lock(&estimates->lock);
    struct row *row = row_of(estimates, name, &first);
    if (row) {
        tokens_estimate_learn(&row->estimate, counted, reported);
        row->changed = true;
    }
    pthread_mutex_unlock(&estimates->lock);
}

/* --- the store --- */

bool estimates_load(struct estimates *estimates, struct store_session *session,
                    struct fault *fault) {
    struct arena *arena = arena_create(4096);
    struct store_estimate *stored;
    size_t count;
    bool ok = store_estimates_list(session, arena, &stored, &count, fault);
    pthread_mutex_lock(&estimates->lock);
    for (size_t i = 0; ok && i < count; i++) {
        struct tokens_estimate estimate;
        if (stored[i].model.size < NAME_SIZE && tokens_estimate_read(stored[i].state, &estimate))
            row_of(estimates, arena_string(arena, stored[i].model), &estimate);
    }
    pthread_mutex_unlock(&estimates->lock);
    arena_destroy(arena);
    return ok;
}

static bool save_row(struct store_session *session, const struct row *row, struct fault *fault) {
    struct buffer state = {0};
    tokens_estimate_write(&row->estimate, &state);
    const struct store_estimate stored = {slice_of(row->name), buffer_slice(&state)};
    bool ok = store_estimate_put(session, &stored, fault);
    buffer_finish(&state);
    return ok;
}

bool estimates_save(struct estimates *estimates, struct store_session *session,
                    struct fault *fault) {
    for (size_t i = 0; i < MODELS_MAX; i++) {
        pthread_mutex_lock(&estimates->lock);
        bool there = i < estimates->count, changed = there && estimates->rows[i].changed;
        struct row copy = {0};
        if (changed)
            copy = estimates->rows[i];
        estimates->rows[i].changed = false;
        pthread_mutex_unlock(&estimates->lock);
        if (!there)
            break;
        if (changed && !save_row(session, &copy, fault))
            return false;
    }
    return true;
}
