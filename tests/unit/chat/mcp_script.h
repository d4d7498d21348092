/* For the tests of MCP clients: a scripted server, and what is waited for at it. */
#pragma once
#include "../fetch/support.h"
#include "base/json.h"
#include "base/memory.h"
#include "chat/mcp_client.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the server is to do, set before anything is sent, and what it saw. */
struct script {
    bool stateless;       /* it speaks the current revision */
    int lost_calls;       /* so many calls find their session gone */
    int lost_status;      /* and are answered so */
    bool changes;         /* a call's stream says that the tools changed */
    bool breaks;          /* a call's stream breaks off and can be gone on with */
    bool hangs;           /* a call is not answered before the gate is raised */
    int mismatches;       /* so many calls are refused for their headers */
    bool broken_list;     /* from the second list on */
    const char *discover; /* the answer, instead of the usual one */
    const char *call;     /* the result of a call */
    pthread_mutex_t lock; /* guards all below */
    struct buffer log;    /* "METHOD SESSION;" for each request */
    int sessions, lists;
};

struct fixture {
    struct server *server;
    struct script script;
    struct loop *loop;
    struct fetcher *fetcher;
    struct mcp_client *client;
    size_t pending;
};

/* Something that is waited for, and what came of it. */
struct wait {
    struct fixture *fixture;
    struct mcp_task *task;
    int ends;
    struct buffer text; /* of a result; the names of tools */
    bool failed, unsure;
    struct fault fault;
    void (*then)(struct wait *wait);
};

/* A server and a client of it; `server` without name and URL. */
void mcp_begin_at(struct fixture *fixture, struct mcp_server server);
void mcp_begin(struct fixture *fixture);
void mcp_end(struct fixture *fixture);
void mcp_start_list(struct fixture *fixture, struct wait *wait);
void mcp_start_call(struct fixture *fixture, struct wait *wait, const char *name,
                    int64_t timeout_ms);
/* Until nothing is waited for. */
void mcp_run(struct fixture *fixture);
void mcp_expect(struct wait *wait, const char *text);
void mcp_expect_fault(struct wait *wait, enum fault_kind kind, bool unsure);
/* From start to end. */
void mcp_list_now(struct fixture *fixture, const char *expected);
void mcp_call_now(struct fixture *fixture, const char *expected);
/* What the server was asked since the last time. */
void mcp_expect_log(struct fixture *fixture, const char *expected);

#define MCP_OPENING                                                                                \
    "server/discover -;initialize -;notifications/initialized s1;tools/list s1;tools/list s1;"
