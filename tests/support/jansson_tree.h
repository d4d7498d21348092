/* JSON as jansson reads it, behind names of its own: jansson.h and base/json.h do not go into one
 * file. What base/json reads is compared with this, in unit tests and fuzzers. */
#pragma once
#include "base/slice.h"

struct tree; /* a json_t, in fact */

/* NULL where jansson refuses; then the reason is copied. Takes any value, and \u0000 but in keys.
 */
struct tree *tree_parse(struct slice text, char *ret_reason, size_t reason_size);
void tree_free(struct tree *tree); /* the one from tree_parse only */
/* 'n'ull 't'rue 'f'alse 'i'nteger 'r'eal 's'tring 'a'rray 'o'bject */
char tree_type(const struct tree *tree);
int64_t tree_integer(const struct tree *tree);
double tree_real(const struct tree *tree);
struct slice tree_string(const struct tree *tree);
/* Of elements or members; members of the same name count once. */
size_t tree_count(const struct tree *tree);
struct tree *tree_element(const struct tree *tree, size_t index);
/* The last of that name; NULL if there is none. */
struct tree *tree_member(const struct tree *tree, struct slice key);
/* A scalar has 0, [] has 1. */
size_t tree_depth(const struct tree *tree);
/* A json_t made by jansson's own json_string, to prove that it is not ours that was linked. */
struct tree *tree_from_string(const char *text);
