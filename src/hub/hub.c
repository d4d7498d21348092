#include "base/id.h"
#include "base/memory.h"
#include "hub/hub_state.h"
#include "loop/loop.h"
#include <stdlib.h>

struct hub_options hub_options_default(void) {
    return (struct hub_options){(size_t)256 * 1024, INT64_C(5) * 60 * 1000};
}

struct hub *hub_create(const struct hub_options *options) {
    struct hub *hub = memory_zeroed(1, sizeof *hub);
    hub->options = *options;
    crypto_shorthash_keygen(hub->key);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&hub->shards[i].lock, NULL);
    return hub;
}

static void channel_destroy(struct channel *channel) {
    buffer_finish(&channel->log);
    free(channel->key);
    free(channel);
}

void hub_destroy(struct hub *hub) {
    if (!hub)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        for (size_t j = 0; j < BUCKETS; j++)
            for (struct channel *channel = hub->shards[i].buckets[j], *next; channel;
                 channel = next) {
                next = channel->next;
                channel_destroy(channel);
            }
        pthread_mutex_destroy(&hub->shards[i].lock);
    }
    free(hub);
}

/* --- bells --- */

static void on_bell(void *user) {
    struct bell *bell = user;
    pthread_mutex_lock(&bell->shard->lock);
    bell->rung = false;
    bool gone = bell->gone;
    pthread_mutex_unlock(&bell->shard->lock);
    if (gone)
        free(bell);
    else
        bell->ring(bell->user);
}

void hub_ring(struct bell *bell) {
    if (bell->rung)
        return;
    bell->rung = true;
    loop_post(bell->loop, on_bell, bell);
}

void hub_let_go(struct bell *bell) {
    bell->gone = true;
    if (!bell->rung)
        free(bell);
}

/* --- channels --- */

uint64_t hub_hash(const struct hub *hub, struct slice key) {
    uint64_t hash;
    unsigned char bytes[crypto_shorthash_BYTES];
    crypto_shorthash(bytes, (const unsigned char *)key.data, key.size, hub->key);
    memcpy(&hash, bytes, sizeof hash);
    return hash;
}

struct shard *hub_shard(struct hub *hub, uint64_t hash) {
    return &hub->shards[hash % SHARDS];
}

static struct channel **place_of(struct shard *shard, uint64_t hash, struct slice key) {
    struct channel **place = &shard->buckets[hash / SHARDS % BUCKETS];
    while (*place && !((*place)->hash == hash &&
                       slice_equal((struct slice){(*place)->key, (*place)->key_size}, key)))
        place = &(*place)->next;
    return place;
}

struct channel *hub_look(struct shard *shard, uint64_t hash, struct slice key) {
    return *place_of(shard, hash, key);
}

struct channel *hub_find(struct shard *shard, uint64_t hash, struct slice key, int64_t now_ms) {
    struct channel **place = place_of(shard, hash, key);
    if (!*place) {
        unsigned char random[EPOCH_BYTES];
        struct channel *channel = memory_zeroed(1, sizeof *channel);
        id_random(random, sizeof random);
        sodium_bin2hex(channel->epoch, sizeof channel->epoch, random, sizeof random);
        channel->hash = hash;
        channel->key = memory_allocate(key.size + 1);
        memcpy(channel->key, key.data, key.size);
        channel->key_size = key.size;
        channel->first = 1;
        *place = channel;
        shard->channels++;
    }
    (*place)->used_ms = now_ms > (*place)->used_ms ? now_ms : (*place)->used_ms;
    return *place;
}

static bool is_unused(const struct channel *channel, int64_t now_ms, int64_t keep_ms) {
    return !channel->subscriptions && !channel->claims && channel->used_ms + keep_ms < now_ms;
}

/* --- the log --- */

static struct entry entry_at(const struct channel *channel, size_t offset) {
    struct entry entry; /* where it lies it need not be aligned */
    memcpy(&entry, channel->log.data + offset, sizeof entry);
    return entry;
}

static size_t entry_size(const struct entry *entry) {
    return sizeof *entry + entry->size;
}

/* What lies before `start` is given back once it is half of it all. */
static void compact(struct shard *shard, struct channel *channel) {
    if (channel->start == 0 || channel->start * 2 < channel->log.size)
        return;
    shard->log_bytes -= channel->start;
    buffer_consume(&channel->log, channel->start);
    channel->start = 0;
    channel->changes++;
    if (channel->log.size == 0)
        buffer_finish(&channel->log);
}

