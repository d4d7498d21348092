/* What survives a kill -9 and a full disk. */
#include "base/memory.h"
#include "support.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_whole(const char *url) {
    char text[256];
    support_integrity(url + strlen("sqlite:"), text, sizeof text);
    assert_string_equal(text, "ok");
}

/* Every turn is there as a whole or not at all. */
static void assert_turns_whole(struct store *store) {
    int64_t calls = support_count(store, "SELECT count(*) FROM calls");
    assert_int_equal(support_count(store, "SELECT count(*) FROM messages"), 2 * calls);
    assert_int_equal(support_count(store, "SELECT coalesce(sum(total), 0) FROM counters"),
                     2 * calls);
    assert_int_equal(support_count(store, "SELECT count(DISTINCT turn_id) FROM messages"), calls);
}

/* --- kill -9 --- */

struct killed_job {
    struct store_job job;
    int64_t number;
    int pipe;
    sem_t *room;
};

static bool run_killed(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct killed_job *killed = (const struct killed_job *)job;
    return support_write_turn(session, killed->number, 500, fault);
}

static void acknowledge(struct store_job *job, const struct fault *fault) {
    struct killed_job *killed = (struct killed_job *)job;
    if (!fault && write(killed->pipe, &killed->number, sizeof killed->number) < 0)
        _exit(3);
    sem_post(killed->room);
    free(killed);
}

/* Writes until it is killed. */
static _Noreturn void write_for_ever(const char *url, int64_t first, int pipe) {
    struct store *store = support_open(url, 1);
    sem_t room;
    sem_init(&room, 0, 300);
    for (int64_t number = first;; number++) {
        sem_wait(&room);
        struct killed_job *job = memory_zeroed(1, sizeof *job);
        *job = (struct killed_job){{.run = run_killed, .done = acknowledge}, number, pipe, &room};
        store_write(store, &job->job);
    }
}

static int64_t kill_after(const char *url, int64_t first, int64_t acknowledgements) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        write_for_ever(url, first, ends[1]);
    close(ends[1]);
    int64_t number, last = first - 1, seen = 0;
    while (read(ends[0], &number, sizeof number) == sizeof number) {
        last = number > last ? number : last;
        if (++seen == acknowledgements)
            kill(child, SIGKILL);
    }
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(last, first + seen - 1); /* one writer: in order, none left out */
    return last;
}

static void test_what_was_acknowledged_survives_a_kill(void **state) {
    (void)state;
    char *folder = support_folder(), *url = support_url(folder, "killed.db");
    int64_t first = 0, acknowledged = 0;
    for (int round = 1; round <= 4; round++) {
        int64_t last = kill_after(url, first, INT64_C(700) * round);
        acknowledged += last - first + 1;
        assert_whole(url);
        struct store *store = support_open(url, 1);
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM calls WHERE id <= '01JC%022lld'",
                 (long long)last);
        /* Turns that were committed but not acknowledged stay, too: numbers go on behind them. */
        assert_true(support_count(store, sql) >= acknowledged);
        assert_turns_whole(store);
        int64_t count = support_count(store, "SELECT count(*) FROM calls");
        assert_int_equal(
            support_count(store, "SELECT CAST(substr(max(id), 5) AS INTEGER) + 1 FROM calls"),
            count);
        first = acknowledged = count;
        store_close(store);
    }
    free(url);
    support_remove(folder);
}

/* --- full disk --- */

static bool write_turn(struct store_session *session, void *user, struct fault *fault) {
    return support_write_turn(session, *(int64_t *)user, 1000000, fault);
}

/* Writes turns until the disk takes no more; returns how many were acknowledged. */
static int64_t fill(struct store *store, int64_t first) {
    for (int64_t number = first;; number++) {
        struct fault fault = {0};
        assert_true(number < 1000000);
        if (support_write(store, write_turn, &number, &fault))
            continue;
        assert_int_equal(fault.kind, FAULT_STORE);
        assert_true(fault.retryable);
        assert_true(fault.message[0] && fault.detail[0]);
        return number - first;
    }
}

/* Full, then roomy again, without a restart. */
static void assert_survives(const char *url, void (*limit)(void *user), void (*lift)(void *user),
                            void *user) {
    struct store *store = support_open(url, 1);
    int64_t number = 0;
    assert_true(support_write(store, write_turn, &number, NULL));
    for (int round = 0; round < 2; round++) {
        int64_t before = support_count(store, "SELECT count(*) FROM calls");
        limit(user);
        int64_t written = fill(store, before);
        struct store_statistics statistics = store_statistics(store);
        assert_true(statistics.write_failures > 0 && statistics.batch_failures > 0);
        number = before + written;
        assert_false(support_write(store, write_turn, &number, NULL)); /* full it is */
        /* Reading goes on. */
        assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), before + written);
        lift(user);
        for (int64_t end = number + 200; number < end; number++)
            assert_true(support_write(store, write_turn, &number, NULL));
        assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), number);
        assert_turns_whole(store);
    }
    store_close(store);
    assert_whole(url);
    store = support_open(url, 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), number);
    store_close(store);
}

