/* Compiling: JSON text to a tree of rules. The checking is in schema_check.c. */
#include "tool/schema.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "tool/schema_node.h"

enum { DEPTH_MAX = 32, NODES_MAX = 2000, TEXT_MAX = 256 * 1024 };

struct compiler {
    struct arena *arena;
    struct slice root;
    struct fault *fault;
    size_t nodes;
    struct schema_reference *references;
};

/* A `$ref` may point to a node that is being compiled: resolved to the same node by its pointer. */
struct schema_reference {
    struct schema_reference *next;
    struct slice pointer;
    struct schema *node;
};

static const char *const annotations[] = {"title",
                                          "description",
                                          "default",
                                          "examples",
                                          "deprecated",
                                          "readOnly",
                                          "writeOnly",
                                          "$schema",
                                          "$id",
                                          "$comment",
                                          "$defs",
                                          "definitions",
                                          "contentMediaType",
                                          "contentEncoding",
                                          "nullable",
                                          "strict",
                                          NULL};

static bool is_annotation(struct slice key) {
    for (size_t i = 0; annotations[i]; i++)
        if (slice_is(key, annotations[i]))
            return true;
    return slice_starts_with(key, SLICE("x-"));
}

static bool bad(struct compiler *compiler, const char *path, const char *what) {
    fault_set(compiler->fault, FAULT_BAD_INPUT, "%s", what);
    return fault_param(compiler->fault, "%s", path);
}

static bool compile(struct compiler *compiler, struct slice value, const char *path, size_t depth,
                    struct schema **ret_node);

static const char *below(struct compiler *compiler, const char *path, struct slice name) {
    return arena_printf(compiler->arena, "%s/%.*s", path, SLICE_ARG(name));
}

/* --- keywords --- */

static unsigned type_bit(struct slice name) {
    static const struct {
        const char *name;
        unsigned bit;
    } types[] = {{"null", SCHEMA_NULL},       {"boolean", SCHEMA_BOOLEAN},
                 {"integer", SCHEMA_INTEGER}, {"number", SCHEMA_NUMBER},
                 {"string", SCHEMA_STRING},   {"array", SCHEMA_ARRAY},
                 {"object", SCHEMA_OBJECT}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (json_string_is(name, types[i].name))
            return types[i].bit;
    return 0;
}

static bool read_types(struct compiler *compiler, struct schema *node, struct slice value,
                       const char *path) {
    struct slice element;
    size_t cursor = 0;
    if (json_type(value) != JSON_ARRAY) {
        node->types = type_bit(value);
        return node->types || bad(compiler, path, "is no type of JSON Schema");
    }
    while (json_next_element(value, &cursor, &element)) {
        unsigned bit = type_bit(element);
        if (!bit)
            return bad(compiler, path, "has a word that is no type of JSON Schema");
        node->types |= bit;
    }
    return node->types || bad(compiler, path, "is an empty list");
}

static size_t count_members(struct slice value) {
    struct slice key, member;
    size_t cursor = 0, count = 0;
    if (json_type(value) == JSON_OBJECT)
        while (json_next_member(value, &cursor, &key, &member))
            count++;
    else
        while (json_next_element(value, &cursor, &member))
            count++;
    return count;
}

/* A key may be written with escapes: names are compared by what they say. */
static struct slice name_of(struct compiler *compiler, struct slice key) {
    struct buffer name = {0};
    json_read_string((struct slice){key.data - 1, key.size + 2}, &name);
    struct slice copy = arena_copy(compiler->arena, buffer_slice(&name));
    buffer_finish(&name);
    return copy;
}

static bool read_properties(struct compiler *compiler, struct schema *node, struct slice value,
                            const char *path, size_t depth) {
    if (json_type(value) != JSON_OBJECT)
        return bad(compiler, path, "must be an object");
    node->properties = arena_array(compiler->arena, count_members(value), sizeof *node->properties);
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        struct schema_property *property = &node->properties[node->property_count++];
        property->name = name_of(compiler, key);
        if (!compile(compiler, member, below(compiler, path, key), depth + 1, &property->schema))
            return false;
    }
    return true;
}

static bool read_names(struct compiler *compiler, struct schema *node, struct slice value,
                       const char *path) {
    struct slice element;
    size_t cursor = 0;
    if (json_type(value) != JSON_ARRAY)
        return bad(compiler, path, "must be a list of names");
    node->required = arena_array(compiler->arena, count_members(value), sizeof *node->required);
    while (json_next_element(value, &cursor, &element)) {
        struct buffer name = {0};
        if (!json_read_string(element, &name))
            return bad(compiler, path, "must be a list of names");
        node->required[node->required_count++] = arena_copy(compiler->arena, buffer_slice(&name));
        buffer_finish(&name);
    }
    return true;
}

