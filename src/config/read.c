#include "config/read.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "config/draft.h"
#include "config/environment.h"
#include "config/errors.h"
#include "config/hide.h"
#include "config/value.h"
#include "config/yaml.h"
#include <assert.h>

struct reader {
    const char *folder;
    struct arena *arena;
    struct error_list *errors;
    bool broken;       /* say nothing of what is missing */
    bool full;         /* said to be too much */
    size_t tree_bytes; /* of all trees, as they will be written */
};

/* Aliases may use a long list in every bot: what the values take is bounded, however it comes
 * about. */
enum { VALUES_MAX = 64 * 1024 * 1024 };

static void read_section(struct reader *reader, const struct section *section,
                         const struct yaml_node *node, size_t offset, const struct place *place,
                         char *base);

/* --- defaults --- */

static char *section_base(const struct option *option, char *base) {
    return option->section->size > 0 ? base + option->offset : base;
}

/* A default that its own option refuses is a bug in the table. */
static void store_default(struct reader *reader, const struct option *option, char *base) {
    struct option unchecked = *option;
    unchecked.flags &= ~(unsigned)OPTION_EXISTS;
    struct value_context context = {
        .option = &unchecked, .arena = reader->arena, .folder = reader->folder};
    bool stored = value_read(&context, slice_of(option->fallback), base + option->offset);
    assert(stored);
    (void)stored;
}

static void store_defaults(struct reader *reader, const struct section *section, char *base) {
    for (size_t i = 0; i < section->count; i++) {
        const struct option *option = &section->options[i];
        if (option->type == OPTION_SECTION)
            store_defaults(reader, option->section, section_base(option, base));
        else if (option->fallback)
            store_default(reader, option, base);
    }
}

/* --- values --- */

static const char *kind_name(const struct yaml_node *node) {
    if (yaml_is_null(node))
        return "nothing";
    return node->kind == YAML_SEQUENCE  ? "a list"
           : node->kind == YAML_MAPPING ? "a section"
                                        : "text";
}

/* The wrong kind of node, which may still be a secret in the wrong place. */
static void report_kind(struct reader *reader, const struct yaml_node *node,
                        const struct place *place, const char *wants) {
    if (node->unusable || (reader->broken && yaml_is_null(node)))
        return;
    if (node->kind == YAML_SCALAR && text_looks_secret(node->text))
        errors_hide(reader->errors, node->start, node->end);
    errors_add(reader->errors, node->start, place, "expected %s, found %s", wants, kind_name(node));
}

/* Reports what value_read said, with what was found unless that may be a secret. */
static void report(struct reader *reader, const struct value_context *context,
                   const struct yaml_node *node, const struct place *place) {
    const char *found = "";
    if (context->echo && node->variable)
        found = arena_printf(reader->errors->arena, ", found the value of $%.200s", node->variable);
    else if (context->echo && !text_looks_secret(node->value))
        found = arena_printf(reader->errors->arena, ", found %s",
                             text_shown(node->value, reader->errors->arena));
    else if (!context->echo && node->variable)
        found = arena_printf(reader->errors->arena, " (the value of $%.200s)", node->variable);
    if (text_looks_secret(node->value))
        errors_hide(reader->errors, node->start, node->end);
    errors_add(reader->errors, node->start, place, "%s%s", context->why, found);
}

static bool read_scalar(struct reader *reader, const struct option *option, struct yaml_node *node,
                        const struct place *place, void *ret_value) {
    const struct value_type *type = value_type(option->type);
    if (option_is_secret(option->type))
        hide_value(node, reader->errors);
    if (node->kind != YAML_SCALAR) {
        report_kind(reader, node, place, type->wants);
        return false;
    }
    if (yaml_is_null(node)) {
        if (!reader->broken)
            errors_add(reader->errors, node->start, place,
                       "has no value: give it one or remove the line");
        return false;
    }
    if (arena_used(reader->arena) > VALUES_MAX) {
        if (!reader->full)
            errors_add(reader->errors, node->start, place,
                       "all values together take more than 64 MiB");
        reader->full = true;
        return false;
    }
    if (!environment_substitute(node, place, reader->errors->arena, reader->errors))
        return false;
    struct value_context context = {
        .option = option,
        .arena = reader->arena,
        .folder = reader->folder,
        /* quotes around a variable are needed in places and say nothing of its value */
        .quoted = node->quoted && !node->variable,
    };
    if (value_read(&context, node->value, ret_value))
        return true;
    /* as it may be read: the password of a URL, say */
    if (!context.echo)
        errors_hide(reader->errors, node->start, node->end);
    report(reader, &context, node, place);
    return false;
}

