/* Whether somebody is there to hand a conversation over to. */
#pragma once
#include "base/fault.h"
struct arena;
struct bot;
struct desk;
struct store_session;

struct handoff_home {
    bool somebody;    /* or the bot lets them wait */
    int64_t opens_ms; /* outside the hours: when they begin again (wall clock); 0: not known */
};
/* In a store job: by the bot's hours, who is present at the desk, and how many conversations each
 * of them may have. `desk` NULL: nobody ever is. */
bool handoff_home(struct store_session *session, struct desk *desk, const struct bot *bot,
                  int64_t now_ms, struct arena *arena, struct handoff_home *ret_home,
                  struct fault *fault);
