/* What is sent to MCP servers. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "tool/mcp.h"
#include "tool/mcp_parameter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TYPE   "Content-Type: application/json\n"
#define ACCEPT "Accept: application/json, text/event-stream\n"
#define META                                                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                       \
    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"switchboard\",\"version\":"                \
    "\"" SWITCHBOARD_VERSION "\"},\"io.modelcontextprotocol/clientCapabilities\":{}}"

static struct arena *arena;
static const struct mcp_header owner[] = {{"Authorization", SLICE("Bearer secret")},
                                          {"mcp-session-id", SLICE("forged")},
                                          {"Accept", SLICE("*/*")},
                                          {"CONTENT-TYPE", SLICE("text/plain")},
                                          {"X-Tenant", SLICE("7")}};
static const struct mcp_server server = {
    .name = "docs", .url = "https://mcp.example/mcp", .headers = owner, .header_count = 5};
static const struct mcp_terms stateless = {.version = MCP_VERSION, .stateless = true},
                              session = {.version = "2025-06-18", .session = SLICE("s-1")};

static int begin(void **state) {
    (void)state;
    arena = arena_create(1024);
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_destroy(arena);
    return 0;
}

static void expect(const struct mcp_request *request, const char *method, const char *headers,
                   const char *body) {
    struct buffer text = {0};
    for (size_t i = 0; i < request->header_count; i++)
        buffer_printf(&text, "%s: %.*s\n", request->headers[i].name,
                      SLICE_ARG(request->headers[i].value));
    struct slice own = SLICE("Authorization: Bearer secret\nX-Tenant: 7\n");
    assert_true(slice_starts_with(buffer_slice(&text), own));
    assert_string_equal(buffer_string(&text) + own.size, headers);
    assert_string_equal(request->method, method);
    assert_string_equal(arena_string(arena, request->body), body);
    assert_true(request->body.size == 0 || json_validate(request->body, NULL));
    buffer_finish(&text);
}

static void asks_which_revision_it_is(void **state) {
    (void)state;
    struct mcp_request request;
    mcp_encode_discover(&server, 1, arena, &request);
    expect(&request, "POST",
           "MCP-Protocol-Version: 2026-07-28\nMcp-Method: server/discover\n" ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{" META "}}");
}

static void opens_and_ends_a_session(void **state) {
    (void)state;
    struct mcp_request request;
    mcp_encode_initialize(&server, 2, arena, &request);
    expect(&request, "POST", ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":{"
           "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":"
           "\"switchboard\",\"version\":\"" SWITCHBOARD_VERSION "\"}}}");
    mcp_encode_initialized(&server, &session, arena, &request);
    expect(&request, "POST", "MCP-Protocol-Version: 2025-06-18\nMcp-Session-Id: s-1\n" ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\",\"params\":{}}");
    mcp_encode_end(&server, &session, arena, &request);
    expect(&request, "DELETE", "MCP-Protocol-Version: 2025-06-18\nMcp-Session-Id: s-1\n", "");
}

static void lists_tools(void **state) {
    (void)state;
    struct mcp_request request;
    mcp_encode_list(&server, &session, 3, (struct slice){NULL, 0}, arena, &request);
    expect(&request, "POST", "MCP-Protocol-Version: 2025-06-18\nMcp-Session-Id: s-1\n" ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\",\"params\":{}}");
    mcp_encode_list(&server, &stateless, 4, SLICE("\"p\\\"2\""), arena, &request);
    expect(&request, "POST",
           "MCP-Protocol-Version: 2026-07-28\nMcp-Method: tools/list\n" ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/list\",\"params\":{\"cursor\":"
           "\"p\\\"2\"," META "}}");
}

