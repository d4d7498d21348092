/* The visitor's side of the hub: a visitor has one channel with each bot, on which everything that
 * happens to their conversations is published (docs/widget-protocol.md). */
#pragma once
#include "base/slice.h"
struct arena;
struct hub;

/* The name of the channel; in the arena. */
struct slice visitor_channel(struct slice bot, struct slice user, struct arena *arena);

struct visitor_status {
    struct slice conversation_id;
    struct slice mode;          /* "bot", "waiting", "operator", "closed" */
    struct slice operator_name; /* empty: not said */
    int64_t position;           /* in the queue, from 1; 0: not said */
    bool typing;                /* the operator */
};
/* The event `status`: who answers there; wakes who watches. Any thread. */
void visitor_publish_status(struct hub *hub, struct slice channel,
                            const struct visitor_status *status);
