#include "support/jansson_tree.h"
#include <jansson.h>

static json_t *inner(const struct tree *tree) {
    return (json_t *)tree; /* jansson's readers do not take const */
}

struct tree *tree_parse(struct slice text, char *ret_reason, size_t reason_size) {
    json_error_t error;
    json_t *json =
        json_loadb(text.data ? text.data : "", text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!json)
        snprintf(ret_reason, reason_size, "%s", error.text);
    return (struct tree *)json;
}

void tree_free(struct tree *tree) {
    json_decref(inner(tree));
}

char tree_type(const struct tree *tree) {
    switch (json_typeof(inner(tree))) {
    case JSON_NULL:
        return 'n';
    case JSON_TRUE:
        return 't';
    case JSON_FALSE:
        return 'f';
    case JSON_INTEGER:
        return 'i';
    case JSON_REAL:
        return 'r';
    case JSON_STRING:
        return 's';
    case JSON_ARRAY:
        return 'a';
    case JSON_OBJECT:
        return 'o';
    }
    abort();
}

int64_t tree_integer(const struct tree *tree) {
    return json_integer_value(inner(tree));
}

double tree_real(const struct tree *tree) {
    return json_real_value(inner(tree));
}

struct slice tree_string(const struct tree *tree) {
    return (struct slice){json_string_value(inner(tree)), json_string_length(inner(tree))};
}

size_t tree_count(const struct tree *tree) {
    return json_is_array(inner(tree)) ? json_array_size(inner(tree))
                                      : json_object_size(inner(tree));
}

struct tree *tree_element(const struct tree *tree, size_t index) {
    return (struct tree *)json_array_get(inner(tree), index);
}

struct tree *tree_member(const struct tree *tree, struct slice key) {
    if (key.size && memchr(key.data, '\0', key.size))
        return NULL;
    char *name = slice_to_string(key);
    json_t *found = json_object_get(inner(tree), name);
    free(name);
    return (struct tree *)found;
}

size_t tree_depth(const struct tree *tree) {
    size_t deepest = 0, index;
    const char *key;
    json_t *value, *json = inner(tree);
    json_array_foreach(json, index, value) {
        size_t depth = tree_depth((struct tree *)value);
        deepest = depth > deepest ? depth : deepest;
    }
    json_object_foreach(json, key, value) {
        size_t depth = tree_depth((struct tree *)value);
        deepest = depth > deepest ? depth : deepest;
    }
    return json_is_array(json) || json_is_object(json) ? deepest + 1 : 0;
}

struct tree *tree_from_string(const char *text) {
    return (struct tree *)json_string(text);
}
