#include "tool/http_tool.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/template.h"

enum { NAMES_MAX = 64, SAID_MAX = 300 };

/* --- at load --- */

struct names {
    struct slice *names;
    size_t count;
};

static bool add_names(struct names *all, struct slice text, bool strict, struct arena *arena,
                      const char *param, struct fault *fault) {
    struct template_scan scan = {.text = text};
    struct slice piece;
    enum template_piece kind;
    while ((kind = template_scan(&scan, strict, &piece)) != TEMPLATE_END) {
        if (kind == TEMPLATE_TEXT)
            continue;
        if (kind == TEMPLATE_BAD || all->count == NAMES_MAX) {
            fault_set(fault, FAULT_BAD_INPUT,
                      kind == TEMPLATE_BAD ? "has a brace that belongs to no placeholder: write "
                                             "{name}, or {{ for a brace"
                                           : "has too many placeholders");
            return fault_param(fault, "%s", param);
        }
        bool known = false;
        for (size_t i = 0; i < all->count; i++)
            known = known || slice_equal(all->names[i], piece);
        if (!known)
            all->names[all->count++] = arena_copy(arena, piece);
    }
    return true;
}

/* Where the path begins, behind scheme and host; SIZE_MAX where the URL is none. */
static size_t path_of(struct slice url) {
    size_t scheme = slice_starts_with(url, SLICE("https://"))  ? 8
                    : slice_starts_with(url, SLICE("http://")) ? 7
                                                               : SIZE_MAX;
    if (scheme == SIZE_MAX)
        return SIZE_MAX;
    size_t at = scheme;
    while (at < url.size && !strchr("/?#", url.data[at]))
        at++;
    return at > scheme ? at : SIZE_MAX;
}

bool http_tool_placeholders(const struct http_tool *tool, struct arena *arena,
                            const struct slice **ret_names, size_t *ret_count,
                            struct fault *fault) {
    struct names all = {arena_array(arena, NAMES_MAX, sizeof(struct slice)), 0};
    size_t path = path_of(tool->url);
    struct slice host = slice_first(tool->url, path == SIZE_MAX ? 0 : path);
    const char *wrong =
        path == SIZE_MAX ? "must begin with https:// or http:// and name a host"
        : slice_find_byte(host, '{') != SIZE_MAX || slice_find_byte(host, '@') != SIZE_MAX
            ? "may have neither a placeholder nor a user in front of the path: whoever chooses the "
              "host chooses who is asked"
            : NULL;
    if (wrong) {
        fault_set(fault, FAULT_BAD_INPUT, "%s", wrong);
        return fault_param(fault, "url");
    }
    if (!add_names(&all, tool->url, true, arena, "url", fault) ||
        !add_names(&all, tool->body, false, arena, "body", fault))
        return false;
    for (size_t i = 0; i < tool->header_count; i++)
        if (!add_names(&all, tool->headers[i].value, false, arena, "headers", fault))
            return false;
    if (tool->pointer.size > 0 && tool->pointer.data[0] != '/') {
        fault_set(fault, FAULT_BAD_INPUT, "must be a JSON pointer, as /data/0");
        return fault_param(fault, "select");
    }
    *ret_names = all.names;
    *ret_count = all.count;
    return true;
}

/* --- the request --- */

/* All but the unreserved: a value is one segment or one query value, whatever it holds. */
static void append_encoded(struct buffer *out, struct slice text) {
    /* "." and ".." alone would be resolved away, and no encoding of dots helps. */
    bool dots = slice_is(text, ".") || slice_is(text, "..");
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '~' || (c == '.' && !dots);
        if (plain)
            buffer_append_byte(out, (char)c);
        else
            buffer_printf(out, "%%%02X", dots ? '_' : c);
    }
}

static const char *make_url(const struct http_tool *tool, const struct tool_input *input,
                            struct arena *arena) {
    struct template_scan scan = {.text = tool->url};
    struct slice piece;
    enum template_piece kind;
    struct buffer out = {0};
    while ((kind = template_scan(&scan, true, &piece)) != TEMPLATE_END) {
        if (kind == TEMPLATE_NAME)
            append_encoded(&out, template_value(input, piece, arena));
        else
            buffer_append(&out, piece);
    }
    const char *url = arena_string(arena, buffer_slice(&out));
    buffer_finish(&out);
    return url;
}

static bool has_line_end(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0')
            return true;
    return false;
}

static bool make_header(const struct http_tool_header *header, const struct tool_input *input,
                        struct arena *arena, struct http_tool_header *ret_header,
                        struct fault *fault) {
    struct template_scan scan = {.text = header->value};
    struct slice piece;
    enum template_piece kind;
    struct buffer out = {0};
    bool good = true;
    while ((kind = template_scan(&scan, false, &piece)) != TEMPLATE_END) {
        struct slice text = kind == TEMPLATE_NAME ? template_value(input, piece, arena) : piece;
        good = good && !has_line_end(text);
        buffer_append(&out, text);
    }
    ret_header->name = header->name;
    ret_header->value = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return good || fault_set(fault, FAULT_BAD_INPUT,
                             "An argument holds a line end, and stands in a "
                             "header.");
}

