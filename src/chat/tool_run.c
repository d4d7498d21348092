#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "chat/mcp_client.h"
#include "chat/redact.h"
#include "chat/settings.h"
#include "chat/tool_run_state.h"
#include "fetch/fetch.h"
#include "loop/loop.h"
#include "tool/sql_tool.h"
#include <stddef.h>

/* How long the same call counts as the same: what is asked for again later is wanted again. */
static const int64_t write_memory_ms = INT64_C(60) * 60 * 1000;

static void destroy(struct tool_run *run) {
    struct chat *chat = run->chat;
    if (run->gone)
        *run->gone = true;
    buffer_finish(&run->body);
    buffer_finish(&run->result);
    settings_release(run->settings);
    arena_destroy(run->arena);
    chat_let_go(chat);
}

bool tool_run_back(struct tool_run *run) {
    run->out = false;
    if (run->done)
        return false;
    destroy(run);
    return true;
}

static void finish(struct tool_run *run) {
    if (run->done)
        run->done(run->user, run->fault ? (struct slice){NULL, 0} : buffer_slice(&run->result),
                  run->fault);
    destroy(run);
}

/* --- the store --- */

struct tool_run *tool_run_of(struct store_job *job) {
    return (struct tool_run *)(void *)((char *)job - offsetof(struct tool_run, store_job));
}

void tool_run_store(struct tool_run *run, bool write,
                    bool (*job)(struct store_session *session, struct store_job *job,
                                struct fault *fault),
                    void (*done)(struct store_job *job, const struct fault *fault)) {
    run->out = true;
    run->store_job =
        (struct store_job){.run = job, .done = done, .loop = run->chat->parts.loop, .urgent = true};
    if (write)
        store_write(run->chat->parts.store, &run->store_job);
    else
        store_read(run->chat->parts.store, &run->store_job);
}

/* --- the end --- */

static bool end_write(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct tool_run *run = tool_run_of(job);
    return store_tool_write_end(session, run->key, !run->fault, run->kept, fault);
}

