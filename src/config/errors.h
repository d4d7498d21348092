/* The mistakes of one file as they are found, and what of the file may not be shown. */
#pragma once
#include "base/slice.h"
struct arena;
struct config_error;

/* Where in the options a value stands: a chain up to the top, on the stack of whoever walks. */
struct place {
    const struct place *parent; /* NULL at the top */
    struct slice name;          /* of the key; no data: `index` counts */
    size_t index;
};

struct error_found {
    size_t offset; /* SIZE_MAX: the file as a whole */
    size_t serial; /* keeps the order of mistakes at one place */
    const char *path, *message;
};

struct hidden_range {
    size_t start, end;
};

enum { ERRORS_MAX = 100, ERRORS_FOUND_MAX = 1000 };

struct error_list {
    const char *file;
    struct slice text;   /* of the file */
    struct arena *arena; /* of paths and messages */
    struct error_found *found;
    size_t count;
    struct hidden_range *hidden;
    size_t hidden_count;
};

struct error_list errors_start(const char *file, struct arena *arena);
/* Frees what is not in the arena. */
void errors_finish(struct error_list *errors);
/* Adds a mistake, unless the same stands there already. */
void errors_add(struct error_list *errors, size_t offset, const struct place *place,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds what another list of the same file and arena has found. */
void errors_add_all(struct error_list *errors, const struct error_list *more);
/* These bytes of the file are not shown in any mistake's source line. */
void errors_hide(struct error_list *errors, size_t start, size_t end);
/* In the order of the file, at most ERRORS_MAX, in the arena. */
const struct config_error *errors_sorted(struct error_list *errors, size_t *ret_count);

/* Line from 1. */
size_t errors_line(const struct error_list *errors, size_t offset);
/* Where a line (from 1) and column (characters, from 1) stand. */
size_t errors_offset(const struct error_list *errors, size_t line, size_t column);

/* "bots.support.models[2]" */
const char *place_path(const struct place *place, struct arena *arena);
/* The text in quotes for a message: cut at 40 characters, nothing that a terminal would act on. */
const char *text_shown(struct slice text, struct arena *arena);
/* Looks like a key or a token, so it is not repeated in a message even where none is expected. */
bool text_looks_secret(struct slice text);

/* The one of `names` (ends with NULL) that `name` most likely stands for, or NULL when none is
 * near. */
const char *nearest_name(struct slice name, const char *const *names);
