/* The conversation with an MCP server: finds out which revision it speaks, opens a session where it
 * wants one (and another when that is gone), keeps the list of its tools for some minutes, and
 * calls them. One per loop and server; all turns of the loop share it, its session too. */
#pragma once
#include "tool/mcp.h"
struct fault;
struct fetcher;
struct loop;

struct mcp_client;
/* Copies the server. */
struct mcp_client *mcp_client_create(struct loop *loop, struct fetcher *fetcher,
                                     const struct mcp_server *server);
/* Cancels what is under way without calling back. Not from inside a callback. NULL is fine. */
void mcp_client_destroy(struct mcp_client *client);

/* What a server offers, of that what the configuration takes: in the server's order, each name
 * once. Never changes; a new list is another one. */
struct mcp_tools {
    size_t references;
    struct arena *arena;
    const struct mcp_tool *tools;
    size_t count;
};
struct mcp_tools *mcp_tools_reference(struct mcp_tools *tools);
void mcp_tools_release(struct mcp_tools *tools); /* NULL is fine */
const struct mcp_tool *mcp_tools_find(const struct mcp_tools *tools, struct slice name);

/* Something that is waited for. */
struct mcp_task;

/* `tools` is valid during the call; keep it by a reference. NULL with a fault. */
typedef void mcp_list_done(void *user, struct mcp_tools *tools, const struct fault *fault);
/* `result` is the text for the model, valid during the call; with a fault it may hold what the tool
 * said in full. The fault's message is for the model, its detail for the log. `unsure`: it failed,
 * and may have been done all the same. */
typedef void mcp_call_done(void *user, struct slice result, const struct fault *fault, bool unsure);

/* Both call `done` once: before they return (then NULL is returned) or later, on the loop.
 * Callbacks may start and cancel others. A list that is too old is given where no newer one can be
 * had. */
struct mcp_task *mcp_client_list(struct mcp_client *client, int64_t timeout_ms, mcp_list_done *done,
                                 void *user);
/* `name` is the server's; `arguments` a JSON object. Both are copied. */
struct mcp_task *mcp_client_call(struct mcp_client *client, struct slice name,
                                 struct slice arguments, int64_t timeout_ms, mcp_call_done *done,
                                 void *user);
/* `done` will not be called; the server is told. */
void mcp_task_cancel(struct mcp_task *task);

/* --- the clients of a loop --- */

struct mcp_clients;
struct mcp_clients *mcp_clients_create(struct loop *loop, struct fetcher *fetcher);
void mcp_clients_destroy(struct mcp_clients *clients); /* NULL is fine */
/* The one for a server of the same content, made at first use; so it lives on when the settings are
 * loaded again. One that was not asked for in half an hour is ended. Not from inside a callback.
 * NULL when there are too many that are all in use. */
struct mcp_client *mcp_clients_get(struct mcp_clients *clients, const struct mcp_server *server);
/* Ends all sessions, as one that stops should. Calls `closed` when they are, or after two seconds;
 * at once where there is none. No task may be under way, and none be started any longer. */
void mcp_clients_close(struct mcp_clients *clients, void (*closed)(void *user), void *user);