static void calls_a_tool(void **state) {
    (void)state;
    static const char *const region[] = {"region"}, *const deep[] = {"filter", "n"};
    const struct mcp_parameter parameters[] = {{"Mcp-Param-Region", region, 1},
                                               {"Mcp-Param-N", deep, 2}};
    const struct mcp_tool tool = {
        .name = SLICE("get_sum"), .parameters = parameters, .parameter_count = 2};
    struct mcp_request request;
    mcp_encode_call(&server, &session, 5, &tool, SLICE("{\"region\":\"eu\"}"), arena, &request);
    expect(&request, "POST", "MCP-Protocol-Version: 2025-06-18\nMcp-Session-Id: s-1\n" ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{\"name\":"
           "\"get_sum\",\"arguments\":{\"region\":\"eu\"}}}");
    mcp_encode_call(&server, &stateless, 6, &tool, SLICE("{\"filter\":{\"n\":-7}}"), arena,
                    &request);
    expect(&request, "POST",
           "MCP-Protocol-Version: 2026-07-28\nMcp-Name: get_sum\nMcp-Param-N: -7\n"
           "Mcp-Method: tools/call\n" ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"tools/call\",\"params\":{\"name\":"
           "\"get_sum\",\"arguments\":{\"filter\":{\"n\":-7}}," META "}}");
}

static void cancels_and_resumes(void **state) {
    (void)state;
    struct mcp_request request;
    mcp_encode_cancelled(&server, &session, 5, arena, &request);
    expect(&request, "POST", "MCP-Protocol-Version: 2025-06-18\nMcp-Session-Id: s-1\n" ACCEPT TYPE,
           "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":"
           "5}}");
    mcp_encode_resume(&server, &session, SLICE("ev-9"), arena, &request);
    expect(&request, "GET",
           "MCP-Protocol-Version: 2025-06-18\nMcp-Session-Id: s-1\nAccept: text/event-stream\n"
           "Last-Event-ID: ev-9\n",
           "");
}

/* --- arguments in headers --- */

static void a_header_is_encoded_where_it_must_be(void **state) {
    (void)state;
    static const struct {
        struct slice text;
        const char *header;
    } cases[] = {
        {SLICE("us-west1"), "us-west1"},
        {SLICE(""), ""},
        {SLICE("a b\tc"), "a b\tc"},
        {SLICE("Hello, \xE4\xB8\x96\xE7\x95\x8C"), "=?base64?SGVsbG8sIOS4lueVjA==?="},
        {SLICE(" padded "), "=?base64?IHBhZGRlZCA=?="},
        {SLICE("line1\nline2"), "=?base64?bGluZTEKbGluZTI=?="},
        {SLICE("=?base64?literal?="), "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="},
        {SLICE("=?base64?"), "=?base64?"},
        {SLICE("a\0b"), "=?base64?YQBi?="},
        {SLICE("\x7f"), "=?base64?fw==?="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(arena_string(arena, mcp_header_text(cases[i].text, arena)),
                            cases[i].header);
}

static void an_argument_becomes_a_header(void **state) {
    (void)state;
    static const char *const path[] = {"a", "b"};
    const struct mcp_parameter parameter = {"Mcp-Param-B", path, 2};
    static const struct {
        const char *arguments, *value; /* NULL: none */
    } cases[] = {
        {"{\"a\":{\"b\":\"x\"}}", "x"},
        {"{\"a\":{\"b\":\"x\\ny\"}}", "=?base64?eAp5?="},
        {"{\"a\":{\"b\": true }}", "true"},
        {"{\"a\":{\"b\":42}}", "42"},
        {"{\"a\":{\"b\":42.0}}", "42"},
        {"{\"a\":{\"b\":4.5}}", NULL},
        {"{\"a\":{\"b\":null}}", NULL},
        {"{\"a\":{\"b\":[1]}}", NULL},
        {"{\"a\":{}}", NULL},
        {"{\"a\":1}", NULL},
        {"{\"b\":1}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice value;
        bool has = mcp_parameter_value(&parameter, slice_of(cases[i].arguments), arena, &value);
        assert_int_equal(has, cases[i].value != NULL);
        if (has)
            assert_string_equal(arena_string(arena, value), cases[i].value);
    }
}

static void finds_arguments_for_headers(void **state) {
    (void)state;
    const struct mcp_parameter *found;
    size_t count;
    assert_true(mcp_parameters_find(
        SLICE("{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\","
              "\"x-mcp-header\":\"Region\"},\"q\":{\"type\":\"string\",\"default\":"
              "{\"x-mcp-header\":1}},\"f\":{\"type\":\"object\",\"properties\":{\"x-mcp-header\":"
              "{\"type\":\"boolean\",\"x-mcp-header\":\"Deep\"}}}}}"),
        arena, &found, &count));
    assert_int_equal(count, 2);
    assert_string_equal(found[0].header, "Mcp-Param-Region");
    assert_int_equal(found[0].depth, 1);
    assert_string_equal(found[0].path[0], "region");
    assert_string_equal(found[1].header, "Mcp-Param-Deep");
    assert_int_equal(found[1].depth, 2);
    assert_string_equal(found[1].path[0], "f");
    assert_string_equal(found[1].path[1], "x-mcp-header");
    assert_true(mcp_parameters_find(SLICE("{\"type\":\"object\"}"), arena, &found, &count));
    assert_int_equal(count, 0);
}

#define PROPERTY(text) "{\"type\":\"object\",\"properties\":{\"a\":" text "}}"

static void refuses_headers_where_they_may_not_be(void **state) {
    (void)state;
    static const char *const schemas[] = {
        PROPERTY("{\"type\":\"string\",\"x-mcp-header\":\"\"}"),
        PROPERTY("{\"type\":\"string\",\"x-mcp-header\":\"a b\"}"),
        PROPERTY("{\"type\":\"string\",\"x-mcp-header\":\"a\\r\\nHost: x\"}"),
        PROPERTY("{\"type\":\"string\",\"x-mcp-header\":\"a:b\"}"),
        PROPERTY("{\"type\":\"string\",\"x-mcp-header\":7}"),
        PROPERTY("{\"type\":\"number\",\"x-mcp-header\":\"A\"}"),
        PROPERTY("{\"type\":\"object\",\"x-mcp-header\":\"A\"}"),
        PROPERTY("{\"type\":[\"string\",\"null\"],\"x-mcp-header\":\"A\"}"),
        PROPERTY("{\"x-mcp-header\":\"A\"}"),
        PROPERTY("{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}"),
        PROPERTY("{\"anyOf\":[{\"type\":\"string\",\"x-mcp-header\":\"A\"}]}"),
        PROPERTY("{\"if\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}"),
        PROPERTY("{\"type\":\"string\",\"x-mcp-header\":\"A\"},"
                 "\"b\":{\"type\":\"string\",\"x-mcp-header\":\"a\"}"),
        "{\"type\":\"object\",\"$defs\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}",
        "{\"type\":\"object\",\"not\":" PROPERTY(
            "{\"type\":\"string\",\"x-mcp-header\":\"A\"}") "}",
        "{\"type\":\"string\",\"x-mcp-header\":\"A\"}",
    };
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        const struct mcp_parameter *found;
        size_t count;
        assert_true(json_validate(slice_of(schemas[i]), NULL));
        if (mcp_parameters_find(slice_of(schemas[i]), arena, &found, &count))
            fail_msg("taken: %s", schemas[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_which_revision_it_is),
        cmocka_unit_test(opens_and_ends_a_session),
        cmocka_unit_test(lists_tools),
        cmocka_unit_test(calls_a_tool),
        cmocka_unit_test(cancels_and_resumes),
        cmocka_unit_test(a_header_is_encoded_where_it_must_be),
        cmocka_unit_test(an_argument_becomes_a_header),
        cmocka_unit_test(finds_arguments_for_headers),
        cmocka_unit_test(refuses_headers_where_they_may_not_be),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
