#include "chat/breaker.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <pthread.h>

struct breaker {
    struct breaker *next;
    pthread_mutex_t lock;
    char *provider, *model;
    unsigned failures;     /* in a row */
    int64_t open_until_ms; /* 0: closed */
    int64_t cool_down_ms;
    bool probing; /* half open, and the probe is under way */
};

struct breakers {
    pthread_mutex_t lock; /* guards the list; breakers are never removed */
    struct breaker *first;
};

struct breakers *breakers_create(void) {
    struct breakers *breakers = memory_zeroed(1, sizeof *breakers);
    pthread_mutex_init(&breakers->lock, NULL);
    return breakers;
}

void breakers_destroy(struct breakers *breakers) {
    if (!breakers)
        return;
    for (struct breaker *breaker; (breaker = breakers->first);) {
        breakers->first = breaker->next;
        pthread_mutex_destroy(&breaker->lock);
        free(breaker->provider);
        free(breaker->model);
        free(breaker);
    }
    pthread_mutex_destroy(&breakers->lock);
    free(breakers);
}

struct breaker *breakers_get(struct breakers *breakers, const char *provider, const char *model) {
    pthread_mutex_lock(&breakers->lock);
    struct breaker *breaker = breakers->first;
    while (breaker &&
           (strcmp(breaker->provider, provider) != 0 || strcmp(breaker->model, model) != 0))
        breaker = breaker->next;
    if (!breaker) {
        breaker = memory_zeroed(1, sizeof *breaker);
        pthread_mutex_init(&breaker->lock, NULL);
        breaker->provider = memory_string(provider);
        breaker->model = memory_string(model);
        breaker->cool_down_ms = BREAKER_COOL_DOWN_MS;
        breaker->next = breakers->first;
        breakers->first = breaker;
    }
    pthread_mutex_unlock(&breakers->lock);
    return breaker;
}

bool breaker_allow(struct breaker *breaker, int64_t now_ms, int64_t *ret_wait_ms) {
    pthread_mutex_lock(&breaker->lock);
    bool allowed =
        breaker->open_until_ms == 0 || (now_ms >= breaker->open_until_ms && !breaker->probing);
    if (!allowed) {
        int64_t wait_ms = breaker->open_until_ms - now_ms;
        *ret_wait_ms = wait_ms > 0 ? wait_ms : 1000; /* a probe is under way */
    } else if (breaker->open_until_ms != 0) {
        breaker->probing = true;
    }
    pthread_mutex_unlock(&breaker->lock);
    return allowed;
}

void breaker_succeeded(struct breaker *breaker) {
    pthread_mutex_lock(&breaker->lock);
    breaker->failures = 0;
    breaker->open_until_ms = 0;
    breaker->probing = false;
    breaker->cool_down_ms = BREAKER_COOL_DOWN_MS;
    pthread_mutex_unlock(&breaker->lock);
}

static bool tells_of_health(enum fault_kind kind) {
    switch (kind) {
    case FAULT_PROVIDER_NETWORK:
    case FAULT_PROVIDER_STALLED:
    case FAULT_PROVIDER_OVERLOADED:
    case FAULT_PROVIDER_TRUNCATED:
    case FAULT_PROVIDER_MALFORMED:
    case FAULT_PROVIDER_RATE_LIMITED:
    case FAULT_PROVIDER_MODEL_NOT_FOUND:
        return true;
    default:
        return false;
    }
}

void breaker_failed(struct breaker *breaker, const struct fault *fault, int64_t now_ms) {
    if (!tells_of_health(fault->kind)) {
        breaker_abandoned(breaker);
        return;
    }
    pthread_mutex_lock(&breaker->lock);
    breaker->failures++;
    if (breaker->probing || breaker->failures >= BREAKER_FAILURES) {
        int64_t cool_down_ms = breaker->cool_down_ms;
        if (fault->retry_after_ms > cool_down_ms)
            cool_down_ms = fault->retry_after_ms < BREAKER_COOL_DOWN_MAX_MS
                               ? fault->retry_after_ms
                               : BREAKER_COOL_DOWN_MAX_MS;
        breaker->open_until_ms = now_ms + cool_down_ms;
        breaker->cool_down_ms *= 2;
        if (breaker->cool_down_ms > BREAKER_COOL_DOWN_MAX_MS)
            breaker->cool_down_ms = BREAKER_COOL_DOWN_MAX_MS;
        breaker->probing = false;
    }
    pthread_mutex_unlock(&breaker->lock);
}

void breaker_abandoned(struct breaker *breaker) {
    pthread_mutex_lock(&breaker->lock);
    breaker->probing = false;
    pthread_mutex_unlock(&breaker->lock);
}

static enum breaker_state state_locked(const struct breaker *breaker, int64_t now_ms) {
    if (breaker->open_until_ms == 0)
        return BREAKER_CLOSED;
    return now_ms < breaker->open_until_ms ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

enum breaker_state breaker_state(struct breaker *breaker, int64_t now_ms) {
    pthread_mutex_lock(&breaker->lock);
    enum breaker_state state = state_locked(breaker, now_ms);
    pthread_mutex_unlock(&breaker->lock);
    return state;
}

void breakers_write(struct breakers *breakers, int64_t now_ms, struct buffer *out) {
    static const int values[] = {[BREAKER_CLOSED] = 0, [BREAKER_HALF_OPEN] = 1, [BREAKER_OPEN] = 2};
    buffer_append_string(out, "# HELP switchboard_breaker_state 0 closed, 1 half open, 2 open.\n"
                              "# TYPE switchboard_breaker_state gauge\n");
    pthread_mutex_lock(&breakers->lock);
    for (struct breaker *breaker = breakers->first; breaker; breaker = breaker->next)
        buffer_printf(out, "switchboard_breaker_state{provider=\"%s\",model=\"%s\"} %d\n",
                      breaker->provider, breaker->model, values[breaker_state(breaker, now_ms)]);
    pthread_mutex_unlock(&breakers->lock);
}
