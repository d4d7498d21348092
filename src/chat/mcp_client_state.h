/* The inside of an MCP client, for mcp_client*.c only. */
#pragma once
#include "base/buffer.h"
#include "chat/mcp_client.h"
#include "chat/mcp_exchange.h"
#include "loop/timer.h"

LIST_HEAD(mcp_task_list, mcp_task);

struct mcp_task {
    LIST_ENTRY(mcp_task) all;
    struct mcp_client *client;
    struct arena *arena; /* it lies in it itself */
    bool is_call;
    mcp_list_done *list_done;
    mcp_call_done *call_done;
    void *user;
    struct timer timer;
    int64_t deadline_ms; /* monotonic */
    bool *gone;          /* set when it is freed while it is being started */

    struct slice name, arguments;  /* of a call */
    struct mcp_exchange *exchange; /* NULL: it waits */
    int64_t id;
    unsigned generation;      /* of the terms on which it was sent */
    bool retried, wants_list; /* the list comes first, a newer one */
};

/* A list that is being fetched, page by page. */
struct mcp_listing {
    struct mcp_exchange *exchange; /* NULL: none is */
    struct arena *arena;
    struct mcp_tool *tools;
    size_t count, pages;
    int64_t fresh_ms;
    unsigned generation;
    bool retried;
};

struct mcp_client {
    struct mcp_server server;
    struct arena *arena; /* it lies in it itself */
    struct mcp_line line;
    int64_t last_id, used_ms;

    /* How the server is spoken with. */
    struct mcp_exchange *setup;
    struct mcp_terms terms;
    struct buffer session;
    bool era_known, ready;
    unsigned generation; /* another one for each terms */
    int64_t failed_until_ms;
    struct fault failure;

    struct mcp_tools *tools;
    int64_t tools_until_ms;
    bool tools_stale; /* refetched before they are used again */
    struct mcp_listing listing;

    struct mcp_task_list tasks;
};

enum { MCP_LIST_BYTES_MIN = 1024 * 1024 };

int64_t mcp_client_next_id(struct mcp_client *client);
/* Does what is to be done next for those that wait. Called last, for it may end tasks. */
void mcp_client_advance(struct mcp_client *client);
/* Whether an answer says that the terms no longer hold. */
bool mcp_client_lost(const struct mcp_client *client, const struct mcp_reply *reply);
/* Forgets the terms, unless others are in use meanwhile. */
void mcp_client_forget(struct mcp_client *client, unsigned generation);
/* Ends all that wait. */
void mcp_client_fail(struct mcp_client *client, const struct fault *fault);
/* Tells the server that the session is over. */
void mcp_client_end_session(struct mcp_client *client);

/* mcp_client_setup.c */
void mcp_client_start_setup(struct mcp_client *client);
/* mcp_client_tools.c */
void mcp_client_start_list(struct mcp_client *client);
bool mcp_client_tools_fresh(const struct mcp_client *client);
