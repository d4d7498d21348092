#include "api/body_tools.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

enum { TOOL_NAME_MAX = 64, SCHEMA_MAX = 64 * 1024, CALL_ID_MAX = 256 };

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

/* The name, the description and the schema of one, wherever the dialect has them. */
static bool read_function(struct slice function, const char *in, const char *schema_key,
                          const char *path, struct arena *arena, struct model_tool *ret_tool,
                          struct fault *fault) {
    struct slice schema = json_get(function, schema_key);
    struct model_tool tool = {0};
    if (!copy_string(json_get(function, "name"), arena, &tool.name) || !is_name(tool.name)) {
        fault_set(fault, FAULT_BAD_INPUT,
                  "%s must have %sname: a letter, then at most 63 letters, digits, _ and -.", path,
                  in);
        return fault_param(fault, "%s", path);
    }
    copy_string(json_get(function, "description"), arena, &tool.description);
    bool bad = json_type(schema) != JSON_MISSING && json_type(schema) != JSON_OBJECT;
    if (bad || schema.size > SCHEMA_MAX) {
        fault_set(fault, FAULT_BAD_INPUT, "%s has %s%s that %s.", path, in, schema_key,
                  bad ? "is not a JSON Schema" : "is larger than 64 KiB");
        return fault_param(fault, "%s", path);
    }
    tool.schema = schema.size > 0 ? arena_copy(arena, schema)
                                  : SLICE("{\"type\":\"object\",\"properties\":{}}");
    *ret_tool = tool;
    return true;
}

/* OpenAI's {"type":"function","function":{…}} or Anthropic's {"name":…,"input_schema":{…}}. What
 * the vendors run themselves has other types, and is none of the client's. */
static bool read_tool(struct slice value, const char *path, struct arena *arena,
                      struct model_tool *ret_tool, struct fault *fault) {
    struct slice type = json_get(value, "type"), function = json_get(value, "function");
    if (json_string_is(type, "function"))
        return read_function(function, "function.", "parameters", path, arena, ret_tool, fault);
    bool plain = json_type(type) == JSON_MISSING || json_type(type) == JSON_NULL;
    if ((plain || json_string_is(type, "custom")) && json_type(value) == JSON_OBJECT)
        return read_function(value, "", "input_schema", path, arena, ret_tool, fault);
    return wrong(fault, path, "must be a function that the client runs itself.");
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

static bool read_call(struct slice value, struct slice function, const char *path,
                      struct arena *arena, struct model_part *ret_part, struct fault *fault) {
    struct model_part part = {.kind = MODEL_PART_TOOL_CALL};
    if (!copy_string(json_get(value, "id"), arena, &part.tool_id) || part.tool_id.size == 0 ||
        part.tool_id.size > CALL_ID_MAX)
        return wrong(fault, path, "must have an id of at most 256 bytes.");
    if (!copy_string(json_get(function, "name"), arena, &part.tool_name) ||
        !is_name(part.tool_name))
        return wrong(fault, path, "must have the name of a tool.");
    *ret_part = part;
    return true;
}

static bool read_openai_call(struct slice value, const char *path, struct arena *arena,
                             struct model_part *ret_part, struct fault *fault) {
    struct slice function = json_get(value, "function");
    if (!read_call(value, function, path, arena, ret_part, fault))
        return false;
    if (!copy_string(json_get(function, "arguments"), arena, &ret_part->arguments))
        return wrong(fault, path, "must have function.arguments, a string.");
    if (!json_validate(ret_part->arguments, NULL) || json_type(ret_part->arguments) != JSON_OBJECT)
        ret_part->arguments = SLICE("{}"); /* what a model broke off; vendors refuse it */
    return true;
}

bool body_tool_use_read(struct slice value, const char *path, struct arena *arena,
                        struct model_part *ret_part, struct fault *fault) {
    if (!read_call(value, value, path, arena, ret_part, fault))
        return false;
    struct slice input = json_get(value, "input");
    if (json_type(input) != JSON_OBJECT)
        return wrong(fault, path, "must have input, an object.");
    ret_part->arguments = arena_copy(arena, input);
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
        if (!read_openai_call(element, call_path, arena, &parts[count++], fault))
            return false;
    }
    message->parts = parts;
    message->part_count = count;
    return true;
}

/* --- results --- */

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

static bool read_result(struct slice value, const char *id_key, const char *path,
                        struct arena *arena, struct model_part *ret_part, struct fault *fault) {
    struct model_part part = {.kind = MODEL_PART_TOOL_RESULT};
    if (!copy_string(json_get(value, id_key), arena, &part.tool_id)) {
        fault_set(fault, FAULT_BAD_INPUT, "%s must have %s, a string.", path, id_key);
        return fault_param(fault, "%s", path);
    }
    if (!read_text(json_get(value, "content"), arena, &part.text))
        return wrong(fault, path, "must have content: a string, or parts of type text.");
    *ret_part = part;
    return true;
}

