#include "tool/http_tool.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/template.h"

enum { NAMES_MAX = 64, SAID_MAX = 300 };

static bool is_type(struct slice content_type, const char *word) {
    struct slice type = slice_trim(slice_first(content_type, slice_find_byte(content_type, ';')));
    size_t size = strlen(word);
    return type.size >= size &&
           slice_equal_nocase(slice_from(type, type.size - size), slice_of(word));
}

static bool has_control(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if (((unsigned char)text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f)
            return true;
    return false;
}

/* All but the unreserved: a value is one segment or one query value, whatever it holds. */
static void append_encoded(struct buffer *out, struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '~' || c == '.';
        if (plain)
            buffer_append_byte(out, (char)c);
        else
            buffer_printf(out, "%%%02X", c);
    }
}

/* --- the body --- */

static const struct http_tool_header *header_of(const struct http_tool *tool, const char *name) {
    for (size_t i = 0; i < tool->header_count; i++)
        if (slice_equal_nocase(slice_of(tool->headers[i].name), slice_of(name)))
            return &tool->headers[i];
    return NULL;
}

static bool sends_form(const struct http_tool *tool) {
    const struct http_tool_header *type = header_of(tool, "Content-Type");
    return type && is_type(type->value, "/x-www-form-urlencoded");
}

/* A value in its own type. */
static void append_typed(struct buffer *out, const struct tool_input *input, struct slice name,
                         struct arena *arena) {
    struct json_writer json = json_writer_start(out);
    if (slice_find_byte(name, '.') == SIZE_MAX) {
        json_raw(&json, slice_trim(json_get(input->arguments, arena_string(arena, name))));
        return;
    }
    struct slice bound = tool_binding_get(input, name);
    if (bound.data)
        json_string(&json, bound);
    else
        json_null(&json);
}

/* Where in JSON the end of a piece lies. */
struct place {
    bool in_string, escaped;
    size_t opened; /* the string's quote */
};

static void step_over(struct place *place, struct slice piece, size_t at) {
    for (size_t i = 0; i < piece.size; i++) {
        char c = piece.data[i];
        if (place->escaped) {
            place->escaped = false;
        } else if (place->in_string && c == '\\') {
            place->escaped = true;
        } else if (c == '"') {
            place->in_string = !place->in_string;
            place->opened = at + i;
        }
    }
}

/* Whether the placeholder is all of a string, and the string not the name of a member. */
static bool is_whole_value(const struct place *place, struct slice body, size_t at, size_t end) {
    if (place->opened + 1 != at || end >= body.size || body.data[end] != '"')
        return false;
    struct slice rest = slice_trim(slice_from(body, end + 1));
    return rest.size == 0 || rest.data[0] != ':';
}

static struct slice fill_json(struct slice body, const struct tool_input *input,
                              struct arena *arena) {
    struct template_scan scan = {.text = body};
    struct place place = {0};
    struct slice piece;
    enum template_piece kind;
    struct buffer out = {0};
    for (size_t at = 0; (kind = template_scan(&scan, false, &piece)) != TEMPLATE_END;
         at = scan.at) {
        if (kind != TEMPLATE_NAME) {
            step_over(&place, piece, at);
            buffer_append(&out, piece);
        } else if (!place.in_string) {
            append_typed(&out, input, piece, arena);
        } else if (is_whole_value(&place, body, at, scan.at)) {
            out.size--; /* the quote before it */
            append_typed(&out, input, piece, arena);
            scan.at++; /* and the one behind */
            place.in_string = false;
        } else {
            json_append_escaped(&out, template_value(input, piece, arena));
        }
    }
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}

static struct slice fill_form(struct slice body, const struct tool_input *input,
                              struct arena *arena) {
    struct template_scan scan = {.text = body};
    struct slice piece;
    enum template_piece kind;
    struct buffer out = {0};
    while ((kind = template_scan(&scan, false, &piece)) != TEMPLATE_END)
        if (kind == TEMPLATE_NAME)
            append_encoded(&out, template_value(input, piece, arena));
        else
            buffer_append(&out, piece);
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}

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

static bool wrong(const char *param, const char *why, struct fault *fault) {
    fault_set(fault, FAULT_BAD_INPUT, "%s", why);
    return fault_param(fault, "%s", param);
}

static bool check_url(struct slice url, struct fault *fault) {
    size_t path = path_of(url);
    if (path == SIZE_MAX)
        return wrong("url", "must begin with https:// or http:// and name a host", fault);
    struct slice host = slice_first(url, path);
    if (slice_find_byte(host, '{') != SIZE_MAX || slice_find_byte(host, '@') != SIZE_MAX)
        return wrong("url",
                     "may have neither a placeholder nor a user in front of the path: whoever "
                     "chooses the host chooses who is asked",
                     fault);
    for (size_t i = 0; i < url.size; i++)
        if ((unsigned char)url.data[i] <= 0x20 || url.data[i] == 0x7f || url.data[i] == '\\')
            return wrong("url", "may have no blanks and no backslashes", fault);
    return true;
}

