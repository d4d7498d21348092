#include "chat/keyring.h"
#include "base/memory.h"
#include "chat/settings.h"
#include <pthread.h>
#include <sodium.h>

enum { MINUTE_MS = 60 * 1000, DIGEST = crypto_generichash_BYTES };

/* Known by a digest of the key, so that the key itself is kept in one place only. */
struct key_state {
    struct key_state *next;
    unsigned char digest[DIGEST];
    int64_t out_until_ms;
    enum fault_kind reason;
    int64_t minute_start_ms;
    int64_t used; /* in that minute */
};

struct keyrings {
    pthread_mutex_t lock;
    struct key_state *first; /* as many as keys were ever configured: few */
};

struct keyrings *keyrings_create(void) {
    struct keyrings *keyrings = memory_zeroed(1, sizeof *keyrings);
    pthread_mutex_init(&keyrings->lock, NULL);
    return keyrings;
}

void keyrings_destroy(struct keyrings *keyrings) {
    if (!keyrings)
        return;
    for (struct key_state *state; (state = keyrings->first);) {
        keyrings->first = state->next;
        free(state);
    }
    pthread_mutex_destroy(&keyrings->lock);
    free(keyrings);
}

static struct key_state *state_of(struct keyrings *keyrings,
                                  const struct provider_settings *provider, size_t index) {
    unsigned char digest[DIGEST];
    struct slice key = provider->keys[index].key;
    crypto_generichash(digest, sizeof digest, (const unsigned char *)key.data, key.size,
                       (const unsigned char *)provider->name,
                       strlen(provider->name) < crypto_generichash_KEYBYTES_MAX
                           ? strlen(provider->name)
                           : crypto_generichash_KEYBYTES_MAX);
    for (struct key_state *state = keyrings->first; state; state = state->next)
        if (memcmp(state->digest, digest, sizeof digest) == 0)
            return state;
    struct key_state *state = memory_zeroed(1, sizeof *state);
    memcpy(state->digest, digest, sizeof digest);
    state->next = keyrings->first;
    keyrings->first = state;
    return state;
}

/* How long until the key may be used; 0 when it may now. */
static int64_t wait_of(struct key_state *state, const struct provider_key *key, int64_t now_ms,
                       enum fault_kind *ret_reason) {
    if (now_ms < state->out_until_ms) {
        *ret_reason = state->reason;
        return state->out_until_ms - now_ms;
    }
    if (now_ms - state->minute_start_ms >= MINUTE_MS) {
        state->minute_start_ms = now_ms;
        state->used = 0;
    }
    if (key->requests_per_minute >= 0 && state->used >= key->requests_per_minute) {
        *ret_reason = FAULT_PROVIDER_RATE_LIMITED;
        return state->minute_start_ms + MINUTE_MS - now_ms;
    }
    return 0;
}

static bool none_left(enum fault_kind reason, int64_t wait_ms, struct fault *fault) {
    fault_set(fault, reason, "The model service cannot be used at the moment.");
    fault_detail(fault, "no key of the provider may be used for another %lld ms: %s",
                 (long long)wait_ms, fault_kind_name(reason));
    fault->retry_after_ms = wait_ms;
    return false;
}

static bool choose_locked(struct keyrings *keyrings, const struct provider_settings *provider,
                          int64_t now_ms, uint32_t random, size_t *ret_index, struct fault *fault) {
    uint64_t weights = 0;
    int64_t shortest_ms = INT64_MAX;
    enum fault_kind reason = FAULT_PROVIDER_AUTH, shortest_reason = reason;
    for (size_t i = 0; i < provider->key_count; i++) {
        int64_t wait_ms =
            wait_of(state_of(keyrings, provider, i), &provider->keys[i], now_ms, &reason);
        if (wait_ms == 0) {
            weights += (uint64_t)provider->keys[i].weight;
        } else if (wait_ms < shortest_ms) {
            shortest_ms = wait_ms;
            shortest_reason = reason;
        }
    }
    if (weights == 0)
        return none_left(shortest_reason, shortest_ms, fault);
    uint64_t point = random % weights;
    for (size_t i = 0; i < provider->key_count; i++) {
        struct key_state *state = state_of(keyrings, provider, i);
        if (wait_of(state, &provider->keys[i], now_ms, &reason) > 0)
            continue;
        if (point < (uint64_t)provider->keys[i].weight) {
            state->used++;
            *ret_index = i;
            return true;
        }
        point -= (uint64_t)provider->keys[i].weight;
    }
    return none_left(shortest_reason, 0, fault); /* weights of 0 only */
}

bool keyrings_choose(struct keyrings *keyrings, const struct provider_settings *provider,
                     int64_t now_ms, uint32_t random, size_t *ret_index, struct fault *fault) {
    if (provider->key_count == 0) {
        *ret_index = 0;
        return true;
    }
    pthread_mutex_lock(&keyrings->lock);
    bool ok = choose_locked(keyrings, provider, now_ms, random, ret_index, fault);
    pthread_mutex_unlock(&keyrings->lock);
    return ok;
}

static int64_t time_out_ms(const struct provider_settings *provider, const struct fault *fault) {
    switch (fault->kind) {
    case FAULT_PROVIDER_AUTH:
    case FAULT_PROVIDER_QUOTA:
        return fault->retry_after_ms > KEYRING_REFUSED_MS ? fault->retry_after_ms
                                                          : KEYRING_REFUSED_MS;
    case FAULT_PROVIDER_RATE_LIMITED:
        /* A lone key is waited for, not taken out: the wait is the turn's business. */
        if (provider->key_count < 2)
            return 0;
        return fault->retry_after_ms >= 0 ? fault->retry_after_ms : KEYRING_LIMITED_MS;
    default:
        return 0;
    }
}

bool keyrings_report(struct keyrings *keyrings, const struct provider_settings *provider,
                     size_t index, const struct fault *fault, int64_t now_ms) {
    int64_t out_ms = time_out_ms(provider, fault);
    if (provider->key_count == 0 || out_ms <= 0)
        return false;
    bool another = false;
    enum fault_kind ignored;
    pthread_mutex_lock(&keyrings->lock);
    struct key_state *state = state_of(keyrings, provider, index);
    state->out_until_ms = now_ms + out_ms;
    state->reason = fault->kind;
    for (size_t i = 0; i < provider->key_count && !another; i++)
        another =
            wait_of(state_of(keyrings, provider, i), &provider->keys[i], now_ms, &ignored) == 0;
    pthread_mutex_unlock(&keyrings->lock);
    return another;
}
