/* Threads for blocking work: the database, password hashes, learning. Each worker may carry its own
 * state (a database connection), made and freed on its own thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct workers;

struct workers_options {
    const char *name; /* of the threads, at most 15 characters */
    size_t threads;
    size_t batch; /* most jobs handed over at once; 1 for no grouping */
    /* All may be NULL. `start` makes the worker's state, `stop` frees it; both on the worker's
     * thread. */
    void *(*start)(void *user);
    void (*stop)(void *user, void *state);
    void *user;
};

/* A job: embedded in the caller's structure, which must live until `run` was called. */
struct job {
    struct job *next;
    void (*run)(struct job *job, void *state);
};

/* `run_batch` gets a list of at most `batch` jobs linked by `next` (read `next` before a job may be
 * freed); where it is NULL each job's own `run` is called in turn. */
struct workers *workers_create(const struct workers_options *options,
                               void (*run_batch)(void *user, void *state, struct job *first));
/* Any thread. False only after workers_destroy has begun: the job was not taken. */
bool workers_submit(struct workers *workers, struct job *job);
/* Jobs that wait, for metrics. Any thread. */
size_t workers_waiting(const struct workers *workers);
/* Runs what is still queued, then ends the threads and frees. */
void workers_destroy(struct workers *workers);
