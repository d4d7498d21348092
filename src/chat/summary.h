/* The older part of a long conversation as a summary, which is kept with it and extended when the
 * conversation grows, never written anew. It is made after an answer has been given and recorded,
 * so that nobody waits for it. While it fails the conversation is cut like a window (fit.c). */
#pragma once
#include "chat/turn_state.h"

/* True when so many messages are behind the last summary that it is to be extended. */
bool summary_is_due(const struct turn *turn);
/* The step summarize: asks the model; then the turn is done. */
enum turn_step summary_start(struct turn *turn);
/* The record of its call is written, or could not be. */
void summary_committed(struct turn *turn);
/* The server stops: gives it up. Does nothing where there is none. */
void summary_stop(struct turn *turn);
