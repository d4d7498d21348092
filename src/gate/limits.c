#include "gate/limits.h"
#include "base/id.h"
#include "base/memory.h"
#include "gate/counters.h"
#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <sodium.h>

enum { SHARDS = 64 };
#define NEVER     INT64_MAX
#define SECOND_MS INT64_C(1000)

struct shard {
    pthread_mutex_t lock;
    struct counters counters;
    int64_t full_until_ms; /* when it is full: no counter passes before then */
};

struct limiter {
    unsigned char hash_key[crypto_shorthash_siphashx24_KEYBYTES];
    size_t shard_max; /* counters per shard */
    struct shard shards[SHARDS];
};

struct limiter *limiter_create_sized(size_t counters_max) {
    struct limiter *limiter = memory_zeroed(1, sizeof *limiter);
    id_random(limiter->hash_key, sizeof limiter->hash_key);
    limiter->shard_max = (counters_max + SHARDS - 1) / SHARDS;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&limiter->shards[i].lock, NULL);
    return limiter;
}

struct limiter *limiter_create(void) {
    return limiter_create_sized(LIMIT_COUNTERS_MAX);
}

void limiter_destroy(struct limiter *limiter) {
    if (!limiter)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&limiter->shards[i].lock);
        counters_finish(&limiter->shards[i].counters);
    }
    free(limiter);
}

/* --- one counter --- */

static bool is_fixed(int64_t window_ms) {
    return window_ms == LIMIT_DAY_MS;
}

static int64_t window_of(int64_t now_ms, int64_t window_ms) {
    return now_ms - now_ms % window_ms;
}

/* Moves the counter on to the window that is running. */
static void turn_to(struct counter *counter, int64_t now_ms) {
    int64_t start = window_of(now_ms, counter->window_ms);
    if (start > counter->start_ms) {
        bool follows = start - counter->start_ms == counter->window_ms;
        counter->previous = follows ? counter->current : 0;
        counter->current = 0;
        counter->start_ms = start;
    } else if (counter->start_ms - now_ms > counter->window_ms) {
        /* The clock was far ahead: waiting for it to get there again would lock the user out. */
        counter->start_ms = start;
    }
}

static bool has_passed(struct counter *counter, int64_t now_ms) {
    turn_to(counter, now_ms);
    return counter->current == 0 && (is_fixed(counter->window_ms) || counter->previous == 0);
}

static int64_t divide_up(__int128 a, int64_t b) {
    return (int64_t)((a + b - 1) / b);
}

/* The earliest moment, not before now, at which one more message passes. The counter stands at the
 * running window. */
static int64_t passes_at(const struct counter *counter, int64_t most, int64_t now_ms) {
    int64_t window = counter->window_ms, start = counter->start_ms, left = most - 1;
    int64_t now = now_ms > start ? now_ms : start; /* the clock may be behind the newest window */
    if (most <= 0)
        return NEVER;
    if (is_fixed(window))
        return counter->current <= left ? now_ms : start + window;
    if (counter->current > left)
        /* Not before the next window, in which what is counted now fades. */
        return start + window +
               divide_up((__int128)window * (counter->current - left), counter->current);
    int64_t room = left - counter->current, at = now;
    if (counter->previous > room) {
        int64_t faded =
            start + divide_up((__int128)window * (counter->previous - room), counter->previous);
        at = faded > now ? faded : now;
    }
    return at > now ? at : now_ms;
}

/* --- finding counters --- */

/* One limit of a take on its way. */
struct entry {
    struct counter_name name;
    struct shard *shard;
    const struct counter *counter; /* as checked; NULL while nothing is counted */
    bool unlimited;
    bool repeats; /* an earlier one in the same call */
};

