#include "chat/mcp_client.h"
#include "base/arena.h"
#include "base/memory.h"
#include "chat/mcp_client_state.h"
#include "loop/loop.h"

/* The task's own timer comes before the exchange's, and tells the server. */
static const int64_t slack_ms = 2000;
static const int64_t notice_ms = 2000;

/* --- tasks --- */

static void free_task(struct mcp_task *task) {
    if (task->gone)
        *task->gone = true;
    timer_stop(&task->timer);
    LIST_REMOVE(task, all);
    arena_destroy(task->arena);
}

static void end_list(struct mcp_task *task, struct mcp_tools *tools, const struct fault *fault) {
    mcp_list_done *done = task->list_done;
    void *user = task->user;
    free_task(task);
    if (tools)
        mcp_tools_reference(tools); /* the callback may have others fetched */
    done(user, tools, fault);
    mcp_tools_release(tools);
}

static void end_call(struct mcp_task *task, struct slice result, const struct fault *fault,
                     bool unsure) {
    mcp_call_done *done = task->call_done;
    void *user = task->user;
    free_task(task);
    done(user, result, fault, unsure);
}

static void fail_task(struct mcp_task *task, const struct fault *fault, bool unsure) {
    if (task->is_call)
        end_call(task, (struct slice){NULL, 0}, fault, unsure);
    else if (task->client->tools) /* better old than none */
        end_list(task, task->client->tools, NULL);
    else
        end_list(task, NULL, fault);
}

/* Callbacks may end other tasks, so each is looked for anew. */
static struct mcp_task *first_waiting(const struct mcp_client *client) {
    struct mcp_task *task;
    LIST_FOREACH(task, &client->tasks, all) {
        if (!task->exchange)
            return task;
    }
    return NULL;
}

void mcp_client_fail(struct mcp_client *client, const struct fault *fault) {
    const struct fault copy = *fault;
    for (struct mcp_task *task; (task = first_waiting(client));)
        fail_task(task, &copy, false);
}

/* --- calling --- */

static int64_t time_left(const struct mcp_task *task) {
    int64_t left = task->deadline_ms - loop_now_ms(task->client->line.loop);
    return left > 1 ? left : 1;
}

/* The part of the codes in which each server has its own. */
static bool is_servers_own(const struct mcp_reply *reply) {
    return reply->outcome == MCP_REFUSED && reply->message.code <= -32000 &&
           reply->message.code > MCP_HEADER_MISMATCH;
}

bool mcp_client_lost(const struct mcp_client *client, const struct mcp_reply *reply) {
    bool unnamed = reply->outcome == MCP_STATUS || is_servers_own(reply);
    /* The specification says 404 for a session that is over; some servers say 400. */
    if (!client->terms.stateless)
        return client->terms.session.size > 0 &&
               (reply->status == 404 || (reply->status == 400 && unnamed));
    /* A server of today says what is wrong. This is an older one by now. */
    return (reply->outcome == MCP_REFUSED && reply->message.code == MCP_VERSION_UNSUPPORTED) ||
           (unnamed && (reply->status == 400 || reply->status == 404 || reply->status == 405));
}

void mcp_client_forget(struct mcp_client *client, unsigned generation) {
    if (generation == client->generation)
        client->ready = false;
}

/* Once more, on other terms or with a newer list. */
static void call_again(struct mcp_task *task, bool lost) {
    struct mcp_client *client = task->client;
    task->retried = true;
    if (lost) {
        mcp_client_forget(client, task->generation);
    } else {
        task->wants_list = true;
        client->tools_stale = true;
    }
    mcp_client_advance(client);
}

