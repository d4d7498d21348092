/* The table behind limits.h: counters found by key and window length, without locks of its own. For
 * the files of this folder only. */
#pragma once
#include "base/slice.h"

enum { COUNTER_NAME_SIZE = 16 };
/* A keyed hash of 128 bits stands for key and window length: names of any length take the same
 * room, and who does not know the key of the hash cannot make two names collide. */
struct counter_name {
    unsigned char bytes[COUNTER_NAME_SIZE];
};

struct counter {
    struct counter_name name;
    int64_t window_ms; /* 0: the slot is free */
    int64_t start_ms;  /* of the newest window seen */
    int64_t current, previous;
};

/* Zero-initialised memory is an empty table. */
struct counters {
    struct counter *slots;
    size_t capacity; /* 0 or a power of two */
    size_t used;
};

void counters_finish(struct counters *counters);
struct counter *counters_find(const struct counters *counters, const struct counter_name *name);
/* Adds a counter that is not there yet, with the name and all else zero; the caller sets window_ms.
 * Pointers to other counters are void then, unless counters_reserve came first. */
struct counter *counters_add(struct counters *counters, const struct counter_name *name);
/* Room for so many more without moving the others. */
void counters_reserve(struct counters *counters, size_t more);
/* Drops all for which `passed` is true and gives memory back. */
void counters_sweep(struct counters *counters,
                    bool (*passed)(struct counter *counter, int64_t now_ms), int64_t now_ms);
