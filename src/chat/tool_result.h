/* What goes into a tool's call besides the model's arguments, and what of its result goes back. */
#pragma once
#include "chat/tool_run.h"
struct arena;
struct turn;

/* The result, cut to the tool's limit of tokens with a note, and marked as data where it is plain
 * text. In the turn's arena. */
struct slice tool_result_fit(struct turn *turn, const struct tool *tool, struct slice result);
/* Fills `request`'s bindings from what the server knows of who asks and where, and the key of a
 * tool that changes something. In the turn's arena. */
void tool_bindings(struct turn *turn, const struct tool *tool, struct slice arguments,
                   struct tool_run_request *request);
/* The arguments as the log keeps them: without the values that the configuration redacts, at most
 * some KiB. `tool` is NULL for one that does not exist. In the arena. */
struct slice tool_arguments_redacted(const struct tool *tool, struct slice arguments,
                                     bool is_object, struct arena *arena);