static struct counter_name name_of(const struct limiter *limiter, struct slice key,
                                   int64_t window_ms) {
    /* The window goes first: it has a fixed size, so no key can imitate it. */
    unsigned char text[sizeof window_ms + 1024];
    size_t size = key.size;
    memcpy(text, &window_ms, sizeof window_ms);
    if (size > sizeof text - sizeof window_ms) {
        crypto_generichash(text + sizeof window_ms, 64, (const unsigned char *)key.data, size,
                           limiter->hash_key, sizeof limiter->hash_key);
        size = 64;
    } else if (size > 0) {
        memcpy(text + sizeof window_ms, key.data, size);
    }
    struct counter_name name;
    crypto_shorthash_siphashx24(name.bytes, text, sizeof window_ms + size, limiter->hash_key);
    return name;
}

static struct shard *shard_of(struct limiter *limiter, const struct counter_name *name) {
    return &limiter->shards[name->bytes[0] % SHARDS];
}

static void prepare(struct limiter *limiter, const struct limit *limits, size_t count,
                    struct entry *entries) {
    assert(count <= LIMIT_COUNT_MAX);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &entries[i];
        *entry = (struct entry){.unlimited = limits[i].most < 0};
        if (entry->unlimited)
            continue;
        assert(limits[i].window_ms > 0);
        entry->name = name_of(limiter, limits[i].key, limits[i].window_ms);
        entry->shard = shard_of(limiter, &entry->name);
        for (size_t j = 0; j < i && !entry->repeats; j++)
            entry->repeats = !entries[j].unlimited &&
                             memcmp(&entries[j].name, &entry->name, sizeof entry->name) == 0;
    }
}

static uint64_t bit_of(const struct limiter *limiter, const struct entry *entry) {
    return entry->unlimited ? 0 : UINT64_C(1) << (entry->shard - limiter->shards);
}

/* Always in the order of their numbers, so that two takes cannot wait for each other. Returns which
 * ones. */
static uint64_t lock_shards(struct limiter *limiter, const struct entry *entries, size_t count) {
    uint64_t which = 0;
    for (size_t i = 0; i < count; i++)
        which |= bit_of(limiter, &entries[i]);
    for (uint64_t left = which; left; left &= left - 1)
        pthread_mutex_lock(&limiter->shards[__builtin_ctzll(left)].lock);
    return which;
}

static void unlock_shards(struct limiter *limiter, uint64_t which) {
    for (; which; which &= which - 1)
        pthread_mutex_unlock(&limiter->shards[__builtin_ctzll(which)].lock);
}

/* --- taking --- */

/* Rounded up, so that who waits as long as it says does pass. */
static void describe_wait(int64_t wait_ms, char *text, size_t size) {
    static const struct {
        int64_t ms, upto_ms;
        const char *one, *many;
    } units[] = {
        {SECOND_MS, SECOND_MS * 90, "second", "seconds"},
        {SECOND_MS * 60, SECOND_MS * 60 * 90, "minute", "minutes"},
        {SECOND_MS * 60 * 60, INT64_MAX, "hour", "hours"},
    };
    size_t i = 0;
    while (wait_ms > units[i].upto_ms)
        i++;
    int64_t number = wait_ms <= units[i].ms ? 1 : divide_up(wait_ms, units[i].ms);
    snprintf(text, size, "%lld %s", (long long)number, number == 1 ? units[i].one : units[i].many);
}

static bool refuse(const struct limit *limit, int64_t at_ms, int64_t now_ms, struct fault *fault) {
    if (!fault)
        return false;
    if (at_ms == NEVER) {
        fault_set(fault, FAULT_RATE_LIMITED, "The limit is 0 %s: none can be sent.", limit->name);
        fault->retryable = false;
    } else {
        char wait[48];
        describe_wait(at_ms - now_ms, wait, sizeof wait);
        fault_set(fault, FAULT_RATE_LIMITED,
                  "You have reached the limit of %lld %s. Try again in %s.", (long long)limit->most,
                  limit->name, wait);
        fault->retry_after_ms = at_ms - now_ms;
    }
    snprintf(fault->code, sizeof fault->code, "%s", limit->name);
    for (char *c = fault->code; *c; c++)
        if (*c == ' ')
            *c = '_';
    return false;
}

