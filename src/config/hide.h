/* What of a file may not be shown in any mistake: secrets in their own places are known to whoever
 * reads an option, but a mistake often is that they are in another. Private to config/. */
#pragma once
#include "base/slice.h"
struct error_list;
struct yaml_node;

/* Hides what stands at options that hold secrets and at names that sound like it, wherever they
 * are, and all that looks like a key. `root` may be NULL. */
void hide_in_tree(struct yaml_node *root, struct error_list *errors);
/* The same by the look of lines, where the text could not be read as YAML: what stands behind such
 * a name on its line, and indented below it. */
void hide_in_text(struct slice text, struct error_list *errors);
/* All of a value, however deep and wherever its aliases lead. */
void hide_value(struct yaml_node *value, struct error_list *errors);