static void read_list(struct reader *reader, const struct option *option, struct yaml_node *node,
                      const struct place *place, char *base) {
    const struct value_type *type = value_type(option->type);
    if (node->kind != YAML_SEQUENCE) {
        report_kind(reader, node, place, "a list");
        return;
    }
    if (node->count > option->length_max) {
        errors_add(reader->errors, node->items[option->length_max]->start, place,
                   "at most %zu may be listed", option->length_max);
        return;
    }
    if (node->count == 0 && (option->flags & OPTION_REQUIRED) && !reader->broken) {
        errors_add(reader->errors, node->start, place, "the list is empty");
        return;
    }
    char *values = arena_array(reader->arena, node->count, type->size);
    for (size_t i = 0; i < node->count; i++) {
        /* one that is refused leaves a gap, so that elements and nodes keep the same numbers */
        struct place element = {.parent = place, .index = i};
        read_scalar(reader, option, node->items[i], &element, values + i * type->size);
    }
    const void *list = values;
    memcpy(base + option->offset, &list, sizeof list);
    memcpy(base + option->count, &node->count, sizeof node->count);
}

/* --- maps --- */

static bool is_name(struct slice name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool first = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!first && (i == 0 || (c != '_' && c != '-')))
            return false;
    }
    return name.size > 0 && name.size <= 64;
}

static bool is_any_name(struct slice name) {
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] < '!' || name.data[i] > '~')
            return false;
    return name.size > 0 && name.size <= 128;
}

static bool is_any_header(struct slice name) {
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= ' ' || strchr(":=,;/\"'{}[]", name.data[i]))
            return false;
    return name.size > 0 && name.size <= 64;
}

static void read_map(struct reader *reader, const struct option *option, struct yaml_node *node,
                     size_t offset, const struct place *place, char *base) {
    size_t size = option->section->size;
    if (node->kind != YAML_MAPPING && !yaml_is_null(node)) {
        report_kind(reader, node, place, "names with a section each");
        return;
    }
    if (node->count > option->length_max) {
        errors_add(reader->errors, node->pairs[option->length_max].key->start, place,
                   "more than %zu", option->length_max);
        return;
    }
    if (node->count == 0 && (option->flags & OPTION_REQUIRED) && !reader->broken)
        errors_add(reader->errors, offset, place, "nothing is in it");
    struct entry_list list = {arena_array(reader->arena, node->count, size), 0};
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->pairs[i].key;
        struct place below = {.parent = place, .name = key->text};
        if ((option->flags & OPTION_ANY_NAME) && !is_any_name(key->text))
            errors_add(reader->errors, key->start, &below,
                       "a name is made of 1 to 128 letters, digits and signs, without blanks");
        else if (!(option->flags & OPTION_ANY_NAME) && !is_name(key->text))
            errors_add(
                reader->errors, key->start, &below,
                "a name is made of a-z, 0-9, - and _, at most 64, the first a letter or digit");
        char *entry_base = (char *)list.entries + list.count++ * size;
        struct entry entry = {arena_string(reader->arena, key->text), node->pairs[i].value,
                              key->start};
        memcpy(entry_base, &entry, sizeof entry);
        store_defaults(reader, option->section, entry_base);
        read_section(reader, option->section, node->pairs[i].value, key->start, &below, entry_base);
    }
    memcpy(base + option->offset, &list, sizeof list);
}

/* --- unknown options --- */

enum { OPTIONS_MAX = 64 }; /* of one section */

static void section_names(const struct section *section, const char *names[OPTIONS_MAX + 1]) {
    assert(section->count <= OPTIONS_MAX);
    for (size_t i = 0; i < section->count; i++)
        names[i] = section->options[i].name;
    names[section->count] = NULL;
}

