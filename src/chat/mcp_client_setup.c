/* How an MCP server is to be spoken with: found out, and agreed. */
#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "chat/mcp_client_state.h"
#include "loop/loop.h"

static const int64_t setup_ms = 15000;
/* A server of an older revision may know no better than to say nothing. */
static const int64_t discover_ms = 5000;
/* After a failure nobody waits for the next one. */
static const int64_t failure_ms = 10000;

static void send(struct mcp_client *client, struct arena *arena, struct mcp_request *request,
                 int64_t id, int64_t timeout_ms, mcp_exchange_done *done) {
    const struct mcp_exchange_request exchange = {
        .request = *request, .id = id, .timeout_ms = timeout_ms, .bytes_max = MCP_LIST_BYTES_MIN};
    client->setup = mcp_exchange_start(&client->line, &exchange, done, client);
    arena_destroy(arena);
}

static void fail(struct mcp_client *client, const struct fault *fault) {
    client->failure = *fault;
    client->failed_until_ms = loop_now_ms(client->line.loop) + failure_ms;
    log_warning("an MCP server cannot be used", LOG_STRING("server", client->server.name),
                LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    mcp_client_fail(client, fault);
}

/* The fault of any reply that is none of what was hoped for. */
static void fail_by(struct mcp_client *client, const struct mcp_reply *reply) {
    struct fault fault = reply->fault;
    if (reply->outcome == MCP_REFUSED)
        mcp_refusal(&reply->message, &fault);
    else if (reply->outcome == MCP_RESULT || reply->outcome == MCP_ACCEPTED)
        fault_set(&fault, FAULT_PROVIDER_MALFORMED,
                  "The tool's server did not answer as it should.");
    fail(client, &fault);
}

static void agree(struct mcp_client *client, const struct mcp_terms *terms) {
    client->terms = *terms;
    client->terms.session = buffer_slice(&client->session);
    client->era_known = client->ready = true;
    client->generation++;
    client->failed_until_ms = 0;
    mcp_client_advance(client);
}

/* --- with a session --- */

static void on_initialized(void *user, const struct mcp_reply *reply) {
    struct mcp_client *client = user;
    client->setup = NULL;
    /* Some servers take no notifications: their own affair. */
    if (reply->outcome == MCP_FAILED && !reply->unsure)
        fail_by(client, reply);
    else
        agree(client, &client->terms);
}

static bool is_session_id(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < 0x21 || text.data[i] > 0x7e)
            return false;
    return true;
}

static void on_initialize(void *user, const struct mcp_reply *reply) {
    struct mcp_client *client = user;
    struct mcp_terms terms;
    struct mcp_request request;
    struct fault fault;
    client->setup = NULL;
    if (reply->outcome != MCP_RESULT) {
        client->era_known = false; /* it may be another server by now */
        fail_by(client, reply);
        return;
    }
    if (!mcp_read_initialize(reply->message.result, &terms, &fault)) {
        fail(client, &fault);
        return;
    }
    buffer_clear(&client->session);
    if (is_session_id(reply->session))
        buffer_append(&client->session, reply->session);
    client->terms = terms;
    client->terms.session = buffer_slice(&client->session);
    struct arena *arena = arena_create(512);
    mcp_encode_initialized(&client->server, &client->terms, arena, &request);
    send(client, arena, &request, -1, setup_ms, on_initialized);
}

static void initialize(struct mcp_client *client) {
    struct arena *arena = arena_create(512);
    struct mcp_request request;
    int64_t id = mcp_client_next_id(client);
    mcp_encode_initialize(&client->server, id, arena, &request);
    send(client, arena, &request, id, setup_ms, on_initialize);
}

/* --- which of both it is --- */

/* Whether another request has a better chance. */
static bool may_be_older(const struct mcp_reply *reply) {
    if (reply->outcome == MCP_STATUS)
        return reply->status != 401 && reply->status != 403 && reply->status != 429;
    /* It was reached and made nothing of our request. */
    return reply->outcome != MCP_FAILED || reply->unsure;
}

static void on_discover(void *user, const struct mcp_reply *reply) {
    struct mcp_client *client = user;
    struct mcp_terms terms;
    struct fault fault;
    client->setup = NULL;
    bool unsupported =
        reply->outcome == MCP_REFUSED && reply->message.code == MCP_VERSION_UNSUPPORTED;
    if (reply->outcome == MCP_RESULT || unsupported) {
        bool agreed = unsupported ? mcp_read_unsupported(&reply->message, &terms, &fault)
                                  : mcp_read_discover(reply->message.result, &terms, &fault);
        if (!agreed)
            fail(client, &fault);
        else if (terms.stateless)
            agree(client, &terms);
        else
            initialize(client);
    } else if (may_be_older(reply)) {
        initialize(client);
    } else {
        fail_by(client, reply);
    }
}

void mcp_client_start_setup(struct mcp_client *client) {
    if (client->setup)
        return;
    if (client->failed_until_ms > loop_now_ms(client->line.loop)) {
        mcp_client_fail(client, &client->failure);
        return;
    }
    if (client->era_known && !client->terms.stateless) {
        initialize(client);
        return;
    }
    struct arena *arena = arena_create(512);
    struct mcp_request request;
    int64_t id = mcp_client_next_id(client);
    buffer_clear(&client->session);
    mcp_encode_discover(&client->server, id, arena, &request);
    send(client, arena, &request, id, discover_ms, on_discover);
}
