/* Claims: what there may be one of, and who takes over from whom. */
#include "base/memory.h"
#include "hub/hub_state.h"

static bool is_taken(const struct channel *channel, struct slice name, struct slice key) {
    for (const struct hub_claim *claim = channel->claims; claim; claim = claim->next)
        if ((name.size > 0 && slice_equal(claim->name, name)) ||
            (key.size > 0 && slice_equal(claim->key, key)))
            return true;
    return false;
}

static struct hub_claim *add(struct hub *hub, struct shard *shard, struct channel *channel,
                             struct slice name, struct slice key) {
    struct hub_claim *claim = memory_zeroed(1, sizeof *claim + name.size + key.size);
    char *text = (char *)(claim + 1);
    if (name.size > 0)
        memcpy(text, name.data, name.size);
    if (key.size > 0)
        memcpy(text + name.size, key.data, key.size);
    claim->name = (struct slice){text, name.size};
    claim->key = (struct slice){text + name.size, key.size};
    claim->hub = hub;
    claim->channel = channel;
    claim->next = channel->claims;
    if (claim->next)
        claim->next->previous = claim;
    channel->claims = claim;
    shard->claims++;
    return claim;
}

bool hub_claim(struct hub *hub, struct slice channel_key, struct slice name, struct slice key,
               struct loop *loop, void (*stop)(void *user), void *user,
               struct hub_claim **ret_claim) {
    uint64_t hash = hub_hash(hub, channel_key);
    struct shard *shard = hub_shard(hub, hash);
    pthread_mutex_lock(&shard->lock);
    struct channel *channel = hub_find(shard, hash, channel_key, 0);
    bool free_of = !is_taken(channel, name, key);
    if (free_of) {
        struct hub_claim *claim = add(hub, shard, channel, name, key);
        claim->bell = (struct bell){.loop = loop, .ring = stop, .user = user, .shard = shard};
        *ret_claim = claim;
    }
    pthread_mutex_unlock(&shard->lock);
    return free_of;
}

/* --- taking over --- */

/* Of that name: who takes over, or who has it; NULL where there is none such. */
static struct hub_claim *find_claim(const struct channel *channel, struct slice name, bool seizes) {
    struct hub_claim *claim = channel->claims;
    while (claim && (claim->seizes != seizes || !slice_equal(claim->name, name)))
        claim = claim->next;
    return claim;
}

bool hub_seize(struct hub *hub, struct slice channel_key, struct slice name, struct loop *loop,
               void (*ready)(void *user), void *user, struct hub_claim **ret_claim) {
    uint64_t hash = hub_hash(hub, channel_key);
    struct shard *shard = hub_shard(hub, hash);
    pthread_mutex_lock(&shard->lock);
    struct channel *channel = hub_find(shard, hash, channel_key, 0);
    bool first = !find_claim(channel, name, true);
    if (first) {
        struct hub_claim *holder = find_claim(channel, name, false);
        struct hub_claim *claim = add(hub, shard, channel, name, (struct slice){NULL, 0});
        claim->bell = (struct bell){.loop = loop, .ring = ready, .user = user, .shard = shard};
        claim->seizes = true;
        *ret_claim = claim;
        if (holder)
            holder->seized = true;
        hub_ring(holder ? &holder->bell : &claim->bell);
    }
    pthread_mutex_unlock(&shard->lock);
    return first;
}

bool hub_publish_as(struct hub_claim *claim, const struct hub_event *event, int64_t now_ms) {
    struct shard *shard = claim->bell.shard;
    pthread_mutex_lock(&shard->lock);
    bool may = !claim->seized;
    if (may)
        hub_append(claim->hub, shard, claim->channel, event, now_ms);
    pthread_mutex_unlock(&shard->lock);
    return may;
}

bool hub_is_seized(const struct hub_claim *claim) {
    struct shard *shard = claim->bell.shard;
    pthread_mutex_lock(&shard->lock);
    bool seized = claim->seized;
    pthread_mutex_unlock(&shard->lock);
    return seized;
}

/* --- the end --- */

void hub_release(struct hub_claim *claim) {
    struct shard *shard = claim->bell.shard;
    pthread_mutex_lock(&shard->lock);
    if (claim->next)
        claim->next->previous = claim->previous;
    if (claim->previous)
        claim->previous->next = claim->next;
    else
        claim->channel->claims = claim->next;
    shard->claims--;
    struct hub_claim *next = claim->seized ? find_claim(claim->channel, claim->name, true) : NULL;
    if (next)
        hub_ring(&next->bell);
    hub_let_go(&claim->bell);
    pthread_mutex_unlock(&shard->lock);
}

bool hub_stop(struct hub *hub, struct slice channel_key, struct slice name) {
    uint64_t hash = hub_hash(hub, channel_key);
    struct shard *shard = hub_shard(hub, hash);
    bool found = false;
    pthread_mutex_lock(&shard->lock);
    struct channel *channel = hub_look(shard, hash, channel_key);
    for (struct hub_claim *claim = channel ? channel->claims : NULL; claim; claim = claim->next)
        if (!claim->seizes && (name.size == 0 || slice_equal(claim->name, name))) {
            hub_ring(&claim->bell);
            found = true;
        }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

bool hub_is_busy(struct hub *hub, struct slice channel_key) {
    uint64_t hash = hub_hash(hub, channel_key);
    struct shard *shard = hub_shard(hub, hash);
    pthread_mutex_lock(&shard->lock);
    struct channel *channel = hub_look(shard, hash, channel_key);
    bool busy = channel && channel->claims;
    pthread_mutex_unlock(&shard->lock);
    return busy;
}
