/* What the proxy under test has used, read from outside: CPU time of all its threads and processes,
 * memory, and how busy their processor was: what others took of it shows whether to trust a run. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROXY_PROCESSES_MAX = 16 };

struct proxy {
    int processor; /* on which it runs alone */
    pid_t pids[PROXY_PROCESSES_MAX];
    int count; /* 0: nothing is measured, as when the mock is asked directly */
};

int64_t proxy_cpu_ns(const struct proxy *proxy);
/* How long its processor did anything, to the clock tick, for whomever. */
int64_t proxy_processor_ns(const struct proxy *proxy);
int64_t proxy_pss_kib(const struct proxy *proxy);
