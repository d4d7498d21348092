#include "load_proxy.h"
#include "clock.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Noreturn static void gone(pid_t pid, const char *what, int error) {
    fprintf(stderr, "load: cannot read %s of process %d: %s\n", what, (int)pid, strerror(error));
    exit(1);
}

int64_t proxy_cpu_ns(const struct proxy *proxy) {
    int64_t sum = 0;
    for (int i = 0; i < proxy->count; i++) {
        /* The process clock counts every thread, those that have ended too, to the nanosecond. */
        clockid_t clock;
        struct timespec used;
        int error = clock_getcpuclockid(proxy->pids[i], &clock);
        if (error != 0 || clock_gettime(clock, &used) != 0)
            gone(proxy->pids[i], "the CPU time", error != 0 ? error : errno);
        sum += used.tv_sec * NS_PER_S + used.tv_nsec;
    }
    return sum;
}

static int64_t thread_wait_ns(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file)
        return 0; /* the thread has ended since, or the kernel keeps no such statistics */
    char line[128];
    int64_t waited = 0;
    if (fgets(line, sizeof(line), file)) {
        char *after = NULL;
        strtoll(line, &after, 10);
        waited = strtoll(after, NULL, 10);
    }
    fclose(file);
    return waited;
}

int64_t proxy_wait_ns(const struct proxy *proxy) {
    int64_t sum = 0;
    for (int i = 0; i < proxy->count; i++) {
        char path[320];
        snprintf(path, sizeof(path), "/proc/%d/task", (int)proxy->pids[i]);
        DIR *tasks = opendir(path);
        if (!tasks)
            gone(proxy->pids[i], "the threads", errno);
        for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
            if (task->d_name[0] == '.')
                continue;
            snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)proxy->pids[i],
                     task->d_name);
            sum += thread_wait_ns(path);
        }
        closedir(tasks);
    }
    return sum;
}

int64_t proxy_pss_kib(const struct proxy *proxy) {
    int64_t sum = 0;
    for (int i = 0; i < proxy->count; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)proxy->pids[i]);
        FILE *file = fopen(path, "re");
        if (!file)
            gone(proxy->pids[i], "the memory", errno);
        char line[256];
        while (fgets(line, sizeof(line), file))
            if (strncmp(line, "Pss:", 4) == 0)
                sum += strtoll(line + 4, NULL, 10);
        fclose(file);
    }
    return sum;
}
