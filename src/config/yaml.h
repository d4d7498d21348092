/* The tree of a YAML text. libfyaml scans and parses; the tree is ours, because the library's own
 * resolves aliases by copying (a few hundred bytes become gigabytes) and stops at the first
 * duplicate key. Here an alias is a second pointer to the same node, so that nothing grows. */
#pragma once
#include "base/slice.h"
struct arena;
struct error_list;

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_pair {
    struct yaml_node *key; /* a scalar */
    struct yaml_node *value;
};

struct yaml_node {
    enum yaml_kind kind;
    bool quoted; /* written as text: "5", '5', | or > */
    bool secret; /* set by config/hide: never shown again */
    bool walked; /* that one was here */
    struct slice text;
    size_t start, end; /* offsets into the source, quotes included */
    struct yaml_node **items;
    struct yaml_pair *pairs; /* no key twice; those of merge keys behind the node's own */
    size_t count;            /* of items or pairs */
    /* what stands in a mapping without being of it: names given twice and what merge keys name */
    struct yaml_pair *dropped;
    size_t dropped_count;
    /* what config/environment makes of a scalar's text, once */
    bool substituted;
    bool unusable;        /* a variable was missing: reported, pass over it */
    const char *variable; /* the first variable that it names, or NULL */
    struct slice value;
};

struct yaml_tree {
    struct yaml_node *root; /* NULL when there is nothing */
    /* The syntax was broken somewhere: the tree holds what could be read, and nothing can be
     * concluded from what is missing in it. */
    bool broken;
    size_t broken_at; /* offset of the syntax error; SIZE_MAX: a cap was passed instead */
};

/* Mistakes go to `errors`. `text` is valid UTF-8 and outlives the tree. */
struct yaml_tree yaml_parse(struct slice text, struct arena *arena, struct error_list *errors);

/* The pair of a key, or NULL (also when `node` is NULL or not a mapping). */
const struct yaml_pair *yaml_pair(const struct yaml_node *node, const char *key);
/* Its value. */
struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);
/* Written as nothing, ~ or null. */
bool yaml_is_null(const struct yaml_node *node);
