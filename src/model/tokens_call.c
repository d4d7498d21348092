#include "model/provider.h"
#include "model/tokens.h"

static size_t count_part(struct tokens *tokens, const struct model_part *part) {
    switch (part->kind) {
    case MODEL_PART_TEXT:
    case MODEL_PART_TOOL_RESULT:
    case MODEL_PART_REASONING:
        return tokens_count(tokens, part->text);
    case MODEL_PART_IMAGE:
        return TOKENS_PER_IMAGE;
    case MODEL_PART_TOOL_CALL:
        return TOKENS_PER_TOOL_CALL + tokens_count(tokens, part->tool_name) +
               tokens_count(tokens, part->arguments);
    }
    return 0;
}

size_t tokens_count_call(struct tokens *tokens, const struct model_call *call) {
    const size_t wrapping = TOKENS_PER_MESSAGE + TOKENS_PER_ROLE;
    size_t count = TOKENS_PER_ANSWER;
    if (call->system.size)
        count += wrapping + tokens_count(tokens, call->system);
    for (size_t i = 0; i < call->message_count; i++) {
        const struct model_message *message = &call->messages[i];
        count += wrapping;
        for (size_t part = 0; part < message->part_count; part++)
            count += count_part(tokens, &message->parts[part]);
    }
    for (size_t i = 0; i < call->tool_count; i++) {
        const struct model_tool *tool = &call->tools[i];
        count += TOKENS_PER_TOOL + tokens_count(tokens, tool->name) +
                 tokens_count(tokens, tool->description) + tokens_count(tokens, tool->schema);
    }
    return count;
}
