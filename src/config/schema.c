/* The JSON Schema of the file. It is laxer than the program where YAML editors need it: every value
 * may be written as a variable. */
#include "base/buffer.h"
#include "base/json.h"
#include "config/config.h"
#include "config/value.h"
#include "model/provider.h"

static void write_properties(struct json_writer *json, const struct section *section);

static void write_range(struct json_writer *json, const struct option *option) {
    if (option->least == 0 && option->most == 0)
        return;
    json_key(json, "minimum");
    json_double(json, option->least);
    json_key(json, "maximum");
    json_double(json, option->most);
}

/* The members that describe one value of the option's type. */
static void write_type(struct json_writer *json, const struct option *option) {
    const struct value_type *type = value_type(option->type);
    if (type->schema) {
        buffer_append_string(json->out, json->comma ? "," : "");
        buffer_append_string(json->out, type->schema);
        json->comma = true;
        return;
    }
    if (option->type == OPTION_CHOICE || option->type == OPTION_API) {
        json_key(json, "enum");
        json_begin_array(json);
        for (const struct choice *choice = option->choices; choice && choice->name; choice++)
            json_string(json, slice_of(choice->name));
        for (size_t i = 0; option->type == OPTION_API && provider_at(i); i++)
            json_string(json, slice_of(provider_at(i)->name));
        json_end_array(json);
        return;
    }
    json_member_string(json, "type",
                       option->type == OPTION_NUMBER || option->type == OPTION_MONEY
                           ? SLICE("number")
                           : SLICE("integer"));
    write_range(json, option);
}

/* The value, or a variable that holds it, or `none`. */
static void write_value(struct json_writer *json, const struct option *option) {
    json_key(json, "anyOf");
    json_begin_array(json);
    json_begin_object(json);
    write_type(json, option);
    json_end_object(json);
    if (option->flags & OPTION_NONE)
        json_raw(json, SLICE("{\"const\":\"none\"}"));
    json_raw(json, SLICE("{\"$ref\":\"#/$defs/variable\"}"));
    json_end_array(json);
}

static void write_default(struct json_writer *json, const struct option *option) {
    if (!option->fallback || (option->flags & OPTION_NONE))
        return;
    json_key(json, "default");
    if (value_type(option->type)->typed)
        json_raw(json, slice_of(option->fallback));
    else
        json_string(json, slice_of(option->fallback));
}

static void write_reference(struct json_writer *json, const struct section *section) {
    struct buffer target = {0};
    buffer_printf(&target, "#/$defs/%s", section->name);
    json_member_string(json, "$ref", buffer_slice(&target));
    buffer_finish(&target);
}

static void write_option(struct json_writer *json, const struct option *option) {
    json_begin_object(json);
    json_member_string(json, "description", slice_of(option->help));
    if (option->type == OPTION_SECTION) {
        write_reference(json, option->section);
    } else if (option->type == OPTION_MAP) {
        json_key(json, "type");
        json_raw(json, (option->flags & OPTION_REQUIRED) ? SLICE("\"object\"")
                                                         : SLICE("[\"object\",\"null\"]"));
        json_key(json, "propertyNames");
        json_raw(json, (option->flags & OPTION_ANY_NAME)
                           ? SLICE("{\"pattern\":\"" ANY_NAME_PATTERN "\"}")
                           : SLICE("{\"pattern\":\"" NAME_PATTERN "\"}"));
        json_member_int(json, "minProperties", (option->flags & OPTION_REQUIRED) ? 1 : 0);
        json_member_int(json, "maxProperties", (int64_t)option->length_max);
        json_key(json, "additionalProperties");
        json_begin_object(json);
        write_reference(json, option->section);
        json_end_object(json);
    } else if (option->type == OPTION_TREE) {
        /* any form */
    } else if (option->flags & OPTION_LIST) {
        json_member_string(json, "type", SLICE("array"));
        json_member_int(json, "minItems", (option->flags & OPTION_REQUIRED) ? 1 : 0);
        json_member_int(json, "maxItems", (int64_t)option->length_max);
        json_key(json, "items");
        json_begin_object(json);
        write_value(json, option);
        json_end_object(json);
    } else {
        write_value(json, option);
        write_default(json, option);
    }
    json_end_object(json);
}

