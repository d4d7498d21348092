/* What the turns of one loop share. Made by main, one per loop; used on that loop's thread only,
 * except where said. */
#pragma once
#include "base/slice.h"
#include "gate/session.h"
struct apikey_cache;
struct breakers;
struct desk;
struct estimates;
struct hub;
struct fetcher;
struct keyrings;
struct ledger;
struct limiter;
struct loop;
struct metrics;
struct settings;
struct store;
struct webhooks;
struct workers;

/* What a chat works with. All are borrowed and outlive it; the ones marked * are shared by all
 * loops. */
struct chat_parts {
    struct loop *loop;
    struct store *store;          /* * */
    struct limiter *limiter;      /* * */
    struct apikey_cache *apikeys; /* * */
    struct metrics *metrics;      /* * */
    struct breakers *breakers;    /* * */
    struct keyrings *keyrings;    /* * */
    struct ledger *ledger;        /* * */
    struct estimates *estimates;  /* * */
    struct hub *hub;              /* * */
    struct desk *desk;            /* *; NULL: nobody takes conversations over */
    struct webhooks *webhooks;    /* * */
    /* * Their state is a struct sql_connections. NULL: tools that ask a database do not work. */
    struct workers *tool_workers;
    struct session_key session_key;
};

struct chat;
/* Takes a reference of the settings. */
struct chat *chat_create(const struct chat_parts *parts, struct settings *settings);
/* Call when no turn is left (chat_turns is 0). NULL is fine. */
void chat_destroy(struct chat *chat);

/* The settings that new turns get. */
struct settings *chat_settings(const struct chat *chat);
/* Replaces them (takes a reference); turns in flight keep theirs. */
void chat_set_settings(struct chat *chat, struct settings *settings);
/* Turns in flight, those that only wait for their record included. */
size_t chat_turns(const struct chat *chat);
/* Ends all turns in flight with an error event ("the server is shutting down"); they are recorded.
 */
void chat_end_turns(struct chat *chat);
/* Calls `idle(user)` on the loop once no turn is in flight and nothing is held (at once if so). One
 * at a time. */
void chat_when_idle(struct chat *chat, void (*idle)(void *user), void *user);
/* Something else than a turn is with the store and will come back to this loop: the chat is not
 * idle before it was let go of. */
void chat_hold(struct chat *chat);
void chat_let_go(struct chat *chat);
/* This loop, one of the process, sends the webhooks from now on: before the loop runs. */
void chat_send_webhooks(struct chat *chat);
/* The last, when it is idle and nothing will be started any longer: gives webhooks under way back
 * to the database and ends the sessions with the servers of tools. Calls `closed` when they are, or
 * after two seconds; at once where there is none. */
void chat_close(struct chat *chat, void (*closed)(void *user), void *user);
const struct chat_parts *chat_parts(const struct chat *chat);
/* What its calls go through, for a request of another kind that is to use the same connections. */
struct fetcher *chat_fetcher(const struct chat *chat);
