/* What the proxy under test has used, read from outside: CPU time of all its threads and processes,
 * how long they waited for a processor (a noisy machine shows there), and memory. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROXY_PROCESSES_MAX = 16 };

struct proxy {
    pid_t pids[PROXY_PROCESSES_MAX];
    int count; /* 0: nothing is measured, as when the mock is asked directly */
};

int64_t proxy_cpu_ns(const struct proxy *proxy);
int64_t proxy_wait_ns(const struct proxy *proxy);
int64_t proxy_pss_kib(const struct proxy *proxy);
