#include "model/mistral_messages.h"
#include "base/arena.h"
#include "base/buffer.h"

/* --- ids --- */

static bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_own_id(struct slice id) {
    if (id.size != MISTRAL_ID_SIZE)
        return false;
    for (size_t i = 0; i < id.size; i++)
        if (!is_alphanumeric(id.data[i]))
            return false;
    return true;
}

/* Another vendor's id becomes a hash of it (FNV-1a), so that call and result get the same one, in
 * each request anew. */
static struct slice own_id(struct slice id, struct arena *arena) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (is_own_id(id))
        return id;
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < id.size; i++)
        hash = (hash ^ (unsigned char)id.data[i]) * UINT64_C(0x100000001B3);
    char *text = arena_allocate(arena, MISTRAL_ID_SIZE + 1);
    for (size_t i = 0; i < MISTRAL_ID_SIZE; i++, hash /= 62)
        text[i] = digits[hash % 62];
    return (struct slice){text, MISTRAL_ID_SIZE};
}

/* --- messages --- */

static bool has_id(const struct model_part *part) {
    return part->kind == MODEL_PART_TOOL_CALL || part->kind == MODEL_PART_TOOL_RESULT;
}

static bool says_something(enum model_role role, const struct model_part *part) {
    switch (part->kind) {
    case MODEL_PART_TEXT:
        return role != MODEL_TOOL && part->text.size > 0;
    case MODEL_PART_IMAGE:
        return role == MODEL_USER;
    case MODEL_PART_TOOL_CALL:
        return role == MODEL_ASSISTANT;
    case MODEL_PART_TOOL_RESULT:
        return role == MODEL_TOOL;
    default:
        return false;
    }
}

/* The message with the parts that are sent: none of them is empty. */
static struct model_message own_message(const struct model_message *message, struct arena *arena) {
    struct model_part *parts = arena_array(arena, message->part_count, sizeof *parts);
    size_t count = 0;
    for (size_t i = 0; i < message->part_count; i++) {
        if (!says_something(message->role, &message->parts[i]))
            continue;
        parts[count] = message->parts[i];
        if (has_id(&parts[count]))
            parts[count].tool_id = own_id(parts[count].tool_id, arena);
        count++;
    }
    return (struct model_message){message->role, parts, count};
}

/* What is refused between results of tools and a message of the user is that nothing stands there:
 * the answer to the results was stopped before it began. */
static const struct model_part nothing_said[] = {
    {.kind = MODEL_PART_TEXT, .text = {"(No answer.)", sizeof "(No answer.)" - 1}},
};
static const struct model_message bridge = {MODEL_ASSISTANT, nothing_said, 1};

static bool needs_bridge(const struct model_message *before, const struct model_message *message) {
    return before->role == MODEL_TOOL && message->role == MODEL_USER;
}

/* System messages are refused behind the first ones: their text goes there. */
static void append_system(struct buffer *system, const struct model_message *message) {
    for (size_t i = 0; i < message->part_count; i++) {
        if (message->parts[i].kind != MODEL_PART_TEXT || message->parts[i].text.size == 0)
            continue;
        if (system->size > 0)
            buffer_append(system, SLICE("\n\n"));
        buffer_append(system, message->parts[i].text);
    }
}

struct model_call mistral_call(const struct model_call *call, struct arena *arena) {
    struct model_call ours = *call;
    struct model_message *messages = arena_array(arena, call->message_count * 2, sizeof *messages);
    size_t count = 0;
    struct buffer system = {0};
    buffer_append(&system, call->system);
    for (size_t i = 0; i < call->message_count; i++) {
        if (call->messages[i].role == MODEL_SYSTEM) {
            append_system(&system, &call->messages[i]);
            continue;
        }
        struct model_message message = own_message(&call->messages[i], arena);
        if (message.part_count == 0)
            continue;
        if (count > 0 && needs_bridge(&messages[count - 1], &message))
            messages[count++] = bridge;
        messages[count++] = message;
    }
    ours.system = arena_copy(arena, buffer_slice(&system));
    buffer_finish(&system);
    ours.messages = messages;
    ours.message_count = count;
    return ours;
}
