/* The Model Context Protocol's messages (JSON-RPC 2.0 over streamable HTTP), as a client sends and
 * reads them; chat/mcp_client.c holds the conversation with the server.
 * Source: the specification, modelcontextprotocol.io, revisions 2025-03-26 to MCP_VERSION.
 *
 * It is spoken in two ways. Since MCP_VERSION each request says all that the server must know, and
 * there is no session. Before, a session was opened by `initialize`; of these revisions
 * MCP_VERSION_SESSION is asked for. Which one a server speaks is found out by `server/discover`. */
#pragma once
#include "tool/tool.h"
struct arena;
struct buffer;

#define MCP_VERSION         "2026-07-28"
#define MCP_VERSION_SESSION "2025-11-25"

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

/* --- requests --- */

/* How a server is spoken with. */
struct mcp_terms {
    const char *version;  /* one of the revisions, never freed */
    bool stateless;       /* no session, all is said in each request */
    struct slice session; /* Mcp-Session-Id; empty where the server gave none */
};

/* An argument that is said in a header as well, for what stands between (`x-mcp-header`). */
struct mcp_parameter {
    const char *header;
    const char *const *path; /* names of members */
    size_t depth;
};

struct mcp_tool {
    struct slice name;        /* of the server: letters, digits, "_", "-", "."; at most 128 */
    struct slice description; /* empty where there is none */
    struct slice schema;      /* of the arguments, an object */
    /* The same compiled; NULL where it has keywords that are not understood here: then only the
     * server checks. */
    const struct schema *compiled;
    bool read_only; /* so the server says */
    const struct mcp_parameter *parameters;
    size_t parameter_count;
};

struct mcp_request {
    const char *method;
    const struct mcp_header *headers; /* the owner's, too */
    size_t header_count;
    struct slice body;
};

/* Each request of a connection has another `id`. All in the arena, but for what is borrowed of the
 * server. */
void mcp_encode_discover(const struct mcp_server *server, int64_t id, struct arena *arena,
                         struct mcp_request *ret_request);
void mcp_encode_initialize(const struct mcp_server *server, int64_t id, struct arena *arena,
                           struct mcp_request *ret_request);
void mcp_encode_initialized(const struct mcp_server *server, const struct mcp_terms *terms,
                            struct arena *arena, struct mcp_request *ret_request);
/* `cursor` of the page before, empty for the first. */
void mcp_encode_list(const struct mcp_server *server, const struct mcp_terms *terms, int64_t id,
                     struct slice cursor, struct arena *arena, struct mcp_request *ret_request);
/* `arguments` is a JSON object. Of the tool only name and parameters are looked at. */
void mcp_encode_call(const struct mcp_server *server, const struct mcp_terms *terms, int64_t id,
                     const struct mcp_tool *tool, struct slice arguments, struct arena *arena,
                     struct mcp_request *ret_request);
/* With sessions only: the request `id` is not waited for any longer. (Without, closing the
 * connection says so.) */
void mcp_encode_cancelled(const struct mcp_server *server, const struct mcp_terms *terms,
                          int64_t id, struct arena *arena, struct mcp_request *ret_request);
/* With sessions only: goes on with a stream of events that broke off behind `event`. */
void mcp_encode_resume(const struct mcp_server *server, const struct mcp_terms *terms,
                       struct slice event, struct arena *arena, struct mcp_request *ret_request);
/* With sessions only: ends the session. */
void mcp_encode_end(const struct mcp_server *server, const struct mcp_terms *terms,
                    struct arena *arena, struct mcp_request *ret_request);

/* --- answers: all slices point into the text --- */

enum {
    MCP_HEADER_MISMATCH = -32020,
    MCP_VERSION_UNSUPPORTED = -32022,
};

struct mcp_message {
    bool answered;     /* the response to our request is here: a result, or an error */
    bool refused;      /* an error */
    bool list_changed; /* the server's tools are others now */
    struct slice result;
    int64_t code; /* of the error */
    struct slice error;
};
/* Reads one body or the data of one event: a message, or several in a list. What is said there is
 * added to `message`. False where it is not JSON-RPC. */
bool mcp_read_message(struct slice text, int64_t id, struct mcp_message *message);
/* Fills the fault from an error: BAD_INPUT for refused arguments, else INTERNAL. Always false. */
bool mcp_refusal(const struct mcp_message *message, struct fault *fault);

/* The terms that the answer to discover (version and stateless) or initialize (version) asks for.
 * False: no common revision. */
__attribute__((warn_unused_result)) bool
mcp_read_discover(struct slice result, struct mcp_terms *ret_terms, struct fault *fault);
/* The same of a refusal, MCP_VERSION_UNSUPPORTED, which names the revisions that would do. */
__attribute__((warn_unused_result)) bool mcp_read_unsupported(const struct mcp_message *message,
                                                              struct mcp_terms *ret_terms,
                                                              struct fault *fault);
__attribute__((warn_unused_result)) bool
mcp_read_initialize(struct slice result, struct mcp_terms *ret_terms, struct fault *fault);

struct mcp_page {
    struct slice tools;  /* a JSON array, for json_next_element and mcp_read_tool */
    struct slice cursor; /* a JSON string, empty on the last page */
    int64_t fresh_ms;    /* how long the server says that it stays right; -1: it does not say */
};
__attribute__((warn_unused_result)) bool
mcp_read_page(struct slice result, struct mcp_page *ret_page, struct fault *fault);
/* Copies into the arena. False (the message says why) for a tool that cannot be offered. */
__attribute__((warn_unused_result)) bool mcp_read_tool(struct slice tool, bool stateless,
                                                       struct arena *arena,
                                                       struct mcp_tool *ret_tool,
                                                       struct fault *fault);
/* Appends the text that the model gets. False where the tool says that it failed (what it says is
 * then in `text` as well) or wants what it cannot get here. */
__attribute__((warn_unused_result)) bool mcp_read_result(struct slice result, struct buffer *text,
                                                         struct fault *fault);