static bool read_list(struct compiler *compiler, struct slice value, const char *path, size_t depth,
                      struct schema ***ret_list, size_t *ret_count) {
    struct slice element;
    size_t cursor = 0, count = 0;
    if (json_type(value) != JSON_ARRAY || count_members(value) == 0)
        return bad(compiler, path, "must be a list of schemas that is not empty");
    struct schema **list = arena_array(compiler->arena, count_members(value), sizeof(void *));
    while (json_next_element(value, &cursor, &element)) {
        const char *place = arena_printf(compiler->arena, "%s/%zu", path, count);
        if (!compile(compiler, element, place, depth + 1, &list[count++]))
            return false;
    }
    *ret_list = list;
    *ret_count = count;
    return true;
}

static bool read_number(struct compiler *compiler, struct slice value, const char *path,
                        double *ret_number) {
    return (json_read_double(value, ret_number) && isfinite(*ret_number)) ||
           bad(compiler, path, "must be a number");
}

static bool read_count(struct compiler *compiler, struct slice value, const char *path,
                       int64_t *ret_count) {
    return (json_read_int64(value, ret_count) && *ret_count >= 0) ||
           bad(compiler, path, "must be a whole number that is not negative");
}

static bool read_pattern(struct compiler *compiler, struct schema *node, struct slice value,
                         const char *path) {
    struct buffer text = {0};
    if (!json_read_string(value, &text))
        return bad(compiler, path, "must be a string");
    node->pattern = schema_pattern_compile(compiler->arena, buffer_slice(&text));
    buffer_finish(&text);
    return node->pattern || bad(compiler, path, "is no regular expression");
}

static bool read_format(struct schema *node, struct slice value) {
    static const struct {
        const char *name;
        enum schema_format format;
    } formats[] = {{"date", SCHEMA_DATE}, {"date-time", SCHEMA_DATE_TIME},
                   {"time", SCHEMA_TIME}, {"email", SCHEMA_EMAIL},
                   {"uri", SCHEMA_URI},   {"uuid", SCHEMA_UUID}};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (json_string_is(value, formats[i].name))
            node->format = formats[i].format;
    return true;
}

static bool read_reference(struct compiler *compiler, struct schema *node, struct slice value,
                           const char *path, size_t depth) {
    struct slice text = json_plain_string(value);
    if (text.size == 0 || text.data[0] != '#')
        return bad(compiler, path, "must be a reference within the schema, as #/$defs/name");
    struct slice pointer = slice_from(text, 1);
    for (struct schema_reference *known = compiler->references; known; known = known->next)
        if (slice_equal(known->pointer, pointer)) {
            node->reference = known->node;
            return true;
        }
    struct slice target = json_pointer(compiler->root, pointer);
    if (target.size == 0)
        return bad(compiler, path, "leads nowhere");
    struct schema_reference *reference = arena_allocate(compiler->arena, sizeof *reference);
    reference->pointer = arena_copy(compiler->arena, pointer);
    reference->node = arena_allocate(compiler->arena, sizeof *reference->node);
    reference->next = compiler->references;
    compiler->references = reference;
    struct schema *compiled;
    if (!compile(compiler, target, path, depth + 1, &compiled))
        return false;
    *reference->node = *compiled;
    node->reference = reference->node;
    return true;
}

static bool read_additional(struct compiler *compiler, struct schema *node, struct slice value,
                            const char *path, size_t depth) {
    if (json_type(value) != JSON_BOOLEAN)
        return compile(compiler, value, path, depth + 1, &node->additional);
    bool truth;
    json_read_bool(value, &truth);
    node->closed = !truth;
    return true;
}

