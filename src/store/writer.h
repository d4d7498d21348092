/* The writer: runs whatever waits in one transaction, on its thread. Private to store/. */
#pragma once
#include "store/session.h"
#include "store/store.h"
#include <stdatomic.h>

/* The most jobs in one transaction. */
enum { WRITER_BATCH = 512 };

struct writer_counts {
    atomic_uint_fast64_t writes, write_failures, batches, batch_failures;
};

/* Runs the jobs linked from `first`. Afterwards each one's `fault` tells how it went. */
void writer_run(struct store_session *session, struct job *first, struct writer_counts *counts);
/* The store job around a worker's job. */
struct store_job *writer_job(struct job *job);
/* Keeps why the job failed. */
void writer_fail(struct store_job *job, const struct fault *fault);
