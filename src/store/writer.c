#include "store/writer.h"
#include "base/memory.h"

enum outcome {
    COMMITTED,
    ENTANGLED, /* a job that failed had written: the others must be told apart from it */
    LOST,      /* the whole transaction, as on a full disk */
};

struct store_job *writer_job(struct job *job) {
    return (struct store_job *)((char *)job - offsetof(struct store_job, job));
}

void writer_fail(struct store_job *job, const struct fault *fault) {
    if (!job->fault)
        job->fault = memory_allocate(sizeof *job->fault);
    *job->fault = *fault;
}

static void forget(struct store_job *job) {
    free(job->fault);
    job->fault = NULL;
}

static bool run_job(struct store_session *session, struct store_job *job) {
    struct fault fault = {0};
    fault_set(&fault, FAULT_INTERNAL, "the write failed");
    if (job->run(session, job, &fault))
        return true;
    writer_fail(job, &fault);
    return false;
}

/* Without a savepoint, which costs a sixth of a turn's write: jobs rarely fail, and mostly before
 * they have written anything. */
static enum outcome run_plain(struct store_session *session, struct store_job *job,
                              struct fault *fault) {
    const struct store_driver *driver = session->driver;
    int64_t before = driver->written(session->connection);
    if (run_job(session, job))
        return COMMITTED;
    *fault = *job->fault;
    if (!driver->intact(session->connection))
        return LOST;
    return driver->written(session->connection) == before ? COMMITTED : ENTANGLED;
}

static enum outcome run_in_savepoint(struct store_session *session, struct store_job *job,
                                     struct fault *fault) {
    const struct store_driver *driver = session->driver;
    struct store_connection *connection = session->connection;
    if (!driver->savepoint(connection, fault))
        return LOST;
    if (run_job(session, job))
        return driver->release(connection, fault) ? COMMITTED : LOST;
    *fault = *job->fault;
    if (!driver->intact(connection))
        return LOST;
    return driver->rollback_to(connection, fault) ? COMMITTED : LOST;
}

static enum outcome run_together(struct store_session *session, struct job *first,
                                 enum outcome (*run_one)(struct store_session *, struct store_job *,
                                                         struct fault *),
                                 struct fault *fault) {
    const struct store_driver *driver = session->driver;
    if (!driver->begin(session->connection, true, fault))
        return LOST;
    enum outcome outcome = COMMITTED;
    for (struct job *job = first; job && outcome == COMMITTED; job = job->next) {
        forget(writer_job(job));
        outcome = run_one(session, writer_job(job), fault);
    }
    if (outcome == COMMITTED && !driver->commit(session->connection, fault))
        outcome = LOST;
    if (outcome != COMMITTED)
        driver->rollback(session->connection);
    return outcome;
}

/* False when not even the transaction could begin, which no job is to blame for. */
static bool run_alone(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct store_driver *driver = session->driver;
    if (!driver->begin(session->connection, true, fault))
        return false;
    if (!run_job(session, job)) {
        driver->rollback(session->connection);
    } else if (!driver->commit(session->connection, fault)) {
        driver->rollback(session->connection);
        writer_fail(job, fault);
    }
    return true;
}

static void retry_each(struct store_session *session, struct job *first,
                       struct writer_counts *counts) {
    struct fault fault = {0};
    bool able = true;
    for (struct job *job = first; job; job = job->next) {
        struct store_job *retried = writer_job(job);
        forget(retried);
        /* Beginning may wait long for a lock: when it failed again, the rest fails with it. */
        able = able && run_alone(session, retried, &fault);
        if (!able)
            writer_fail(retried, &fault);
        if (able && !retried->fault)
            atomic_fetch_add(&counts->batches, 1);
    }
}

void writer_run(struct store_session *session, struct job *first, struct writer_counts *counts) {
    struct fault fault = {0};
    enum outcome outcome = run_together(session, first, run_plain, &fault);
    if (outcome == ENTANGLED)
        outcome = run_together(session, first, run_in_savepoint, &fault);
    if (outcome == COMMITTED) {
        atomic_fetch_add(&counts->batches, 1);
    } else {
        atomic_fetch_add(&counts->batch_failures, 1);
        retry_each(session, first, counts);
    }
    uint64_t good = 0, bad = 0;
    for (struct job *job = first; job; job = job->next)
        *(writer_job(job)->fault ? &bad : &good) += 1;
    atomic_fetch_add(&counts->writes, good);
    if (bad > 0)
        atomic_fetch_add(&counts->write_failures, bad);
}
