#include "model/turns.h"
#include "base/arena.h"

/* Reasoning alone is no message. */
static bool says_something(const struct turns *turns, const struct model_message *message) {
    if (message->role == MODEL_SYSTEM)
        return false;
    for (size_t i = 0; i < message->part_count; i++)
        if (message->parts[i].kind != MODEL_PART_REASONING &&
            turns->is_written(message->role, &message->parts[i]))
            return true;
    return false;
}

struct turns turns_find(const struct model_call *call, turns_is_written *is_written,
                        struct arena *arena) {
    struct turns turns = {.call = call, .is_written = is_written};
    turns.items = arena_array(arena, call->message_count, sizeof *turns.items);
    for (size_t i = 0; i < call->message_count; i++) {
        const struct model_message *message = &call->messages[i];
        bool assistant = message->role == MODEL_ASSISTANT;
        if (!says_something(&turns, message))
            continue;
        if (turns.count == 0 || turns.items[turns.count - 1].assistant != assistant)
            turns.items[turns.count++] = (struct turn_of){.assistant = assistant, .first = i};
        turns.items[turns.count - 1].end = i + 1;
        if (message->role == MODEL_USER)
            turns.items[turns.count - 1].visitor = true;
    }
    return turns;
}

void turns_walk(const struct turns *turns, const struct turn_of *turn, turns_visit *visit,
                void *user) {
    for (int results = 1; results >= 0; results--)
        for (size_t i = turn->first; i < turn->end; i++) {
            const struct model_message *message = &turns->call->messages[i];
            if (!says_something(turns, message))
                continue;
            for (size_t j = 0; j < message->part_count; j++) {
                const struct model_part *part = &message->parts[j];
                bool is_result = part->kind == MODEL_PART_TOOL_RESULT;
                if (is_result == (results == 1) && turns->is_written(message->role, part) &&
                    !visit(user, part))
                    return;
            }
        }
}

static size_t visit_text(turns_text *visit, void *user, struct slice text, bool own) {
    if (slice_trim(text).size == 0)
        return 0;
    if (visit)
        visit(user, text, own);
    return 1;
}

size_t turns_system(const struct model_call *call, turns_text *visit, void *user) {
    size_t count = visit_text(visit, user, call->system, true);
    for (size_t i = 0; i < call->message_count; i++) {
        const struct model_message *message = &call->messages[i];
        for (size_t j = 0; j < message->part_count && message->role == MODEL_SYSTEM; j++)
            if (message->parts[j].kind == MODEL_PART_TEXT)
                count += visit_text(visit, user, message->parts[j].text, false);
    }
    return count;
}