static bool check_limits(const struct limit *limits, struct entry *entries, size_t count,
                         int64_t now_ms, struct fault *fault) {
    const struct limit *slowest = NULL;
    int64_t latest = now_ms;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].unlimited)
            continue;
        struct counter fresh = {.window_ms = limits[i].window_ms,
                                .start_ms = window_of(now_ms, limits[i].window_ms)};
        struct counter *counter = counters_find(&entries[i].shard->counters, &entries[i].name);
        entries[i].counter = counter;
        if (counter)
            turn_to(counter, now_ms);
        int64_t at = passes_at(counter ? counter : &fresh, limits[i].most, now_ms);
        if (at > latest) {
            latest = at;
            slowest = &limits[i];
        }
    }
    return slowest ? refuse(slowest, latest, now_ms, fault) : true;
}

/* When the first of its counters can pass. */
static int64_t first_passing(const struct counters *counters) {
    int64_t first = NEVER;
    for (size_t i = 0; i < counters->capacity; i++) {
        const struct counter *counter = &counters->slots[i];
        if (counter->window_ms == 0)
            continue;
        int64_t windows = is_fixed(counter->window_ms) || counter->current == 0 ? 1 : 2;
        int64_t at = counter->start_ms + windows * counter->window_ms;
        first = at < first ? at : first;
    }
    return first;
}

/* Looks through a full shard only when something in it can have passed since the last look: a flood
 * of new keys must not make each take walk thousands of counters. */
static bool has_room(const struct limiter *limiter, struct shard *shard, size_t more,
                     int64_t now_ms) {
    if (shard->counters.used + more <= limiter->shard_max)
        return true;
    if (now_ms < shard->full_until_ms)
        return false;
    counters_sweep(&shard->counters, has_passed, now_ms);
    shard->full_until_ms = first_passing(&shard->counters);
    return shard->counters.used + more <= limiter->shard_max;
}

static size_t count_new(const struct entry *entries, size_t count, const struct shard *shard) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += entries[i].shard == shard && !entries[i].counter && !entries[i].repeats;
    return found;
}

/* Makes room for the counters that are new. */
static bool make_room(struct limiter *limiter, struct entry *entries, size_t count, int64_t now_ms,
                      struct fault *fault) {
    for (size_t i = 0; i < count; i++) {
        struct shard *shard = entries[i].shard;
        if (entries[i].unlimited || entries[i].counter)
            continue;
        size_t more = count_new(entries, count, shard);
        if (!has_room(limiter, shard, more, now_ms)) {
            fault_set(fault, FAULT_UNAVAILABLE,
                      "Too many visitors at once. Please try again later.");
            if (fault && shard->full_until_ms > now_ms)
                fault->retry_after_ms = shard->full_until_ms - now_ms;
            return false;
        }
        counters_reserve(&shard->counters, more);
    }
    return true;
}

static void count_one(const struct limit *limit, const struct entry *entry, int64_t now_ms,
                      int64_t *ret_start) {
    struct counters *counters = &entry->shard->counters;
    /* Not by entry->counter: tables may have moved. */
    struct counter *counter = counters_find(counters, &entry->name);
    if (!counter) {
        counter = counters_add(counters, &entry->name);
        counter->window_ms = limit->window_ms;
        counter->start_ms = window_of(now_ms, limit->window_ms);
    }
    counter->current += !entry->repeats;
    *ret_start = counter->start_ms;
}

bool limiter_take(struct limiter *limiter, const struct limit *limits, size_t count, int64_t now_ms,
                  int64_t *ret_window_starts, struct fault *fault) {
    struct entry entries[LIMIT_COUNT_MAX];
    now_ms = now_ms > 0 ? now_ms : 0;
    prepare(limiter, limits, count, entries);
    uint64_t locked = lock_shards(limiter, entries, count);
    bool good = check_limits(limits, entries, count, now_ms, fault) &&
                make_room(limiter, entries, count, now_ms, fault);
    for (size_t i = 0; good && i < count; i++)
        if (entries[i].unlimited)
            ret_window_starts[i] = -1;
        else
            count_one(&limits[i], &entries[i], now_ms, &ret_window_starts[i]);
    unlock_shards(limiter, locked);
    return good;
}

