#include "config/hide.h"
#include "config/errors.h"
#include "config/option.h"
#include "config/yaml.h"

/* --- names --- */

enum meaning { UNKNOWN, HARMLESS, SECRET };

/* `databases` only by its place: most things called url are no secrets, and those that have a
 * password are found by it. */
static bool holds_secrets(const struct option *option) {
    return option->type == OPTION_SECRET ||
           (option->type == OPTION_TREE && (option->flags & OPTION_HIDDEN));
}

static enum meaning meaning_in(const struct section *section, struct slice name) {
    enum meaning meaning = UNKNOWN;
    for (size_t i = 0; i < section->count && meaning != SECRET; i++) {
        const struct option *option = &section->options[i];
        if (slice_is(name, option->name))
            meaning = holds_secrets(option) ? SECRET : HARMLESS;
        enum meaning below = option->section ? meaning_in(option->section, name) : UNKNOWN;
        if (below > meaning)
            meaning = below;
    }
    return meaning;
}

static bool contains_nocase(struct slice text, struct slice word) {
    for (size_t i = 0; i + word.size <= text.size; i++)
        if (slice_equal_nocase(slice_first(slice_from(text, i), word.size), word))
            return true;
    return false;
}

/* Headers at home in another program's file, too: "Authorization", "X-Api-Key". */
static bool sounds_secret(struct slice name) {
    static const char *const words[] = {"key",    "token",      "secret", "passw", "auth",
                                        "cookie", "credential", "bearer", "header"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (contains_nocase(name, slice_of(words[i])))
            return true;
    return false;
}

static bool names_secret(struct slice name) {
    enum meaning meaning = meaning_in(&config_section, name);
    return meaning == SECRET || (meaning == UNKNOWN && sounds_secret(name));
}

/* "max_token: 5" */
static bool is_amount(const struct yaml_node *value) {
    if (value->kind != YAML_SCALAR || value->text.size > 7)
        return false;
    for (size_t i = 0; i < value->text.size; i++)
        if (!strchr("0123456789.", value->text.data[i]))
            return false;
    return true;
}

/* --- the tree --- */

static bool ends_line(char c) {
    return c == '\n' || c == '\r';
}

static size_t line_end(struct slice text, size_t at) {
    while (at < text.size && !ends_line(text.data[at]))
        at++;
    return at;
}

/* A block ends where the next thing begins, on another line. */
static size_t trimmed_end(struct slice text, size_t start, size_t end) {
    while (end > start && end <= text.size && strchr(" \t\r\n", text.data[end - 1]))
        end--;
    return end;
}

/* `from` and `until` are hidden already. */
static void hide_deep(struct yaml_node *node, size_t from, size_t until,
                      struct error_list *errors) {
    if (node->secret)
        return;
    node->secret = true;
    if (node->start < from || node->end > until) {
        from = node->start;
        until = trimmed_end(errors->text, node->start, node->end);
        errors_hide(errors, from, until);
    }
    for (size_t i = 0; i < node->count; i++)
        hide_deep(node->kind == YAML_MAPPING ? node->pairs[i].value : node->items[i], from, until,
                  errors);
    for (size_t i = 0; i < node->dropped_count; i++) {
        hide_deep(node->dropped[i].key, from, until, errors);
        hide_deep(node->dropped[i].value, from, until, errors);
    }
}

void hide_value(struct yaml_node *value, struct error_list *errors) {
    hide_deep(value, 0, 0, errors);
}

/* What was written with a star, an ampersand or an exclamation mark is more than the value: a
 * password may begin with one. */
static void hide_marks(const struct yaml_pair *pair, struct error_list *errors) {
    struct slice text = errors->text;
    size_t at = pair->key->end, end = line_end(text, at);
    while (at < end && strchr(": \t", text.data[at]))
        at++;
    size_t until = at;
    if (pair->value->start >= at)
        until = pair->value->start < end ? pair->value->start : end;
    else
        while (until < end && !strchr(" \t,]}", text.data[until]))
            until++;
    if (until > at)
        errors_hide(errors, at, until);
}

/* "https://me:password@example.com" */
static bool has_password(struct slice text) {
    size_t scheme = slice_find(text, SLICE("://"));
    if (scheme == SIZE_MAX)
        return false;
    struct slice rest = slice_from(text, scheme + 3);
    size_t at = slice_find_byte(rest, '@'), colon = slice_find_byte(rest, ':');
    return at != SIZE_MAX && colon < at;
}

static void walk(struct yaml_node *node, struct error_list *errors);

static void walk_pair(const struct yaml_pair *pair, struct error_list *errors) {
    if (pair->key->kind == YAML_SCALAR && names_secret(pair->key->text) &&
        (!is_amount(pair->value) || meaning_in(&config_section, pair->key->text) == SECRET)) {
        hide_marks(pair, errors);
        hide_value(pair->value, errors);
    } else {
        walk(pair->key, errors);
        walk(pair->value, errors);
    }
}

/* Once, however many aliases lead here. */
static void walk(struct yaml_node *node, struct error_list *errors) {
    if (node->walked)
        return;
    node->walked = true;
    if (node->kind == YAML_SCALAR && (text_looks_secret(node->text) || has_password(node->text)))
        hide_value(node, errors);
    for (size_t i = 0; i < node->count; i++)
        if (node->kind == YAML_MAPPING)
            walk_pair(&node->pairs[i], errors);
        else
            walk(node->items[i], errors);
    for (size_t i = 0; i < node->dropped_count; i++)
        walk_pair(&node->dropped[i], errors);
}

void hide_in_tree(struct yaml_node *root, struct error_list *errors) {
    if (root)
        walk(root, errors);
}

/* --- the text --- */

static size_t indentation(struct slice text, size_t at) {
    size_t size = 0;
    while (at + size < text.size && (text.data[at + size] == ' ' || text.data[at + size] == '\t'))
        size++;
    return size;
}

/* The end of the last line that is indented deeper than the one that `at` stands in. */
static size_t block_end(struct slice text, size_t at) {
    size_t start = at;
    while (start > 0 && !ends_line(text.data[start - 1]))
        start--;
    size_t own = indentation(text, start), end = line_end(text, at);
    for (size_t next = end; next < text.size;) {
        while (next < text.size && ends_line(text.data[next]))
            next++;
        size_t size = indentation(text, next), stop = line_end(text, next);
        bool blank = next + size == stop;
        if (!blank && size <= own)
            break;
        if (!blank)
            end = stop;
        next = stop;
    }
    return end;
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* By its place nothing can be told here. */
static bool is_database(struct slice name) {
    return slice_is(name, "url") || slice_is(name, "database") || slice_is(name, "databases");
}

void hide_in_text(struct slice text, struct error_list *errors) {
    for (size_t at = 0; at < text.size;) {
        size_t end = at;
        while (end < text.size && is_name_byte(text.data[end]))
            end++;
        struct slice name = slice_first(slice_from(text, at), end - at);
        if (name.size == 0 || end == text.size || !strchr(": \"'\t", text.data[end]) ||
            !(is_database(name) || names_secret(name))) {
            at = end > at ? end : at + 1;
            continue;
        }
        bool colon = false;
        for (at = end; at < text.size && strchr(": \"'\t", text.data[at]); at++)
            colon = colon || text.data[at] == ':';
        /* without its colon only where nothing else can be meant */
        if (!colon && meaning_in(&config_section, name) != SECRET)
            continue;
        end = block_end(text, at);
        errors_hide(errors, at, end);
        at = end > at ? end : at;
    }
}
