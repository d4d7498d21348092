/* Several threads write and read at once. Run under TSan, too. */
#include "base/memory.h"
#include "loop/loop.h"
#include "support.h"
#include <pthread.h>

enum { THREADS = 4, WRITES = 1500, READ_EVERY = 10 };

struct side {
    struct store *store;
    int64_t first; /* its turns are numbered from here */
    struct loop *loop;
    pthread_t thread;
    int left, failures;
    struct arena *arena;
};

struct write_job {
    struct store_job job;
    struct side *side;
    int64_t number;
    bool acknowledged;
};

struct read_job {
    struct store_job job;
    struct side *side;
    int64_t number; /* a turn that was acknowledged before the read was submitted */
    struct arena *arena;
    size_t messages;
};

static void one_done(struct side *side) {
    if (--side->left == 0)
        loop_stop(side->loop);
}

static bool run_read(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct read_job *read = (struct read_job *)job;
    char conversation[27];
    snprintf(conversation, sizeof conversation, "01JV%022lld", (long long)read->number);
    struct store_message *messages;
    return store_messages_list(session, slice_of(conversation), 10, read->arena, &messages,
                               &read->messages, fault);
}

static void on_read(struct store_job *job, const struct fault *fault) {
    struct read_job *read = (struct read_job *)job;
    read->side->failures += fault || read->messages != 2;
    arena_destroy(read->arena);
    one_done(read->side);
    free(read);
}

static void start_read(struct side *side, int64_t number) {
    struct read_job *read = memory_zeroed(1, sizeof *read);
    *read = (struct read_job){.job = {.run = run_read, .done = on_read, .loop = side->loop},
                              .side = side,
                              .number = number,
                              .arena = arena_create(1024)};
    store_read(side->store, &read->job);
}

static bool run_write(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct write_job *write = (const struct write_job *)job;
    return support_write_turn(session, write->number, 1000000, fault);
}

static void on_write(struct store_job *job, const struct fault *fault) {
    struct write_job *write = (struct write_job *)job;
    write->side->failures += fault != NULL;
    if (write->number % READ_EVERY == 0)
        start_read(write->side, write->number); /* what was acknowledged must be there */
    one_done(write->side);
}

static void *run_side(void *user) {
    struct side *side = user;
    struct write_job *jobs = memory_zeroed(WRITES, sizeof *jobs);
    side->left = WRITES + WRITES / READ_EVERY;
    for (int i = 0; i < WRITES; i++) {
        jobs[i] = (struct write_job){
            .job = {.run = run_write, .done = on_write, .loop = side->loop},
            .side = side,
            .number = side->first + i,
        };
        store_write(side->store, &jobs[i].job);
    }
    loop_run(side->loop);
    free(jobs);
    return NULL;
}

static void test_threads_write_and_read_at_once(void **state) {
    (void)state;
    char *folder = support_folder(), *url = support_url(folder, "threads.db");
    struct store *store = support_open(url, 3);
    struct side sides[THREADS];
    for (int i = 0; i < THREADS; i++) {
        sides[i] =
            (struct side){.store = store, .first = (int64_t)i * WRITES, .loop = loop_create()};
        assert_int_equal(pthread_create(&sides[i].thread, NULL, run_side, &sides[i]), 0);
    }
    int64_t last = -1;
    for (int i = 0; i < 50; i++) { /* a counter read meanwhile only grows */
        int64_t sum = support_count(store, "SELECT coalesce(sum(total), 0) FROM counters");
        assert_true(sum >= last && sum % 2 == 0);
        last = sum;
        store_statistics(store);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(sides[i].thread, NULL);
        loop_destroy(sides[i].loop);
        assert_int_equal(sides[i].failures, 0);
    }
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), THREADS * WRITES);
    assert_int_equal(support_count(store, "SELECT sum(total) FROM counters"), 2 * THREADS * WRITES);
    struct store_statistics statistics = store_statistics(store);
    assert_int_equal(statistics.writes, THREADS * WRITES);
    assert_int_equal(statistics.write_failures + statistics.read_failures, 0);
    assert_int_equal(statistics.reads, THREADS * WRITES / READ_EVERY + 50 + 2);
    assert_int_equal(statistics.waiting, 0);
    store_close(store);
    free(url);
    support_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_write_and_read_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
