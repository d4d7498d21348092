/* Texts with placeholders: `{name}`, with `{{` and `}}` for braces. Private to tool/. */
#pragma once
#include "tool/tool.h"
struct arena;
struct buffer;

enum template_piece { TEMPLATE_END, TEMPLATE_TEXT, TEMPLATE_NAME, TEMPLATE_BAD };

struct template_scan {
    struct slice text;
    size_t at;
};
/* A piece of text is given with its braces resolved: one brace is a piece of its own. A brace that
 * begins no name is BAD where `strict`, else text: JSON is full of them. */
enum template_piece template_scan(struct template_scan *scan, bool strict, struct slice *ret_text);

/* The value of an argument as text ("" where it is absent or null; JSON for lists and objects), or
 * of a binding, by the dot in its name. In the arena. */
struct slice template_value(const struct tool_input *input, struct slice name, struct arena *arena);
