/* The desk: which operators are there, and what they are told. Each has a channel of the hub; what
 * is said in it is in docs/desk-protocol.md. Shared by all loops, thread-safe, but for what is said
 * below. */
#pragma once
#include "base/slice.h"
#include "store/desk.h"
struct arena;
struct chat;
struct hub;
struct json_writer;

struct desk;
struct desk *desk_create(struct hub *hub);
void desk_destroy(struct desk *desk); /* NULL is fine */

/* --- who is there --- */

/* A page of theirs is open. The first one makes them present. */
void desk_join(struct desk *desk, const struct store_operator *operator);
/* It is closed. What they are told is kept for a while, for when they come back. */
void desk_leave(struct desk *desk, struct slice operator_id);
void desk_set_away(struct desk *desk, struct slice operator_id, bool away);

struct desk_presence {
    bool present; /* a page is open */
    bool away;
};
struct desk_presence desk_presence(struct desk *desk, struct slice operator_id);
/* The ids of those who are present, not away, and may see that bot's conversations; in the arena.
 */
size_t desk_present(struct desk *desk, struct slice bot, struct arena *arena,
                    struct slice **ret_ids);
/* True where an operator of those bots (comma-separated, "" for all) may see that one's. */
bool desk_sees(struct slice bots, struct slice bot);

/* --- what they are told --- */

/* The name of the operator's channel; in the arena. */
struct slice desk_channel(struct slice operator_id, struct arena *arena);
/* `name` is static, `data` a JSON object on one line. To all who may see that bot's; "" for all. */
void desk_publish(struct desk *desk, struct slice bot, const char *name, struct slice data);

enum desk_ring {
    DESK_RING_NONE,
    DESK_RING_ALL,      /* a person is called for */
    DESK_RING_OPERATOR, /* who has the conversation */
};
/* Something of that conversation has changed: reads it and tells who may see it, unless nobody is
 * there. Loop's thread. */
void desk_changed(struct chat *chat, struct slice conversation_id, enum desk_ring ring);
/* The members of an entry, as the protocol has it; its braces are the caller's. */
void desk_write_entry(struct json_writer *json, const struct store_desk_entry *entry);

/* For desk_entry.c: the same with and without `ring`. */
bool desk_is_empty(struct desk *desk);
void desk_publish_entry(struct desk *desk, const struct store_desk_entry *entry, struct slice quiet,
                        struct slice ringing, enum desk_ring ring);
