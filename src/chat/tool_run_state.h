/* The inside of a tool's call, for the files tool_run*.c only. */
#pragma once
#include "base/buffer.h"
#include "chat/state.h"
#include "chat/tool_run.h"
#include "loop/workers.h"
#include "store/records.h"
#include "store/store.h"
#include <stdatomic.h>
struct fetch;

struct tool_run {
    struct chat *chat;
    struct settings *settings;
    const struct bot *bot;
    const struct tool *tool;
    struct arena *arena; /* the run itself lies in it */
    struct slice mcp_name;
    struct tool_input input;
    struct slice key;
    int64_t timeout_ms;
    tool_run_done *done; /* NULL once cancelled */
    void *user;
    bool *gone; /* set when it is freed while it is being started */
    bool out;   /* with another thread: it will come back to the loop */

    struct store_job store_job;
    enum store_tool_write write;
    struct slice kept;    /* of the result, for when the same is asked for again */
    struct slice earlier; /* the result of a write that was done before */
    struct job sql_job;
    atomic_bool stopped; /* nobody waits: read by the thread that asks the database */
    struct fetch *fetch;
    struct mcp_task *mcp;
    int status;
    struct slice content_type;
    struct buffer body;

    struct buffer result;
    struct fault *fault; /* NULL: it succeeded */
    bool unsure;         /* it failed, and may have been done all the same */
};

/* The kind's part is over: `fault` is copied, NULL for success with the result in run->result. */
void tool_run_end(struct tool_run *run, const struct fault *fault);
/* Hands a job to the store; `done` gets the run back on the loop. */
void tool_run_store(struct tool_run *run, bool write,
                    bool (*job)(struct store_session *session, struct store_job *job,
                                struct fault *fault),
                    void (*done)(struct store_job *job, const struct fault *fault));
struct tool_run *tool_run_of(struct store_job *job);
/* A run that was cancelled meanwhile is freed, and true returned: nothing more is to be done. */
bool tool_run_back(struct tool_run *run);

void tool_run_http(struct tool_run *run);
void tool_run_mcp(struct tool_run *run);
void tool_run_builtin(struct tool_run *run);
