#include "mcp_script.h"
#include <stdio.h>

/* --- the server --- */

static struct slice header_of(const struct peer *peer, const char *name) {
    struct slice head = buffer_slice(&peer->head);
    size_t at = slice_find(head, slice_of(name));
    if (at == SIZE_MAX)
        return SLICE("-");
    struct slice rest = slice_from(head, at + strlen(name));
    return slice_trim(slice_first(rest, slice_find_byte(rest, '\r')));
}

static void answer(struct peer *peer, int status, const char *more, const char *type,
                   const char *body) {
    struct buffer text = {0};
    buffer_printf(&text, "HTTP/1.1 %d X\r\n%s", status, more);
    if (*type)
        buffer_printf(&text, "Content-Type: %s\r\n", type);
    buffer_printf(&text, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    peer_send(peer, buffer_string(&text));
    buffer_finish(&text);
}

static void respond(struct peer *peer, const char *more, int64_t id, const char *result) {
    struct buffer text = {0};
    buffer_printf(&text, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":%s}", (long long)id, result);
    answer(peer, 200, more, "application/json; charset=utf-8", buffer_string(&text));
    buffer_finish(&text);
}

static void refuse(struct peer *peer, int status, int64_t id, int code) {
    struct buffer text = {0};
    buffer_printf(&text,
                  "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"error\":{\"code\":%d,\"message\":\"no\"}}",
                  (long long)id, code);
    answer(peer, status, "", "application/json", buffer_string(&text));
    buffer_finish(&text);
}

static void begin_events(struct peer *peer) {
    peer_send(peer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n");
}

static void send_event(struct peer *peer, const char *text) {
    char chunk[1024];
    snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(text), text);
    peer_send(peer, chunk);
}

static void send_result_event(struct peer *peer, int64_t id, const char *result) {
    char text[800];
    snprintf(text, sizeof text,
             "id: last\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"id\":%lld,"
             "\"result\":%s}\n\n",
             (long long)id, result);
    send_event(peer, text);
}

static int count_down(struct script *script, int *count) {
    pthread_mutex_lock(&script->lock);
    int before = *count;
    *count -= before > 0;
    pthread_mutex_unlock(&script->lock);
    return before;
}

static void call(struct peer *peer, struct script *script, int64_t id) {
    const char *result =
        script->call ? script->call : "{\"content\":[{\"type\":\"text\",\"text\":\"done\"}]}";
    if (count_down(script, &script->lost_calls) > 0) {
        if (script->lost_status == 404)
            refuse(peer, 404, id, -32001);
        else
            answer(peer, script->lost_status, "", "text/plain", "No session");
    } else if (count_down(script, &script->mismatches) > 0) {
        refuse(peer, 400, id, -32020);
    } else if (script->hangs) {
        begin_events(peer);
        send_event(peer, ": waiting\n\n");
        peer_wait_gate(peer, 1);
    } else if (script->breaks) {
        begin_events(peer);
        send_event(peer, "id: e-7\nretry: 1\ndata:\n\n");
        send_event(peer, "");
    } else if (script->changes) {
        begin_events(peer);
        send_event(peer, "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n");
        send_event(peer, "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n\n"
                         "data: {\"jsonrpc\":\"2.0\",\"method\":"
                         "\"notifications/tools/list_changed\"}\n\n");
        send_result_event(peer, id, result);
        peer_wait_gate(peer, 1); /* the stream stays open */
        send_event(peer, "");
    } else {
        respond(peer, "", id, result);
    }
}

static void list(struct peer *peer, struct script *script, int64_t id, struct slice params) {
    pthread_mutex_lock(&script->lock);
    bool again = script->lists++ >= 2;
    pthread_mutex_unlock(&script->lock);
    if (script->broken_list && again)
        answer(peer, 503, "", "text/html", "<h1>down</h1>");
    else if (json_string_is(json_get(params, "cursor"), "2"))
        respond(peer, "", id,
                "{\"tools\":[{\"name\":\"echo\",\"inputSchema\":{\"type\":\"object\"}},"
                "{\"name\":\"last\",\"inputSchema\":{\"type\":\"object\"}}]}");
    else
        respond(peer, "", id,
                "{\"tools\":[{\"name\":\"echo\",\"description\":\"Says it\",\"inputSchema\":"
                "{\"type\":\"object\",\"properties\":{\"m\":{\"type\":\"string\","
                "\"x-mcp-header\":\"M\"}}}},{\"name\":\"bad one\",\"inputSchema\":{}}],"
                "\"nextCursor\":\"2\"}");
}

static void initialize(struct peer *peer, struct script *script, int64_t id) {
    pthread_mutex_lock(&script->lock);
    int session = ++script->sessions;
    pthread_mutex_unlock(&script->lock);
    char header[64];
    snprintf(header, sizeof header, "Mcp-Session-Id: s%d\r\n", session);
    respond(peer, header, id,
            "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}}}");
}

static void discover(struct peer *peer, const struct script *script, int64_t id) {
    if (script->discover)
        answer(peer, 200, "", "application/json", script->discover);
    else if (script->stateless)
        respond(peer, "", id,
                "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"]}");
    else
        answer(peer, 400, "", "application/json",
               "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32000,\"message\":\"no\"}}");
}

