#include "store/store.h"
#include "base/clock.h"
#include "base/memory.h"
#include "loop/loop.h"
#include "store/migrations.h"
#include "store/writer.h"
#include <pthread.h>
#include <time.h>

enum { LOCK_WAIT_MS = 5000, READERS_MAX = 64, COMMIT_EVERY_US = 4000, URGENT_EVERY_US = 500 };

static const struct store_driver *const drivers[] = {&driver_sqlite, NULL};

struct store {
    const struct store_driver *driver;
    char *place; /* what follows the scheme in the URL */
    int lock_wait_ms;
    struct workers *writer, *readers;
    struct store_session *sessions; /* of the writer, then of the readers */
    size_t session_count;
    atomic_size_t sessions_taken; /* by readers, as their threads start */
    struct writer_counts counts;
    atomic_uint_fast64_t reads, read_failures;
    atomic_size_t waiting;
    pthread_mutex_t pause_lock; /* the writer's pause between two commits */
    pthread_cond_t pause_over;
    bool urgent; /* an urgent write came since the last batch began */
};

/* --- jobs --- */

/* Hands the result over. The job is the caller's again, and may be gone, once `done` was called. */
static void deliver(void *user) {
    struct store_job *job = user;
    struct fault *fault = job->fault;
    job->fault = NULL;
    job->done(job, fault);
    free(fault);
}

static void finish(struct store_job *job) {
    atomic_fetch_sub(&job->store->waiting, 1);
    if (!job->done) {
        free(job->fault);
        job->fault = NULL;
    } else if (job->loop) {
        loop_post(job->loop, deliver, job);
    } else {
        deliver(job);
    }
}

static void finish_all(struct job *job) {
    while (job) {
        struct job *next = job->next;
        finish(writer_job(job));
        job = next;
    }
}

/* Lets jobs gather: a commit costs as much as several jobs, so under load there is at most one in
 * this time. A write that comes after a quiet moment does not wait, and one that is urgent ends the
 * pause soon. */
static void pause_since(struct store *store, int64_t began_us) {
    pthread_mutex_lock(&store->pause_lock);
    for (;;) {
        int64_t end_us = began_us + (store->urgent ? URGENT_EVERY_US : COMMIT_EVERY_US);
        if (clock_monotonic_us() >= end_us)
            break;
        const struct timespec end = {.tv_sec = end_us / 1000000,
                                     .tv_nsec = end_us % 1000000 * 1000};
        pthread_cond_timedwait(&store->pause_over, &store->pause_lock, &end);
    }
    pthread_mutex_unlock(&store->pause_lock);
}

static void hurry(struct store *store) {
    pthread_mutex_lock(&store->pause_lock);
    if (!store->urgent)
        pthread_cond_signal(&store->pause_over);
    store->urgent = true;
    pthread_mutex_unlock(&store->pause_lock);
}

static void write_batch(void *user, void *state, struct job *first) {
    struct store *store = user;
    struct store_session *session = state;
    int64_t began_us = clock_monotonic_us();
    pthread_mutex_lock(&store->pause_lock);
    store->urgent = false;
    pthread_mutex_unlock(&store->pause_lock);
    writer_run(session, first, &store->counts);
    finish_all(first);
    session->driver->tidy(session->connection);
    pause_since(store, began_us);
}

static bool run_read(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct store_driver *driver = session->driver;
    /* A transaction, so that several queries of one job see the same state. */
    if (!driver->begin(session->connection, false, fault))
        return false;
    bool good = job->run(session, job, fault);
    driver->rollback(session->connection);
    return good;
}

static void read_batch(void *user, void *state, struct job *first) {
    struct store *store = user;
    for (struct job *job = first; job; job = job->next) {
        struct store_job *reading = writer_job(job);
        struct fault fault = {0};
        fault_set(&fault, FAULT_INTERNAL, "the read failed");
        if (run_read(state, reading, &fault)) {
            atomic_fetch_add(&store->reads, 1);
        } else {
            writer_fail(reading, &fault);
            atomic_fetch_add(&store->read_failures, 1);
        }
    }
    finish_all(first);
}

static void submit(struct store *store, struct workers *workers, struct store_job *job) {
    job->store = store;
    job->fault = NULL;
    atomic_fetch_add(&store->waiting, 1);
    if (workers_submit(workers, &job->job))
        return;
    struct fault fault = {0};
    fault_set(&fault, FAULT_UNAVAILABLE, "the database is closed");
    writer_fail(job, &fault);
    finish(job);
}

void store_write(struct store *store, struct store_job *job) {
    bool urgent = job->urgent; /* once submitted it may be done and gone */
    submit(store, store->writer, job);
    if (urgent)
        hurry(store);
}

void store_read(struct store *store, struct store_job *job) {
    submit(store, store->readers, job);
}

/* --- opening --- */