static void drop_oldest(struct channel *channel) {
    struct entry entry = entry_at(channel, channel->start);
    channel->start += entry_size(&entry);
    channel->first = entry.number + 1;
}

static void trim(struct hub *hub, struct shard *shard, struct channel *channel, int64_t now_ms) {
    while (channel->start < channel->log.size) {
        struct entry entry = entry_at(channel, channel->start);
        bool old = entry.at_ms + hub->options.keep_ms < now_ms;
        bool newest = entry.number == channel->last; /* however large it is */
        bool fits = newest || channel->log.size - channel->start <= hub->options.log_max;
        if (!old && fits)
            break;
        drop_oldest(channel);
    }
    compact(shard, channel);
}

static bool is_part(const struct entry *entry, struct slice part) {
    return entry->passing && part.size > 0 && entry->part_size == part.size &&
           memcmp(entry->part, part.data, part.size) == 0;
}

/* The whole is there: its parts are of no use any more, wherever a reader stands. */
static void drop_parts(struct shard *shard, struct channel *channel, struct slice part) {
    struct buffer kept = {0};
    for (size_t at = channel->start; at < channel->log.size;) {
        struct entry entry = entry_at(channel, at);
        size_t size = entry_size(&entry);
        if (!is_part(&entry, part))
            buffer_append(&kept, (struct slice){channel->log.data + at, size});
        at += size;
    }
    shard->log_bytes -= channel->log.size;
    shard->log_bytes += kept.size;
    buffer_finish(&channel->log);
    channel->log = kept;
    channel->start = 0;
    channel->changes++;
}

static void sweep(struct hub *hub, struct shard *shard, int64_t now_ms) {
    if (shard->swept_ms + SWEEP_MS > now_ms)
        return;
    shard->swept_ms = now_ms;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct channel **place = &shard->buckets[i]; *place;) {
            struct channel *channel = *place;
            if (!is_unused(channel, now_ms, hub->options.keep_ms)) {
                trim(hub, shard, channel, now_ms);
                place = &channel->next;
                continue;
            }
            *place = channel->next;
            shard->channels--;
            shard->log_bytes -= channel->log.size;
            channel_destroy(channel);
        }
}

void hub_append(struct hub *hub, struct shard *shard, struct channel *channel,
                const struct hub_event *event, int64_t now_ms) {
    struct slice part = slice_first(event->part_of, PART_MAX);
    if (event->is_whole)
        drop_parts(shard, channel, part);
    struct entry entry = {.number = ++channel->last,
                          .at_ms = now_ms,
                          .name = event->name,
                          .size = (uint32_t)event->data.size,
                          .passing = event->passing,
                          .part_size = (unsigned char)part.size};
    if (part.size > 0)
        memcpy(entry.part, part.data, part.size);
    buffer_append(&channel->log, (struct slice){(const char *)&entry, sizeof entry});
    buffer_append(&channel->log, event->data);
    shard->log_bytes += entry_size(&entry);
    trim(hub, shard, channel, now_ms);
}

void hub_publish(struct hub *hub, struct slice key, const struct hub_event *event, int64_t now_ms) {
    uint64_t hash = hub_hash(hub, key);
    struct shard *shard = hub_shard(hub, hash);
    pthread_mutex_lock(&shard->lock);
    sweep(hub, shard, now_ms);
    hub_append(hub, shard, hub_find(shard, hash, key, now_ms), event, now_ms);
    pthread_mutex_unlock(&shard->lock);
}

void hub_wake(struct hub *hub, struct slice key) {
    uint64_t hash = hub_hash(hub, key);
    struct shard *shard = hub_shard(hub, hash);
    pthread_mutex_lock(&shard->lock);
    struct channel *channel = *place_of(shard, hash, key);
    for (struct hub_subscription *subscription = channel ? channel->subscriptions : NULL;
         subscription; subscription = subscription->next)
        hub_ring(&subscription->bell);
    pthread_mutex_unlock(&shard->lock);
}

/* --- subscribing --- */

/* Where the subscriber stands in this log; false when its id is of another, or too old. */
static bool find_number(const struct channel *channel, struct slice last_id, uint64_t *ret_number) {
    size_t dash = slice_find_byte(last_id, '-');
    int64_t number;
    if (dash == SIZE_MAX || !slice_is(slice_first(last_id, dash), channel->epoch) ||
        !slice_to_int64(slice_from(last_id, dash + 1), &number) || number < 0 ||
        (uint64_t)number > channel->last || (uint64_t)number + 1 < channel->first)
        return false;
    *ret_number = (uint64_t)number;
    return true;
}