static bool read_keyword(struct compiler *compiler, struct schema *node, struct slice key,
                         struct slice value, const char *path, size_t depth) {
    static const struct {
        const char *name;
        size_t offset;
        bool is_count;
    } numbers[] = {
        {"minimum", offsetof(struct schema, minimum), false},
        {"maximum", offsetof(struct schema, maximum), false},
        {"exclusiveMinimum", offsetof(struct schema, above), false},
        {"exclusiveMaximum", offsetof(struct schema, below), false},
        {"multipleOf", offsetof(struct schema, multiple), false},
        {"minLength", offsetof(struct schema, length_min), true},
        {"maxLength", offsetof(struct schema, length_max), true},
        {"minItems", offsetof(struct schema, items_min), true},
        {"maxItems", offsetof(struct schema, items_max), true},
        {"minProperties", offsetof(struct schema, members_min), true},
        {"maxProperties", offsetof(struct schema, members_max), true},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (slice_is(key, numbers[i].name)) {
            void *at = (char *)node + numbers[i].offset;
            if (numbers[i].is_count)
                return read_count(compiler, value, path, at);
            return read_number(compiler, value, path, at) &&
                   (!(node->multiple <= 0) || bad(compiler, path, "must be more than 0"));
        }
    struct slice copy = arena_copy(compiler->arena, value);
    if (slice_is(key, "type"))
        return read_types(compiler, node, value, path);
    if (slice_is(key, "properties"))
        return read_properties(compiler, node, value, path, depth);
    if (slice_is(key, "required"))
        return read_names(compiler, node, value, path);
    if (slice_is(key, "additionalProperties"))
        return read_additional(compiler, node, value, path, depth);
    if (slice_is(key, "enum")) {
        node->choices = copy;
        return json_type(value) == JSON_ARRAY || bad(compiler, path, "must be a list");
    }
    if (slice_is(key, "const")) {
        node->constant = copy;
        return true;
    }
    if (slice_is(key, "pattern"))
        return read_pattern(compiler, node, value, path);
    if (slice_is(key, "format"))
        return read_format(node, value);
    if (slice_is(key, "items"))
        return compile(compiler, value, path, depth + 1, &node->items);
    if (slice_is(key, "prefixItems"))
        return read_list(compiler, value, path, depth, &node->prefix, &node->prefix_count);
    if (slice_is(key, "uniqueItems"))
        return json_read_bool(value, &node->unique) || bad(compiler, path, "must be true or false");
    if (slice_is(key, "anyOf"))
        return read_list(compiler, value, path, depth, &node->any, &node->any_count);
    if (slice_is(key, "oneOf"))
        return read_list(compiler, value, path, depth, &node->one, &node->one_count);
    if (slice_is(key, "allOf"))
        return read_list(compiler, value, path, depth, &node->all, &node->all_count);
    if (slice_is(key, "not"))
        return compile(compiler, value, path, depth + 1, &node->not_this);
    if (slice_is(key, "$ref"))
        return read_reference(compiler, node, value, path, depth);
    return is_annotation(key) || bad(compiler, path, "is a keyword that is not checked here");
}

/* --- nodes --- */

static struct schema *new_node(struct compiler *compiler) {
    struct schema *node = arena_allocate(compiler->arena, sizeof *node);
    node->minimum = node->maximum = node->above = node->below = node->multiple = NAN;
    node->length_min = node->length_max = node->items_min = node->items_max = -1;
    node->members_min = node->members_max = -1;
    return node;
}

static bool compile(struct compiler *compiler, struct slice value, const char *path, size_t depth,
                    struct schema **ret_node) {
    if (depth > DEPTH_MAX || ++compiler->nodes > NODES_MAX)
        return bad(compiler, path, "the schema is too deep or too large");
    struct schema *node = new_node(compiler);
    bool truth;
    if (json_read_bool(value, &truth)) {
        node->nothing = !truth;
        *ret_node = node;
        return true;
    }
    if (json_type(value) != JSON_OBJECT)
        return bad(compiler, path, "must be a schema: an object, true or false");
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member))
        if (!read_keyword(compiler, node, key, member, below(compiler, path, key), depth))
            return false;
    *ret_node = node;
    return true;
}

bool schema_compile(struct slice text, struct arena *arena, struct schema **ret_schema,
                    struct fault *fault) {
    if (text.size > TEXT_MAX)
        return fault_set(fault, FAULT_BAD_INPUT, "the schema is larger than %d bytes", TEXT_MAX);
    if (!json_validate(text, NULL) || json_type(text) != JSON_OBJECT)
        return fault_set(fault, FAULT_BAD_INPUT, "the schema is not a JSON object");
    struct compiler compiler = {.arena = arena, .root = arena_copy(arena, text), .fault = fault};
    struct schema *root = NULL;
    if (!compile(&compiler, compiler.root, "", 0, &root) || !root)
        return false;
    if (root->types != SCHEMA_OBJECT)
        return bad(&compiler, "/type", "must be \"object\": the arguments are one");
    *ret_schema = root;
    return true;
}

struct slice schema_property(const struct schema *schema, size_t index) {
    return index < schema->property_count ? schema->properties[index].name
                                          : (struct slice){NULL, 0};
}
