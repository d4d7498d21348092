/* The Model Context Protocol's messages (JSON-RPC 2.0 over streamable HTTP), as a client sends and
 * reads them; chat/mcp_client.c holds the conversation with the server.
 * Source: the specification, modelcontextprotocol.io, revision MCP_VERSION. */
#pragma once
#include "tool/tool.h"
struct arena;
struct buffer;

#define MCP_VERSION "2025-06-18"

struct mcp_header {
    const char *name;
    struct slice value; /* may be a secret: never logged */
};

struct mcp_server {
    const char *name; /* of the entry in the configuration; its tools are NAME_TOOL for models */
    const char *url;
    const struct mcp_header *headers;
    size_t header_count;
    const char *const *tools; /* those that are used, by the server's names; none: all */
    size_t tool_count;
    bool allow_private;
    size_t bytes_max; /* of an answer */
};