/* `"{name}"` as a whole string becomes the value in its own type. */
static bool is_whole_string(struct slice body, size_t at, size_t end) {
    return at > 0 && body.data[at - 1] == '"' && end < body.size && body.data[end] == '"' &&
           (at < 2 || body.data[at - 2] != '\\');
}

static void append_typed(struct buffer *out, const struct tool_input *input, struct slice name,
                         struct arena *arena) {
    struct json_writer json = json_writer_start(out);
    if (slice_find_byte(name, '.') == SIZE_MAX) {
        json_raw(&json, json_get(input->arguments, arena_string(arena, name)));
        return;
    }
    struct slice bound = tool_binding_get(input, name);
    if (bound.data)
        json_string(&json, bound);
    else
        json_null(&json);
}

static struct slice make_body(const struct http_tool *tool, const struct tool_input *input,
                              struct arena *arena) {
    struct slice body = tool->body, piece;
    struct template_scan scan = {.text = body};
    enum template_piece kind;
    struct buffer out = {0};
    for (size_t at = 0; (kind = template_scan(&scan, false, &piece)) != TEMPLATE_END;
         at = scan.at) {
        if (kind != TEMPLATE_NAME) {
            buffer_append(&out, piece);
        } else if (is_whole_string(body, at, scan.at)) {
            out.size--; /* the quote before it */
            append_typed(&out, input, piece, arena);
            scan.at++; /* and the one behind */
        } else {
            json_append_escaped(&out, template_value(input, piece, arena));
        }
    }
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}

static bool takes_body(const char *method) {
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

bool http_tool_encode(const struct http_tool *tool, const struct tool_input *input,
                      struct arena *arena, struct http_tool_request *ret_request,
                      struct fault *fault) {
    struct http_tool_header *headers = arena_array(arena, tool->header_count + 2, sizeof *headers);
    struct http_tool_request request = {.method = tool->method, .headers = headers};
    bool typed = false, accept = false;
    for (size_t i = 0; i < tool->header_count; i++) {
        if (!make_header(&tool->headers[i], input, arena, &headers[request.header_count++], fault))
            return false;
        struct slice name = slice_of(tool->headers[i].name);
        typed = typed || slice_equal_nocase(name, SLICE("Content-Type"));
        accept = accept || slice_equal_nocase(name, SLICE("Accept"));
    }
    request.url = make_url(tool, input, arena);
    if (tool->body.size > 0)
        request.body = make_body(tool, input, arena);
    else if (takes_body(tool->method))
        request.body = arena_copy(arena, input->arguments);
    if (request.body.size > 0 && !typed)
        headers[request.header_count++] =
            (struct http_tool_header){"Content-Type", SLICE("application/json")};
    if (!accept)
        headers[request.header_count++] =
            (struct http_tool_header){"Accept", SLICE("application/json, text/plain;q=0.9")};
    *ret_request = request;
    return true;
}

/* --- the answer --- */

static bool is_type(struct slice content_type, const char *word) {
    struct slice type = slice_trim(slice_first(content_type, slice_find_byte(content_type, ';')));
    size_t size = strlen(word);
    return type.size >= size &&
           slice_equal_nocase(slice_from(type, type.size - size), slice_of(word));
}

/* Servers say in a refusal what was wrong, which helps the model; a page of HTML does not. */
static bool refused(int status, struct slice content_type, struct slice body, struct fault *fault) {
    char said[SAID_MAX + 4] = "";
    bool readable = is_type(content_type, "json") || is_type(content_type, "/plain");
    size_t size = readable ? utf8_cut(body, SAID_MAX) : 0;
    if (size > 0 && utf8_valid(slice_first(body, size)))
        snprintf(said, sizeof said, ": %.*s", (int)(size > SAID_MAX ? SAID_MAX : size), body.data);
    fault_set(fault, FAULT_INTERNAL, "The service answered with status %d%s", status, said);
    fault->status = status;
    return false;
}

bool http_tool_decode(const struct http_tool *tool, int status, struct slice content_type,
                      struct slice body, struct buffer *result, struct fault *fault) {
    if (status >= 300)
        return refused(status, content_type, body, fault);
    bool is_json = body.size > 0 && json_validate(body, NULL);
    if (tool->pointer.size > 0) {
        struct slice found = is_json ? json_pointer(body, tool->pointer) : (struct slice){NULL, 0};
        if (found.size == 0)
            return fault_set(fault, FAULT_INTERNAL,
                             is_json ? "The service's answer has nothing at the "
                                       "place that is asked for."
                                     : "The service's answer is not JSON.");
        buffer_append(result, found);
        return true;
    }
    if (!is_json && is_type(content_type, "/html"))
        return fault_set(fault, FAULT_INTERNAL,
                         "The service answered with a web page, not with data.");
    if (is_json)
        buffer_append(result, slice_trim(body));
    else
        utf8_append_clean(result, body);
    return true;
}
