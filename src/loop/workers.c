#include "loop/workers.h"
#include "base/memory.h"
#include <pthread.h>
#include <stdatomic.h>

struct workers {
    struct workers_options options;
    void (*run_batch)(void *user, void *state, struct job *first);
    pthread_t *threads;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct job *first, **last;
    atomic_size_t waiting;
    bool finishing;
};

static struct job *take(struct workers *workers) {
    pthread_mutex_lock(&workers->lock);
    while (!workers->first && !workers->finishing)
        pthread_cond_wait(&workers->filled, &workers->lock);
    struct job *batch = workers->first;
    struct job **end = &workers->first;
    size_t count = 0;
    for (; *end && count < workers->options.batch; count++)
        end = &(*end)->next;
    if (batch) {
        struct job *rest = *end;
        *end = NULL; /* ends the batch; `first` is set anew below */
        workers->first = rest;
        if (!rest)
            workers->last = &workers->first;
        atomic_fetch_sub(&workers->waiting, count);
    }
    pthread_mutex_unlock(&workers->lock);
    return batch;
}

static void run_each(struct job *job, void *state) {
    while (job) {
        struct job *next = job->next; /* the job may be freed by its run */
        job->run(job, state);
        job = next;
    }
}

static void *work(void *argument) {
    struct workers *workers = argument;
    const struct workers_options *options = &workers->options;
    void *state = options->start ? options->start(options->user) : NULL;
    for (struct job *batch; (batch = take(workers));) {
        if (workers->run_batch)
            workers->run_batch(options->user, state, batch);
        else
            run_each(batch, state);
    }
    if (options->stop)
        options->stop(options->user, state);
    return NULL;
}

struct workers *workers_create(const struct workers_options *options,
                               void (*run_batch)(void *user, void *state, struct job *first)) {
    struct workers *workers = memory_zeroed(1, sizeof *workers);
    workers->options = *options;
    if (workers->options.batch == 0)
        workers->options.batch = 1;
    workers->run_batch = run_batch;
    workers->last = &workers->first;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->filled, NULL);
    workers->threads = memory_zeroed(options->threads, sizeof *workers->threads);
    for (size_t i = 0; i < options->threads; i++) {
        if (pthread_create(&workers->threads[i], NULL, work, workers) != 0) {
            fputs("switchboard: cannot start a thread\n", stderr);
            abort();
        }
        pthread_setname_np(workers->threads[i], options->name);
    }
    return workers;
}

bool workers_submit(struct workers *workers, struct job *job) {
    job->next = NULL;
    pthread_mutex_lock(&workers->lock);
    bool taken = !workers->finishing;
    if (taken) {
        *workers->last = job;
        workers->last = &job->next;
        atomic_fetch_add(&workers->waiting, 1);
        pthread_cond_signal(&workers->filled);
    }
    pthread_mutex_unlock(&workers->lock);
    return taken;
}

size_t workers_waiting(const struct workers *workers) {
    return atomic_load(&workers->waiting);
}

void workers_destroy(struct workers *workers) {
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->finishing = true;
    pthread_cond_broadcast(&workers->filled);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->options.threads; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->filled);
    pthread_mutex_destroy(&workers->lock);
    free(workers->threads);
    free(workers);
}
