#include "chat/tools_mcp.h"
#include "base/arena.h"
#include "base/log.h"
#include "chat/mcp_client.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "tool/tool.h"

enum { NAME_LONGEST = 64 };

static void on_list(void *user, struct mcp_tools *tools, const struct fault *fault) {
    struct turn_mcp *mcp = user;
    struct turn *turn = mcp->turn;
    mcp->task = NULL;
    if (fault)
        log_error("an MCP server cannot be asked for its tools", LOG_STRING("turn", turn->id.text),
                  LOG_STRING("tool", mcp->tool->name), LOG_STRING("error", fault->message),
                  LOG_STRING("detail", fault->detail), );
    else
        mcp->tools = mcp_tools_reference(tools);
    if (--turn->mcp_waiting > 0)
        return;
    if (turn->stopped)
        turn_fail(turn, turn->stopped);
    else
        turn_advance(turn, TURN_FIT);
}

enum turn_step tools_mcp_load(struct turn *turn) {
    const struct bot *bot = turn->bot;
    struct turn_mcp *all = arena_array(turn->arena, bot->tool_count, sizeof *all);
    for (size_t i = 0; i < bot->tool_count; i++)
        if (bot->tools[i]->kind == TOOL_MCP)
            all[turn->mcp_count++] = (struct turn_mcp){.turn = turn, .tool = bot->tools[i]};
    turn->mcp = all;
    turn->mcp_waiting = turn->mcp_count + 1; /* those known at once do not end it too early */
    for (size_t i = 0; i < turn->mcp_count; i++) {
        struct mcp_client *client = mcp_clients_get(turn->chat->mcp, all[i].tool->mcp);
        if (client)
            all[i].task = mcp_client_list(client, all[i].tool->timeout_ms, on_list, &all[i]);
        else
            turn->mcp_waiting--;
    }
    return --turn->mcp_waiting == 0 ? TURN_FIT : TURN_WAIT;
}

size_t tools_mcp_count(const struct turn *turn) {
    size_t count = 0;
    for (size_t i = 0; i < turn->mcp_count; i++)
        count += turn->mcp[i].tools ? turn->mcp[i].tools->count : 0;
    return count;
}

/* "SERVER_TOOL", in the letters that every vendor takes. */
static struct slice name_for_models(struct turn *turn, const struct tool *tool,
                                    const struct mcp_tool *mcp) {
    char *name = arena_printf(turn->arena, "%s_%.*s", tool->name, SLICE_ARG(mcp->name));
    for (char *c = name; *c; c++)
        if (*c == '.')
            *c = '_';
    return slice_first(slice_of(name), NAME_LONGEST);
}

static bool is_taken(const struct model_tool *tools, size_t count, struct slice name) {
    for (size_t i = 0; i < count; i++)
        if (slice_equal(tools[i].name, name))
            return true;
    return false;
}

void tools_mcp_offer(struct turn *turn, struct model_tool *tools, struct offered_tool *offered,
                     size_t *used) {
    for (size_t i = 0; i < turn->mcp_count; i++) {
        const struct mcp_tools *list = turn->mcp[i].tools;
        for (size_t j = 0; list && j < list->count; j++) {
            const struct mcp_tool *mcp = &list->tools[j];
            struct slice name = name_for_models(turn, turn->mcp[i].tool, mcp);
            if (is_taken(tools, *used, name))
                continue; /* cut names may be alike; a call must be of one tool */
            offered[*used] = (struct offered_tool){turn->mcp[i].tool, mcp->compiled, mcp->name};
            tools[(*used)++] = (struct model_tool){name, mcp->description, mcp->schema};
        }
    }
}

void tools_mcp_release(struct turn *turn) {
    for (size_t i = 0; i < turn->mcp_count; i++)
        mcp_tools_release(turn->mcp[i].tools);
    turn->mcp_count = 0;
}
