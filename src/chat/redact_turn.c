#include "chat/redact_turn.h"
#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "chat/settings.h"
#include "chat/turn_state.h"
#include <string.h>

struct slice turn_redacted(const struct turn *turn, enum redact_place place, struct slice text) {
    return redact_text(turn->bot->redact, place, text, turn->arena);
}

struct slice turn_redacted_json(const struct turn *turn, enum redact_place place,
                                struct slice text) {
    return redact_json(turn->bot->redact, place, text, turn->arena);
}

static struct model_part part_redacted(const struct turn *turn, const struct model_part *part) {
    struct model_part fresh = *part;
    if (part->kind == MODEL_PART_TEXT)
        fresh.text = turn_redacted(turn, REDACT_MODEL, part->text);
    else if (part->kind == MODEL_PART_TOOL_RESULT)
        fresh.text = turn_redacted_json(turn, REDACT_MODEL, part->text);
    else if (part->kind == MODEL_PART_TOOL_CALL)
        fresh.arguments = turn_redacted_json(turn, REDACT_MODEL, part->arguments);
    return fresh;
}

struct model_message turn_message_redacted(const struct turn *turn,
                                           const struct model_message *message) {
    if (!redact_has(turn->bot->redact, REDACT_MODEL))
        return *message;
    struct model_part *parts = arena_array(turn->arena, message->part_count, sizeof *parts);
    for (size_t i = 0; i < message->part_count; i++)
        parts[i] = part_redacted(turn, &message->parts[i]);
    return (struct model_message){message->role, parts, message->part_count};
}

void turn_redact_passages(struct turn *turn) {
    for (size_t i = 0; i < turn->passage_count; i++) {
        struct model_passage *passage = &turn->passages[i];
        passage->title = turn_redacted(turn, REDACT_MODEL, passage->title);
        passage->text = turn_redacted(turn, REDACT_MODEL, passage->text);
    }
}

void turn_redact_detail(const struct turn *turn, struct fault *fault) {
    struct slice kept = turn_redacted(turn, REDACT_LOG, slice_of(fault->detail));
    if (kept.data != fault->detail)
        fault_detail(fault, "%.*s", SLICE_ARG(kept));
}

void turn_warn_of_costly_rules(const struct turn *turn) {
    const struct redact *redact = turn->bot->redact;
    for (const char *rule = redact_take_costly(redact); rule; rule = redact_take_costly(redact))
        log_warning("a rule of redact takes too many steps: texts were passed over in part",
                    LOG_STRING("bot", turn->bot->name), LOG_STRING("rule", rule), );
}

bool turn_is_personal(const struct turn *turn, struct slice text) {
    static const enum redact_place places[] = {REDACT_LOG, REDACT_MODEL, REDACT_ANSWER};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (turn_redacted(turn, places[i], text).data != text.data)
            return true;
    return false;
}