void limiter_give_back(struct limiter *limiter, const struct limit *limits, size_t count,
                       const int64_t *window_starts) {
    struct entry entries[LIMIT_COUNT_MAX];
    prepare(limiter, limits, count, entries);
    uint64_t locked = lock_shards(limiter, entries, count);
    for (size_t i = 0; i < count; i++) {
        struct counter *counter =
            entries[i].unlimited || entries[i].repeats
                ? NULL
                : counters_find(&entries[i].shard->counters, &entries[i].name);
        if (!counter)
            continue;
        if (window_starts[i] == counter->start_ms && counter->current > 0)
            counter->current--;
        else if (window_starts[i] == counter->start_ms - counter->window_ms &&
                 counter->previous > 0)
            counter->previous--;
    }
    unlock_shards(limiter, locked);
}

/* --- restoring and forgetting --- */

static void restore(struct counter *counter, int64_t start_ms, int64_t count) {
    int64_t ahead = start_ms - counter->start_ms;
    if (ahead > 0) {
        counter->previous = ahead == counter->window_ms ? counter->current : 0;
        counter->start_ms = start_ms;
        counter->current = count;
    } else if (ahead == 0) {
        counter->current = count;
    } else if (ahead == -counter->window_ms) {
        counter->previous = count;
    }
}

void limiter_restore(struct limiter *limiter, struct slice key, int64_t window_ms,
                     int64_t window_start_ms, int64_t count) {
    /* A damaged row must do no harm. */
    if (window_ms <= 0 || window_start_ms < 0 || window_start_ms % window_ms != 0 || count <= 0)
        return;
    struct counter_name name = name_of(limiter, key, window_ms);
    struct shard *shard = shard_of(limiter, &name);
    pthread_mutex_lock(&shard->lock);
    struct counter *counter = counters_find(&shard->counters, &name);
    if (!counter && shard->counters.used < limiter->shard_max) {
        counter = counters_add(&shard->counters, &name);
        counter->window_ms = window_ms;
        counter->start_ms = window_start_ms;
    }
    if (counter)
        restore(counter, window_start_ms, count);
    pthread_mutex_unlock(&shard->lock);
}

size_t limiter_sweep(struct limiter *limiter, int64_t now_ms) {
    size_t left = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &limiter->shards[i];
        pthread_mutex_lock(&shard->lock);
        counters_sweep(&shard->counters, has_passed, now_ms);
        shard->full_until_ms = 0;
        left += shard->counters.used;
        pthread_mutex_unlock(&shard->lock);
    }
    return left;
}

/* --- addresses --- */

void limit_address(const char *peer, char ret_text[64]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b}; /* RFC 6052 */
    unsigned char address[16];
    char text[INET6_ADDRSTRLEN];
    struct slice without_scope = slice_of(peer);
    without_scope = slice_first(without_scope, slice_find_byte(without_scope, '%'));
    if (without_scope.size < sizeof text) {
        memcpy(text, without_scope.data ? without_scope.data : "", without_scope.size);
        text[without_scope.size] = '\0';
        if (inet_pton(AF_INET, text, address) == 1) {
            inet_ntop(AF_INET, address, ret_text, 64);
            return;
        }
        if (inet_pton(AF_INET6, text, address) == 1) {
            bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0 ||
                         memcmp(address, translated, sizeof translated) == 0;
            if (is_v4) {
                inet_ntop(AF_INET, address + 12, ret_text, 64);
                return;
            }
            memset(address + 8, 0, 8);
            inet_ntop(AF_INET6, address, text, sizeof text);
            snprintf(ret_text, 64, "%s/64", text);
            return;
        }
    }
    memcpy(ret_text, "unknown", sizeof "unknown");
}