static void serve(struct peer *peer) {
    struct script *script = peer->server->user;
    while (peer_read_request(peer)) {
        struct slice body = buffer_slice(&peer->body);
        struct slice method = json_plain_string(json_get(body, "method"));
        int64_t id = -1;
        json_read_int64(json_get(body, "id"), &id);
        if (method.size == 0) /* GET or DELETE */
            method = slice_first(buffer_slice(&peer->head),
                                 slice_find_byte(buffer_slice(&peer->head), ' '));
        pthread_mutex_lock(&script->lock);
        buffer_append(&script->log, method);
        buffer_append_byte(&script->log, ' ');
        buffer_append(&script->log, script->stateless ? header_of(peer, "Mcp-Method: ")
                                                      : header_of(peer, "Mcp-Session-Id: "));
        buffer_append_byte(&script->log, ';');
        pthread_mutex_unlock(&script->lock);
        if (slice_is(method, "server/discover"))
            discover(peer, script, id);
        else if (slice_is(method, "initialize"))
            initialize(peer, script, id);
        else if (slice_is(method, "tools/list"))
            list(peer, script, id, json_get(body, "params"));
        else if (slice_is(method, "tools/call"))
            call(peer, script, id);
        else if (slice_is(method, "GET")) {
            begin_events(peer);
            /* Only the event's number says which request it is of: here the first call. */
            send_result_event(peer, slice_is(header_of(peer, "Last-Event-ID: "), "e-7") ? 5 : 0,
                              "{\"content\":[{\"type\":\"text\",\"text\":\"resumed\"}]}");
            send_event(peer, "");
        } else
            answer(peer, 202, "", "", "");
        if (slice_is(method, "notifications/cancelled"))
            server_raise_gate(peer->server);
    }
}

/* --- the client --- */

void mcp_begin_at(struct fixture *fixture, struct mcp_server server) {
    pthread_mutex_init(&fixture->script.lock, NULL);
    fixture->server = server_start(serve, &fixture->script);
    fixture->loop = loop_create();
    fixture->fetcher = fetcher_create(fixture->loop);
    server.name = "docs";
    server.url = server_url(fixture->server, "/mcp");
    fixture->client = mcp_client_create(fixture->loop, fixture->fetcher, &server);
}

void mcp_begin(struct fixture *fixture) {
    mcp_begin_at(fixture, (struct mcp_server){.allow_private = true});
}

void mcp_end(struct fixture *fixture) {
    mcp_client_destroy(fixture->client);
    fetcher_destroy(fixture->fetcher);
    loop_destroy(fixture->loop);
    server_stop(fixture->server);
    buffer_finish(&fixture->script.log);
    pthread_mutex_destroy(&fixture->script.lock);
}

static void ended(struct wait *wait, const struct fault *fault) {
    wait->ends++;
    wait->task = NULL;
    wait->failed = fault != NULL;
    if (fault)
        wait->fault = *fault;
    if (wait->then)
        wait->then(wait);
    if (--wait->fixture->pending == 0)
        loop_stop(wait->fixture->loop);
}

static void on_list(void *user, struct mcp_tools *tools, const struct fault *fault) {
    struct wait *wait = user;
    assert_int_equal(tools == NULL, fault != NULL);
    for (size_t i = 0; tools && i < tools->count; i++)
        buffer_printf(&wait->text, "%.*s;", SLICE_ARG(tools->tools[i].name));
    ended(wait, fault);
}

static void on_call(void *user, struct slice result, const struct fault *fault, bool unsure) {
    struct wait *wait = user;
    buffer_append(&wait->text, result);
    wait->unsure = unsure;
    ended(wait, fault);
}

void mcp_start_list(struct fixture *fixture, struct wait *wait) {
    wait->fixture = fixture;
    fixture->pending++;
    wait->task = mcp_client_list(fixture->client, 10000, on_list, wait);
}

void mcp_start_call(struct fixture *fixture, struct wait *wait, const char *name,
                    int64_t timeout_ms) {
    wait->fixture = fixture;
    fixture->pending++;
    wait->task = mcp_client_call(fixture->client, slice_of(name), SLICE("{\"m\":\"hi\"}"),
                                 timeout_ms, on_call, wait);
}

void mcp_run(struct fixture *fixture) {
    if (fixture->pending > 0)
        loop_run(fixture->loop);
}

void mcp_expect(struct wait *wait, const char *text) {
    assert_int_equal(wait->ends, 1);
    if (wait->failed)
        fail_msg("%s %s", wait->fault.message, wait->fault.detail);
    assert_string_equal(buffer_string(&wait->text), text);
    buffer_finish(&wait->text);
}

void mcp_expect_fault(struct wait *wait, enum fault_kind kind, bool unsure) {
    assert_int_equal(wait->ends, 1);
    assert_true(wait->failed);
    assert_string_equal(fault_kind_name(wait->fault.kind), fault_kind_name(kind));
    assert_null(strstr(wait->fault.message, "127.0.0.1"));
    assert_int_equal(wait->unsure, unsure);
    buffer_finish(&wait->text);
}

void mcp_list_now(struct fixture *fixture, const char *expected) {
    struct wait wait = {0};
    mcp_start_list(fixture, &wait);
    mcp_run(fixture);
    mcp_expect(&wait, expected);
}

void mcp_call_now(struct fixture *fixture, const char *expected) {
    struct wait wait = {0};
    mcp_start_call(fixture, &wait, "echo", 10000);
    mcp_run(fixture);
    mcp_expect(&wait, expected);
}

void mcp_expect_log(struct fixture *fixture, const char *expected) {
    pthread_mutex_lock(&fixture->script.lock);
    assert_string_equal(buffer_string(&fixture->script.log), expected);
    buffer_clear(&fixture->script.log);
    pthread_mutex_unlock(&fixture->script.lock);
}
