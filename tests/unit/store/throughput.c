/* How fast turns are written: `throughput [JOBS] [CONVERSATIONS] [AT ONCE]` prints jobs per second
 * and CPU time per job of the whole process. One job is a conversation, two messages, a call and
 * two counters. Not a test: run it by hand, on a machine that does nothing else. */
#include "base/clock.h"
#include "base/memory.h"
#include "support.h"
#include <semaphore.h>
#include <sys/resource.h>

struct turn {
    struct store_job job;
    int64_t number, conversations;
    sem_t *room;
};

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct turn *turn = (const struct turn *)job;
    return support_write_turn(session, turn->number, turn->conversations, fault);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    if (fault)
        fprintf(stderr, "%s (%s)\n", fault->message, fault->detail);
    sem_post(((struct turn *)job)->room);
}

static double cpu_us(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv) {
    int64_t count = argc > 1 ? atoll(argv[1]) : 100000;
    int64_t conversations = argc > 2 ? atoll(argv[2]) : count;
    int at_once = argc > 3 ? atoi(argv[3]) : 64;
    char *folder = support_folder(), *url = support_url(folder, "throughput.db");
    struct store *store = support_open(url, 1);
    struct turn *turns = memory_zeroed((size_t)count, sizeof *turns);
    sem_t room;
    sem_init(&room, 0, (unsigned)at_once);
    double cpu = cpu_us();
    int64_t start = clock_monotonic_us();
    for (int64_t i = 0; i < count; i++) {
        while (sem_wait(&room) != 0)
            continue;
        turns[i] = (struct turn){.job = {.run = run, .done = on_done},
                                 .number = i,
                                 .conversations = conversations,
                                 .room = &room};
        store_write(store, &turns[i].job);
    }
    for (int i = 0; i < at_once; i++)
        while (sem_wait(&room) != 0)
            continue;
    double us = (double)(clock_monotonic_us() - start);
    cpu = cpu_us() - cpu;
    struct store_statistics statistics = store_statistics(store);
    printf("%lld turns, %d at once: %.0f a second, %.1f us of CPU each, %.1f in a transaction\n",
           (long long)count, at_once, (double)count / us * 1e6, cpu / (double)count,
           (double)statistics.writes / (double)statistics.batches);
    store_close(store);
    sem_destroy(&room);
    free(turns);
    free(url);
    support_remove(folder);
    return 0;
}