static const struct option *find_option(const struct section *section, struct slice name) {
    for (size_t i = 0; i < section->count; i++)
        if (slice_is(name, section->options[i].name))
            return &section->options[i];
    return NULL;
}

/* Where in the whole table an option of that name is: "bots.NAME.access.jwt"; NULL when there is
 * none. */
static const char *find_elsewhere(struct reader *reader, const struct section *section,
                                  struct slice name, const char *path) {
    if (*path && find_option(section, name))
        return path;
    for (size_t i = 0; i < section->count; i++) {
        const struct option *option = &section->options[i];
        if (option->type != OPTION_SECTION && option->type != OPTION_MAP)
            continue;
        const char *below = arena_printf(reader->errors->arena, "%s%s%s%s", path, *path ? "." : "",
                                         option->name, option->type == OPTION_MAP ? ".NAME" : "");
        const char *found = find_elsewhere(reader, option->section, name, below);
        if (found)
            return found;
    }
    return NULL;
}

/* What stands at an unknown option may well be a secret under a misspelt name; of a section or list
 * nothing need be seen. */
static void hide_unknown(struct reader *reader, struct yaml_node *value,
                         const struct option *meant) {
    bool secret = meant && (option_is_secret(meant->type) || (meant->flags & OPTION_HIDDEN));
    if (secret || value->kind != YAML_SCALAR)
        hide_value(value, reader->errors);
}

static void report_unknown(struct reader *reader, const struct section *section,
                           const struct yaml_pair *pair, const struct place *place) {
    const char *names[OPTIONS_MAX + 1];
    section_names(section, names);
    struct slice name = pair->key->text;
    const char *nearest = nearest_name(name, names);
    hide_unknown(reader, pair->value, nearest ? find_option(section, slice_of(nearest)) : NULL);
    const char *elsewhere = find_elsewhere(reader, &config_section, name, "");
    if (!elsewhere && find_option(&config_section, name))
        elsewhere = "the top level";
    if (nearest) {
        errors_add(reader->errors, pair->key->start, place, "unknown option; did you mean %s?",
                   nearest);
    } else if (elsewhere) {
        errors_add(reader->errors, pair->key->start, place, "unknown option here; it belongs to %s",
                   elsewhere);
    } else {
        struct buffer list = {0};
        for (size_t i = 0; names[i]; i++)
            buffer_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
        errors_add(reader->errors, pair->key->start, place, "unknown option; known here: %s",
                   buffer_string(&list));
        buffer_finish(&list);
    }
}

/* --- sections --- */

enum { TREE_VALUES_MAX = 10000, TREE_BYTES_MAX = 1024 * 1024, VALUE_COST = 8 };

/* What a tree may still hold. What is written once and used a thousand times counts a thousand
 * times. */
struct room {
    size_t values, bytes;
};

static bool take_room(struct reader *reader, struct room *room, size_t bytes) {
    reader->tree_bytes += bytes + VALUE_COST;
    if (room->bytes < bytes || arena_used(reader->arena) + reader->tree_bytes > VALUES_MAX) {
        room->bytes = 0;
        return false;
    }
    room->bytes -= bytes;
    return true;
}

static bool is_full(const struct room *room) {
    return room->values == 0 || room->bytes == 0;
}

/* Any form: only the variables in it are resolved here. */
static bool read_tree(struct reader *reader, const struct option *option, struct yaml_node *node,
                      const struct place *place, struct room *room) {
    bool good = true;
    if (room->values == 0)
        return false;
    room->values--;
    if (node->kind == YAML_SCALAR)
        return environment_substitute(node, place, reader->errors->arena, reader->errors) &&
               take_room(reader, room, node->value.size);
    for (size_t i = 0; i < node->count; i++) {
        bool mapping = node->kind == YAML_MAPPING;
        struct slice key = mapping ? node->pairs[i].key->text : (struct slice){NULL, 0};
        struct place inner = {.parent = place, .name = key, .index = i};
        /* "Authorization:Bearer x", with the blank forgotten */
        if (mapping && (option->flags & OPTION_HIDDEN) && !is_any_header(key))
            inner.name = SLICE("…");
        good = take_room(reader, room, key.size) &&
               read_tree(reader, option, mapping ? node->pairs[i].value : node->items[i], &inner,
                         room) &&
               good;
        if (is_full(room))
            return false;
    }
    return good;
}

