/* What visitors are told where nobody is there to answer them in person. */
#pragma once
#include "base/id.h"
#include "base/slice.h"
struct arena;
struct bot;
struct chat;
struct fault;
struct store_session;

struct nobody {
    struct slice bot, user, conversation_id;
    struct id message_id;
    struct slice text;
};
/* In that language, with the time from which somebody is there where that is known (`opens_ms`,
 * wall clock; 0: it is not). In the arena. */
struct slice nobody_text(const struct bot *bot, struct slice language, int64_t opens_ms,
                         struct arena *arena);
/* In a store job: it is a message of the conversation. */
bool nobody_keep(struct store_session *session, const struct nobody *nobody, int64_t now_ms,
                 struct fault *fault);
/* Then to the visitor's pages, with the form for how they can be reached, where the bot has one. */
void nobody_publish(struct chat *chat, const struct nobody *nobody);

/* From now on the loop of this chat looks after those who wait: who has for longer than their bot
 * has it is told that nobody comes, and whose operator has left them alone waits for another. One
 * loop of the process does; before the loop runs. */
struct waits;
struct waits *waits_watch(struct chat *chat);
/* It looks no longer. NULL is fine. */
void waits_end(struct waits *waits);
