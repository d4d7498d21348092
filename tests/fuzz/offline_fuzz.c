/* The built-in provider with tools. Input: a tool's name, description and schema, a result of it,
 * what was said before, and the question, divided by line ends. Its arguments are a JSON object,
 * its answer valid UTF-8, and it never asks for a tool that there is not. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/vendors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth) {
    if (!truth)
        __builtin_trap();
}

struct reading {
    struct slice name;
    struct buffer arguments;
    bool called, said;
};

static void on_event(void *user, const struct model_event *event) {
    struct reading *reading = user;
    demand(utf8_valid(event->text));
    if (event->kind == MODEL_EVENT_TOOL_CALL) {
        demand(!reading->called && slice_equal(event->tool_name, reading->name));
        reading->called = true;
    }
    if (event->kind == MODEL_EVENT_TOOL_ARGUMENTS)
        buffer_append(&reading->arguments, event->text);
    reading->said = reading->said || event->kind == MODEL_EVENT_TEXT;
}

static void answer(const struct model_call *call) {
    struct arena *arena = arena_create(1024);
    struct model_request request;
    struct reading reading = {.name = call->tools[0].name};
    struct fault fault;
    demand(offline_provider.encode(call, arena, &request, &fault));
    struct model_stream *stream = offline_provider.open(arena, on_event, &reading);
    demand(offline_provider.feed(stream, request.body, &fault));
    demand(offline_provider.end(stream, &fault));
    demand(reading.called != reading.said);
    struct slice arguments = buffer_slice(&reading.arguments);
    demand(!reading.called ||
           (json_validate(arguments, NULL) && json_type(arguments) == JSON_OBJECT));
    buffer_finish(&reading.arguments);
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice rest = {(const char *)data, size}, name, description, schema, result, before;
    if (size == 0 || !utf8_valid(rest) || !slice_split(&rest, '\n', &name) || name.size == 0 ||
        !slice_split(&rest, '\n', &description) || !slice_split(&rest, '\n', &schema) ||
        !slice_split(&rest, '\n', &result) || !slice_split(&rest, '\n', &before))
        return 0;
    if (!json_validate(schema, NULL))
        schema = SLICE("{\"properties\":{\"q\":{\"type\":\"string\"},\"max\":{\"type\":\"number\"},"
                       "\"day\":{\"type\":\"string\",\"format\":\"date\"}},\"required\":[\"q\"]}");
    for (size_t i = 0; i < name.size; i++) /* names that tools may have */
        if (!((name.data[i] >= 'a' && name.data[i] <= 'z') || name.data[i] == '_'))
            return 0;
    const struct model_tool tool = {name, description, schema};
    const struct model_part parts[] = {
        {.kind = MODEL_PART_TEXT, .text = before},
        {.kind = MODEL_PART_TEXT, .text = SLICE("For that I need to know one more thing: it")},
        {.kind = MODEL_PART_TEXT, .text = slice_from(rest, 0)},
        {.kind = MODEL_PART_TOOL_CALL, .tool_id = SLICE("1"), .tool_name = name},
        {.kind = MODEL_PART_TOOL_RESULT, .tool_id = SLICE("1"), .tool_name = name, .text = result},
    };
    const struct model_message messages[] = {
        {MODEL_USER, &parts[0], 1}, {MODEL_ASSISTANT, &parts[1], 1},
        {MODEL_USER, &parts[2], 1}, {MODEL_ASSISTANT, &parts[3], 1},
        {MODEL_TOOL, &parts[4], 1},
    };
    struct model_call call = model_call_default();
    call.tools = &tool;
    call.tool_count = 1;
    call.today = SLICE("2026-11-23");
    call.messages = messages;
    call.message_count = 3;
    answer(&call);
    call.messages = messages + 2;
    call.message_count = 1;
    answer(&call);
    call.messages = messages;
    call.message_count = 5;
    answer(&call);
    return 0;
}
