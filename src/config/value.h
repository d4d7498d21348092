/* How the text of a value becomes what the program uses, for every type of option. */
#pragma once
#include "config/option.h"
struct arena;
struct buffer;

struct value_context {
    const struct option *option;
    struct arena *arena;
    const char *folder; /* that relative paths are taken from */
    bool quoted;        /* written as text */
    char why[256];      /* set by value_read: "must be between 1 and 10" */
    bool echo;          /* set by value_read: `why` may be followed by what was found */
};

struct value_type {
    const char *name;  /* for the reference: "duration" */
    const char *wants; /* for messages: "a duration such as 10s" */
    size_t size;       /* of what stands at the offset */
    bool typed;        /* not text: quotes are a mistake */
    bool (*read)(struct value_context *context, struct slice text, void *ret_value);
    /* the members of its JSON Schema, without the braces; NULL: made from the row (numbers,
     * choices) */
    const char *schema;
};
const struct value_type *value_type(enum option_type type);

/* Stores the value; or false with `why`, and nothing stored. */
bool value_read(struct value_context *context, struct slice text, void *ret_value);
bool value_same(enum option_type type, const void *a, const void *b);
/* 600000 as "10min", 16384 as "16KiB", 3 as "3". */
void value_show(enum option_type type, double value, struct buffer *out);
