#include "model/anthropic_thinking.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/encode.h"

enum { BUDGET_MIN = 1024 }; /* the service refuses less */

static bool has_reasoning(const struct model_message *message) {
    for (size_t i = 0; i < message->part_count; i++)
        if (message->parts[i].kind == MODEL_PART_REASONING && message->parts[i].signature.size > 0)
            return true;
    return false;
}

static bool has_call(const struct model_message *message) {
    for (size_t i = 0; i < message->part_count; i++)
        if (message->parts[i].kind == MODEL_PART_TOOL_CALL)
            return true;
    return false;
}

/* With a budget, the calls of the turn under way must come with the thinking that led to them:
 * those that another vendor's model began have none. */
static bool calls_have_reasoning(const struct model_call *call) {
    for (size_t i = call->message_count; i-- > 0;) {
        const struct model_message *message = &call->messages[i];
        if (message->role == MODEL_USER)
            return true;
        if (message->role == MODEL_ASSISTANT && has_call(message) && !has_reasoning(message))
            return false;
    }
    return true;
}

static struct anthropic_thinking think(const struct model_call *call, unsigned effort,
                                       int64_t answer_tokens) {
    const struct model_info *info = call->info;
    struct anthropic_thinking thinking = {.effort = encode_nearest_effort(info, effort)};
    /* A model that must call a tool may not think first. */
    if (call->tool_count > 0 &&
        (call->tool_choice == MODEL_TOOL_REQUIRED || call->tool_choice == MODEL_TOOL_NAMED) &&
        !info->no_forced_tool_choice)
        return thinking;
    if (info->thinking & MODEL_THINKING_ADAPTIVE) {
        thinking.kind = ANTHROPIC_THINKING_ADAPTIVE;
    } else if (info->thinking & MODEL_THINKING_BUDGET && calls_have_reasoning(call)) {
        thinking.budget = encode_effort_budget(info, effort, answer_tokens);
        if (thinking.budget >= BUDGET_MIN)
            thinking.kind = ANTHROPIC_THINKING_BUDGET;
    }
    return thinking;
}

struct anthropic_thinking anthropic_thinking_for(const struct model_call *call,
                                                 int64_t answer_tokens) {
    struct anthropic_thinking thinking = {0};
    unsigned effort = model_effort_of(call->reasoning_effort);
    if (!effort || !call->info)
        return thinking;
    if (effort != MODEL_EFFORT_NONE)
        return think(call, effort, answer_tokens);
    if (call->info->thinking & MODEL_THINKING_ALWAYS)
        thinking.effort = encode_nearest_effort(call->info, effort);
    else if (call->info->thinking)
        thinking.kind = ANTHROPIC_THINKING_DISABLED;
    return thinking;
}

bool anthropic_thinks(const struct anthropic_thinking *thinking) {
    return thinking->kind == ANTHROPIC_THINKING_ADAPTIVE ||
           thinking->kind == ANTHROPIC_THINKING_BUDGET;
}

void anthropic_write_thinking(struct json_writer *json, const struct anthropic_thinking *thinking) {
    static const char *const types[] = {
        [ANTHROPIC_THINKING_DISABLED] = "disabled",
        [ANTHROPIC_THINKING_ADAPTIVE] = "adaptive",
        [ANTHROPIC_THINKING_BUDGET] = "enabled",
    };
    if (thinking->kind != ANTHROPIC_THINKING_UNSAID) {
        json_key(json, "thinking");
        json_begin_object(json);
        json_member_string(json, "type", slice_of(types[thinking->kind]));
        if (thinking->kind == ANTHROPIC_THINKING_BUDGET)
            json_member_int(json, "budget_tokens", thinking->budget);
        json_end_object(json);
    }
    if (thinking->effort) {
        json_key(json, "output_config");
        json_begin_object(json);
        json_member_string(json, "effort", slice_of(thinking->effort));
        json_end_object(json);
    }
}