static void on_write_ended(struct store_job *job, const struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    if (fault) /* it then stays "begun", and will not be done again */
        log_error("the end of a tool's call was not recorded", LOG_STRING("tool", run->tool->name),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    run->out = false;
    finish(run);
}

void tool_run_end(struct tool_run *run, const struct fault *fault) {
    if (fault) {
        run->fault = arena_allocate(run->arena, sizeof *run->fault);
        *run->fault = *fault;
    }
    run->kept = buffer_slice(&run->result);
    if (run->key.size > 0)
        run->kept = redact_json(run->bot->redact, REDACT_LOG, run->kept, run->arena);
    if (run->key.size > 0 && !(fault && run->unsure))
        tool_run_store(run, true, end_write, on_write_ended);
    else
        finish(run);
}

/* --- SQL: on a worker thread --- */

static void sql_back(void *user) {
    struct tool_run *run = user;
    run->out = false;
    struct fault *fault = run->fault;
    run->fault = NULL;
    tool_run_end(run, fault);
}

static void sql_job(struct job *job, void *state) {
    struct tool_run *run =
        (struct tool_run *)(void *)((char *)job - offsetof(struct tool_run, sql_job));
    struct fault fault;
    /* What changes something ends in order, so that it is known whether it was done. */
    const atomic_bool *stopped = run->tool->write ? NULL : &run->stopped;
    if (!sql_tool_run(state, run->tool->sql, &run->input, run->timeout_ms, stopped, &run->result,
                      &fault)) {
        run->unsure = sql_tool_unsure(&fault);
        run->fault = arena_allocate(run->arena, sizeof *run->fault);
        *run->fault = fault;
    }
    loop_post(run->chat->parts.loop, sql_back, run);
}

static void run_sql(struct tool_run *run) {
    struct fault fault;
    run->sql_job.run = sql_job;
    run->out = true;
    if (run->chat->parts.tool_workers &&
        workers_submit(run->chat->parts.tool_workers, &run->sql_job))
        return;
    run->out = false;
    fault_set(&fault, FAULT_UNAVAILABLE, "The server is shutting down.");
    tool_run_end(run, &fault);
}

/* --- the beginning --- */

static void run_kind(struct tool_run *run) {
    switch (run->tool->kind) {
    case TOOL_SQL:
        run_sql(run);
        break;
    case TOOL_HTTP:
        tool_run_http(run);
        break;
    case TOOL_MCP:
        tool_run_mcp(run);
        break;
    case TOOL_BUILTIN:
        tool_run_builtin(run);
        break;
    }
}

static bool begin_write(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    int64_t now_ms = clock_wall_ms();
    return store_tool_write_begin(session, run->key, now_ms, now_ms - write_memory_ms, run->arena,
                                  &run->write, &run->earlier, fault);
}

static void on_write_begun(struct store_job *job, const struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    struct fault own;
    bool is_new = !fault && run->write == STORE_TOOL_WRITE_NEW;
    /* Cancelled before anything was done: let it be asked for again. */
    if (!run->done && is_new) {
        fault_set(&own, FAULT_CANCELLED, "Cancelled.");
        tool_run_end(run, &own);
        return;
    }
    if (tool_run_back(run))
        return;
    if (is_new) {
        run_kind(run);
        return;
    }
    if (fault) {
        fault_set(&own, FAULT_STORE, "This cannot be done at the moment.");
        fault_detail(&own, "%s %s", fault->message, fault->detail);
    } else if (run->write == STORE_TOOL_WRITE_OPEN) {
        fault_set(&own, FAULT_CONFLICT,
                  "The same was asked for before, and it is not known whether it was done. Do not "
                  "try again; say so.");
    } else {
        buffer_append(&run->result, run->earlier);
    }
    run->key = (struct slice){NULL, 0}; /* nothing is to be recorded */
    tool_run_end(run, fault || run->write == STORE_TOOL_WRITE_OPEN ? &own : NULL);
}

static void copy_bindings(struct tool_run *run, const struct tool_run_request *request) {
    struct tool_binding *bindings =
        arena_array(run->arena, request->binding_count, sizeof *bindings);
    for (size_t i = 0; i < request->binding_count; i++)
        bindings[i] = (struct tool_binding){arena_copy(run->arena, request->bindings[i].name),
                                            arena_copy(run->arena, request->bindings[i].value)};
    run->input.bindings = bindings;
    run->input.binding_count = request->binding_count;
}

struct tool_run *tool_run_start(struct chat *chat, const struct tool_run_request *request,
                                tool_run_done *done, void *user) {
    struct arena *arena = arena_create(1024);
    struct tool_run *run = arena_allocate(arena, sizeof *run);
    run->chat = chat;
    run->arena = arena;
    run->settings = settings_reference(request->settings);
    run->bot = request->bot;
    run->tool = request->tool;
    run->mcp_name = arena_copy(arena, request->mcp_name);
    run->input.arguments = arena_copy(arena, request->arguments);
    run->key = arena_copy(arena, request->key);
    run->timeout_ms = request->timeout_ms;
    run->done = done;
    run->user = user;
    copy_bindings(run, request);
    chat_hold(chat);
    bool gone = false;
    run->gone = &gone;
    if (run->key.size > 0)
        tool_run_store(run, true, begin_write, on_write_begun);
    else
        run_kind(run);
    if (gone)
        return NULL;
    run->gone = NULL;
    return run;
}

void tool_run_cancel(struct tool_run *run) {
    run->done = NULL;
    atomic_store(&run->stopped, true);
    if (run->fetch || run->mcp) {
        struct fault fault;
        if (run->fetch)
            fetch_cancel(run->fetch);
        if (run->mcp)
            mcp_task_cancel(run->mcp);
        run->fetch = NULL;
        run->mcp = NULL;
        fault_set(&fault, FAULT_CANCELLED, "Cancelled.");
        run->unsure = true; /* it was sent */
        tool_run_end(run, &fault);
    }
}
