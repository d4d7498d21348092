/* The inside of a hub, for the files of this folder only. Everything is under the lock of its
 * shard.
 */
#pragma once
#include "base/buffer.h"
#include "hub/hub.h"
#include <pthread.h>
#include <sodium.h>
struct loop;

enum { SHARDS = 64, BUCKETS = 256, EPOCH_BYTES = 6, PART_MAX = 32, SWEEP_MS = 60 * 1000 };

/* One event in a channel's log; its data lies behind it. */
struct entry {
    uint64_t number;
    int64_t at_ms;
    const char *name;
    uint32_t size; /* of the data */
    unsigned char passing;
    unsigned char part_size;
    char part[PART_MAX];
};

struct channel {
    struct channel *next; /* in its bucket */
    uint64_t hash;
    char *key;
    size_t key_size;
    char epoch[2 * EPOCH_BYTES + 1];
    uint64_t first, last; /* numbers: the oldest that was not dropped for room, and the newest */
    unsigned changes;     /* of what lies where in the log */
    struct buffer log;    /* entries, oldest first */
    size_t start;         /* where the oldest lies */
    int64_t used_ms;
    struct hub_subscription *subscriptions;
    size_t subscription_count;
    struct hub_claim *claims;
};

struct shard {
    pthread_mutex_t lock;
    struct channel *buckets[BUCKETS];
    size_t channels, subscriptions, claims, log_bytes;
    int64_t swept_ms;
};

struct hub {
    struct hub_options options;
    unsigned char key[crypto_shorthash_KEYBYTES];
    struct shard shards[SHARDS];
};

/* What another thread tells a loop, once until it has come: freed there if it is not wanted then.
 */
struct bell {
    struct loop *loop;
    void (*ring)(void *user);
    void *user;
    bool rung, gone;
    struct shard *shard;
};

struct hub_subscription {
    struct bell bell; /* first: what is posted is its address */
    struct channel *channel;
    struct hub_subscription *next, *previous;
    uint64_t number;  /* of what was read last */
    size_t offset;    /* where to go on reading, while … */
    unsigned changes; /* … the log has not changed since */
    bool lost;
};

struct hub_claim {
    struct bell bell; /* first */
    struct hub *hub;
    struct channel *channel;
    struct hub_claim *next, *previous;
    struct slice name, key; /* behind it */
    bool seizes;            /* takes over: its bell says that nobody has the name any more */
    bool seized;            /* taken over from: publishes nothing more */
};

uint64_t hub_hash(const struct hub *hub, struct slice key);
struct shard *hub_shard(struct hub *hub, uint64_t hash);
/* NULL where there is none. */
struct channel *hub_look(struct shard *shard, uint64_t hash, struct slice key);
/* Made where there is none. */
struct channel *hub_find(struct shard *shard, uint64_t hash, struct slice key, int64_t now_ms);
void hub_append(struct hub *hub, struct shard *shard, struct channel *channel,
                const struct hub_event *event, int64_t now_ms);
/* Posts the bell to its loop, unless it is on its way. */
void hub_ring(struct bell *bell);
/* Its owner lets go of it: freed here, or when what was posted has come. */
void hub_let_go(struct bell *bell);
