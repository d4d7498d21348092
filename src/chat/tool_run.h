/* One call of a tool, whatever its kind: runs it where it belongs (a worker thread, the network,
 * the store) and gives back one result. It knows nothing of turns. */
#pragma once
#include "tool/tool.h"
struct bot;
struct chat;
struct settings;

struct tool_run_request {
    struct settings *settings; /* a reference is taken */
    const struct bot *bot;
    const struct tool *tool;
    struct slice mcp_name;  /* of a tool of an MCP server: as the server names it; copied */
    struct slice arguments; /* a JSON object that was checked; copied */
    const struct tool_binding *bindings; /* copied */
    size_t binding_count;
    /* For a tool that changes something: what is the same when the same is asked for again. It is
     * then not done twice, and the first result is given. Copied. */
    struct slice key;
    int64_t timeout_ms;
};

/* `result` is for the model, valid during the call. `fault` is NULL on success; else its message is
 * for the model, its detail for the log. */
typedef void tool_run_done(void *user, struct slice result, const struct fault *fault);

struct tool_run;
/* Calls `done` once: before it returns (then NULL is returned) or later, on the loop. */
struct tool_run *tool_run_start(struct chat *chat, const struct tool_run_request *request,
                                tool_run_done *done, void *user);
/* `done` will not be called. A query that runs is left to end by itself; what it changed is
 * recorded. */
void tool_run_cancel(struct tool_run *run);