static bool check_headers(const struct http_tool *tool, struct fault *fault) {
    for (size_t i = 0; i < tool->header_count; i++)
        if (has_control(tool->headers[i].value))
            return wrong("headers", "may have no line ends in a value", fault);
    return true;
}

/* A template of JSON that no value can turn into something else: it is JSON when all of them are
 * null. */
static bool check_body(const struct http_tool *tool, struct arena *arena, struct fault *fault) {
    const struct tool_input nothing = {.arguments = SLICE("{}")};
    if (tool->body.size == 0 || sends_form(tool) ||
        json_validate(fill_json(tool->body, &nothing, arena), NULL))
        return true;
    return wrong("body",
                 "must be JSON, unless a header says Content-Type: "
                 "application/x-www-form-urlencoded",
                 fault);
}

bool http_tool_placeholders(const struct http_tool *tool, struct arena *arena,
                            const struct slice **ret_names, size_t *ret_count,
                            struct fault *fault) {
    struct names all = {arena_array(arena, NAMES_MAX, sizeof(struct slice)), 0};
    if (!check_url(tool->url, fault) || !check_headers(tool, fault) ||
        !check_body(tool, arena, fault) || !add_names(&all, tool->url, true, arena, "url", fault) ||
        !add_names(&all, tool->body, false, arena, "body", fault))
        return false;
    for (size_t i = 0; i < tool->header_count; i++)
        if (!add_names(&all, tool->headers[i].value, false, arena, "headers", fault))
            return false;
    if (tool->pointer.size > 0 && tool->pointer.data[0] != '/')
        return wrong("select", "must be a JSON pointer, as /data/0", fault);
    *ret_names = all.names;
    *ret_count = all.count;
    return true;
}

/* --- the request --- */

/* What leads to another place than the owner wrote: dots are resolved away by whoever comes first,
 * encoded or not, and of an empty segment is left the list of what one was to be taken from. */
static bool misleads(struct slice segment) {
    return segment.size == 0 || slice_is(segment, ".") || slice_is(segment, "..");
}

static bool make_url(const struct http_tool *tool, const struct tool_input *input,
                     struct arena *arena, const char **ret_url, struct fault *fault) {
    struct template_scan scan = {.text = tool->url};
    struct slice piece;
    enum template_piece kind;
    struct buffer out = {0};
    size_t segment = 0; /* where it began; SIZE_MAX behind the path */
    bool filled = false, good = true;
    while ((kind = template_scan(&scan, true, &piece)) != TEMPLATE_END) {
        if (kind == TEMPLATE_NAME) {
            append_encoded(&out, template_value(input, piece, arena));
            filled = true;
            continue;
        }
        for (size_t i = 0; i < piece.size; i++) {
            char c = piece.data[i];
            if (segment != SIZE_MAX && (c == '/' || c == '?' || c == '#')) {
                good = good && !(filled && misleads(slice_from(buffer_slice(&out), segment)));
                segment = c == '/' ? out.size + 1 : SIZE_MAX;
                filled = false;
            }
            buffer_append_byte(&out, c);
        }
    }
    if (segment != SIZE_MAX && filled)
        good = good && !misleads(slice_from(buffer_slice(&out), segment));
    *ret_url = arena_string(arena, buffer_slice(&out));
    buffer_finish(&out);
    return good || fault_set(fault, FAULT_BAD_INPUT,
                             "An argument stands in the path of an address: it must be neither "
                             "empty nor made of dots only.");
}

static bool make_header(const struct http_tool_header *header, const struct tool_input *input,
                        struct arena *arena, struct http_tool_header *ret_header,
                        struct fault *fault) {
    struct template_scan scan = {.text = header->value};
    struct slice piece;
    enum template_piece kind;
    struct buffer out = {0};
    while ((kind = template_scan(&scan, false, &piece)) != TEMPLATE_END)
        buffer_append(&out, kind == TEMPLATE_NAME ? template_value(input, piece, arena) : piece);
    ret_header->name = header->name;
    ret_header->value = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return !has_control(ret_header->value) ||
           fault_set(fault, FAULT_BAD_INPUT,
                     "An argument stands in a header: it must be one line of text.");
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
    for (size_t i = 0; i < tool->header_count; i++)
        if (!make_header(&tool->headers[i], input, arena, &headers[request.header_count++], fault))
            return false;
    if (!make_url(tool, input, arena, &request.url, fault))
        return false;
    if (tool->body.size > 0)
        request.body = sends_form(tool) ? fill_form(tool->body, input, arena)
                                        : fill_json(tool->body, input, arena);
    else if (takes_body(tool->method))
        request.body = arena_copy(arena, input->arguments);
    if (request.body.size > 0 && !header_of(tool, "Content-Type"))
        headers[request.header_count++] =
            (struct http_tool_header){"Content-Type", SLICE("application/json")};
    if (!header_of(tool, "Accept"))
        headers[request.header_count++] =
            (struct http_tool_header){"Accept", SLICE("application/json, text/plain;q=0.9")};
    *ret_request = request;
    return true;
}

/* --- the answer --- */

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
