/* What MCP servers answer. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "tool/mcp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;

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

static void finds_our_response(void **state) {
    (void)state;
    struct mcp_message message = {0};
    assert_true(mcp_read_message(
        SLICE("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}"), 7,
        &message));
    assert_true(mcp_read_message(
        SLICE("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"sampling/createMessage\"}"), 7,
        &message));
    assert_true(
        mcp_read_message(SLICE("{\"jsonrpc\":\"2.0\",\"id\":6,\"result\":{}}"), 7, &message));
    assert_true(
        mcp_read_message(SLICE("{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"result\":{}}"), 7, &message));
    assert_true(
        mcp_read_message(SLICE("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":[]}"), 7, &message));
    assert_false(message.answered);
    assert_true(mcp_read_message(SLICE("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"a\":1}}"), 7,
                                 &message));
    assert_true(message.answered);
    assert_false(message.refused);
    assert_true(slice_is(message.result, "{\"a\":1}"));
    /* The first one counts. */
    assert_true(mcp_read_message(SLICE("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"a\":2}}"), 7,
                                 &message));
    assert_true(slice_is(message.result, "{\"a\":1}"));
    assert_false(message.list_changed);
}

static void reads_lists_of_messages(void **state) {
    (void)state;
    struct mcp_message message = {0};
    assert_true(mcp_read_message(
        SLICE("[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"},"
              "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}]"),
        7, &message));
    assert_true(message.answered && message.list_changed);
}