static void write_section(struct json_writer *json, const struct section *section, bool top) {
    bool required = false;
    for (size_t i = 0; i < section->count; i++)
        required = required || (section->options[i].flags & OPTION_REQUIRED);
    json_member_string(json, "description", slice_of(section->help));
    json_key(json, "type");
    json_raw(json, required ? SLICE("\"object\"") : SLICE("[\"object\",\"null\"]"));
    json_member_bool(json, "additionalProperties", false);
    write_properties(json, section);
    if (top) {
        json_key(json, "patternProperties");
        json_raw(json, SLICE("{\"^x-\":{}}"));
    }
    if (!required)
        return;
    json_key(json, "required");
    json_begin_array(json);
    for (size_t i = 0; i < section->count; i++)
        if (section->options[i].flags & OPTION_REQUIRED)
            json_string(json, slice_of(section->options[i].name));
    json_end_array(json);
}

static void write_properties(struct json_writer *json, const struct section *section) {
    json_key(json, "properties");
    json_begin_object(json);
    for (size_t i = 0; i < section->count; i++) {
        json_key(json, section->options[i].name);
        write_option(json, &section->options[i]);
    }
    json_end_object(json);
}

/* Each section once, however many options are of it. */
static void write_definitions(struct json_writer *json, const struct section *section,
                              const struct section **seen, size_t *seen_count) {
    for (size_t i = 0; i < section->count; i++) {
        const struct section *inner = section->options[i].section;
        bool known = !inner;
        for (size_t j = 0; j < *seen_count; j++)
            known = known || seen[j] == inner;
        if (known || *seen_count == 64)
            continue;
        seen[(*seen_count)++] = inner;
        json_key(json, inner->name);
        json_begin_object(json);
        write_section(json, inner, false);
        json_end_object(json);
        write_definitions(json, inner, seen, seen_count);
    }
}

/* One member a line, so that a change of the table is a readable change of the file. */
static void indent(struct slice json, struct buffer *out) {
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < json.size; i++) {
        char c = json.data[i];
        if (quoted) {
            buffer_append_byte(out, c);
            if (c == '\\')
                buffer_append_byte(out, json.data[++i]);
            else if (c == '"')
                quoted = false;
            continue;
        }
        quoted = c == '"';
        bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        bool empty = opens && (json.data[i + 1] == '}' || json.data[i + 1] == ']');
        if (empty) {
            buffer_append_byte(out, c);
            buffer_append_byte(out, json.data[++i]);
            continue;
        }
        depth += opens;
        depth -= closes;
        if (closes)
            buffer_printf(out, "\n%*s", (int)depth * 2, "");
        buffer_append_byte(out, c);
        if (opens || c == ',')
            buffer_printf(out, "\n%*s", (int)depth * 2, "");
        else if (c == ':')
            buffer_append_byte(out, ' ');
    }
    buffer_append_byte(out, '\n');
}

void config_schema_write(struct buffer *out) {
    struct buffer compact = {0};
    struct json_writer json = json_writer_start(&compact);
    const struct section *seen[64];
    size_t seen_count = 0;
    json_begin_object(&json);
    json_member_string(&json, "$schema", SLICE("https://json-schema.org/draft/2020-12/schema"));
    json_member_string(&json, "title", SLICE("Switchboard"));
    write_section(&json, &config_section, true);
    json_key(&json, "$defs");
    json_begin_object(&json);
    json_key(&json, "variable");
    json_raw(&json, SLICE("{\"description\":\"A value from the environment: $NAME, ${NAME} or "
                          "${NAME:-default}.\",\"type\":\"string\","
                          "\"pattern\":\"\\\\$[A-Za-z_{$]\"}"));
    write_definitions(&json, &config_section, seen, &seen_count);
    json_end_object(&json);
    json_end_object(&json);
    indent(buffer_slice(&compact), out);
    buffer_finish(&compact);
}
