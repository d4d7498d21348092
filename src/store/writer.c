#include "store/writer.h"
#include "base/memory.h"

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

/* One job of a batch. False when the whole transaction is lost, as after a full disk. */
static bool run_in_savepoint(struct store_session *session, struct store_job *job,
                             struct fault *fault) {
    const struct store_driver *driver = session->driver;
    struct store_connection *connection = session->connection;
    if (!driver->savepoint(connection, fault))
        return false;
    if (run_job(session, job))
        return driver->release(connection, fault);
    if (!driver->intact(connection)) {
        *fault = *job->fault;
        return false;
    }
    return driver->rollback_to(connection, fault);
}

static bool run_together(struct store_session *session, struct job *first, struct fault *fault) {
    const struct store_driver *driver = session->driver;
    if (!driver->begin(session->connection, true, fault))
        return false;
    for (struct job *job = first; job; job = job->next) {
        if (!run_in_savepoint(session, writer_job(job), fault)) {
            driver->rollback(session->connection);
            return false;
        }
    }
    if (!driver->commit(session->connection, fault)) {
        driver->rollback(session->connection);
        return false;
    }
    return true;
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
    if (run_together(session, first, &fault)) {
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
