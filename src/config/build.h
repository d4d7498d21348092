/* Ties the draft together: providers to models, defaults that depend on each other, checks across
 * options. */
#pragma once
struct arena;
struct config;
struct draft;
struct error_list;
struct yaml_node;

/* The config in the arena, which it owns from then on; or NULL with mistakes in `errors`, and then
 * the arena is destroyed. `root` is the file's top. */
struct config *build_config(struct draft *draft, const struct yaml_node *root, struct arena *arena,
                            struct error_list *errors);
