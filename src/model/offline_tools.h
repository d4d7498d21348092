/* What the built-in provider does with tools: it matches a question to one by its name and
 * description, and fills the parameters from the question by their types and names. Private to
 * model/. */
#pragma once
#include "model/provider.h"
struct arena;

enum offline_move {
    OFFLINE_PASSAGES, /* no tool fits: answer from the passages */
    OFFLINE_CALL,     /* call the tool: `tool` and `arguments` */
    OFFLINE_SAY,      /* `say`: what the tools gave back, or what is missing for a call */
};

struct offline_decision {
    enum offline_move move;
    struct slice tool, arguments; /* CALL: a name and a JSON object */
    struct slice say;
};
/* `covered`: the passages answer the question well, so more must speak for a tool. All in the
 * arena. */
struct offline_decision offline_tools_decide(const struct model_call *call, struct slice question,
                                             struct slice language, bool covered,
                                             struct arena *arena);
/* In which language to answer: the call's, else that of the question where its words tell. */
struct slice offline_tools_language(const struct model_call *call, struct slice question,
                                    struct arena *arena);