static void on_called(void *user, const struct mcp_reply *reply) {
    struct mcp_task *task = user;
    struct mcp_client *client = task->client;
    struct fault fault = reply->fault;
    struct buffer text = {0};
    task->exchange = NULL;
    client->tools_stale = client->tools_stale || reply->message.list_changed;
    bool lost = mcp_client_lost(client, reply);
    bool mismatch = reply->outcome == MCP_REFUSED && reply->message.code == MCP_HEADER_MISMATCH;
    if ((lost || mismatch) && !task->retried) {
        call_again(task, lost);
        return;
    }
    bool ok = reply->outcome == MCP_RESULT && mcp_read_result(reply->message.result, &text, &fault);
    if (reply->outcome == MCP_REFUSED)
        mcp_refusal(&reply->message, &fault);
    else if (reply->outcome == MCP_ACCEPTED)
        fault_set(&fault, FAULT_PROVIDER_MALFORMED,
                  "The tool's server did not answer as it should.");
    end_call(task, buffer_slice(&text), ok ? NULL : &fault, reply->unsure);
    buffer_finish(&text);
}

static void send_call(struct mcp_task *task, const struct mcp_tool *tool) {
    struct mcp_client *client = task->client;
    struct arena *arena = arena_create(1024);
    struct mcp_exchange_request exchange = {
        .id = task->id = mcp_client_next_id(client),
        .resume = client->terms.stateless ? NULL : &client->terms,
        .timeout_ms = time_left(task) + slack_ms,
        .bytes_max = client->server.bytes_max,
    };
    task->generation = client->generation;
    mcp_encode_call(&client->server, &client->terms, exchange.id, tool, task->arguments, arena,
                    &exchange.request);
    task->exchange = mcp_exchange_start(&client->line, &exchange, on_called, task);
    arena_destroy(arena);
}

/* --- what is to be done next --- */

int64_t mcp_client_next_id(struct mcp_client *client) {
    return ++client->last_id;
}

/* True when the task was sent or has ended; false when the list must come first. */
static bool serve(struct mcp_task *task) {
    struct mcp_client *client = task->client;
    struct fault fault;
    if ((!task->is_call || task->wants_list) && !mcp_client_tools_fresh(client))
        return false;
    if (!task->is_call) {
        end_list(task, client->tools, NULL);
        return true;
    }
    /* A list that is too old is good enough to know what the tool is called with. */
    const struct mcp_tool *tool = mcp_tools_find(client->tools, task->name);
    if (tool) {
        send_call(task, tool);
        return true;
    }
    if (!mcp_client_tools_fresh(client))
        return false;
    fault_set(&fault, FAULT_NOT_FOUND, "The tool's server does not have this tool.");
    fail_task(task, &fault, false);
    return true;
}

/* Callbacks may end other tasks, so it begins anew after each that was served. */
static bool serve_one(struct mcp_client *client) {
    struct mcp_task *task;
    LIST_FOREACH(task, &client->tasks, all) {
        if (!task->exchange && serve(task))
            return true;
    }
    return false;
}

void mcp_client_advance(struct mcp_client *client) {
    while (client->ready && serve_one(client))
        ;
    if (!first_waiting(client))
        return;
    if (client->ready)
        mcp_client_start_list(client);
    else
        mcp_client_start_setup(client);
}

/* --- giving up --- */

static void notify(struct mcp_client *client, const struct mcp_request *request) {
    const struct mcp_exchange_request exchange = {
        .request = *request, .id = -1, .timeout_ms = notice_ms, .bytes_max = MCP_LIST_BYTES_MIN};
    mcp_exchange_start(&client->line, &exchange, NULL, NULL);
}

/* Nobody waits for the answer any longer. Without a session the closed connection says so. */
static void abandon(struct mcp_task *task) {
    struct mcp_client *client = task->client;
    struct mcp_request request;
    if (!task->exchange)
        return;
    mcp_exchange_cancel(task->exchange);
    task->exchange = NULL;
    if (!client->ready || client->terms.stateless || task->generation != client->generation)
        return;
    struct arena *arena = arena_create(512);
    mcp_encode_cancelled(&client->server, &client->terms, task->id, arena, &request);
    notify(client, &request);
    arena_destroy(arena);
}

void mcp_client_end_session(struct mcp_client *client) {
    struct mcp_request request;
    if (!client->ready || client->terms.stateless || client->terms.session.size == 0)
        return;
    struct arena *arena = arena_create(512);
    mcp_encode_end(&client->server, &client->terms, arena, &request);
    notify(client, &request);
    arena_destroy(arena);
    client->ready = false;
}