struct hub_subscription *hub_subscribe(struct hub *hub, struct slice key, struct slice last_id,
                                       struct loop *loop, void (*wake)(void *user), void *user,
                                       int64_t now_ms, enum hub_found *ret_found) {
    uint64_t hash = hub_hash(hub, key);
    struct shard *shard = hub_shard(hub, hash);
    struct hub_subscription *subscription = memory_zeroed(1, sizeof *subscription);
    subscription->bell = (struct bell){.loop = loop, .ring = wake, .user = user, .shard = shard};
    pthread_mutex_lock(&shard->lock);
    sweep(hub, shard, now_ms);
    struct channel *channel = hub_find(shard, hash, key, now_ms);
    if (channel->subscription_count == HUB_SUBSCRIPTIONS_MAX) {
        pthread_mutex_unlock(&shard->lock);
        free(subscription);
        return NULL;
    }
    channel->subscription_count++;
    trim(hub, shard, channel, now_ms);
    subscription->channel = channel;
    subscription->changes = channel->changes - 1;
    bool known = find_number(channel, last_id, &subscription->number);
    if (!known)
        subscription->number = channel->first - 1;
    *ret_found = last_id.size == 0 ? HUB_NEW : known ? HUB_RESUMED : HUB_LOST;
    subscription->next = channel->subscriptions;
    if (subscription->next)
        subscription->next->previous = subscription;
    channel->subscriptions = subscription;
    shard->subscriptions++;
    pthread_mutex_unlock(&shard->lock);
    return subscription;
}

void hub_unsubscribe(struct hub_subscription *subscription) {
    struct shard *shard = subscription->bell.shard;
    pthread_mutex_lock(&shard->lock);
    if (subscription->next)
        subscription->next->previous = subscription->previous;
    if (subscription->previous)
        subscription->previous->next = subscription->next;
    else
        subscription->channel->subscriptions = subscription->next;
    subscription->channel->subscription_count--;
    shard->subscriptions--;
    hub_let_go(&subscription->bell);
    pthread_mutex_unlock(&shard->lock);
}

static size_t offset_of(const struct hub_subscription *subscription) {
    const struct channel *channel = subscription->channel;
    size_t at = subscription->changes == channel->changes ? subscription->offset : channel->start;
    while (at < channel->log.size) {
        struct entry entry = entry_at(channel, at);
        if (entry.number > subscription->number)
            break;
        at += entry_size(&entry);
    }
    return at;
}

bool hub_read(struct hub_subscription *subscription, struct buffer *out, size_t most,
              bool *ret_lost) {
    struct shard *shard = subscription->bell.shard;
    size_t from = out->size;
    pthread_mutex_lock(&shard->lock);
    const struct channel *channel = subscription->channel;
    *ret_lost = subscription->number + 1 < channel->first;
    if (*ret_lost)
        subscription->number = channel->first - 1;
    size_t at = subscription->changes == channel->changes && subscription->offset < channel->start
                    ? channel->start
                    : offset_of(subscription);
    while (at < channel->log.size && out->size - from < most) {
        struct entry entry = entry_at(channel, at);
        buffer_printf(out, "id: %s-%llu\nevent: %s\ndata: ", channel->epoch,
                      (unsigned long long)entry.number, entry.name);
        buffer_append(out, (struct slice){channel->log.data + at + sizeof entry, entry.size});
        buffer_append(out, SLICE("\n\n"));
        subscription->number = entry.number;
        at += entry_size(&entry);
    }
    subscription->offset = at;
    subscription->changes = channel->changes;
    bool more = at < channel->log.size;
    pthread_mutex_unlock(&shard->lock);
    return more;
}

void hub_skip(struct hub_subscription *subscription) {
    struct shard *shard = subscription->bell.shard;
    pthread_mutex_lock(&shard->lock);
    subscription->number = subscription->channel->last;
    pthread_mutex_unlock(&shard->lock);
}

void hub_position(const struct hub_subscription *subscription, struct buffer *out) {
    buffer_printf(out, "%s-%llu", subscription->channel->epoch,
                  (unsigned long long)subscription->number);
}

struct hub_figures hub_figures(struct hub *hub) {
    struct hub_figures figures = {0};
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &hub->shards[i];
        pthread_mutex_lock(&shard->lock);
        figures.channels += shard->channels;
        figures.subscriptions += shard->subscriptions;
        figures.claims += shard->claims;
        figures.log_bytes += shard->log_bytes;
        pthread_mutex_unlock(&shard->lock);
    }
    return figures;
}
