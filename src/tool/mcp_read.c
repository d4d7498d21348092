/* What MCP servers answer. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/mcp.h"
#include "tool/mcp_parameter.h"
#include "tool/schema.h"

enum {
    NAME_SIZE_MAX = 128,
    DESCRIPTION_SIZE_MAX = 4096,
    SCHEMA_SIZE_MAX = 64 * 1024,
    SAID_SIZE_MAX = 200, /* of what a server says, in a fault's message */
    LABEL_SIZE_MAX = 500,
    INVALID_PARAMS = -32602,
};

/* The revisions that begin with `initialize`, the newest first. */
static const char *const session_versions[] = {MCP_VERSION_SESSION, "2025-06-18", "2025-03-26",
                                               "2024-11-05"};

/* Text of strangers, cut to what fits, without what could not be shown. */
static struct slice clean(struct slice string, size_t size_max, struct arena *arena) {
    struct buffer text = {0}, cleaned = {0};
    json_read_string(string, &text);
    struct slice cut = slice_first(buffer_slice(&text), utf8_cut(buffer_slice(&text), size_max));
    for (size_t i = 0; i < cut.size; i++)
        buffer_append_byte(&cleaned, cut.data[i] == '\0' ? ' ' : cut.data[i]);
    struct slice copy = arena_copy(arena, buffer_slice(&cleaned));
    buffer_finish(&text);
    buffer_finish(&cleaned);
    return copy;
}

/* --- messages --- */

static void read_one(struct slice value, int64_t id, struct mcp_message *message) {
    struct slice its_id = json_get(value, "id"), error = json_get(value, "error");
    struct slice result = json_get(value, "result");
    int64_t number;
    if (json_type(json_get(value, "method")) != JSON_MISSING) {
        /* A request of the server is not answered: it was told that nothing can be asked here. */
        if (json_string_is(json_get(value, "method"), "notifications/tools/list_changed"))
            message->list_changed = true;
        return;
    }
    bool refused = json_type(error) == JSON_OBJECT;
    bool ours = json_read_int64(its_id, &number) && number == id;
    /* What could not even be read is refused without its id. */
    bool unnamed = json_type(its_id) == JSON_MISSING || json_type(its_id) == JSON_NULL;
    if (message->answered || (!ours && !(refused && unnamed)) ||
        (!refused && json_type(result) != JSON_OBJECT))
        return;
    message->answered = true;
    message->refused = refused;
    message->result = result;
    message->error = error;
    if (refused && !json_read_int64(json_get(error, "code"), &message->code))
        message->code = 0;
}

static bool is_message(struct slice value) {
    return json_type(value) == JSON_OBJECT && json_string_is(json_get(value, "jsonrpc"), "2.0");
}

bool mcp_read_message(struct slice text, int64_t id, struct mcp_message *message) {
    struct slice value;
    size_t cursor = 0;
    if (!json_validate(text, NULL))
        return false;
    if (is_message(text)) {
        read_one(text, id, message);
        return true;
    }
    bool any = false;
    while (json_next_element(text, &cursor, &value)) {
        if (!is_message(value))
            return false;
        read_one(value, id, message);
        any = true;
    }
    return any;
}

bool mcp_refusal(const struct mcp_message *message, struct fault *fault) {
    struct arena *arena = arena_create(512);
    struct slice said = clean(json_get(message->error, "message"), SAID_SIZE_MAX, arena);
    fault_set(fault, message->code == INVALID_PARAMS ? FAULT_BAD_INPUT : FAULT_INTERNAL,
              "The tool's server refused%s%.*s", said.size > 0 ? ": " : ".", SLICE_ARG(said));
    if (fault)
        snprintf(fault->code, sizeof fault->code, "%lld", (long long)message->code);
    arena_destroy(arena);
    return false;
}

/* --- terms --- */

static const char *session_version(struct slice version) {
    for (size_t i = 0; i < sizeof session_versions / sizeof session_versions[0]; i++)
        if (json_string_is(version, session_versions[i]))
            return session_versions[i];
    return NULL;
}

static bool no_common_version(struct slice said, struct fault *fault) {
    fault_set(fault, FAULT_UNAVAILABLE, "The tool's server speaks another protocol.");
    return fault_detail(fault, "revisions of the server: %.*s, ours: %s to %s",
                        SLICE_ARG(slice_first(said, SAID_SIZE_MAX)), "2024-11-05", MCP_VERSION);
}

static bool choose(struct slice versions, struct mcp_terms *ret_terms, struct fault *fault) {
    const char *with_session = NULL;
    struct slice version;
    size_t cursor = 0;
    while (json_next_element(versions, &cursor, &version)) {
        if (json_string_is(version, MCP_VERSION)) {
            *ret_terms = (struct mcp_terms){.version = MCP_VERSION, .stateless = true};
            return true;
        }
        if (!with_session)
            with_session = session_version(version);
    }
    if (!with_session)
        return no_common_version(versions, fault);
    *ret_terms = (struct mcp_terms){.version = with_session};
    return true;
}

bool mcp_read_discover(struct slice result, struct mcp_terms *ret_terms, struct fault *fault) {
    return choose(json_get(result, "supportedVersions"), ret_terms, fault);
}

bool mcp_read_unsupported(const struct mcp_message *message, struct mcp_terms *ret_terms,
                          struct fault *fault) {
    return choose(json_path(message->error, "data", "supported", NULL), ret_terms, fault);
}

bool mcp_read_initialize(struct slice result, struct mcp_terms *ret_terms, struct fault *fault) {
    struct slice said = json_get(result, "protocolVersion");
    const char *version = session_version(said);
    if (!version)
        return no_common_version(said, fault);
    *ret_terms = (struct mcp_terms){.version = version};
    return true;
}

