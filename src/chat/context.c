#include "chat/context.h"
#include "base/arena.h"
#include "base/utf8.h"

enum { RESULT_MAX = 2000, RESULT_KEPT = 500 };

/* Moves a cut on to where a conversation may begin. */
static size_t to_visitor(const struct model_message *messages, size_t count, size_t first) {
    while (first + 1 < count && messages[first].role != MODEL_USER)
        first++;
    return first;
}

size_t context_window(const struct model_message *messages, size_t count, size_t most) {
    size_t first = to_visitor(messages, count, count > most + 1 ? count - most - 1 : 0);
    /* Behind the visitor's last message are calls of the client's own tools: they are never left
     * out, and no result stands without its call. */
    while (first > 0 && messages[first].role != MODEL_USER)
        first--;
    return first;
}

size_t context_fit(const struct model_message *messages, size_t count, const int64_t *tokens,
                   int64_t room) {
    if (count == 0)
        return 0;
    size_t first = count - 1;
    int64_t sum = tokens[first];
    while (first > 0 && sum + tokens[first - 1] <= room)
        sum += tokens[--first];
    return to_visitor(messages, count, first);
}

/* --- lighter --- */

static bool is_heavy(const struct model_part *part) {
    return part->kind == MODEL_PART_IMAGE ||
           (part->kind == MODEL_PART_TOOL_RESULT && part->text.size > RESULT_MAX);
}

static struct model_part lighten(const struct model_part *part, struct arena *arena) {
    if (part->kind == MODEL_PART_IMAGE)
        return (struct model_part){.kind = MODEL_PART_TEXT,
                                   .text = SLICE("(An image stood here that is no longer shown.)")};
    struct model_part shorter = *part;
    struct slice kept = slice_first(part->text, utf8_cut(part->text, RESULT_KEPT));
    shorter.text = slice_of(
        arena_printf(arena, "%.*s … (shortened: %zu bytes)", SLICE_ARG(kept), part->text.size));
    return shorter;
}

static bool lighten_message(struct model_message *message, struct arena *arena) {
    size_t heavy = 0;
    for (size_t i = 0; i < message->part_count; i++)
        heavy += is_heavy(&message->parts[i]);
    if (heavy == 0)
        return false;
    struct model_part *parts = arena_array(arena, message->part_count, sizeof *parts);
    for (size_t i = 0; i < message->part_count; i++)
        parts[i] =
            is_heavy(&message->parts[i]) ? lighten(&message->parts[i], arena) : message->parts[i];
    message->parts = parts;
    return true;
}

bool context_lighten(const struct model_message *messages, size_t count, struct arena *arena,
                     struct model_message *lighter) {
    bool changed = false;
    memcpy(lighter, messages, count * sizeof *lighter);
    for (size_t i = 0; i + 1 < count; i++)
        changed = lighten_message(&lighter[i], arena) || changed;
    return changed;
}
