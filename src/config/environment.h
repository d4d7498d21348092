/* $NAME, ${NAME} and ${NAME:-default} in values; $$ is a dollar sign. A dollar before anything else
 * ("$5") is just that. It works on parsed values, so that what a variable holds is never read as
 * YAML. */
#pragma once
#include <stdbool.h>
struct arena;
struct error_list;
struct place;
struct yaml_node;

/* Sets the node's value, once. False: a variable was missing or malformed, which is reported at its
 * place. */
bool environment_substitute(struct yaml_node *scalar, const struct place *place,
                            struct arena *arena, struct error_list *errors);
