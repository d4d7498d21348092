/* What a row of the options table says. From the rows come reading and checking (read.c), the JSON
 * Schema (schema.c) and the reference page (reference.c). */
#pragma once
#include "base/slice.h"

/* The type fixes what stands at the row's offset. How each is written, read and described: value.c.
 */
enum option_type {
    OPTION_BOOLEAN,       /* bool */
    OPTION_INTEGER,       /* int64_t */
    OPTION_COUNT,         /* size_t */
    OPTION_SIZE,          /* size_t, bytes */
    OPTION_DURATION,      /* int64_t, milliseconds */
    OPTION_NUMBER,        /* double */
    OPTION_MONEY,         /* int64_t, microdollars; written, and bounded here, in dollars */
    OPTION_STRING,        /* const char *, one line */
    OPTION_TEXT,          /* struct slice, any number of lines */
    OPTION_SECRET,        /* struct slice, one line, never shown */
    OPTION_CHOICE,        /* int */
    OPTION_ADDRESS,       /* const char *, "127.0.0.1:8080" */
    OPTION_URL,           /* const char *, http or https */
    OPTION_BASE_URL,      /* const char *, the same without query and trailing slash */
    OPTION_ORIGIN,        /* const char *, "https://shop.example.com" or "*" */
    OPTION_FILE,          /* const char *, absolute */
    OPTION_FOLDER,        /* const char *, absolute */
    OPTION_DATABASE,      /* const char *, "sqlite:/absolute/path" */
    OPTION_SITE_DATABASE, /* the same or "postgres://…", which has a password: never shown */
    OPTION_API,           /* const struct provider * */
    OPTION_MODEL,         /* const char *, "provider/model" or "provider" */
    OPTION_TYPE_COUNT,
    OPTION_SECTION = OPTION_TYPE_COUNT, /* options of `section`, from the offset on */
    OPTION_MAP, /* struct entry_list: entries of `section` under names of the owner's choice */
    /* const struct yaml_node *: any form, variables substituted; read by build_*.c */
    OPTION_TREE,
};

static inline bool option_is_secret(enum option_type type) {
    return type == OPTION_SECRET || type == OPTION_SITE_DATABASE;
}

enum option_flag {
    OPTION_LIST = 1,      /* a list of the type: `const T *` at the offset, size_t at `count` */
    OPTION_REQUIRED = 2,  /* must be there, and a list or map not empty */
    OPTION_NONE = 4,      /* the word `none` is taken too: -1, or NaN */
    OPTION_RESTART = 8,   /* a change needs a restart */
    OPTION_EXISTS = 16,   /* the file or folder must exist and be readable */
    OPTION_ANY_NAME = 32, /* of a map: names that others chose, such as those of models */
    OPTION_HIDDEN = 64,   /* of a tree: may hold secrets, never shown */
};

struct choice {
    const char *name; /* NULL ends the list */
    int value;
    const char *help;
};

struct option {
    const char *name;
    enum option_type type;
    unsigned flags;
    size_t offset;        /* where the value goes, from the start of the section's structure */
    size_t count;         /* OPTION_LIST: where the number of elements goes */
    const char *fallback; /* as it would be written in the file; NULL: zero */
    /* INTEGER, COUNT, SIZE, DURATION, NUMBER: the value; STRING, TEXT, SECRET: bytes; all 0: any.
     * SECRET may always be empty. */
    double least, most;
    size_t length_max; /* OPTION_LIST and OPTION_MAP: elements */
    const struct choice *choices;
    const struct section *section;
    const char *form;          /* OPTION_TREE: what is expected, for the reference */
    const char *help;          /* one sentence or two, Markdown */
    const char *fallback_text; /* for the reference, where the default is not a constant */
};

struct section {
    const char *name; /* of the JSON Schema's definition, "bot" */
    const char *help;
    size_t size; /* of the structure; 0 when it is the parent's */
    size_t node; /* offset of a `const struct yaml_node *`; 0: none */
    const struct option *options;
    size_t count;
};

/* What every entry of an OPTION_MAP begins with. */
struct entry {
    const char *name;
    const struct yaml_node *node; /* NULL: not from the file */
    size_t offset;                /* of the name in the file */
};
struct entry_list {
    void *entries;
    size_t count;
};

/* The top level; its structure is struct draft. */
extern const struct section config_section;
/* Names of bots and providers, and those with OPTION_ANY_NAME. */
#define NAME_PATTERN     "^[a-z0-9][a-z0-9_-]{0,63}$"
#define ANY_NAME_PATTERN "^[!-~]{1,128}$"
