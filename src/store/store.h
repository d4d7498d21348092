/* The database. Loops hand jobs to worker threads: writes go to one writer, which runs whatever
 * waits in one transaction (a job that fails is undone and takes no other with it); reads go to
 * readers with a connection each. Results come back by loop_post. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
#include "loop/workers.h"
struct loop;

struct store;
/* A connection on a worker thread; what store/records.h works on. */
struct store_session;

struct store_options {
    const char *url;  /* "sqlite:PATH" (":memory:" is refused: there are several connections) */
    size_t readers;   /* reader threads; 0 means 1 */
    int lock_wait_ms; /* how long to wait while another process writes; 0 means 5 s */
};

/* Opens, creates where absent (mode 0600), migrates, starts the threads. The fault says what to do.
 */
__attribute__((warn_unused_result)) bool store_open(const struct store_options *options,
                                                    struct store **ret_store, struct fault *fault);
/* Whether there is a database at that address; creates none. Where there is none, false tells why
 * store_open could not create it. */
__attribute__((warn_unused_result)) bool store_exists(const char *url, bool *ret_exists,
                                                      struct fault *fault);
/* Runs what is queued, then closes. NULL is fine. */
void store_close(struct store *store);

/* A job. The caller embeds it in its own structure, which lives until `done` was called. */
struct store_job {
    /* On a worker thread. False with the fault filled undoes this job's writes. May be called
     * again: where the batch could not be committed, each of its jobs is tried alone once, so leave
     * nothing behind that a second call would not replace. */
    bool (*run)(struct store_session *session, struct store_job *job, struct fault *fault);
    /* On `loop`; `fault` is NULL on success. For a write: after the commit. May be NULL: then
     * errors are only counted. When `loop` is NULL it is called on the worker thread. */
    void (*done)(struct store_job *job, const struct fault *fault);
    struct loop *loop;
    /* Somebody waits for the commit: it shares it with others for half a millisecond at most, not
     * for four. */
    bool urgent;
    /* private to the store */
    struct job job;
    struct store *store;
    struct fault *fault; /* why it failed, or NULL */
};
void store_write(struct store *store, struct store_job *job); /* any thread, never blocks */
void store_read(struct store *store, struct store_job *job);  /* any thread, never blocks */

/* Runs `run` on the calling thread with a connection of its own, in a transaction: for the command
 * line and for start-up. */
__attribute__((warn_unused_result)) bool store_run_now(struct store *store,
                                                       bool (*run)(struct store_session *session,
                                                                   void *user, struct fault *fault),
                                                       void *user, struct fault *fault);

struct store_statistics {
    /* since the start */
    uint64_t writes;         /* jobs committed */
    uint64_t write_failures; /* jobs that were not, whatever the reason */
    uint64_t reads, read_failures;
    uint64_t batches;        /* transactions committed */
    uint64_t batch_failures; /* transactions that could not begin or commit */
    size_t waiting; /* jobs handed over and not done: grows without bound while a disk hangs */
};
struct store_statistics store_statistics(const struct store *store);
