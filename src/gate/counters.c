#include "gate/counters.h"
#include "base/memory.h"

enum { CAPACITY_MIN = 16 };

void counters_finish(struct counters *counters) {
    free(counters->slots);
    *counters = (struct counters){0};
}

/* The name is a hash already; its first bytes chose the shard. */
static size_t home_of(const struct counter_name *name, size_t capacity) {
    uint64_t hash;
    memcpy(&hash, name->bytes + sizeof name->bytes - sizeof hash, sizeof hash);
    return (size_t)hash & (capacity - 1);
}

/* Where the name is, or the free slot where it would go. */
static struct counter *slot_for(const struct counters *counters, const struct counter_name *name) {
    size_t at = home_of(name, counters->capacity);
    while (counters->slots[at].window_ms != 0 &&
           memcmp(&counters->slots[at].name, name, sizeof *name) != 0)
        at = (at + 1) & (counters->capacity - 1);
    return &counters->slots[at];
}

struct counter *counters_find(const struct counters *counters, const struct counter_name *name) {
    if (counters->used == 0)
        return NULL;
    struct counter *slot = slot_for(counters, name);
    return slot->window_ms != 0 ? slot : NULL;
}

/* At most three quarters full, so that runs of taken slots stay short. */
static size_t capacity_for(size_t used) {
    size_t capacity = CAPACITY_MIN;
    while (capacity / 4 * 3 < used)
        capacity *= 2;
    return capacity;
}

static void resize(struct counters *counters, size_t capacity) {
    struct counters old = *counters;
    counters->capacity = capacity;
    counters->slots = memory_zeroed(capacity, sizeof *counters->slots);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].window_ms != 0)
            *slot_for(counters, &old.slots[i].name) = old.slots[i];
    free(old.slots);
}

void counters_reserve(struct counters *counters, size_t more) {
    size_t needed = capacity_for(counters->used + more);
    if (needed > counters->capacity)
        resize(counters, needed);
}

struct counter *counters_add(struct counters *counters, const struct counter_name *name) {
    counters_reserve(counters, 1);
    struct counter *slot = slot_for(counters, name);
    *slot = (struct counter){.name = *name};
    counters->used++;
    return slot;
}

void counters_sweep(struct counters *counters,
                    bool (*passed)(struct counter *counter, int64_t now_ms), int64_t now_ms) {
    size_t dropped = 0;
    for (size_t i = 0; i < counters->capacity; i++)
        if (counters->slots[i].window_ms != 0 && passed(&counters->slots[i], now_ms)) {
            counters->slots[i].window_ms = 0;
            dropped++;
        }
    if (dropped == 0)
        return;
    counters->used -= dropped;
    if (counters->used == 0)
        counters_finish(counters);
    else /* also closes the gaps, behind which others would not be found */
        resize(counters, capacity_for(counters->used));
}