static void on_late(void *user) {
    struct mcp_task *task = user;
    struct fault fault;
    bool sent = task->exchange != NULL;
    abandon(task);
    fault_set(&fault, FAULT_PROVIDER_STALLED, "The tool's server did not answer in time.");
    fault_detail(&fault, "%s, %s", task->client->server.name,
                 sent ? "while it ran" : "before it could be asked");
    fail_task(task, &fault, sent);
}

static struct mcp_task *start(struct mcp_client *client, struct mcp_task *task,
                              int64_t timeout_ms) {
    bool gone = false;
    int64_t now_ms = loop_now_ms(client->line.loop);
    task->client = client;
    task->deadline_ms = now_ms + timeout_ms;
    task->gone = &gone;
    client->used_ms = now_ms;
    timer_init(&task->timer, client->line.loop, on_late, task);
    timer_set(&task->timer, timeout_ms);
    LIST_INSERT_HEAD(&client->tasks, task, all);
    mcp_client_advance(client);
    if (gone)
        return NULL;
    task->gone = NULL;
    return task;
}

struct mcp_task *mcp_client_list(struct mcp_client *client, int64_t timeout_ms, mcp_list_done *done,
                                 void *user) {
    struct arena *arena = arena_create(256);
    struct mcp_task *task = arena_allocate(arena, sizeof *task);
    *task = (struct mcp_task){.arena = arena, .list_done = done, .user = user};
    return start(client, task, timeout_ms);
}

struct mcp_task *mcp_client_call(struct mcp_client *client, struct slice name,
                                 struct slice arguments, int64_t timeout_ms, mcp_call_done *done,
                                 void *user) {
    struct arena *arena = arena_create(512);
    struct mcp_task *task = arena_allocate(arena, sizeof *task);
    *task = (struct mcp_task){.arena = arena,
                              .is_call = true,
                              .call_done = done,
                              .user = user,
                              .name = arena_copy(arena, name),
                              .arguments = arena_copy(arena, arguments)};
    return start(client, task, timeout_ms);
}

void mcp_task_cancel(struct mcp_task *task) {
    abandon(task);
    free_task(task);
}

/* --- the client --- */

static const char *copy_text(struct arena *arena, const char *text) {
    return arena_string(arena, slice_of(text));
}

static struct mcp_server copy_server(struct arena *arena, const struct mcp_server *server) {
    struct mcp_server copy = *server;
    struct mcp_header *headers = arena_array(arena, server->header_count, sizeof *headers);
    const char **tools = arena_array(arena, server->tool_count, sizeof *tools);
    for (size_t i = 0; i < server->header_count; i++)
        headers[i] = (struct mcp_header){copy_text(arena, server->headers[i].name),
                                         arena_copy(arena, server->headers[i].value)};
    for (size_t i = 0; i < server->tool_count; i++)
        tools[i] = copy_text(arena, server->tools[i]);
    copy.name = copy_text(arena, server->name);
    copy.url = copy_text(arena, server->url);
    copy.headers = headers;
    copy.tools = tools;
    if (copy.bytes_max == 0)
        copy.bytes_max = MCP_LIST_BYTES_MIN;
    return copy;
}

struct mcp_client *mcp_client_create(struct loop *loop, struct fetcher *fetcher,
                                     const struct mcp_server *server) {
    struct arena *arena = arena_create(1024);
    struct mcp_client *client = arena_allocate(arena, sizeof *client);
    client->arena = arena;
    client->server = copy_server(arena, server);
    client->line = (struct mcp_line){.loop = loop, .fetcher = fetcher, .server = &client->server};
    client->used_ms = loop_now_ms(loop);
    return client;
}

void mcp_client_destroy(struct mcp_client *client) {
    if (!client)
        return;
    while (!LIST_EMPTY(&client->tasks))
        free_task(LIST_FIRST(&client->tasks));
    mcp_line_finish(&client->line);
    arena_destroy(client->listing.arena);
    mcp_tools_release(client->tools);
    buffer_finish(&client->session);
    arena_destroy(client->arena);
}
