#include "tool/mcp.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "tool/mcp_parameter.h"

/* Of our own, beside those of parameters. */
enum { OWN_HEADERS = 8 };

struct request {
    struct arena *arena;
    struct mcp_header *headers;
    size_t count;
};

static void add(struct request *request, const char *name, struct slice value) {
    request->headers[request->count++] = (struct mcp_header){name, value};
}

/* The owner's headers go along, but for those that the protocol itself decides. */
static bool is_ours(const char *name) {
    struct slice text = slice_of(name);
    return slice_equal_nocase(slice_first(text, 4), SLICE("mcp-")) ||
           slice_equal_nocase(text, SLICE("content-type")) ||
           slice_equal_nocase(text, SLICE("accept")) ||
           slice_equal_nocase(text, SLICE("last-event-id"));
}

static struct request start(const struct mcp_server *server, const struct mcp_terms *terms,
                            size_t parameters, struct arena *arena) {
    struct request request = {.arena = arena};
    request.headers = arena_array(arena, server->header_count + OWN_HEADERS + parameters,
                                  sizeof *request.headers);
    for (size_t i = 0; i < server->header_count; i++)
        if (!is_ours(server->headers[i].name))
            request.headers[request.count++] = server->headers[i];
    if (terms)
        add(&request, "MCP-Protocol-Version", slice_of(terms->version));
    if (terms && !terms->stateless && terms->session.size > 0)
        add(&request, "Mcp-Session-Id", arena_copy(arena, terms->session));
    return request;
}

static void end(struct request *request, const char *method, struct buffer *body,
                struct mcp_request *ret_request) {
    bool has_body = body && body->size > 0;
    if (has_body)
        add(request, "Content-Type", SLICE("application/json"));
    *ret_request = (struct mcp_request){
        .method = method,
        .headers = request->headers,
        .header_count = request->count,
        .body = has_body ? arena_copy(request->arena, buffer_slice(body)) : (struct slice){NULL, 0},
    };
    if (body)
        buffer_finish(body);
}

static void write_info(struct json_writer *json) {
    json_begin_object(json);
    json_member_string(json, "name", SLICE("switchboard"));
    json_member_string(json, "version", SLICE(SWITCHBOARD_VERSION));
    json_end_object(json);
}

/* Begins a message, up to its parameters. `id` is negative for a notification. */
static struct json_writer begin(struct buffer *body, int64_t id, const char *method) {
    struct json_writer json = json_writer_start(body);
    json_begin_object(&json);
    json_member_string(&json, "jsonrpc", SLICE("2.0"));
    if (id >= 0)
        json_member_int(&json, "id", id);
    json_member_string(&json, "method", slice_of(method));
    json_key(&json, "params");
    json_begin_object(&json);
    return json;
}

/* Ends parameters and message. Without sessions each request says who asks, and in which revision;
 * the method stands in a header, too. */
static void finish(struct request *request, struct json_writer *json, const struct mcp_terms *terms,
                   const char *method) {
    if (terms && terms->stateless) {
        add(request, "Mcp-Method", slice_of(method));
        json_key(json, "_meta");
        json_begin_object(json);
        json_member_string(json, "io.modelcontextprotocol/protocolVersion",
                           slice_of(terms->version));
        json_key(json, "io.modelcontextprotocol/clientInfo");
        write_info(json);
        json_member_raw(json, "io.modelcontextprotocol/clientCapabilities", SLICE("{}"));
        json_end_object(json);
    }
    json_end_object(json);
    json_end_object(json);
    add(request, "Accept", SLICE("application/json, text/event-stream"));
}

void mcp_encode_discover(const struct mcp_server *server, int64_t id, struct arena *arena,
                         struct mcp_request *ret_request) {
    static const char method[] = "server/discover";
    const struct mcp_terms terms = {.version = MCP_VERSION, .stateless = true};
    struct request request = start(server, &terms, 0, arena);
    struct buffer body = {0};
    struct json_writer json = begin(&body, id, method);
    finish(&request, &json, &terms, method);
    end(&request, "POST", &body, ret_request);
}

