/* The step `call` of a turn: one of the bot's models answers. It tries again, goes on to the next
 * model, and has an answer that broke off continued by another, by the rules of failover.h. */
#pragma once
#include "chat/turn_state.h"

/* Which models are tried, in their order; else done with the first call. */
void answer_line_up(struct turn *turn);
/* Chooses a model that may be called and calls it; returns WAIT, or fails the turn. */
enum turn_step answer_step(struct turn *turn);
/* The record of turn->call is written, or could not be: makes the call. */
void answer_committed(struct turn *turn);
/* Gives an answer that was given before: free, and marked as such in events and log. */
void answer_again(struct turn *turn, const char *model, struct slice text);
/* Emits what redaction has held back: the text goes no further. */
void answer_show_rest(struct turn *turn);
/* Ends what is under way; `why` is recorded with the call. */
void answer_stop(struct turn *turn, const struct fault *why);
