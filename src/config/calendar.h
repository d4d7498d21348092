/* Opening hours of a calendar. Private to config/. */
#pragma once
struct builder;
struct draft_tool;
struct place;

/* Fills draft->builtin's openings from the tree of `hours`. */
void build_hours(struct builder *builder, struct draft_tool *draft, const struct place *place);
