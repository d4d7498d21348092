/* Opening hours of a calendar. Private to config/. */
#pragma once
#include <stddef.h>
struct builder;
struct opening;
struct place;
struct yaml_node;

/* The openings that the tree of `hours` tells of; NULL is fine. What is wrong is reported. */
void build_hours(struct builder *builder, const struct yaml_node *node, const struct place *place,
                 const struct opening **ret_openings, size_t *ret_count);
