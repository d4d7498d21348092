/* Answers given before: to the first message of a conversation, when the same question is asked of
 * the same bot. What the bot is (instructions, models, settings) and the passages found for the
 * question are part of the key, so that a change of any of them asks the model again.
 *
 * Questions are the same when they differ only in blanks, in the case of ASCII letters and in the
 * marks at their end. */
#pragma once
#include "chat/turn_state.h"

/* True when the bot wants it and the turn is of that kind; sets turn->cache_digest. */
bool answer_cache_applies(struct turn *turn);
/* The step cache: looks; then the turn goes on to CALL, or has its answer. */
enum turn_step answer_cache_look(struct turn *turn);
/* Inside the store job that records the turn: keeps its answer, if it is one to keep. */
bool answer_cache_keep(struct store_session *session, const struct turn *turn, struct fault *fault);
/* The question as it is compared; in the arena. */
struct slice answer_cache_normalise(struct slice question, struct arena *arena);
