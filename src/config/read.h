/* Walks the file's tree along the options table and stores what it finds in the draft. */
#pragma once
struct arena;
struct error_list;
struct yaml_node;
struct yaml_tree;
struct draft;

/* Every option is set to its default or to the file's value; all mistakes are in `errors`. */
void read_config(const struct yaml_tree *tree, const char *folder, struct arena *arena,
                 struct error_list *errors, struct draft *draft);
