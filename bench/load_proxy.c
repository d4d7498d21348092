#include "load_proxy.h"
#include "clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

int64_t proxy_processor_ns(const struct proxy *proxy) {
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return 0;
    char name[16];
    int name_length = snprintf(name, sizeof(name), "cpu%d ", proxy->processor);
    char line[512];
    int64_t ticks = 0;
    while (fgets(line, sizeof(line), file)) {
        /* user nice system idle iowait irq softirq steal */
        long long field[8];
        if (strncmp(line, name, (size_t)name_length) != 0 ||
            sscanf(line + name_length, "%lld %lld %lld %lld %lld %lld %lld %lld", &field[0],
                   &field[1], &field[2], &field[3], &field[4], &field[5], &field[6],
                   &field[7]) != 8)
            continue;
        ticks = field[0] + field[1] + field[2] + field[5] + field[6] + field[7];
        break;
    }
    fclose(file);
    return ticks * (NS_PER_S / sysconf(_SC_CLK_TCK));
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
