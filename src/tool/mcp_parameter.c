#include "tool/mcp_parameter.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

enum { PARAMETERS_MAX = 32, PATH_MAX_DEPTH = 16, NAME_MAX_SIZE = 64 };

struct walk {
    struct arena *arena;
    struct mcp_parameter *found;
    size_t count;
    const char *path[PATH_MAX_DEPTH];
};

static bool is_token(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!plain && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return text.size > 0 && text.size <= NAME_MAX_SIZE;
}

static bool is_primitive(struct slice schema) {
    struct slice type = json_plain_string(json_get(schema, "type"));
    return slice_is(type, "string") || slice_is(type, "integer") || slice_is(type, "boolean");
}

static bool add(struct walk *walk, struct slice schema, struct slice value, size_t depth) {
    struct slice name = json_plain_string(value);
    if (depth == 0 || !is_token(name) || !is_primitive(schema) || walk->count == PARAMETERS_MAX)
        return false;
    const char *header = arena_printf(walk->arena, "Mcp-Param-%.*s", SLICE_ARG(name));
    for (size_t i = 0; i < walk->count; i++)
        if (slice_equal_nocase(slice_of(walk->found[i].header), slice_of(header)))
            return false;
    const char **path = arena_array(walk->arena, depth, sizeof *path);
    memcpy(path, walk->path, depth * sizeof *path);
    walk->found[walk->count++] = (struct mcp_parameter){header, path, depth};
    return true;
}

/* The content of a member's name, with its escapes resolved. */
static const char *name_of(struct slice key, struct arena *arena) {
    struct buffer quoted = {0}, text = {0};
    buffer_append_byte(&quoted, '"');
    buffer_append(&quoted, key);
    buffer_append_byte(&quoted, '"');
    json_read_string(buffer_slice(&quoted), &text);
    const char *name = arena_string(arena, buffer_slice(&text));
    buffer_finish(&quoted);
    buffer_finish(&text);
    return name;
}

static bool is_one_of(struct slice key, const char *const *names) {
    for (; *names; names++)
        if (slice_is(key, *names))
            return true;
    return false;
}

static bool look(struct walk *walk, struct slice schema, size_t depth, bool reachable);

/* Schemas by name. */
static bool look_at_named(struct walk *walk, struct slice map, size_t depth, bool reachable) {
    struct slice key, value;
    size_t cursor = 0;
    while (json_next_member(map, &cursor, &key, &value)) {
        bool here = reachable && depth < PATH_MAX_DEPTH;
        if (here)
            walk->path[depth] = name_of(key, walk->arena);
        if (!look(walk, value, here ? depth + 1 : depth, here))
            return false;
    }
    return true;
}

/* As deep as JSON is. */
static bool look(struct walk *walk, struct slice schema, size_t depth, bool reachable) {
    static const char *const data[] = {"default", "examples", "const", "enum", NULL};
    static const char *const maps[] = {"$defs", "definitions", "patternProperties",
                                       "dependentSchemas", NULL};
    struct slice key, value;
    size_t cursor = 0;
    while (json_next_element(schema, &cursor, &value))
        if (!look(walk, value, depth, false))
            return false;
    for (cursor = 0; json_next_member(schema, &cursor, &key, &value);) {
        bool good = true;
        if (slice_is(key, "x-mcp-header"))
            good = reachable && add(walk, schema, value, depth);
        else if (slice_is(key, "properties"))
            good = look_at_named(walk, value, depth, reachable);
        else if (is_one_of(key, maps))
            good = look_at_named(walk, value, depth, false);
        else if (!is_one_of(key, data))
            good = look(walk, value, depth, false);
        if (!good)
            return false;
    }
    return true;
}

bool mcp_parameters_find(struct slice schema, struct arena *arena,
                         const struct mcp_parameter **ret_parameters, size_t *ret_count) {
    *ret_parameters = NULL;
    *ret_count = 0;
    if (slice_find(schema, SLICE("x-mcp-header")) == SIZE_MAX)
        return true;
    struct walk walk = {.arena = arena,
                        .found = arena_array(arena, PARAMETERS_MAX, sizeof *walk.found)};
    if (!look(&walk, schema, 0, true))
        return false;
    *ret_parameters = walk.found;
    *ret_count = walk.count;
    return true;
}

/* --- values --- */

static struct slice base64(struct slice bytes, struct arena *arena) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buffer out = {0};
    buffer_append_string(&out, "=?base64?");
    for (size_t i = 0; i < bytes.size; i += 3) {
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (i + j < bytes.size ? (unsigned char)bytes.data[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            buffer_append_byte(&out,
                               i + j > bytes.size ? '=' : digits[group >> (18 - 6 * j) & 0x3F]);
    }
    buffer_append_string(&out, "?=");
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

struct slice mcp_header_text(struct slice text, struct arena *arena) {
    bool plain =
        !slice_starts_with(text, SLICE("=?base64?")) || !slice_ends_with(text, SLICE("?="));
    for (size_t i = 0; i < text.size; i++)
        plain = plain && ((text.data[i] >= 0x20 && text.data[i] < 0x7f) || text.data[i] == '\t');
    if (text.size > 0)
        plain = plain && !is_blank(text.data[0]) && !is_blank(text.data[text.size - 1]);
    return plain ? text : base64(text, arena);
}

bool mcp_parameter_value(const struct mcp_parameter *parameter, struct slice arguments,
                         struct arena *arena, struct slice *ret_value) {
    struct slice value = arguments;
    for (size_t i = 0; i < parameter->depth; i++)
        value = json_get(value, parameter->path[i]);
    enum json_type type = json_type(value);
    int64_t number;
    if (type == JSON_STRING) {
        struct buffer text = {0};
        json_read_string(value, &text);
        *ret_value = mcp_header_text(arena_copy(arena, buffer_slice(&text)), arena);
        buffer_finish(&text);
    } else if (type == JSON_NUMBER && json_read_int64(value, &number)) {
        *ret_value = slice_of(arena_printf(arena, "%lld", (long long)number));
    } else if (type == JSON_BOOLEAN) {
        *ret_value = slice_trim(value);
    } else {
        return false;
    }
    return true;
}
