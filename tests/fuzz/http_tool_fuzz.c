/* Whatever a model gives as arguments, the request that is made of a template has the owner's host
 * and path, no further header and a body that is JSON. Input: URL, header, body and arguments,
 * divided by line ends. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/http_tool.h"
#include "tool/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth) {
    if (!truth)
        __builtin_trap();
}

static size_t count_of(struct slice text, const char *bytes) {
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] != '\0' && strchr(bytes, text.data[i]) != NULL;
    return count;
}

/* What of a template is the owner's. */
static size_t own_count(struct slice template, const char *bytes) {
    struct template_scan scan = {.text = template};
    struct slice piece;
    enum template_piece kind;
    size_t count = 0;
    while ((kind = template_scan(&scan, true, &piece)) != TEMPLATE_END)
        if (kind == TEMPLATE_TEXT)
            count += count_of(piece, bytes);
    return count;
}

static void check_request(const struct http_tool *tool, const struct http_tool_request *request) {
    struct slice url = slice_of(request->url);
    size_t host = slice_find(tool->url, SLICE("://")) + 3;
    demand(slice_equal(slice_first(url, host), slice_first(tool->url, host)));
    demand(count_of(url, "/?#@:&=") == own_count(tool->url, "/?#@:&="));
    demand(count_of(url, " \r\n\t") == 0);
    for (size_t i = 0; i < request->header_count; i++)
        demand(count_of(request->headers[i].value, "\r\n") == 0);
    demand(request->body.size == 0 || json_validate(request->body, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice rest = {(const char *)data, size}, url, value, body, arguments;
    if (size == 0 || !slice_split(&rest, '\n', &url) || !slice_split(&rest, '\n', &value) ||
        !slice_split(&rest, '\n', &body) || !slice_split(&rest, '\n', &arguments))
        return 0;
    struct arena *arena = arena_create(1024);
    const struct http_tool_header header = {"X-A", value};
    const struct http_tool tool = {.method = "POST",
                                   .url = url,
                                   .headers = &header,
                                   .header_count = 1,
                                   .body = body,
                                   .pointer = SLICE("/a")};
    const struct tool_binding bindings[] = {{SLICE("user.id"), SLICE("a/../\r\n\"b")}};
    const struct tool_input input = {arguments, bindings, 1};
    const struct slice *names;
    size_t count;
    struct http_tool_request request;
    struct fault fault;
    if (http_tool_placeholders(&tool, arena, &names, &count, &fault) &&
        json_validate(arguments, NULL) && json_type(arguments) == JSON_OBJECT &&
        http_tool_encode(&tool, &input, arena, &request, &fault))
        check_request(&tool, &request);
    struct buffer result = {0};
    if (http_tool_decode(&tool, 200, SLICE("text/plain"), rest, &result, &fault))
        demand(utf8_valid(buffer_slice(&result)));
    else
        demand(utf8_valid(slice_of(fault.message)));
    if (!http_tool_decode(&tool, 400, SLICE("text/plain"), rest, &result, &fault))
        demand(utf8_valid(slice_of(fault.message)));
    buffer_finish(&result);
    arena_destroy(arena);
    return 0;
}
