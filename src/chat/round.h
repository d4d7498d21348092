/* What a model said in one call besides the visible text, kept so that it can be given back to it
 * together with the results of the tools it called. */
#pragma once
#include "base/buffer.h"
#include "model/provider.h"

enum { ROUND_ARGUMENTS_MAX = 64 * 1024 }; /* bytes of one call's arguments */

struct round_part {
    struct round_part *next;
    enum model_part_kind kind; /* REASONING or TOOL_CALL */
    struct slice id, name;     /* TOOL_CALL */
    struct buffer text;        /* of the reasoning, or the arguments as they came */
    struct slice signature;
    bool redacted;
    bool too_long; /* the arguments were longer than is taken */
};

struct round {
    struct arena *arena;
    struct round_part *first, *last;
    struct slice text_signature; /* of the visible text */
    bool after_text;             /* what came last was text */
    size_t count, calls;
};

/* Zeroed memory is fine too; forgets what is there. The arena holds what is copied. */
void round_begin(struct round *round, struct arena *arena);
void round_finish(struct round *round);
void round_event(struct round *round, const struct model_event *event);
/* The i-th call, in order of appearance; NULL behind the last. */
const struct round_part *round_call(const struct round *round, size_t index);
/* The assistant's message: reasoning, the visible `text` where there is any, calls. In the arena;
 * arguments that are no JSON object are given back as {}, since vendors refuse them. */
struct model_message round_message(const struct round *round, struct slice text,
                                   struct arena *arena);
/* A copy without what only the vendor that made it can read: for another one. */
struct model_message round_foreign(const struct model_message *message, struct arena *arena);
