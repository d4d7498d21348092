/* Channels of events. Whoever publishes and whoever subscribes may be on different loops; each
 * channel keeps a bounded log, so that a subscriber that was away gets what it missed.
 *
 * An event's id is "<epoch>-<number>". The epoch is random and new whenever a channel is made anew
 * (after a restart, or after nobody used it for a while), so an id of an earlier one is never taken
 * for one of this. Thread-safe, but for what is said below. */
#pragma once
#include "base/slice.h"
struct buffer;
struct loop;

struct hub;

struct hub_options {
    size_t log_max;  /* bytes of one channel's log */
    int64_t keep_ms; /* how long an event stays in it, and an unused channel */
};
struct hub_options hub_options_default(void); /* 256 KiB, five minutes */
struct hub *hub_create(const struct hub_options *options);
/* No subscription and no claim may be left. NULL is fine. */
void hub_destroy(struct hub *hub);

/* --- publishing --- */

struct hub_event {
    const char *name;  /* static: the log keeps the pointer */
    struct slice data; /* one line; copied */
    /* Names what the event is a part of (a turn); empty for none. Copied. */
    struct slice part_of;
    bool passing;  /* of no use once its whole is there: a delta */
    bool is_whole; /* the passing events of `part_of` before it need not be kept any longer */
};
/* Appends to the log of the channel of that key, which is made where there is none. Subscribers are
 * told by hub_wake: publish what one waking of the loop brings, then wake once. */
void hub_publish(struct hub *hub, struct slice key, const struct hub_event *event, int64_t now_ms);
void hub_wake(struct hub *hub, struct slice key);

/* --- subscribing --- */

struct hub_subscription;
enum { HUB_SUBSCRIPTIONS_MAX = 50 };
/* What a subscriber finds when it comes. */
enum hub_found {
    HUB_NEW,     /* it named no event: the log from its beginning follows */
    HUB_RESUMED, /* what is behind the event that it named follows */
    HUB_LOST,    /* the log has no longer what it missed; what it has follows */
};
/* NULL when the channel has HUB_SUBSCRIPTIONS_MAX already: nobody has so many pages open.
 * `wake(user)` is called on `loop` (the caller's) whenever there is more to read, but never from
 * inside a call of the hub. `last_id` is what the client had last, or empty. */
struct hub_subscription *hub_subscribe(struct hub *hub, struct slice key, struct slice last_id,
                                       struct loop *loop, void (*wake)(void *user), void *user,
                                       int64_t now_ms, enum hub_found *ret_found);
/* `wake` is not called any more. Loop's thread. */
void hub_unsubscribe(struct hub_subscription *subscription);
/* Appends what is new, as server-sent events ("id: …\nevent: …\ndata: …\n\n"), at most about `most`
 * bytes. False when there is no more. `ret_lost`: the log ran away from a slow reader; what follows
 * has a hole before it. Loop's thread. */
bool hub_read(struct hub_subscription *subscription, struct buffer *out, size_t most,
              bool *ret_lost);
/* What is in the log already is not read. Loop's thread. */
void hub_skip(struct hub_subscription *subscription);
/* The id of what was read last: for an event of the subscriber's own. */
void hub_position(const struct hub_subscription *subscription, struct buffer *out);

/* --- one at a time --- */

/* Something is under way that there may be one of: an answer in a conversation. */
struct hub_claim;
/* False when the channel has a claim of that `name` or `key` (each may be empty). `stop(user)` is
 * called on `loop` (the caller's) when somebody asks for the end. */
bool hub_claim(struct hub *hub, struct slice channel, struct slice name, struct slice key,
               struct loop *loop, void (*stop)(void *user), void *user,
               struct hub_claim **ret_claim);
/* Takes over from whoever has the claim of that name, if anybody does: what they publish with it
 * from now on is refused, they are asked to stop, and nobody else gets it. `ready(user)` is called
 * on `loop` (the caller's) once they have released it, but never from inside a call of the hub.
 * False when somebody takes over already. hub_stop does not ask who takes over. */
bool hub_seize(struct hub *hub, struct slice channel, struct slice name, struct loop *loop,
               void (*ready)(void *user), void *user, struct hub_claim **ret_claim);
/* As hub_publish, in the claim's channel; false, and nothing is published, once somebody takes
 * over: nothing of it can come behind what they publish. */
bool hub_publish_as(struct hub_claim *claim, const struct hub_event *event, int64_t now_ms);
bool hub_is_seized(const struct hub_claim *claim);
/* `stop` or `ready` is not called any more. Loop's thread. */
void hub_release(struct hub_claim *claim);
/* Asks whoever has the claim of that name (empty: every claim) to stop; false when there is none.
 */
bool hub_stop(struct hub *hub, struct slice channel, struct slice name);
/* True while the channel has claims: there is more to come. */
bool hub_is_busy(struct hub *hub, struct slice channel);

struct hub_figures {
    size_t channels, subscriptions, claims;
    size_t log_bytes;
};
struct hub_figures hub_figures(struct hub *hub);
