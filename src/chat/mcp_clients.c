/* The MCP clients of one loop. */
#include "base/memory.h"
#include "chat/mcp_client_state.h"
#include "loop/loop.h"

/* Servers that the configuration no longer names are forgotten after a while. */
enum { CLIENTS_MAX = 64 };
static const int64_t unused_ms = INT64_C(30) * 60 * 1000;

struct mcp_clients {
    struct loop *loop;
    struct fetcher *fetcher;
    struct mcp_client *clients[CLIENTS_MAX];
    size_t count;
    size_t ending; /* with something under way, while all are closed */
    void (*closed)(void *user);
    void *user;
};

struct mcp_clients *mcp_clients_create(struct loop *loop, struct fetcher *fetcher) {
    struct mcp_clients *clients = memory_zeroed(1, sizeof *clients);
    clients->loop = loop;
    clients->fetcher = fetcher;
    return clients;
}

void mcp_clients_destroy(struct mcp_clients *clients) {
    if (!clients)
        return;
    for (size_t i = 0; i < clients->count; i++)
        mcp_client_destroy(clients->clients[i]);
    free(clients);
}

static bool is_same(const struct mcp_server *a, const struct mcp_server *b) {
    if (strcmp(a->name, b->name) != 0 || strcmp(a->url, b->url) != 0 ||
        a->header_count != b->header_count || a->tool_count != b->tool_count ||
        a->allow_private != b->allow_private || a->bytes_max != b->bytes_max)
        return false;
    for (size_t i = 0; i < a->header_count; i++)
        if (strcmp(a->headers[i].name, b->headers[i].name) != 0 ||
            !slice_equal(a->headers[i].value, b->headers[i].value))
            return false;
    for (size_t i = 0; i < a->tool_count; i++)
        if (strcmp(a->tools[i], b->tools[i]) != 0)
            return false;
    return true;
}

/* True when a place was made: the longest unused one that nobody waits for. */
static bool drop_unused(struct mcp_clients *clients, int64_t least_ms) {
    size_t oldest = clients->count;
    for (size_t i = 0; i < clients->count; i++)
        if (LIST_EMPTY(&clients->clients[i]->tasks) &&
            (oldest == clients->count ||
             clients->clients[i]->used_ms < clients->clients[oldest]->used_ms))
            oldest = i;
    if (oldest == clients->count ||
        loop_now_ms(clients->loop) - clients->clients[oldest]->used_ms < least_ms)
        return false;
    mcp_client_destroy(clients->clients[oldest]);
    clients->clients[oldest] = clients->clients[--clients->count];
    return true;
}

struct mcp_client *mcp_clients_get(struct mcp_clients *clients, const struct mcp_server *server) {
    for (size_t i = 0; i < clients->count; i++)
        if (is_same(&clients->clients[i]->server, server))
            return clients->clients[i];
    drop_unused(clients, unused_ms);
    if (clients->count == CLIENTS_MAX && !drop_unused(clients, 0))
        return NULL;
    return clients->clients[clients->count++] =
               mcp_client_create(clients->loop, clients->fetcher, server);
}

/* --- the end --- */

static void on_emptied(void *user) {
    struct mcp_clients *clients = user;
    if (--clients->ending > 0)
        return;
    for (size_t i = 0; i < clients->count; i++)
        clients->clients[i]->line.emptied = NULL;
    clients->closed(clients->user);
}

void mcp_clients_close(struct mcp_clients *clients, void (*closed)(void *user), void *user) {
    clients->closed = closed;
    clients->user = user;
    for (size_t i = 0; i < clients->count; i++) {
        struct mcp_client *client = clients->clients[i];
        mcp_client_end_session(client);
        if (LIST_EMPTY(&client->line.exchanges))
            continue;
        client->line.emptied = on_emptied;
        client->line.user = clients;
        clients->ending++;
    }
    if (clients->ending == 0)
        closed(user);
}
