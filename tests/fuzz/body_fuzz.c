/* Bodies of chat requests, of clients with tools of their own and without (the first byte). What is
 * wrong is told; what is taken ends with the visitor's message or with results, and every call in
 * it has its result right behind it. */
#include "api/body.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
    do                                                                                             \
        if (!(condition))                                                                          \
            __builtin_trap();                                                                      \
    while (0)

static size_t count_kind(const struct model_message *message, enum model_part_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < message->part_count; i++)
        count += message->parts[i].kind == kind;
    return count;
}

static void check_part(const struct model_part *part, enum model_role role) {
    switch (part->kind) {
    case MODEL_PART_TOOL_CALL:
        CHECK(role == MODEL_ASSISTANT && part->tool_id.size > 0 && part->tool_name.size > 0);
        CHECK(json_validate(part->arguments, NULL) && json_type(part->arguments) == JSON_OBJECT);
        break;
    case MODEL_PART_TOOL_RESULT:
        CHECK(role == MODEL_TOOL && part->tool_name.size > 0);
        break;
    case MODEL_PART_IMAGE:
        CHECK((part->url.size > 0) != (part->data.size > 0));
        break;
    default:
        CHECK(part->kind == MODEL_PART_TEXT && utf8_valid(part->text));
    }
}

static void check_body(const struct body *body, bool own_tools) {
    size_t calls = 0, visitors = 0;
    CHECK(body->message_count > 0);
    for (size_t i = 0; i < body->message_count; i++) {
        const struct model_message *message = &body->messages[i];
        size_t results = count_kind(message, MODEL_PART_TOOL_RESULT);
        CHECK(message->role != MODEL_SYSTEM);
        CHECK(message->role == MODEL_TOOL ? results == message->part_count && results > 0
                                          : results == 0 && calls == 0);
        for (size_t j = 0; j < message->part_count; j++)
            check_part(&message->parts[j], message->role);
        CHECK(results <= calls);
        calls = calls - results + count_kind(message, MODEL_PART_TOOL_CALL);
        visitors += message->role == MODEL_USER;
        CHECK(own_tools || (calls == 0 && message->role != MODEL_TOOL));
    }
    CHECK(calls == 0 && visitors > 0);
    enum model_role last = body->messages[body->message_count - 1].role;
    CHECK(last == MODEL_USER || last == MODEL_TOOL);
    for (size_t i = 0; i < body->tool_count; i++)
        CHECK(own_tools && body->tools[i].name.size > 0 &&
              json_type(body->tools[i].schema) == JSON_OBJECT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct arena *arena = arena_create(1024);
    struct slice text = slice_from((struct slice){(const char *)data, size}, 1);
    bool own_tools = data[0] & 1;
    struct fault fault = {0};
    struct body body;
    if (body_read(text, false, own_tools, arena, &body, &fault))
        check_body(&body, own_tools);
    else
        CHECK(fault.kind == FAULT_BAD_INPUT && fault.message[0]);
    arena_destroy(arena);
    return 0;
}
