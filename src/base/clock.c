#include "base/clock.h"
#include <time.h>

int64_t clock_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void) {
    return clock_monotonic_us() / 1000;
}

void clock_format(int64_t wall_ms, char ret_text[25]) {
    time_t seconds = (time_t)(wall_ms / 1000);
    int64_t ms = wall_ms % 1000;
    if (ms < 0) { /* before 1970: the second began earlier */
        seconds--;
        ms += 1000;
    }
    struct tm parts = {0};
    gmtime_r(&seconds, &parts);
    unsigned year = (unsigned)(parts.tm_year + 1900) % 10000;
    snprintf(ret_text, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year,
             (unsigned)(parts.tm_mon + 1) % 100, (unsigned)parts.tm_mday % 100,
             (unsigned)parts.tm_hour % 100, (unsigned)parts.tm_min % 100,
             (unsigned)parts.tm_sec % 100, (unsigned)ms);
}
