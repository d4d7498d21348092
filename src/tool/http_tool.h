/* Tools that ask an HTTP server. Only the request is made here and its answer judged; chat/ sends
 * it, without following redirects and to no inner address that the owner did not allow. */
#pragma once
#include "tool/tool.h"
struct arena;
struct buffer;

/* `{name}` stands for an argument, `{user.id}` for a binding; in the URL `{{` and `}}` for braces,
 * elsewhere a brace that begins no placeholder is itself. */
struct http_tool_header {
    const char *name;
    struct slice value; /* a template; may hold a secret: never logged */
};

struct http_tool {
    const char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE" */
    struct slice url;   /* template; each value is percent-encoded as one path segment or one query
                           value; scheme and host hold no placeholder */
    const struct http_tool_header *headers;
    size_t header_count;
    /* Template of JSON: `"{name}"` and `{name}` become the argument as JSON of its own type (null
     * where it is absent), `{name}` within a longer string its text, escaped. With the header
     * Content-Type: application/x-www-form-urlencoded a form, its values percent-encoded. Empty:
     * none, and for POST, PUT and PATCH then the arguments as they are. */
    struct slice body;
    struct slice pointer; /* RFC 6901, what of a JSON answer is the result; empty: all of it */
    bool allow_private;   /* the host may be an inner address: the owner said so */
    size_t bytes_max;     /* of the answer */
};

/* At load: BAD_INPUT with `param` "url", "headers", "body" or "select" for a malformed template, a
 * placeholder in scheme or host, a body that is not JSON, a pointer that is none. The names of the
 * placeholders as in sql_placeholders. */
__attribute__((warn_unused_result)) bool
http_tool_placeholders(const struct http_tool *tool, struct arena *arena,
                       const struct slice **ret_names, size_t *ret_count, struct fault *fault);

struct http_tool_request {
    const char *method, *url;
    const struct http_tool_header
        *headers; /* values filled in; Content-Type where there is a body */
    size_t header_count;
    struct slice body;
};
/* All in the arena. False (BAD_INPUT) where a value cannot stand in a header (line ends) or in the
 * path (nothing, or "." and ".." as a segment: they lead elsewhere). */
__attribute__((warn_unused_result)) bool
http_tool_encode(const struct http_tool *tool, const struct tool_input *input, struct arena *arena,
                 struct http_tool_request *ret_request, struct fault *fault);
/* Appends the result: selected JSON, or text (invalid UTF-8 mended). False for a status of 300 and
 * above (INTERNAL with the status and the beginning of a JSON or plain body for the model: servers
 * say there what was wrong), HTML where JSON was asked for by a pointer, a pointer that leads
 * nowhere. */
__attribute__((warn_unused_result)) bool http_tool_decode(const struct http_tool *tool, int status,
                                                          struct slice content_type,
                                                          struct slice body, struct buffer *result,
                                                          struct fault *fault);
