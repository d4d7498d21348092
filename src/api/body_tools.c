#include "api/body_tools.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

enum { TOOL_NAME_MAX = 64, SCHEMA_MAX = 64 * 1024 };

static bool wrong(struct fault *fault, const char *path, const char *what) {
    fault_set(fault, FAULT_BAD_INPUT, "%s %s", path, what);
    return fault_param(fault, "%s", path);
}

static bool copy_string(struct slice value, struct arena *arena, struct slice *ret_text) {
    struct buffer text = {0};
    bool ok = json_read_string(value, &text);
    if (ok)
        *ret_text = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return ok;
}

/* What every vendor takes. */
static bool is_name(struct slice name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && ((c >= '0' && c <= '9') || c == '-')))
            return false;
    }
    return name.size > 0 && name.size <= TOOL_NAME_MAX;
}

static bool read_tool(struct slice value, const char *path, struct arena *arena,
                      struct model_tool *ret_tool, struct fault *fault) {
    struct slice function = json_get(value, "function"), schema = json_get(function, "parameters");
    struct model_tool tool = {0};
    if (!json_string_is(json_get(value, "type"), "function"))
        return wrong(fault, path, "must be of type function.");
    if (!copy_string(json_get(function, "name"), arena, &tool.name) || !is_name(tool.name))
        return wrong(
            fault, path,
            "must have function.name: a letter, then at most 63 letters, digits, _ and -.");
    copy_string(json_get(function, "description"), arena, &tool.description);
    if (json_type(schema) != JSON_MISSING && json_type(schema) != JSON_OBJECT)
        return wrong(fault, path, "has function.parameters that are not a JSON Schema.");
    if (schema.size > SCHEMA_MAX)
        return wrong(fault, path, "has function.parameters of more than 64 KiB.");
    tool.schema = schema.size > 0 ? arena_copy(arena, schema)
                                  : SLICE("{\"type\":\"object\",\"properties\":{}}");
    *ret_tool = tool;
    return true;
}

bool body_tools_read(struct slice list, struct arena *arena, struct model_tool **ret_tools,
                     size_t *ret_count, struct fault *fault) {
    struct slice element;
    size_t cursor = 0, count = 0;
    struct model_tool *tools = arena_array(arena, BODY_TOOLS_MAX, sizeof *tools);
    if (json_type(list) != JSON_ARRAY)
        return wrong(fault, "tools", "must be an array of tools.");
    for (; json_next_element(list, &cursor, &element); count++) {
        char path[32];
        snprintf(path, sizeof path, "tools[%zu]", count);
        if (count == BODY_TOOLS_MAX)
            return wrong(fault, "tools", "has too many elements (at most 128).");
        if (!read_tool(element, path, arena, &tools[count], fault))
            return false;
        for (size_t i = 0; i < count; i++)
            if (slice_equal(tools[i].name, tools[count].name))
                return wrong(fault, path, "has the name of an earlier one.");
    }
    *ret_tools = tools;
    *ret_count = count;
    return true;
}

static bool read_call(struct slice value, const char *path, struct arena *arena,
                      struct model_part *ret_part, struct fault *fault) {
    struct slice function = json_get(value, "function");
    struct model_part part = {.kind = MODEL_PART_TOOL_CALL};
    if (!copy_string(json_get(value, "id"), arena, &part.tool_id) || part.tool_id.size == 0 ||
        part.tool_id.size > 256)
        return wrong(fault, path, "must have an id of at most 256 bytes.");
    if (!copy_string(json_get(function, "name"), arena, &part.tool_name) ||
        !is_name(part.tool_name))
        return wrong(fault, path, "must have function.name.");
    if (!copy_string(json_get(function, "arguments"), arena, &part.arguments))
        return wrong(fault, path, "must have function.arguments, a string.");
    if (!json_validate(part.arguments, NULL) || json_type(part.arguments) != JSON_OBJECT)
        part.arguments = SLICE("{}"); /* what a model broke off; vendors refuse it */
    *ret_part = part;
    return true;
}

bool body_calls_read(struct slice calls, const char *path, struct arena *arena,
                     struct model_message *message, struct fault *fault) {
    struct slice element;
    size_t cursor = 0, count = message->part_count;
    struct model_part *parts =
        arena_array(arena, message->part_count + BODY_CALLS_MAX, sizeof *parts);
    if (count > 0)
        memcpy(parts, message->parts, count * sizeof *parts);
    for (size_t i = 0; json_next_element(calls, &cursor, &element); i++) {
        char call_path[96];
        snprintf(call_path, sizeof call_path, "%s.tool_calls[%zu]", path, i);
        if (i == BODY_CALLS_MAX)
            return wrong(fault, path, "has too many tool calls (at most 128).");
        if (!read_call(element, call_path, arena, &parts[count++], fault))
            return false;
    }
    message->parts = parts;
    message->part_count = count;
    return true;
}

static const struct model_part *find_call(const struct model_message *messages, size_t count,
                                          struct slice id) {
    for (size_t i = count; i > 0; i--)
        for (size_t j = 0; j < messages[i - 1].part_count; j++) {
            const struct model_part *part = &messages[i - 1].parts[j];
            if (part->kind == MODEL_PART_TOOL_CALL && slice_equal(part->tool_id, id))
                return part;
        }
    return NULL;
}

/* A string, or parts of type text. */
static bool read_text(struct slice content, struct arena *arena, struct slice *ret_text) {
    struct slice element;
    size_t cursor = 0;
    struct buffer text = {0};
    bool ok = json_type(content) == JSON_ARRAY || json_read_string(content, &text);
    while (ok && json_next_element(content, &cursor, &element))
        ok = json_read_string(json_get(element, "text"), &text);
    if (ok)
        *ret_text = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return ok;
}

bool body_result_read(struct slice value, const char *path, const struct model_message *before,
                      size_t before_count, struct arena *arena, struct model_message *ret_message,
                      struct fault *fault) {
    struct model_part *part = arena_allocate(arena, sizeof *part);
    part->kind = MODEL_PART_TOOL_RESULT;
    if (!copy_string(json_get(value, "tool_call_id"), arena, &part->tool_id))
        return wrong(fault, path, "must have a tool_call_id.");
    const struct model_part *call = find_call(before, before_count, part->tool_id);
    if (!call)
        return wrong(fault, path, "has a tool_call_id that no tool call before it has.");
    part->tool_name = call->tool_name;
    if (!read_text(json_get(value, "content"), arena, &part->text))
        return wrong(fault, path, "must have content: a string, or parts of type text.");
    *ret_message = (struct model_message){MODEL_TOOL, part, 1};
    return true;
}
