/* The built-in tools that know of time: `now` and `book_slot`. */
#pragma once
struct tool_run;

void tool_run_now(struct tool_run *run);
void tool_run_book(struct tool_run *run);
