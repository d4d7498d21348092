/* Finds the passages of the bot's knowledge that fit the visitor's question. */
#pragma once
struct turn;

/* Fills turn->passages (none when nothing fits or the store fails, which is logged), then calls
 * `done`. */
void knowledge_search_start(struct turn *turn, void (*done)(void *user), void *user);
