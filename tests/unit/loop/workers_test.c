#include "loop/workers.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include <cmocka.h>

/* A gate that holds a worker until the test opens it: what is queued meanwhile is known exactly. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool reached, open;
};

#define GATE_CLOSED                                                                                \
    { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false }

static void gate_pass(struct gate *gate) {
    pthread_mutex_lock(&gate->lock);
    gate->reached = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void gate_await(struct gate *gate) {
    pthread_mutex_lock(&gate->lock);
    while (!gate->reached)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void gate_open(struct gate *gate) {
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

struct task {
    struct job job; /* first, so that a job is its task */
    struct gate *gate;
    atomic_int *ran;
    int order;
    bool heap;
};

static void run_task(struct job *job, void *state) {
    struct task *task = (struct task *)job;
    (void)state;
    if (task->gate)
        gate_pass(task->gate);
    task->order = atomic_fetch_add(task->ran, 1);
    if (task->heap)
        free(task);
}

static void runs_in_order_on_one_thread(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    static struct task tasks[COUNT];
    atomic_int ran = 0;
    struct workers *workers =
        workers_create(&(struct workers_options){.name = "one", .threads = 1, .batch = 7}, NULL);
    for (int i = 0; i < COUNT; i++) {
        tasks[i] = (struct task){.job.run = run_task, .ran = &ran};
        assert_true(workers_submit(workers, &tasks[i].job));
    }
    workers_destroy(workers); /* runs what is queued */
    assert_int_equal(ran, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(tasks[i].order, i);
}

struct batches {
    struct gate gate;
    size_t sizes[16];
    size_t count;
};

static void note_batch(void *user, void *state, struct job *first) {
    struct batches *batches = user;
    (void)state;
    if (batches->count == 0)
        gate_pass(&batches->gate);
    size_t size = 0;
    while (first) {
        struct job *next = first->next;
        first->run(first, state);
        first = next;
        size++;
    }
    batches->sizes[batches->count++] = size;
}

static void groups_what_waits(void **state) {
    (void)state;
    struct batches batches = {.gate = GATE_CLOSED};
    atomic_int ran = 0;
    struct task tasks[24];
    struct workers *workers = workers_create(
        &(struct workers_options){.name = "batch", .threads = 1, .batch = 10, .user = &batches},
        note_batch);
    for (int i = 0; i < 24; i++)
        tasks[i] = (struct task){.job.run = run_task, .ran = &ran};
    assert_true(workers_submit(workers, &tasks[0].job));
    gate_await(&batches.gate); /* the first is taken alone; the others pile up */
    for (int i = 1; i < 24; i++)
        assert_true(workers_submit(workers, &tasks[i].job));
    assert_int_equal(workers_waiting(workers), 23);
    gate_open(&batches.gate);
    workers_destroy(workers);
    assert_int_equal(ran, 24);
    assert_int_equal(batches.count, 4);
    static const size_t wanted[] = {1, 10, 10, 3};
    for (int i = 0; i < 4; i++)
        assert_int_equal(batches.sizes[i], wanted[i]);
    for (int i = 0; i < 24; i++)
        assert_int_equal(tasks[i].order, i);
}

struct own {
    pthread_t thread;
    int jobs;
};

struct states {
    atomic_int started, stopped, jobs;
};

static void *start_state(void *user) {
    atomic_fetch_add(&((struct states *)user)->started, 1);
    struct own *own = calloc(1, sizeof *own);
    own->thread = pthread_self();
    return own;
}

static void stop_state(void *user, void *state) {
    struct own *own = state;
    assert_true(pthread_equal(own->thread, pthread_self()));
    atomic_fetch_add(&((struct states *)user)->stopped, 1);
    atomic_fetch_add(&((struct states *)user)->jobs, own->jobs);
    free(own);
}

static void count_job(struct job *job, void *state) {
    struct own *own = state;
    assert_true(pthread_equal(own->thread, pthread_self()));
    own->jobs++;
    free(job);
}

static void *submit_many(void *workers) {
    for (int i = 0; i < 5000; i++) {
        struct job *job = calloc(1, sizeof *job);
        job->run = count_job;
        assert_true(workers_submit(workers, job));
    }
    return NULL;
}

static void each_thread_has_its_state(void **state) {
    (void)state;
    struct states states = {0};
    struct workers *workers =
        workers_create(&(struct workers_options){.name = "a name that is far too long",
                                                 .threads = 4,
                                                 .batch = 3,
                                                 .start = start_state,
                                                 .stop = stop_state,
                                                 .user = &states},
                       NULL);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, workers), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    workers_destroy(workers);
    assert_int_equal(states.started, 4);
    assert_int_equal(states.stopped, 4);
    assert_int_equal(states.jobs, 4 * 5000);
}

struct late {
    struct task first, second;
    struct workers *workers;
    struct gate gate;
};

/* Tries until the destruction has begun. */
static void submit_until_refused(struct job *job, void *state) {
    struct late *late = (struct late *)job;
    (void)state;
    gate_pass(&late->gate);
    bool taken;
    do {
        struct task *task = calloc(1, sizeof *task);
        *task = (struct task){.job.run = run_task, .ran = late->first.ran, .heap = true};
        taken = workers_submit(late->workers, &task->job);
        if (!taken)
            free(task);
        else
            late->second.order++;
    } while (taken);
    late->first.order = 1;
}

static void refuses_after_the_end_has_begun(void **state) {
    (void)state;
    atomic_int ran = 0;
    struct late late = {.gate = GATE_CLOSED};
    late.first = (struct task){.job.run = submit_until_refused, .ran = &ran};
    late.workers =
        workers_create(&(struct workers_options){.name = "late", .threads = 1, .batch = 0}, NULL);
    assert_true(workers_submit(late.workers, &late.first.job));
    gate_await(&late.gate);
    gate_open(&late.gate);
    workers_destroy(late.workers);
    assert_int_equal(late.first.order, 1);
    assert_int_equal(ran, late.second.order); /* all that were taken were run */
    workers_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_in_order_on_one_thread),
        cmocka_unit_test(groups_what_waits),
        cmocka_unit_test(each_thread_has_its_state),
        cmocka_unit_test(refuses_after_the_end_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