/* Says the scheme only: what follows may hold a password. */
static const struct store_driver *find_driver(const char *url, const char **ret_place,
                                              struct fault *fault) {
    const char *colon = strchr(url, ':');
    size_t size = colon ? (size_t)(colon - url) : 0;
    for (const struct store_driver *const *driver = drivers; *driver; driver++) {
        const char *scheme = (*driver)->scheme;
        if (size == strlen(scheme) && memcmp(url, scheme, size) == 0) {
            *ret_place = colon + 1;
            return *driver;
        }
    }
    if (colon)
        fault_set(fault, FAULT_CONFIG,
                  "databases of the kind '%.*s' are not known; write sqlite:PATH", (int)size, url);
    else
        fault_set(fault, FAULT_CONFIG,
                  "the database's address does not say its kind; write sqlite:PATH");
    return NULL;
}

static bool open_session(struct store *store, enum store_use use, struct store_session *ret_session,
                         struct fault *fault) {
    struct store_address address = {store->place, store->lock_wait_ms};
    struct store_connection *connection;
    if (!store->driver->open(&address, use, &connection, fault))
        return false;
    *ret_session = (struct store_session){store->driver, connection};
    return true;
}

/* What fails while a turn is answered must not show a path; at the start the owner needs it. */
static bool name_place(const struct store *store, struct fault *fault) {
    if (!fault || fault->kind != FAULT_STORE)
        return false;
    struct fault inner = *fault;
    fault_set(fault, FAULT_STORE, "the schema of '%s' cannot be brought up to date: %s",
              store->place, inner.message);
    return fault_detail(fault, "%s", inner.detail);
}

static bool open_sessions(struct store *store, struct fault *fault) {
    for (size_t i = 0; i < store->session_count; i++) {
        struct store_session *session = &store->sessions[i];
        if (!open_session(store, i == 0 ? STORE_FIRST : STORE_READER, session, fault))
            return false;
        if (i == 0 && !migrations_apply(session, store->driver->migrations,
                                        store->driver->migration_count, store->place, fault))
            return name_place(store, fault);
    }
    return true;
}

static void *start_writer(void *user) {
    struct store *store = user;
    return &store->sessions[0];
}

static void *start_reader(void *user) {
    struct store *store = user;
    return &store->sessions[1 + atomic_fetch_add(&store->sessions_taken, 1)];
}

static void start_threads(struct store *store) {
    store->writer = workers_create(&(struct workers_options){.name = "store-write",
                                                             .threads = 1,
                                                             .batch = WRITER_BATCH,
                                                             .start = start_writer,
                                                             .user = store},
                                   write_batch);
    store->readers = workers_create(&(struct workers_options){.name = "store-read",
                                                              .threads = store->session_count - 1,
                                                              .batch = 1,
                                                              .start = start_reader,
                                                              .user = store},
                                    read_batch);
}

bool store_open(const struct store_options *options, struct store **ret_store,
                struct fault *fault) {
    const char *place;
    const struct store_driver *driver = find_driver(options->url, &place, fault);
    if (!driver)
        return false;
    size_t readers = options->readers ? options->readers : 1;
    struct store *store = memory_zeroed(1, sizeof *store);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->pause_over, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&store->pause_lock, NULL);
    store->driver = driver;
    store->place = memory_string(place);
    store->lock_wait_ms = options->lock_wait_ms > 0 ? options->lock_wait_ms : LOCK_WAIT_MS;
    store->session_count = 1 + (readers < READERS_MAX ? readers : READERS_MAX);
    store->sessions = memory_zeroed(store->session_count, sizeof *store->sessions);
    if (!open_sessions(store, fault)) {
        store_close(store);
        return false;
    }
    start_threads(store);
    *ret_store = store;
    return true;
}

bool store_exists(const char *url, bool *ret_exists, struct fault *fault) {
    struct store_address address = {.lock_wait_ms = LOCK_WAIT_MS};
    const struct store_driver *driver = find_driver(url, &address.place, fault);
    return driver && driver->exists(&address, ret_exists, fault);
}

void store_close(struct store *store) {
    if (!store)
        return;
    workers_destroy(store->writer);
    workers_destroy(store->readers);
    /* The writer last: closing it moves the log into the database. */
    for (size_t i = store->session_count; i-- > 0;)
        store->driver->close(store->sessions[i].connection);
    pthread_cond_destroy(&store->pause_over);
    pthread_mutex_destroy(&store->pause_lock);
    free(store->sessions);
    free(store->place);
    free(store);
}

bool store_run_now(struct store *store,
                   bool (*run)(struct store_session *session, void *user, struct fault *fault),
                   void *user, struct fault *fault) {
    struct store_session session;
    if (!open_session(store, STORE_WRITER, &session, fault))
        return false;
    const struct store_driver *driver = store->driver;
    bool good = driver->begin(session.connection, true, fault) && run(&session, user, fault) &&
                driver->commit(session.connection, fault);
    if (!good)
        driver->rollback(session.connection);
    driver->close(session.connection);
    return good;
}

struct store_statistics store_statistics(const struct store *store) {
    return (struct store_statistics){
        .writes = atomic_load(&store->counts.writes),
        .write_failures = atomic_load(&store->counts.write_failures),
        .reads = atomic_load(&store->reads),
        .read_failures = atomic_load(&store->read_failures),
        .batches = atomic_load(&store->counts.batches),
        .batch_failures = atomic_load(&store->counts.batch_failures),
        .waiting = atomic_load(&store->waiting),
    };
}