static void limit_files(void *user) {
    /* The log may grow a little above what it is now, and no more. */
    struct stat about;
    assert_int_equal(stat(user, &about), 0);
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = (rlim_t)about.st_size + 300000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lift_files(void *user) {
    (void)user;
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_file_that_may_not_grow(void **state) {
    (void)state;
    char *folder = support_folder(), *url = support_url(folder, "limited.db");
    char log[1024];
    snprintf(log, sizeof log, "%s-wal", url + strlen("sqlite:"));
    signal(SIGXFSZ, SIG_IGN);
    assert_survives(url, limit_files, lift_files, log);
    free(url);
    support_remove(folder);
}

struct mixed_job {
    struct store_job job;
    sem_t *entered, *go; /* of the one that holds the writer up */
    size_t size;
    int64_t number;
    bool good;
};

static bool run_mixed(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct mixed_job *mixed = (struct mixed_job *)job;
    if (mixed->entered) {
        sem_post(mixed->entered);
        while (sem_wait(mixed->go) != 0)
            continue;
    }
    char *text = memory_zeroed(1, mixed->size + 1);
    memset(text, 'x', mixed->size);
    char id[32];
    snprintf(id, sizeof id, "K%lld", (long long)mixed->number);
    struct store_key key = {.id = slice_of(id), .name = {text, mixed->size}};
    bool good = store_key_add(session, &key, fault);
    free(text);
    return good;
}

static void on_mixed(struct store_job *job, const struct fault *fault) {
    ((struct mixed_job *)job)->good = !fault;
}

/* One job is too large for what is left of the disk: those in the same transaction are kept. */
static void test_the_others_of_a_batch_that_did_not_fit(void **state) {
    (void)state;
    enum { JOBS = 21, HUGE_ONE = 10 };
    char *folder = support_folder(), *url = support_url(folder, "mixed.db");
    struct store *store = support_open(url, 1);
    char log[1024];
    snprintf(log, sizeof log, "%s-wal", url + strlen("sqlite:"));
    signal(SIGXFSZ, SIG_IGN);
    sem_t entered, go;
    sem_init(&entered, 0, 0);
    sem_init(&go, 0, 0);
    struct mixed_job blocker = {{.run = run_mixed}, &entered, &go, 10, 1000, false};
    store_write(store, &blocker.job);
    while (sem_wait(&entered) != 0)
        continue;
    struct mixed_job jobs[JOBS];
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct mixed_job){{.run = run_mixed, .done = on_mixed}, NULL, NULL,
                                     i == HUGE_ONE ? 2000000 : 100,        i,    false};
        store_write(store, &jobs[i].job);
    }
    limit_files(log);
    sem_post(&go);
    int64_t number = 1;
    assert_true(support_write(store, write_turn, &number, NULL)); /* behind them all */
    lift_files(log);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].good, i != HUGE_ONE);
    struct store_statistics statistics = store_statistics(store);
    assert_int_equal(statistics.batch_failures, 1);
    assert_int_equal(statistics.write_failures, 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM api_keys"), JOBS);
    store_close(store);
    assert_whole(url);
    sem_destroy(&entered);
    sem_destroy(&go);
    free(url);
    support_remove(folder);
}

static void fill_disk(void *user) {
    int file = open(user, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    char block[4096] = {0};
    while (write(file, block, sizeof block) > 0)
        continue;
    assert_int_equal(errno, ENOSPC);
    /* Some room, so that the disk gets full in the middle of the log. */
    struct stat about;
    assert_int_equal(fstat(file, &about), 0);
    assert_int_equal(ftruncate(file, about.st_size - (128 << 10)), 0);
    close(file);
}

static void empty_disk(void *user) {
    assert_int_equal(unlink(user), 0);
}

/* A mount of its own, in a mount namespace of its own: it goes with the process. */
static bool mount_small(const char *folder) {
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", folder, "tmpfs", 0, "size=24m") == 0;
}

static void test_a_disk_that_is_full(void **state) {
    (void)state;
    char *folder = support_folder();
    if (!mount_small(folder)) {
        print_message("SKIPPED: a full disk: a file system of %s cannot be mounted: %s\n", folder,
                      strerror(errno));
        rmdir(folder);
        free(folder);
        skip();
        return;
    }
    char *url = support_url(folder, "full.db"), filler[1024];
    snprintf(filler, sizeof filler, "%s/filler", folder);
    assert_survives(url, fill_disk, empty_disk, filler);
    free(url);
    assert_int_equal(umount(folder), 0);
    support_remove(folder);
}

/* --- the log of SQLite stays small --- */

static bool write_large(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    struct store_conversation conversation = {.id = SLICE("V"), .bot = SLICE("b")};
    static char text[100000];
    memset(text, 'x', sizeof text);
    struct store_message message = {
        .id = SLICE("M"), .conversation_id = SLICE("V"), .text = {text, sizeof text}};
    return store_conversation_put(session, &conversation, fault) &&
           store_message_add(session, &message, fault);
}

static void test_the_log_is_bounded(void **state) {
    (void)state;
    char *folder = support_folder(), *url = support_url(folder, "bounded.db");
    struct store *store = support_open(url, 1);
    char log[1024];
    snprintf(log, sizeof log, "%s-wal", url + strlen("sqlite:"));
    off_t largest = 0;
    for (int i = 0; i < 600; i++) { /* 60 MB */
        assert_true(support_write(store, write_large, NULL, NULL));
        struct stat about;
        assert_int_equal(stat(log, &about), 0);
        largest = about.st_size > largest ? about.st_size : largest;
    }
    assert_true(largest > 0 && largest < 16 << 20);
    store_close(store);
    free(url);
    support_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_acknowledged_survives_a_kill),
        cmocka_unit_test(test_a_file_that_may_not_grow),
        cmocka_unit_test(test_the_others_of_a_batch_that_did_not_fit),
        cmocka_unit_test(test_a_disk_that_is_full),
        cmocka_unit_test(test_the_log_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
