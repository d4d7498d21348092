/* For vendors that want the conversation as turns: messages of one side in a row become one, and
 * what says nothing is left out. */
#pragma once
#include "model/provider.h"

/* Written where the vendor wants a message of the user and there is none: before an answer that
 * begins the conversation, and behind one that is to be gone on with. */
#define TURNS_BEGINNING "(The assistant begins.)"
#define TURNS_GOING_ON  "Go on exactly where your last message stops."

struct turn_of {
    bool assistant;
    bool visitor; /* holds a message of the user, not only results of tools */
    size_t first, end;
};

/* True for a part that this vendor can be sent in a message of that role. */
typedef bool turns_is_written(enum model_role role, const struct model_part *part);

struct turns {
    const struct model_call *call;
    turns_is_written *is_written;
    struct turn_of *items;
    size_t count;
};
/* The items are in the arena. System messages belong to no turn. */
struct turns turns_find(const struct model_call *call, turns_is_written *is_written,
                        struct arena *arena);

/* Calls `visit` for each part that is written, in that order: the results of tools come first.
 * False ends the walk. */
typedef bool turns_visit(void *user, const struct model_part *part);
void turns_walk(const struct turns *turns, const struct turn_of *turn, turns_visit *visit,
                void *user);

/* Calls `visit` for each text of the system that is not blank, the call's own first (`own`), then
 * those of system messages. Returns how many there are; `visit` may be NULL. */
typedef void turns_text(void *user, struct slice text, bool own);
size_t turns_system(const struct model_call *call, turns_text *visit, void *user);
