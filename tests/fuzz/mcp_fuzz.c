/* What MCP servers answer, and what is made of their tools: whatever a server says, texts are valid
 * UTF-8, requests are JSON with headers of one line. Input: a message; behind a line end the
 * arguments of a call. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/mcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mcp_server server = {.name = "s", .url = "https://a.example/"};
static const struct mcp_terms terms = {.version = MCP_VERSION, .stateless = true};

static void demand(bool truth) {
    if (!truth)
        __builtin_trap();
}

static void check_request(const struct mcp_request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        struct slice name = slice_of(request->headers[i].name), value = request->headers[i].value;
        demand(name.size > 0);
        for (size_t j = 0; j < name.size; j++)
            demand(name.data[j] > ' ' && name.data[j] != ':' && name.data[j] < 0x7f);
        for (size_t j = 0; j < value.size; j++)
            demand((value.data[j] >= ' ' || value.data[j] == '\t') && value.data[j] < 0x7f);
    }
    demand(json_validate(request->body, NULL));
}

static void read_tools(struct slice result, struct slice arguments, struct arena *arena) {
    struct mcp_page page;
    struct mcp_tool tool;
    struct mcp_request request;
    struct fault fault;
    struct slice value;
    size_t cursor = 0;
    if (!mcp_read_page(result, &page, &fault))
        return;
    mcp_encode_list(&server, &terms, 1, page.cursor, arena, &request);
    check_request(&request);
    while (json_next_element(page.tools, &cursor, &value)) {
        if (!mcp_read_tool(value, true, arena, &tool, &fault))
            continue;
        demand(utf8_valid(tool.description) && json_validate(tool.schema, NULL));
        if (json_validate(arguments, NULL) && json_type(arguments) == JSON_OBJECT) {
            mcp_encode_call(&server, &terms, 1, &tool, arguments, arena, &request);
            check_request(&request);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice rest = {(const char *)data, size}, text;
    struct mcp_message message = {0};
    struct mcp_terms agreed;
    struct fault fault = {0};
    if (size == 0 || !slice_split(&rest, '\n', &text) || !mcp_read_message(text, 1, &message))
        return 0;
    struct arena *arena = arena_create(1024);
    if (message.refused) {
        mcp_refusal(&message, &fault);
        demand(utf8_valid(slice_of(fault.message)));
        if (!mcp_read_unsupported(&message, &agreed, &fault))
            demand(utf8_valid(slice_of(fault.message)));
    } else if (message.answered) {
        struct buffer out = {0};
        if (!mcp_read_result(message.result, &out, &fault))
            demand(utf8_valid(slice_of(fault.message)));
        demand(utf8_valid(buffer_slice(&out)));
        buffer_finish(&out);
        (void)!mcp_read_discover(message.result, &agreed, &fault);
        (void)!mcp_read_initialize(message.result, &agreed, &fault);
        read_tools(message.result, rest, arena);
    }
    arena_destroy(arena);
    return 0;
}
