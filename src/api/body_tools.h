/* Tools of a trusted client's own, in OpenAI's and in Anthropic's form: their definitions, the
 * calls that an assistant's message holds, and the results that come back. Private to api/. */
#pragma once
#include "base/fault.h"
#include "model/provider.h"
struct arena;

enum { BODY_TOOLS_MAX = 128, BODY_CALLS_MAX = 128 };

/* The body's `tools`: functions only. Everything in the arena. */
bool body_tools_read(struct slice tools, struct arena *arena, struct model_tool **ret_tools,
                     size_t *ret_count, struct fault *fault);

/* OpenAI: adds the `tool_calls` of an assistant's message to its parts. */
bool body_calls_read(struct slice calls, const char *path, struct arena *arena,
                     struct model_message *message, struct fault *fault);
/* OpenAI: a message of the role `tool`. */
bool body_result_read(struct slice value, const char *path, struct arena *arena,
                      struct model_part *ret_part, struct fault *fault);
/* Anthropic: the blocks `tool_use` and `tool_result`. */
bool body_tool_use_read(struct slice value, const char *path, struct arena *arena,
                        struct model_part *ret_part, struct fault *fault);
bool body_tool_result_read(struct slice value, const char *path, struct arena *arena,
                           struct model_part *ret_part, struct fault *fault);
/* Anthropic's results stand in messages of the user: moves them into one of their own, which comes
 * first. Fails where calls are the user's or results the assistant's. */
bool body_results_split(struct model_message *message, const char *path, struct arena *arena,
                        struct model_message *ret_results, struct fault *fault);

/* Sees that every call has its result right behind it and every result its call, as all vendors
 * want it. Starts zeroed. */
struct body_calls {
    const struct model_part *parts; /* of the message whose calls are answered now */
    size_t count;
    bool *answered; /* by part */
    size_t open;
    char path[64];
};
/* The next message. Gives results the names of their tools. */
bool body_calls_take(struct body_calls *calls, struct model_message *message, const char *path,
                     struct arena *arena, struct fault *fault);
bool body_calls_end(const struct body_calls *calls, struct fault *fault);
