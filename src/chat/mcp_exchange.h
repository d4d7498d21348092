/* One request to an MCP server and its answer, as JSON or as a stream of events. Private to
 * mcp_client*.c. */
#pragma once
#include "base/fault.h"
#include "tool/mcp.h"
#include <sys/queue.h>
struct fetcher;
struct loop;

LIST_HEAD(mcp_exchange_list, mcp_exchange);

/* What is under way with one server. */
struct mcp_line {
    struct loop *loop;
    struct fetcher *fetcher;
    const struct mcp_server *server;
    struct mcp_exchange_list exchanges;
    void (*emptied)(void *user); /* may be NULL: nothing is under way any longer */
    void *user;
};
/* Cancels all without calling back. */
void mcp_line_finish(struct mcp_line *line);

enum mcp_outcome {
    MCP_RESULT,   /* message.result */
    MCP_REFUSED,  /* message.error */
    MCP_ACCEPTED, /* a notification was taken */
    MCP_STATUS,   /* an HTTP status above 299 without a message */
    MCP_FAILED,   /* out of reach, late, cut off or unreadable */
};
struct mcp_reply {
    enum mcp_outcome outcome;
    int status;                 /* of HTTP, 0 where none came */
    struct slice session;       /* Mcp-Session-Id */
    struct mcp_message message; /* list_changed holds for all outcomes */
    struct fault fault;         /* for MCP_STATUS and MCP_FAILED; a message for the model */
    bool unsure; /* for the same and MCP_REFUSED: the server may have done what was asked */
};
typedef void mcp_exchange_done(void *user, const struct mcp_reply *reply);

struct mcp_exchange_request {
    struct mcp_request request; /* copied */
    int64_t id;                 /* of a request that is answered; -1: a notification */
    /* A stream that breaks off is gone on with on these terms; NULL: it is not. Copied. */
    const struct mcp_terms *resume;
    int64_t timeout_ms;
    size_t bytes_max; /* of an answer */
};
/* Calls `done` once, later, on the loop; NULL: nobody wants to know. After it the exchange is not
 * to be touched. */
struct mcp_exchange *mcp_exchange_start(struct mcp_line *line,
                                        const struct mcp_exchange_request *request,
                                        mcp_exchange_done *done, void *user);
void mcp_exchange_cancel(struct mcp_exchange *exchange);
