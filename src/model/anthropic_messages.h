/* The conversation as the Messages API wants it: roles alternate and the user begins, no block is
 * empty, the results of tools stand first in the user's message. Places of the prompt cache are
 * marked: up to there a later call begins with the same bytes. */
#pragma once
#include "model/provider.h"
struct json_writer;

struct anthropic_conversation {
    const struct model_call *call;
    struct arena *arena;
    bool cache;   /* mark places */
    bool prefill; /* the model goes on with the text of a last message of the assistant */
};

/* False when no message says anything. */
bool anthropic_has_messages(const struct anthropic_conversation *conversation);
/* The member "system": the call's own text first, then what system messages say. */
void anthropic_write_system(struct json_writer *json,
                            const struct anthropic_conversation *conversation);
/* The member "messages". */
void anthropic_write_messages(struct json_writer *json,
                              const struct anthropic_conversation *conversation);
/* {"type":"ephemeral"} as the member "cache_control". */
void anthropic_write_cache_mark(struct json_writer *json);
