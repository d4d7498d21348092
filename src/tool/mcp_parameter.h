/* Arguments of MCP tools that are said in headers, too. Private to tool/. */
#pragma once
#include "tool/mcp.h"

/* Finds `x-mcp-header` in a schema. False where one stands where it may not: the tool is then not
 * to be offered. */
bool mcp_parameters_find(struct slice schema, struct arena *arena,
                         const struct mcp_parameter **ret_parameters, size_t *ret_count);
/* The value of the header for these arguments; false where there is none. In the arena. */
bool mcp_parameter_value(const struct mcp_parameter *parameter, struct slice arguments,
                         struct arena *arena, struct slice *ret_value);
/* A text as the value of a header: as it is where it can be, else in Base64 and marked so. */
struct slice mcp_header_text(struct slice text, struct arena *arena);
