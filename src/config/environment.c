#include "config/environment.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "config/errors.h"
#include "config/yaml.h"

enum { VALUE_MAX = 1024 * 1024 };

struct substitution {
    struct yaml_node *node;
    const struct place *place;
    struct arena *arena;
    struct error_list *errors;
    struct buffer out;
    size_t dollars; /* seen so far */
    bool failed;
};

/* Where the n-th dollar sign (from 1) of the value stands in the file, so that a mistake in a long
 * prompt is shown on its own line. */
static size_t dollar_offset(const struct substitution *work) {
    struct slice text = work->errors->text;
    size_t count = 0;
    for (size_t i = work->node->start; i < work->node->end && i < text.size; i++)
        if (text.data[i] == '$' && ++count == work->dollars)
            return i;
    return work->node->start; /* written as an escape */
}

static void refuse(struct substitution *work, const char *message) {
    errors_add(work->errors, dollar_offset(work), work->place, "%s", message);
    work->failed = true;
}

static size_t name_length(struct slice text) {
    size_t i = 0;
    while (i < text.size && ((text.data[i] >= 'A' && text.data[i] <= 'Z') ||
                             (text.data[i] >= 'a' && text.data[i] <= 'z') || text.data[i] == '_' ||
                             (i > 0 && text.data[i] >= '0' && text.data[i] <= '9')))
        i++;
    return i;
}

/* A secret may hold a dollar sign, and what stands behind it then is a part of it: only what is
 * written as names of variables are is taken for one. */
static bool may_be_named(const struct yaml_node *node, const char *variable) {
    bool capitals = true;
    for (const char *c = variable; *c; c++)
        capitals = capitals && ((*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_');
    return capitals || !node->secret;
}

/* `fallback` has no data where none is given. */
static void append_variable(struct substitution *work, struct slice name, struct slice fallback) {
    const char *variable = arena_string(work->arena, name);
    if (!work->node->variable)
        work->node->variable = variable;
    const char *value = getenv(variable);
    if (fallback.data && (!value || !*value)) {
        buffer_append(&work->out, fallback);
    } else if (!may_be_named(work->node, variable) && (!value || !utf8_valid(slice_of(value)))) {
        refuse(work, "an environment variable that is named here is not set or not valid UTF-8; "
                     "write $$ for a dollar sign");
    } else if (!value) {
        refuse(work, arena_printf(work->arena,
                                  "the environment variable %.200s is not set "
                                  "(write ${%.200s:-} if it may be missing)",
                                  variable, variable));
    } else if (!utf8_valid(slice_of(value))) {
        refuse(work, arena_printf(work->arena, "the environment variable %.200s is not valid UTF-8",
                                  variable));
    } else {
        buffer_append_string(&work->out, value);
    }
}

/* `rest` begins behind "${". Returns how much of it was used. */
static size_t append_braced(struct substitution *work, struct slice rest) {
    size_t length = name_length(rest), close = slice_find_byte(rest, '}');
    struct slice behind = slice_from(rest, length);
    if (close == SIZE_MAX) {
        refuse(work, "${ without its }; write $$ for a dollar sign");
        return 0;
    }
    if (length > 0 && length == close) {
        append_variable(work, slice_first(rest, length), (struct slice){0});
    } else if (length > 0 && slice_starts_with(behind, SLICE(":-"))) {
        struct slice fallback = {rest.data + length + 2, close - length - 2};
        append_variable(work, slice_first(rest, length), fallback);
    } else {
        refuse(work, "only ${NAME} and ${NAME:-default} are known; write $$ for a dollar sign");
    }
    return close + 1;
}

static void substitute(struct substitution *work) {
    struct slice text = work->node->text;
    while (text.size > 0) {
        size_t dollar = slice_find_byte(text, '$');
        if (dollar == SIZE_MAX)
            dollar = text.size;
        buffer_append(&work->out, slice_first(text, dollar));
        text = slice_from(text, dollar);
        if (text.size == 0)
            break;
        work->dollars++;
        text = slice_from(text, 1);
        size_t length = name_length(text);
        if (text.size > 0 && text.data[0] == '$') {
            buffer_append_byte(&work->out, '$');
            work->dollars++;
            text = slice_from(text, 1);
        } else if (text.size > 0 && text.data[0] == '{') {
            struct slice rest = slice_from(text, 1);
            size_t used = append_braced(work, rest);
            /* a default may hold dollar signs */
            for (size_t i = 0; i < used; i++)
                work->dollars += rest.data[i] == '$';
            text = slice_from(rest, used);
        } else if (length > 0) {
            append_variable(work, slice_first(text, length), (struct slice){0});
            text = slice_from(text, length);
        } else {
            buffer_append_byte(&work->out, '$');
        }
        if (work->out.size > VALUE_MAX) {
            refuse(work, "the value is longer than 1 MiB");
            return;
        }
    }
}

bool environment_substitute(struct yaml_node *scalar, const struct place *place,
                            struct arena *arena, struct error_list *errors) {
    if (scalar->substituted)
        return !scalar->unusable;
    scalar->substituted = true;
    if (slice_find_byte(scalar->text, '$') == SIZE_MAX) {
        scalar->value = scalar->text;
        return true;
    }
    struct substitution work = {.node = scalar, .place = place, .arena = arena, .errors = errors};
    substitute(&work);
    scalar->unusable = work.failed;
    if (!work.failed)
        scalar->value = arena_copy(arena, buffer_slice(&work.out));
    buffer_finish(&work.out);
    return !work.failed;
}
