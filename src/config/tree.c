#include "config/tree.h"
#include "config/yaml.h"

static void write_scalar(const struct yaml_node *node, struct json_writer *json) {
    struct slice text = node->substituted ? node->value : node->text;
    bool plain = !node->quoted && !node->variable;
    enum json_type type = plain && json_validate(text, NULL) ? json_type(text) : JSON_STRING;
    if (plain && (text.size == 0 || slice_is(text, "~")))
        json_null(json);
    else if (type == JSON_NUMBER || type == JSON_BOOLEAN || type == JSON_NULL)
        json_raw(json, text);
    else
        json_string(json, text);
}

void tree_write_json(const struct yaml_node *node, struct json_writer *json) {
    switch (node->kind) {
    case YAML_SCALAR:
        write_scalar(node, json);
        break;
    case YAML_SEQUENCE:
        json_begin_array(json);
        for (size_t i = 0; i < node->count; i++)
            tree_write_json(node->items[i], json);
        json_end_array(json);
        break;
    case YAML_MAPPING:
        json_begin_object(json);
        for (size_t i = 0; i < node->count; i++) {
            json_key_slice(json, node->pairs[i].key->text);
            tree_write_json(node->pairs[i].value, json);
        }
        json_end_object(json);
        break;
    }
}