static void takes_nothing_else(void **state) {
    (void)state;
    static const struct slice texts[] = {
        SLICE(""),
        SLICE("{"),
        SLICE("7"),
        SLICE("{}"),
        SLICE("[]"),
        SLICE("{\"id\":7,\"result\":{}}"),
        SLICE("[{},{}]"),
        SLICE("{\"jsonrpc\":\"1.0\",\"id\":7,\"result\":{}}"),
        SLICE("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}} x"),
        SLICE("<html>"),
        SLICE("{\"error\":\"unauthorized\"}"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mcp_message message = {0};
        assert_false(mcp_read_message(texts[i], 7, &message));
        assert_false(message.answered);
    }
}

static void expect_refusal(const char *text, enum fault_kind kind, const char *code,
                           const char *words) {
    struct mcp_message message = {0};
    struct fault fault;
    assert_true(mcp_read_message(slice_of(text), 7, &message));
    assert_true(message.answered && message.refused);
    assert_false(mcp_refusal(&message, &fault));
    assert_int_equal(fault.kind, kind);
    assert_string_equal(fault.code, code);
    assert_string_equal(fault.message, words);
}

static void reads_refusals(void **state) {
    (void)state;
    expect_refusal("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,\"message\":"
                   "\"Unknown tool: x\"}}",
                   FAULT_BAD_INPUT, "-32602", "The tool's server refused: Unknown tool: x");
    expect_refusal("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32022,\"message\":\"\"}}",
                   FAULT_INTERNAL, "-32022", "The tool's server refused.");
    expect_refusal("{\"jsonrpc\":\"2.0\",\"error\":{}}", FAULT_INTERNAL, "0",
                   "The tool's server refused.");
}

static void agrees_on_a_revision(void **state) {
    (void)state;
    static const struct {
        const char *said, *version;
        bool stateless;
    } cases[] = {
        {"{\"supportedVersions\":[\"2026-07-28\"]}", "2026-07-28", true},
        {"{\"supportedVersions\":[\"2030-01-01\",\"2025-11-25\",\"2026-07-28\"]}", "2026-07-28",
         true},
        {"{\"supportedVersions\":[\"2025-06-18\",\"2025-03-26\"]}", "2025-06-18", false},
        {"{\"supportedVersions\":[\"2030-01-01\"]}", NULL, false},
        {"{\"supportedVersions\":[]}", NULL, false},
        {"{\"supportedVersions\":\"2026-07-28\"}", NULL, false},
        {"{}", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mcp_terms terms;
        struct fault fault;
        bool good = mcp_read_discover(slice_of(cases[i].said), &terms, &fault);
        assert_int_equal(good, cases[i].version != NULL);
        if (!good) {
            assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
            continue;
        }
        assert_string_equal(terms.version, cases[i].version);
        assert_int_equal(terms.stateless, cases[i].stateless);
    }
    struct mcp_terms terms;
    struct fault fault;
    assert_true(mcp_read_initialize(SLICE("{\"protocolVersion\":\"2025-03-26\"}"), &terms, &fault));
    assert_string_equal(terms.version, "2025-03-26");
    assert_false(terms.stateless);
    assert_false(
        mcp_read_initialize(SLICE("{\"protocolVersion\":\"2026-07-28\"}"), &terms, &fault));
    assert_false(mcp_read_initialize(SLICE("{}"), &terms, &fault));
    assert_non_null(strstr(fault.detail, MCP_VERSION));
    struct mcp_message message = {0};
    assert_true(mcp_read_message(
        SLICE(
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32022,\"message\":\"no\",\"data\":"
            "{\"supported\":[\"2030-01-01\",\"2025-06-18\"],\"requested\":\"2026-07-28\"}}}"),
        7, &message));
    assert_int_equal(message.code, MCP_VERSION_UNSUPPORTED);
    assert_true(mcp_read_unsupported(&message, &terms, &fault));
    assert_string_equal(terms.version, "2025-06-18");
    assert_false(terms.stateless);
}

static void reads_pages(void **state) {
    (void)state;
    struct mcp_page page;
    struct fault fault;
    assert_true(mcp_read_page(SLICE("{\"tools\":[{}],\"nextCursor\":\"n\",\"ttlMs\":5000}"), &page,
                              &fault));
    assert_true(slice_is(page.tools, "[{}]"));
    assert_true(slice_is(page.cursor, "\"n\""));
    assert_int_equal(page.fresh_ms, 5000);
    assert_true(
        mcp_read_page(SLICE("{\"tools\":[],\"nextCursor\":\"\",\"ttlMs\":-5}"), &page, &fault));
    assert_int_equal(page.cursor.size, 0);
    assert_int_equal(page.fresh_ms, -1);
    assert_true(mcp_read_page(SLICE("{\"tools\":[],\"nextCursor\":null}"), &page, &fault));
    assert_int_equal(page.cursor.size, 0);
    assert_false(mcp_read_page(SLICE("{}"), &page, &fault));
    assert_int_equal(fault.kind, FAULT_PROVIDER_MALFORMED);
}

static void reads_a_tool(void **state) {
    (void)state;
    struct mcp_tool tool;
    struct fault fault;
    assert_true(mcp_read_tool(
        SLICE("{\"name\":\"a.B-1\",\"title\":\"T\",\"description\":\"Adds \\u00e9\\u0000.\","
              "\"inputSchema\": {\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}"
              ",\"annotations\":{\"readOnlyHint\":true}}"),
        true, arena, &tool, &fault));
    assert_true(slice_is(tool.name, "a.B-1"));
    assert_true(slice_is(tool.description, "Adds \xC3\xA9 ."));
    assert_true(slice_is(tool.schema,
                         "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}"));
    assert_non_null(tool.compiled);
    assert_true(tool.read_only);
    /* A keyword that is not known here, and only a title. */
    assert_true(mcp_read_tool(SLICE("{\"name\":\"a\",\"title\":\"T\",\"inputSchema\":{\"type\":"
                                    "\"object\",\"unevaluatedProperties\":{}}}"),
                              true, arena, &tool, &fault));
    assert_true(slice_is(tool.description, "T"));
    assert_null(tool.compiled);
    assert_false(tool.read_only);
}

static void leaves_tools_out(void **state) {
    (void)state;
    static const char *const tools[] = {
        "{}",
        "7",
        "{\"name\":\"\",\"inputSchema\":{\"type\":\"object\"}}",
        "{\"name\":\"a b\",\"inputSchema\":{\"type\":\"object\"}}",
        "{\"name\":\"a\\n\",\"inputSchema\":{\"type\":\"object\"}}",
        "{\"name\":7,\"inputSchema\":{\"type\":\"object\"}}",
        "{\"name\":\"a\"}",
        "{\"name\":\"a\",\"inputSchema\":null}",
        "{\"name\":\"a\",\"inputSchema\":{\"type\":\"string\"}}",
        "{\"name\":\"a\",\"inputSchema\":{}}",
        ("{\"name\":\"a\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"p\":{\"type\":"
         "\"number\",\"x-mcp-header\":\"P\"}}}}"),
    };
    struct mcp_tool tool;
    struct fault fault;
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        if (mcp_read_tool(slice_of(tools[i]), true, arena, &tool, &fault))
            fail_msg("taken: %s", tools[i]);
    /* With sessions the last one says nothing of headers. */
    assert_true(mcp_read_tool(slice_of(tools[10]), false, arena, &tool, &fault));
    assert_int_equal(tool.parameter_count, 0);
}

static void expect_text(const char *result, const char *expected) {
    struct buffer text = {0};
    struct fault fault;
    if (!mcp_read_result(slice_of(result), &text, &fault))
        fail_msg("%s", fault.message);
    assert_string_equal(buffer_string(&text), expected);
    buffer_finish(&text);
}

static void reads_results(void **state) {
    (void)state;
    expect_text("{\"content\":[{\"type\":\"text\",\"text\":\"a\\n\\u00e9\"}]}", "a\n\xC3\xA9");
    expect_text("{\"resultType\":\"complete\",\"isError\":false,\"content\":["
                "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\",\"data\":\"xxxx\","
                "\"mimeType\":\"image/png\"},{\"type\":\"audio\",\"data\":\"x\"},"
                "{\"type\":\"resource\",\"resource\":{\"uri\":\"u:1\",\"text\":\"inner\"}},"
                "{\"type\":\"resource\",\"resource\":{\"uri\":\"u:2\",\"blob\":\"x\"}},"
                "{\"type\":\"resource_link\",\"uri\":\"u:3\",\"name\":\"n\",\"description\":"
                "\"d\"},{\"type\":\"new\"},{},7]}",
                "a\n(image)\n(audio)\ninner\n(resource u:2)\n(resource n u:3: d)\n(new)\n(?)\n(?)");
    expect_text("{\"content\":[],\"structuredContent\": {\"t\":22.5} }", "{\"t\":22.5}");
    expect_text("{\"structuredContent\":[1]}", "[1]");
    expect_text("{\"content\":[{\"type\":\"text\",\"text\":\"t\"}],\"structuredContent\":{}}", "t");
    expect_text("{\"content\":[{\"type\":\"image\"}],\"structuredContent\":{}}", "(image)\n{}");
    expect_text("{\"content\":[]}", "");
    expect_text("{}", "");
}

static void tells_what_failed(void **state) {
    (void)state;
    struct buffer text = {0}, long_one = {0};
    struct fault fault;
    assert_false(mcp_read_result(
        SLICE("{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"No such city\"}]}"),
        &text, &fault));
    assert_int_equal(fault.kind, FAULT_INTERNAL);
    assert_string_equal(fault.message, "The tool failed: No such city");
    assert_string_equal(buffer_string(&text), "No such city");
    buffer_clear(&text);
    assert_false(mcp_read_result(SLICE("{\"isError\":true}"), &text, &fault));
    assert_string_equal(fault.message, "The tool failed.");
    buffer_append_string(&long_one,
                         "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"");
    for (int i = 0; i < 1000; i++)
        buffer_append_string(&long_one, "\xE2\x82\xAC");
    buffer_append_string(&long_one, "\"}]}");
    assert_false(mcp_read_result(buffer_slice(&long_one), &text, &fault));
    assert_true(utf8_valid(slice_of(fault.message)));
    assert_int_equal(text.size, 3000);
    buffer_clear(&text);
    assert_false(mcp_read_result(SLICE("{\"resultType\":\"input_required\",\"inputRequests\":{}}"),
                                 &text, &fault));
    assert_non_null(strstr(fault.message, "ask back"));
    assert_false(mcp_read_result(SLICE("{\"resultType\":\"task\"}"), &text, &fault));
    assert_int_equal(fault.kind, FAULT_PROVIDER_MALFORMED);
    assert_int_equal(text.size, 0);
    buffer_finish(&text);
    buffer_finish(&long_one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_our_response),   cmocka_unit_test(reads_lists_of_messages),
        cmocka_unit_test(takes_nothing_else),   cmocka_unit_test(reads_refusals),
        cmocka_unit_test(agrees_on_a_revision), cmocka_unit_test(reads_pages),
        cmocka_unit_test(reads_a_tool),         cmocka_unit_test(leaves_tools_out),
        cmocka_unit_test(reads_results),        cmocka_unit_test(tells_what_failed),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
