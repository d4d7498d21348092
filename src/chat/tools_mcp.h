/* The tools of the bot's MCP servers, as one turn has them. */
#pragma once
#include "chat/turn_state.h"

/* Asks the servers what they offer and goes on with FIT: at once where the lists are known. A
 * server that cannot be asked is left out, which is logged. */
enum turn_step tools_mcp_load(struct turn *turn);
size_t tools_mcp_count(const struct turn *turn);
/* Adds them behind `used`; both arrays have room for tools_mcp_count more. */
void tools_mcp_offer(struct turn *turn, struct model_tool *tools, struct offered_tool *offered,
                     size_t *used);
void tools_mcp_release(struct turn *turn);
