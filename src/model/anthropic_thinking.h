/* Whether and how Claude is asked to think, from the effort of the call and what the catalogue
 * knows of the model. */
#pragma once
#include "model/provider.h"
struct json_writer;

enum anthropic_thinking_kind {
    ANTHROPIC_THINKING_UNSAID, /* as the model does by itself */
    ANTHROPIC_THINKING_DISABLED,
    ANTHROPIC_THINKING_ADAPTIVE,
    ANTHROPIC_THINKING_BUDGET,
};

struct anthropic_thinking {
    enum anthropic_thinking_kind kind;
    int64_t budget;     /* tokens, of those of the answer */
    const char *effort; /* NULL: not said */
};

/* `answer_tokens` is the max_tokens that is sent. */
struct anthropic_thinking anthropic_thinking_for(const struct model_call *call,
                                                 int64_t answer_tokens);
/* True where it thinks because we asked for it: then sampling is its own. */
bool anthropic_thinks(const struct anthropic_thinking *thinking);
/* The members "thinking" and "output_config", where there is something to say. */
void anthropic_write_thinking(struct json_writer *json, const struct anthropic_thinking *thinking);
