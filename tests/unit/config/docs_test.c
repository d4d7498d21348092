#include "config/option.h"
#include "help.h"
#include <jansson.h>

static void assert_committed(const char *name, void (*make)(struct buffer *out)) {
    struct buffer made = {0}, kept = {0}, path = {0};
    make(&made);
    buffer_printf(&path, "%s/docs/%s", SOURCE_ROOT, name);
    FILE *file = fopen(buffer_string(&path), "re");
    if (!file)
        fail_msg("docs/%s is not there: run script/docs", name);
    size_t size;
    while ((size = fread(buffer_reserve(&kept, 4096), 1, 4096, file)) > 0)
        kept.size += size;
    fclose(file);
    if (!slice_equal(buffer_slice(&made), buffer_slice(&kept)))
        fail_msg("docs/%s is not what the options table says: run script/docs", name);
    buffer_finish(&made);
    buffer_finish(&kept);
    buffer_finish(&path);
}

static void test_committed(void **state) {
    (void)state;
    assert_committed("configuration.md", config_reference_write);
    assert_committed("switchboard.schema.json", config_schema_write);
}

/* --- the schema --- */

static json_t *follow(json_t *schema, json_t *node) {
    const char *target = json_string_value(json_object_get(node, "$ref"));
    if (!target)
        return node;
    assert_memory_equal(target, "#/$defs/", 8);
    node = json_object_get(json_object_get(schema, "$defs"), target + 8);
    assert_non_null(node);
    return node;
}

/* Every row of the table is there, and what its row says of it. */
static void assert_section(json_t *schema, json_t *node, const struct section *section) {
    node = follow(schema, node);
    assert_true(json_is_false(json_object_get(node, "additionalProperties")));
    json_t *properties = json_object_get(node, "properties");
    assert_int_equal(json_object_size(properties), section->count);
    for (size_t i = 0; i < section->count; i++) {
        const struct option *option = &section->options[i];
        json_t *property = json_object_get(properties, option->name);
        assert_string_equal(json_string_value(json_object_get(property, "description")),
                            option->help);
        if (option->type == OPTION_SECTION)
            assert_section(schema, property, option->section);
        else if (option->type == OPTION_MAP)
            assert_section(schema, json_object_get(property, "additionalProperties"),
                           option->section);
        else if (option->flags & OPTION_LIST)
            assert_int_equal(json_integer_value(json_object_get(property, "maxItems")),
                             option->length_max);
        else if (option->type != OPTION_TREE)
            assert_true(json_array_size(json_object_get(property, "anyOf")) >= 2);
        bool required = false;
        json_t *name;
        size_t index;
        json_array_foreach(json_object_get(node, "required"), index, name) required =
            required || strcmp(json_string_value(name), option->name) == 0;
        assert_int_equal(required, (option->flags & OPTION_REQUIRED) != 0);
    }
}

static void test_schema(void **state) {
    (void)state;
    struct buffer text = {0};
    config_schema_write(&text);
    json_error_t error;
    json_t *schema = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (!schema)
        fail_msg("%s", error.text);
    assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
                        "https://json-schema.org/draft/2020-12/schema");
    assert_section(schema, schema, &config_section);
    json_decref(schema);
    buffer_finish(&text);
}

/* The page's own example must be one that works. */
static void test_example(void **state) {
    (void)state;
    write_file("faq.md", "x");
    struct buffer page = {0};
    config_reference_write(&page);
    struct slice begin = SLICE("```yaml\n");
    size_t start = slice_find(buffer_slice(&page), begin);
    assert_int_not_equal(start, SIZE_MAX);
    struct slice rest = slice_from(buffer_slice(&page), start + begin.size);
    struct slice example = slice_first(rest, slice_find(rest, SLICE("```")));
    setenv("OPENAI_API_KEY", "k", 1);
    struct config_result result = config_load_text("switchboard.yaml", example);
    unsetenv("OPENAI_API_KEY");
    assert_int_equal(result.error_count, 0);
    assert_non_null(result.config);
    assert_int_equal(result.config->warning_count, 0);
    config_result_finish(&result);
    buffer_finish(&page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_committed),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_example),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