static void report_full(struct reader *reader, const struct yaml_pair *pair,
                        const struct place *place, const struct room *room) {
    if (room->values == 0)
        errors_add(reader->errors, pair->key->start, place,
                   "is too large: more than %d values (an alias counts as what it stands for)",
                   TREE_VALUES_MAX);
    else if (arena_used(reader->arena) + reader->tree_bytes <= VALUES_MAX)
        errors_add(reader->errors, pair->key->start, place,
                   "is too large: more than 1 MiB (an alias counts as what it stands for)");
    else if (!reader->full)
        errors_add(reader->errors, pair->key->start, place,
                   "all values together take more than 64 MiB");
    reader->full = reader->full || arena_used(reader->arena) + reader->tree_bytes > VALUES_MAX;
}

static void read_option(struct reader *reader, const struct option *option,
                        const struct yaml_pair *pair, const struct place *place, char *base) {
    switch (option->type) {
    case OPTION_SECTION:
        read_section(reader, option->section, pair->value, pair->key->start, place,
                     section_base(option, base));
        break;
    case OPTION_MAP:
        read_map(reader, option, pair->value, pair->key->start, place, base);
        break;
    case OPTION_TREE: {
        struct room room = {TREE_VALUES_MAX + 1, TREE_BYTES_MAX + 1};
        if (option->flags & OPTION_HIDDEN)
            hide_value(pair->value, reader->errors);
        if (read_tree(reader, option, pair->value, place, &room))
            *(const struct yaml_node **)(void *)(base + option->offset) = pair->value;
        else if (is_full(&room))
            report_full(reader, pair, place, &room);
        break;
    }
    default:
        if (option->flags & OPTION_LIST)
            read_list(reader, option, pair->value, place, base);
        else
            read_scalar(reader, option, pair->value, place, base + option->offset);
    }
}

/* What stands where such a section belongs may be its secret. */
static bool holds_secrets(const struct section *section) {
    for (size_t i = 0; i < section->count; i++)
        if (option_is_secret(section->options[i].type) ||
            (section->options[i].flags & OPTION_HIDDEN))
            return true;
    return false;
}

static void read_section(struct reader *reader, const struct section *section,
                         const struct yaml_node *node, size_t offset, const struct place *place,
                         char *base) {
    /* A section whose lines are all commented out is an empty one. */
    if (node->kind != YAML_MAPPING && !yaml_is_null(node)) {
        if (holds_secrets(section))
            hide_value((struct yaml_node *)(uintptr_t)node, reader->errors);
        report_kind(reader, node, place, "a section with options");
        return;
    }
    if (section->node > 0)
        *(const struct yaml_node **)(void *)(base + section->node) = node;
    bool given[OPTIONS_MAX] = {0};
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_pair *pair = &node->pairs[i];
        struct place below = {.parent = place, .name = pair->key->text};
        const struct option *option = find_option(section, pair->key->text);
        if (option) {
            given[option - section->options] = true;
            read_option(reader, option, pair, &below, base);
        } else if (place || !slice_starts_with(pair->key->text, SLICE("x-"))) {
            report_unknown(reader, section, pair, &below);
        }
    }
    for (size_t i = 0; i < section->count && !reader->broken; i++)
        if ((section->options[i].flags & OPTION_REQUIRED) && !given[i])
            errors_add(reader->errors, offset, place, "%s is missing", section->options[i].name);
}

void read_config(const struct yaml_tree *tree, const char *folder, struct arena *arena,
                 struct error_list *errors, struct draft *draft) {
    struct reader reader = {
        .folder = folder, .arena = arena, .errors = errors, .broken = tree->broken};
    store_defaults(&reader, &config_section, (char *)draft);
    if (tree->root)
        read_section(&reader, &config_section, tree->root, tree->root->start, NULL, (char *)draft);
    else if (!tree->broken)
        errors_add(errors, 0, NULL, "the file is empty; it needs at least bots");
}