bool body_result_read(struct slice value, const char *path, struct arena *arena,
                      struct model_part *ret_part, struct fault *fault) {
    return read_result(value, "tool_call_id", path, arena, ret_part, fault);
}

bool body_tool_result_read(struct slice value, const char *path, struct arena *arena,
                           struct model_part *ret_part, struct fault *fault) {
    enum json_type content = json_type(json_get(value, "content"));
    bool is_error = false;
    json_read_bool(json_get(value, "is_error"), &is_error);
    struct model_part part = {.kind = MODEL_PART_TOOL_RESULT};
    if (content == JSON_MISSING || content == JSON_NULL) { /* a tool that has nothing to say */
        if (!copy_string(json_get(value, "tool_use_id"), arena, &part.tool_id))
            return wrong(fault, path, "must have tool_use_id, a string.");
    } else if (!read_result(value, "tool_use_id", path, arena, &part, fault)) {
        return false;
    }
    part.is_error = is_error;
    *ret_part = part;
    return true;
}

bool body_results_split(struct model_message *message, const char *path, struct arena *arena,
                        struct model_message *ret_results, struct fault *fault) {
    *ret_results = (struct model_message){.role = MODEL_TOOL};
    enum model_part_kind never = message->role == MODEL_USER        ? MODEL_PART_TOOL_CALL
                                 : message->role == MODEL_ASSISTANT ? MODEL_PART_TOOL_RESULT
                                                                    : MODEL_PART_IMAGE;
    size_t count = 0;
    for (size_t i = 0; i < message->part_count; i++) {
        if (message->parts[i].kind == never)
            return wrong(fault, path, "has a block of tools that the other side writes.");
        count += message->role == MODEL_USER && message->parts[i].kind == MODEL_PART_TOOL_RESULT;
    }
    if (count == 0)
        return true;
    struct model_part *results = arena_array(arena, count, sizeof *results);
    struct model_part *rest = arena_array(arena, message->part_count - count, sizeof *rest);
    size_t rest_count = 0;
    for (size_t i = 0; i < message->part_count; i++)
        *(message->parts[i].kind == MODEL_PART_TOOL_RESULT ? &results[ret_results->part_count++]
                                                           : &rest[rest_count++]) =
            message->parts[i];
    ret_results->parts = results;
    message->parts = rest;
    message->part_count = rest_count;
    return true;
}

/* --- calls and their results --- */

static bool open_calls(struct body_calls *calls, const struct model_message *message,
                       const char *path, struct arena *arena, struct fault *fault) {
    *calls = (struct body_calls){.parts = message->parts};
    if (message->role == MODEL_ASSISTANT)
        calls->count = message->part_count;
    snprintf(calls->path, sizeof calls->path, "%s", path);
    calls->answered = arena_array(arena, calls->count, sizeof *calls->answered);
    for (size_t i = 0; i < calls->count; i++) {
        if (calls->parts[i].kind != MODEL_PART_TOOL_CALL)
            continue;
        for (size_t j = 0; j < i; j++)
            if (calls->parts[j].kind == MODEL_PART_TOOL_CALL &&
                slice_equal(calls->parts[i].tool_id, calls->parts[j].tool_id))
                return wrong(fault, path, "has two tool calls of one id.");
        calls->open++;
    }
    return true;
}

static const struct model_part *answer(struct body_calls *calls, struct slice id) {
    for (size_t i = 0; i < calls->count; i++) {
        const struct model_part *part = &calls->parts[i];
        if (part->kind != MODEL_PART_TOOL_CALL || calls->answered[i] ||
            !slice_equal(part->tool_id, id))
            continue;
        calls->answered[i] = true;
        calls->open--;
        return part;
    }
    return NULL;
}

bool body_calls_take(struct body_calls *calls, struct model_message *message, const char *path,
                     struct arena *arena, struct fault *fault) {
    if (message->role != MODEL_TOOL) {
        if (!body_calls_end(calls, fault))
            return false;
        return open_calls(calls, message, path, arena, fault);
    }
    struct model_part *parts = arena_array(arena, message->part_count, sizeof *parts);
    for (size_t i = 0; i < message->part_count; i++) {
        const struct model_part *call = answer(calls, message->parts[i].tool_id);
        if (!call)
            return wrong(fault, path,
                         "has a result of no tool call in the assistant's message before it.");
        parts[i] = message->parts[i];
        parts[i].tool_name = call->tool_name;
    }
    message->parts = parts;
    return true;
}

bool body_calls_end(const struct body_calls *calls, struct fault *fault) {
    return calls->open == 0 ||
           wrong(fault, calls->path, "has tool calls whose results do not follow it.");
}