/* --- tools --- */

bool mcp_read_page(struct slice result, struct mcp_page *ret_page, struct fault *fault) {
    struct slice tools = json_get(result, "tools"), cursor = json_get(result, "nextCursor");
    if (json_type(tools) != JSON_ARRAY)
        return fault_set(fault, FAULT_PROVIDER_MALFORMED, "The tool's server lists no tools.");
    ret_page->tools = tools;
    ret_page->cursor =
        json_type(cursor) == JSON_STRING && cursor.size > 2 ? cursor : (struct slice){NULL, 0};
    if (!json_read_int64(json_get(result, "ttlMs"), &ret_page->fresh_ms) || ret_page->fresh_ms < 0)
        ret_page->fresh_ms = -1;
    return true;
}

static bool is_name(struct slice name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return name.size > 0 && name.size <= NAME_SIZE_MAX;
}

static struct slice describe(struct slice tool, struct arena *arena) {
    struct slice text = json_get(tool, "description");
    if (json_type(text) != JSON_STRING)
        text = json_get(tool, "title");
    return clean(text, DESCRIPTION_SIZE_MAX, arena);
}

bool mcp_read_tool(struct slice tool, bool stateless, struct arena *arena,
                   struct mcp_tool *ret_tool, struct fault *fault) {
    struct slice name = json_plain_string(json_get(tool, "name"));
    struct slice schema = slice_trim(json_get(tool, "inputSchema"));
    struct schema *compiled = NULL;
    struct mcp_tool read = {.name = arena_copy(arena, name)};
    struct fault ignored;
    if (!is_name(name))
        return fault_set(fault, FAULT_BAD_INPUT, "a name that is not one");
    if (json_type(schema) != JSON_OBJECT || !json_string_is(json_get(schema, "type"), "object"))
        return fault_set(fault, FAULT_BAD_INPUT, "no schema of an object");
    if (schema.size > SCHEMA_SIZE_MAX)
        return fault_set(fault, FAULT_BAD_INPUT, "the schema is too large");
    if (stateless && !mcp_parameters_find(schema, arena, &read.parameters, &read.parameter_count))
        return fault_set(fault, FAULT_BAD_INPUT, "x-mcp-header is not as it must be");
    read.schema = arena_copy(arena, schema);
    read.description = describe(tool, arena);
    if (schema_compile(read.schema, arena, &compiled, &ignored))
        read.compiled = compiled;
    json_read_bool(json_path(tool, "annotations", "readOnlyHint", NULL), &read.read_only);
    *ret_tool = read;
    return true;
}

/* --- results --- */

static void add_label(struct buffer *text, const char *before, struct slice string) {
    struct arena *arena = arena_create(256);
    struct slice label = clean(string, LABEL_SIZE_MAX, arena);
    if (label.size > 0) {
        buffer_append_string(text, before);
        buffer_append(text, label);
    }
    arena_destroy(arena);
}

/* One part of the content. True where it is text. */
static bool add_part(struct slice part, struct buffer *text) {
    struct slice type = json_plain_string(json_get(part, "type"));
    struct slice inner = json_get(part, "resource");
    bool embedded = slice_is(type, "resource");
    if (slice_is(type, "text"))
        return json_read_string(json_get(part, "text"), text);
    if (embedded && json_type(json_get(inner, "text")) == JSON_STRING)
        return json_read_string(json_get(inner, "text"), text);
    if (embedded || slice_is(type, "resource_link")) {
        struct slice of = embedded ? inner : part;
        buffer_append_string(text, "(resource");
        add_label(text, " ", json_get(of, "name"));
        add_label(text, " ", json_get(of, "uri"));
        add_label(text, ": ", json_get(of, "description"));
    } else {
        buffer_append_string(text, "(");
        buffer_append(text, type.size > 0 ? slice_first(type, LABEL_SIZE_MAX) : SLICE("?"));
    }
    buffer_append_byte(text, ')');
    return false;
}

static void add_content(struct slice result, struct buffer *text) {
    struct slice content = json_get(result, "content"), part;
    struct slice structured = json_get(result, "structuredContent");
    size_t cursor = 0, start = text->size;
    bool has_text = false;
    while (json_next_element(content, &cursor, &part)) {
        if (text->size > start)
            buffer_append_byte(text, '\n');
        has_text = add_part(part, text) || has_text;
    }
    /* As a rule the same stands in a text beside it. */
    if (has_text || json_type(structured) == JSON_MISSING)
        return;
    if (text->size > start)
        buffer_append_byte(text, '\n');
    buffer_append(text, slice_trim(structured));
}

bool mcp_read_result(struct slice result, struct buffer *text, struct fault *fault) {
    struct slice type = json_get(result, "resultType");
    bool failed = false;
    size_t start = text->size;
    if (json_string_is(type, "input_required"))
        return fault_set(fault, FAULT_INTERNAL,
                         "The tool wants to ask back, which is not possible here.");
    if (json_type(type) != JSON_MISSING && !json_string_is(type, "complete"))
        return fault_set(fault, FAULT_PROVIDER_MALFORMED,
                         "The tool's server answered in a form that is not known here.");
    add_content(result, text);
    json_read_bool(json_get(result, "isError"), &failed);
    if (!failed)
        return true;
    struct slice said = slice_from(buffer_slice(text), start);
    said = slice_first(said, utf8_cut(said, SAID_SIZE_MAX));
    return fault_set(fault, FAULT_INTERNAL, "The tool failed%s%.*s", said.size > 0 ? ": " : ".",
                     SLICE_ARG(said));
}