void mcp_encode_initialize(const struct mcp_server *server, int64_t id, struct arena *arena,
                           struct mcp_request *ret_request) {
    static const char method[] = "initialize";
    struct request request = start(server, NULL, 0, arena);
    struct buffer body = {0};
    struct json_writer json = begin(&body, id, method);
    json_member_string(&json, "protocolVersion", SLICE(MCP_VERSION_SESSION));
    json_member_raw(&json, "capabilities", SLICE("{}"));
    json_key(&json, "clientInfo");
    write_info(&json);
    finish(&request, &json, NULL, method);
    end(&request, "POST", &body, ret_request);
}

void mcp_encode_initialized(const struct mcp_server *server, const struct mcp_terms *terms,
                            struct arena *arena, struct mcp_request *ret_request) {
    static const char method[] = "notifications/initialized";
    struct request request = start(server, terms, 0, arena);
    struct buffer body = {0};
    struct json_writer json = begin(&body, -1, method);
    finish(&request, &json, terms, method);
    end(&request, "POST", &body, ret_request);
}

void mcp_encode_list(const struct mcp_server *server, const struct mcp_terms *terms, int64_t id,
                     struct slice cursor, struct arena *arena, struct mcp_request *ret_request) {
    static const char method[] = "tools/list";
    struct request request = start(server, terms, 0, arena);
    struct buffer body = {0};
    struct json_writer json = begin(&body, id, method);
    if (cursor.size > 0)
        json_member_raw(&json, "cursor", cursor);
    finish(&request, &json, terms, method);
    end(&request, "POST", &body, ret_request);
}

void mcp_encode_call(const struct mcp_server *server, const struct mcp_terms *terms, int64_t id,
                     const struct mcp_tool *tool, struct slice arguments, struct arena *arena,
                     struct mcp_request *ret_request) {
    static const char method[] = "tools/call";
    struct request request = start(server, terms, tool->parameter_count, arena);
    struct buffer body = {0};
    struct slice value;
    if (terms->stateless)
        add(&request, "Mcp-Name", mcp_header_text(arena_copy(arena, tool->name), arena));
    for (size_t i = 0; terms->stateless && i < tool->parameter_count; i++)
        if (mcp_parameter_value(&tool->parameters[i], arguments, arena, &value))
            add(&request, arena_string(arena, slice_of(tool->parameters[i].header)), value);
    struct json_writer json = begin(&body, id, method);
    json_member_string(&json, "name", tool->name);
    json_member_raw(&json, "arguments", arguments);
    finish(&request, &json, terms, method);
    end(&request, "POST", &body, ret_request);
}

void mcp_encode_cancelled(const struct mcp_server *server, const struct mcp_terms *terms,
                          int64_t id, struct arena *arena, struct mcp_request *ret_request) {
    static const char method[] = "notifications/cancelled";
    struct request request = start(server, terms, 0, arena);
    struct buffer body = {0};
    struct json_writer json = begin(&body, -1, method);
    json_member_int(&json, "requestId", id);
    finish(&request, &json, terms, method);
    end(&request, "POST", &body, ret_request);
}

void mcp_encode_resume(const struct mcp_server *server, const struct mcp_terms *terms,
                       struct slice event, struct arena *arena, struct mcp_request *ret_request) {
    struct request request = start(server, terms, 0, arena);
    add(&request, "Accept", SLICE("text/event-stream"));
    add(&request, "Last-Event-ID", arena_copy(arena, event));
    end(&request, "GET", NULL, ret_request);
}

void mcp_encode_end(const struct mcp_server *server, const struct mcp_terms *terms,
                    struct arena *arena, struct mcp_request *ret_request) {
    struct request request = start(server, terms, 0, arena);
    end(&request, "DELETE", NULL, ret_request);
}
