/* Values of a form of the owner's own (OPTION_TREE) as JSON. Private to config/. */
#pragma once
#include "base/json.h"
struct yaml_node;

/* Plain `true`, `12`, `1.5` and `null` are what they look like, as in YAML 1.2's core schema; what
 * is quoted or came from a variable is text. */
void tree_write_json(const struct yaml_node *node, struct json_writer *json);
