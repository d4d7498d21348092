#include "chat/round.h"
#include "base/arena.h"
#include "base/json.h"

void round_finish(struct round *round) {
    for (struct round_part *part = round->first; part; part = part->next)
        buffer_finish(&part->text);
    *round = (struct round){0};
}

void round_begin(struct round *round, struct arena *arena) {
    round_finish(round);
    round->arena = arena;
}

static struct round_part *add(struct round *round, enum model_part_kind kind) {
    struct round_part *part = arena_allocate(round->arena, sizeof *part);
    part->kind = kind;
    if (round->last)
        round->last->next = part;
    else
        round->first = part;
    round->last = part;
    round->count++;
    return part;
}

static void add_reasoning(struct round *round, struct slice text) {
    struct round_part *part = round->last;
    bool goes_on = part && !round->after_text && part->kind == MODEL_PART_REASONING &&
                   part->signature.size == 0 && !part->redacted;
    if (!goes_on)
        part = add(round, MODEL_PART_REASONING);
    buffer_append(&part->text, text);
}

static void sign(struct round *round, const struct model_event *event) {
    struct slice signature = arena_copy(round->arena, event->text);
    if (event->redacted || (!round->last && !round->after_text)) {
        struct round_part *part = add(round, MODEL_PART_REASONING);
        part->signature = signature;
        part->redacted = event->redacted;
    } else if (round->after_text) {
        round->text_signature = signature;
    } else {
        round->last->signature = signature;
    }
}

static void add_arguments(struct round *round, size_t index, struct slice text) {
    struct round_part *part = round->first;
    for (; part; part = part->next)
        if (part->kind == MODEL_PART_TOOL_CALL && index-- == 0)
            break;
    if (!part)
        return;
    part->too_long = part->too_long || part->text.size + text.size > ROUND_ARGUMENTS_MAX;
    if (!part->too_long)
        buffer_append(&part->text, text);
}

void round_event(struct round *round, const struct model_event *event) {
    switch (event->kind) {
    case MODEL_EVENT_TEXT:
        round->after_text = true;
        break;
    case MODEL_EVENT_REASONING:
        add_reasoning(round, event->text);
        round->after_text = false;
        break;
    case MODEL_EVENT_SIGNATURE:
        sign(round, event);
        break;
    case MODEL_EVENT_TOOL_CALL: {
        struct round_part *part = add(round, MODEL_PART_TOOL_CALL);
        part->id = arena_copy(round->arena, event->tool_id);
        part->name = arena_copy(round->arena, event->tool_name);
        round->calls++;
        round->after_text = false;
        break;
    }
    case MODEL_EVENT_TOOL_ARGUMENTS:
        add_arguments(round, event->index, event->text);
        break;
    default:
        break;
    }
}

const struct round_part *round_call(const struct round *round, size_t index) {
    for (const struct round_part *part = round->first; part; part = part->next)
        if (part->kind == MODEL_PART_TOOL_CALL && index-- == 0)
            return part;
    return NULL;
}

static struct slice object_of(const struct round_part *call, struct arena *arena) {
    struct slice text = buffer_slice(&call->text);
    if (call->too_long || !json_validate(text, NULL) || json_type(text) != JSON_OBJECT)
        return SLICE("{}");
    return arena_copy(arena, text);
}

struct model_message round_message(const struct round *round, struct slice text,
                                   struct arena *arena) {
    struct model_part *parts = arena_array(arena, round->count + 1, sizeof *parts);
    size_t count = 0;
    bool said = text.size == 0;
    const struct model_part visible = {
        .kind = MODEL_PART_TEXT, .text = text, .signature = round->text_signature};
    for (const struct round_part *part = round->first; part; part = part->next) {
        bool is_call = part->kind == MODEL_PART_TOOL_CALL;
        if (is_call && !said) {
            parts[count++] = visible;
            said = true;
        }
        parts[count++] = (struct model_part){
            .kind = part->kind,
            .text =
                is_call ? (struct slice){NULL, 0} : arena_copy(arena, buffer_slice(&part->text)),
            .tool_id = part->id,
            .tool_name = part->name,
            .arguments = is_call ? object_of(part, arena) : (struct slice){NULL, 0},
            .signature = part->signature,
            .redacted = part->redacted,
        };
    }
    if (!said)
        parts[count++] = visible;
    return (struct model_message){MODEL_ASSISTANT, parts, count};
}

struct model_message round_foreign(const struct model_message *message, struct arena *arena) {
    struct model_part *parts = arena_array(arena, message->part_count, sizeof *parts);
    size_t count = 0;
    for (size_t i = 0; i < message->part_count; i++) {
        if (message->parts[i].kind == MODEL_PART_REASONING)
            continue;
        parts[count] = message->parts[i];
        parts[count++].signature = (struct slice){NULL, 0};
    }
    return (struct model_message){message->role, parts, count};
}
