/* The first step of a turn that goes on with a conversation: whose it is, and what was said. */
#pragma once
struct turn;

/* What the server kept of the conversation takes the place of what the client says was said; then
 * advances the turn to ADMIT, or refuses it (NOT_FOUND) where the conversation is another user's or
 * bot's. One that is not there is begun under that id: the database may have missed its first
 * turn. */
void open_conversation(struct turn *turn);
