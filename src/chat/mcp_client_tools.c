/* The list of an MCP server's tools. */
#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/mcp_client_state.h"
#include "loop/loop.h"

enum { TOOLS_MAX = 256, PAGES_MAX = 64 };
static const int64_t list_ms = 15000;
static const int64_t fresh_usual_ms = (int64_t)5 * 60 * 1000, fresh_min_ms = 10000,
                     fresh_max_ms = (int64_t)60 * 60 * 1000;
/* After a failure nobody waits for the next one: the old list is given out, or the fault. */
static const int64_t again_ms = 10000;

struct mcp_tools *mcp_tools_reference(struct mcp_tools *tools) {
    tools->references++;
    return tools;
}

void mcp_tools_release(struct mcp_tools *tools) {
    if (tools && --tools->references == 0)
        arena_destroy(tools->arena);
}

const struct mcp_tool *mcp_tools_find(const struct mcp_tools *tools, struct slice name) {
    for (size_t i = 0; tools && i < tools->count; i++)
        if (slice_equal(tools->tools[i].name, name))
            return &tools->tools[i];
    return NULL;
}

bool mcp_client_tools_fresh(const struct mcp_client *client) {
    return client->tools && !client->tools_stale &&
           client->tools_until_ms > loop_now_ms(client->line.loop);
}

/* --- one page --- */

static bool is_wanted(const struct mcp_server *server, struct slice name) {
    for (size_t i = 0; i < server->tool_count; i++)
        if (slice_is(name, server->tools[i]))
            return true;
    return server->tool_count == 0;
}

static bool is_known(const struct mcp_listing *listing, struct slice name) {
    for (size_t i = 0; i < listing->count; i++)
        if (slice_equal(listing->tools[i].name, name))
            return true;
    return false;
}

static void take_page(struct mcp_client *client, struct slice tools) {
    struct mcp_listing *listing = &client->listing;
    struct slice value;
    size_t cursor = 0;
    while (json_next_element(tools, &cursor, &value) && listing->count < TOOLS_MAX) {
        struct slice name = json_plain_string(json_get(value, "name"));
        struct mcp_tool tool;
        struct fault fault;
        if (!is_wanted(&client->server, name) || is_known(listing, name))
            continue;
        if (mcp_read_tool(value, client->terms.stateless, listing->arena, &tool, &fault))
            listing->tools[listing->count++] = tool;
        else
            log_warning(
                "a tool of an MCP server is left out", LOG_STRING("server", client->server.name),
                LOG_SLICE("tool", slice_first(name, 128)), LOG_STRING("reason", fault.message), );
    }
}

/* --- the whole --- */

static void finish_list(struct mcp_client *client) {
    struct mcp_listing *listing = &client->listing;
    struct mcp_tools *tools = arena_allocate(listing->arena, sizeof *tools);
    int64_t fresh_ms = listing->fresh_ms > 0 ? listing->fresh_ms : fresh_usual_ms;
    fresh_ms = fresh_ms < fresh_min_ms   ? fresh_min_ms
               : fresh_ms > fresh_max_ms ? fresh_max_ms
                                         : fresh_ms;
    *tools = (struct mcp_tools){1, listing->arena, listing->tools, listing->count};
    for (size_t i = 0; i < client->server.tool_count; i++)
        if (!mcp_tools_find(tools, slice_of(client->server.tools[i])))
            log_warning("an MCP server does not have a tool",
                        LOG_STRING("server", client->server.name),
                        LOG_STRING("tool", client->server.tools[i]), );
    *listing = (struct mcp_listing){0};
    mcp_tools_release(client->tools);
    client->tools = tools;
    client->tools_until_ms = loop_now_ms(client->line.loop) + fresh_ms;
    mcp_client_advance(client);
}

static void drop_listing(struct mcp_client *client) {
    arena_destroy(client->listing.arena);
    client->listing = (struct mcp_listing){0};
}

static void fail_list(struct mcp_client *client, const struct fault *fault) {
    drop_listing(client);
    log_warning("the tools of an MCP server cannot be listed",
                LOG_STRING("server", client->server.name), LOG_STRING("error", fault->message),
                LOG_STRING("detail", fault->detail), );
    if (!client->tools) {
        client->failure = *fault;
        client->failed_until_ms = loop_now_ms(client->line.loop) + again_ms;
        mcp_client_fail(client, fault);
        return;
    }
    client->tools_stale = false;
    client->tools_until_ms = loop_now_ms(client->line.loop) + again_ms;
    mcp_client_advance(client);
}

static void send_page(struct mcp_client *client, struct slice cursor);

static void on_page(void *user, const struct mcp_reply *reply) {
    struct mcp_client *client = user;
    struct mcp_listing *listing = &client->listing;
    struct mcp_page page;
    struct fault fault = reply->fault;
    listing->exchange = NULL;
    if (mcp_client_lost(client, reply) && !listing->retried) {
        unsigned generation = listing->generation;
        drop_listing(client);
        listing->retried = true;
        mcp_client_forget(client, generation);
        mcp_client_advance(client);
        return;
    }
    if (reply->outcome == MCP_REFUSED)
        mcp_refusal(&reply->message, &fault);
    else if (reply->outcome == MCP_ACCEPTED)
        fault_set(&fault, FAULT_PROVIDER_MALFORMED,
                  "The tool's server did not answer as it should.");
    if (reply->outcome != MCP_RESULT || !mcp_read_page(reply->message.result, &page, &fault)) {
        fail_list(client, &fault);
        return;
    }
    if (listing->pages++ == 0)
        listing->fresh_ms = page.fresh_ms;
    take_page(client, page.tools);
    if (page.cursor.size > 0 && listing->pages < PAGES_MAX && listing->count < TOOLS_MAX)
        send_page(client, page.cursor);
    else
        finish_list(client);
}

static void send_page(struct mcp_client *client, struct slice cursor) {
    struct arena *arena = arena_create(512);
    size_t bytes_max = client->server.bytes_max;
    struct mcp_exchange_request exchange = {
        .id = mcp_client_next_id(client),
        .timeout_ms = list_ms,
        .resume = client->terms.stateless ? NULL : &client->terms,
        .bytes_max = bytes_max > MCP_LIST_BYTES_MIN ? bytes_max : MCP_LIST_BYTES_MIN,
    };
    mcp_encode_list(&client->server, &client->terms, exchange.id, cursor, arena, &exchange.request);
    client->listing.exchange = mcp_exchange_start(&client->line, &exchange, on_page, client);
    arena_destroy(arena);
}

void mcp_client_start_list(struct mcp_client *client) {
    struct mcp_listing *listing = &client->listing;
    if (listing->exchange)
        return;
    if (!client->tools && client->failed_until_ms > loop_now_ms(client->line.loop)) {
        mcp_client_fail(client, &client->failure);
        return;
    }
    bool retried = listing->retried;
    *listing = (struct mcp_listing){
        .arena = arena_create(4096), .generation = client->generation, .retried = retried};
    listing->tools = arena_array(listing->arena, TOOLS_MAX, sizeof *listing->tools);
    client->tools_stale = false; /* what changes from now on is seen again */
    send_page(client, (struct slice){NULL, 0});
}
