/* Tools of an MCP server. */
#include "chat/mcp_client.h"
#include "chat/tool_run_state.h"

static void on_result(void *user, struct slice result, const struct fault *fault, bool unsure) {
    struct tool_run *run = user;
    run->mcp = NULL;
    run->unsure = unsure;
    buffer_append(&run->result, result);
    tool_run_end(run, fault);
}

void tool_run_mcp(struct tool_run *run) {
    struct mcp_client *client = mcp_clients_get(run->chat->mcp, run->tool->mcp);
    struct fault fault;
    if (!client) {
        fault_set(&fault, FAULT_UNAVAILABLE, "Too many servers are in use.");
        tool_run_end(run, &fault);
        return;
    }
    bool gone = false, *before = run->gone;
    run->gone = &gone;
    struct mcp_task *task = mcp_client_call(client, run->mcp_name, run->input.arguments,
                                            run->timeout_ms, on_result, run);
    if (gone) {
        if (before)
            *before = true;
        return;
    }
    run->gone = before;
    run->mcp = task;
}
