/* Checking a value against the compiled rules. */
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/schema.h"
#include "tool/schema_node.h"

enum {
    COMPLAINTS_MAX = 10,
    SHOWN_MAX = 60,
    RULE_SHOWN_MAX = 1000,
    DEPTH_MAX = 100,
    WORK_MAX = 200000
};

/* Where the value stands: a chain up to the root, on the stack. */
struct spot {
    const struct spot *parent;
    struct slice name;
    size_t index; /* of an element, where the name has no data */
};

struct check {
    struct buffer *out; /* NULL: only whether it fits */
    size_t complaints;
    size_t work; /* values looked at: alternatives within alternatives multiply */
    bool gave_up;
};

static bool fits(struct check *check, const struct schema *node, struct slice value,
                 const struct spot *spot, size_t depth);

/* --- complaining --- */

static void write_spot(struct buffer *out, const struct spot *spot) {
    if (!spot->parent)
        return;
    write_spot(out, spot->parent);
    if (!spot->name.data) {
        buffer_printf(out, "[%zu]", spot->index);
        return;
    }
    if (spot->parent->parent)
        buffer_append_byte(out, '.');
    buffer_append(out, slice_first(spot->name, utf8_cut(spot->name, SHOWN_MAX)));
}

/* The rules themselves may be long: a list of countries. */
static struct slice shortened(struct slice json) {
    return slice_first(json, utf8_cut(json, RULE_SHOWN_MAX));
}

static const char *is_long(struct slice json) {
    return json.size > RULE_SHOWN_MAX ? "…" : "";
}

static bool complain(struct check *check, const struct spot *spot, struct slice value,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
static bool complain(struct check *check, const struct spot *spot, struct slice value,
                     const char *format, ...) {
    if (!check->out || check->complaints++ >= COMPLAINTS_MAX)
        return false;
    if (check->complaints > 1)
        buffer_append_byte(check->out, '\n');
    write_spot(check->out, spot);
    if (!spot->parent)
        buffer_append(check->out, SLICE("the arguments"));
    buffer_append(check->out, SLICE(": "));
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(check->out, format, arguments);
    va_end(arguments);
    if (value.size > 0) {
        struct slice shown = slice_first(value, utf8_cut(value, SHOWN_MAX));
        buffer_printf(check->out, ", not %.*s%s", SLICE_ARG(shown),
                      shown.size < value.size ? "…" : "");
    }
    return false;
}

/* --- types --- */

static unsigned types_of(struct slice value) {
    double number;
    switch (json_type(value)) {
    case JSON_NULL:
        return SCHEMA_NULL;
    case JSON_BOOLEAN:
        return SCHEMA_BOOLEAN;
    case JSON_NUMBER:
        /* 1.0 is an integer, too. */
        return json_read_double(value, &number) && isfinite(number) && floor(number) == number
                   ? SCHEMA_NUMBER | SCHEMA_INTEGER
                   : SCHEMA_NUMBER;
    case JSON_STRING:
        return SCHEMA_STRING;
    case JSON_ARRAY:
        return SCHEMA_ARRAY;
    default:
        return SCHEMA_OBJECT;
    }
}

static bool wrong_type(struct check *check, const struct schema *node, struct slice value,
                       const struct spot *spot) {
    static const char *const names[] = {"null",     "true or false", "a whole number", "a number",
                                        "a string", "a list",        "an object"};
    struct buffer wanted = {0};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (node->types & (1U << i))
            buffer_printf(&wanted, "%s%s", wanted.size > 0 ? " or " : "", names[i]);
    complain(check, spot, value, "must be %s", buffer_string(&wanted));
    buffer_finish(&wanted);
    return false;
}

/* --- equality: numbers by value, objects whatever their order --- */

static bool equal(struct check *check, struct slice a, struct slice b);

/* Between quotes in both; either may have escapes. */
static bool same_text(struct slice a, struct slice b) {
    if (slice_find_byte(a, '\\') == SIZE_MAX && slice_find_byte(b, '\\') == SIZE_MAX)
        return slice_equal(a, b);
    struct buffer one = {0}, two = {0};
    json_read_string((struct slice){a.data - 1, a.size + 2}, &one);
    json_read_string((struct slice){b.data - 1, b.size + 2}, &two);
    bool same = slice_equal(buffer_slice(&one), buffer_slice(&two));
    buffer_finish(&one);
    buffer_finish(&two);
    return same;
}

static bool is_working(struct check *check) {
    check->gave_up = check->gave_up || ++check->work > WORK_MAX;
    return !check->gave_up;
}

static bool equal_objects(struct check *check, struct slice a, struct slice b) {
    struct slice key, value, other_key, other;
    size_t cursor = 0, count_a = 0, count_b = 0, walk;
    while (json_next_member(b, &cursor, &other_key, &other))
        count_b++;
    for (cursor = 0; json_next_member(a, &cursor, &key, &value); count_a++) {
        bool found = false;
        for (walk = 0;
             !found && is_working(check) && json_next_member(b, &walk, &other_key, &other);)
            found = same_text(key, other_key) && equal(check, value, other);
        if (!found)
            return false;
    }
    return count_a == count_b;
}

static bool equal(struct check *check, struct slice a, struct slice b) {
    enum json_type type = json_type(a);
    double x, y;
    if (type != json_type(b) || !is_working(check))
        return false;
    a = slice_trim(a);
    b = slice_trim(b);
    if (type == JSON_NUMBER)
        return json_read_double(a, &x) && json_read_double(b, &y) && x == y;
    if (type == JSON_OBJECT)
        return equal_objects(check, a, b);
    if (type == JSON_STRING)
        return same_text((struct slice){a.data + 1, a.size - 2},
                         (struct slice){b.data + 1, b.size - 2});
    if (type != JSON_ARRAY)
        return slice_equal(a, b);
    size_t cursor_a = 0, cursor_b = 0;
    struct slice element, other;
    while (json_next_element(a, &cursor_a, &element))
        if (!json_next_element(b, &cursor_b, &other) || !equal(check, element, other))
            return false;
    return !json_next_element(b, &cursor_b, &other);
}

static bool is_one_of(struct check *check, struct slice choices, struct slice value) {
    struct slice choice;
    size_t cursor = 0;
    while (json_next_element(choices, &cursor, &choice))
        if (equal(check, choice, value))
            return true;
    return false;
}

/* --- by type --- */

static bool check_number(struct check *check, const struct schema *node, struct slice value,
                         const struct spot *spot) {
    double number;
    if (!json_read_double(value, &number) || !isfinite(number))
        return complain(check, spot, value, "must be a number that can be held");
    if (number < node->minimum)
        return complain(check, spot, value, "must be at least %g", node->minimum);
    if (number > node->maximum)
        return complain(check, spot, value, "must be at most %g", node->maximum);
    if (number <= node->above)
        return complain(check, spot, value, "must be more than %g", node->above);
    if (number >= node->below)
        return complain(check, spot, value, "must be less than %g", node->below);
    if (node->multiple > 0) {
        double times = number / node->multiple;
        if (fabs(times - round(times)) > 1e-9 * fmax(1, fabs(times)))
            return complain(check, spot, value, "must be a multiple of %g", node->multiple);
    }
    return true;
}

static int64_t characters(struct slice text) {
    int64_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

static bool check_text(struct check *check, const struct schema *node, struct slice value,
                       struct slice text, const struct spot *spot) {
    int64_t count = characters(text);
    if (node->length_min >= 0 && count < node->length_min)
        return complain(check, spot, value, "must have at least %lld characters",
                        (long long)node->length_min);
    if (node->length_max >= 0 && count > node->length_max)
        return complain(check, spot, value, "must have at most %lld characters",
                        (long long)node->length_max);
    if (node->pattern && !schema_pattern_matches(node->pattern, text))
        return complain(check, spot, value, "does not have the form that is asked for");
    if (!schema_format_fits(node->format, text))
        return complain(check, spot, value, "must be %s", schema_format_name(node->format));
    return true;
}

static bool check_string(struct check *check, const struct schema *node, struct slice value,
                         const struct spot *spot) {
    struct buffer text = {0};
    json_read_string(value, &text);
    bool good = check_text(check, node, value, buffer_slice(&text), spot);
    buffer_finish(&text);
    return good;
}

static bool check_array(struct check *check, const struct schema *node, struct slice value,
                        const struct spot *spot, size_t depth) {
    struct slice element, other;
    size_t cursor = 0, walk = 0;
    int64_t count = 0;
    bool good = true;
    for (; json_next_element(value, &cursor, &element); count++) {
        const struct spot here = {.parent = spot, .index = (size_t)count};
        const struct schema *rule =
            here.index < node->prefix_count ? node->prefix[here.index] : node->items;
        if (rule && !fits(check, rule, element, &here, depth + 1))
            good = false;
        walk = cursor;
        while (node->unique && is_working(check) && json_next_element(value, &walk, &other))
            if (equal(check, element, other))
                return complain(check, spot, value, "must not have the same twice");
    }
    if (node->items_min >= 0 && count < node->items_min)
        return complain(check, spot, value, "must have at least %lld elements",
                        (long long)node->items_min);
    if (node->items_max >= 0 && count > node->items_max)
        return complain(check, spot, value, "must have at most %lld elements",
                        (long long)node->items_max);
    return good;
}

static const struct schema *property_of(const struct schema *node, struct slice name) {
    for (size_t i = 0; i < node->property_count; i++)
        if (slice_equal(node->properties[i].name, name))
            return node->properties[i].schema;
    return NULL;
}

static bool check_member(struct check *check, const struct schema *node, struct slice key,
                         struct slice value, const struct spot *spot, size_t depth) {
    const struct spot here = {.parent = spot, .name = key};
    struct buffer name = {0};
    json_read_string((struct slice){key.data - 1, key.size + 2}, &name);
    const struct schema *property = property_of(node, buffer_slice(&name));
    buffer_finish(&name);
    if (!property)
        property = node->additional;
    if (property)
        return fits(check, property, value, &here, depth + 1);
    if (!node->closed)
        return true;
    return complain(check, &here, (struct slice){NULL, 0}, "is not an argument of this tool");
}

static bool has_member(struct slice value, struct slice name) {
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (slice_equal(key, name))
            return true;
        if (slice_find_byte(key, '\\') == SIZE_MAX)
            continue;
        struct buffer text = {0};
        json_read_string((struct slice){key.data - 1, key.size + 2}, &text);
        bool same = slice_equal(buffer_slice(&text), name);
        buffer_finish(&text);
        if (same)
            return true;
    }
    return false;
}

static bool check_object(struct check *check, const struct schema *node, struct slice value,
                         const struct spot *spot, size_t depth) {
    struct slice key, member;
    size_t cursor = 0;
    int64_t count = 0;
    bool good = true;
    for (; json_next_member(value, &cursor, &key, &member); count++)
        good = check_member(check, node, key, member, spot, depth) && good;
    for (size_t i = 0; i < node->required_count; i++)
        if (!has_member(value, node->required[i])) {
            const struct spot here = {.parent = spot, .name = node->required[i]};
            good = complain(check, &here, (struct slice){NULL, 0}, "is missing");
        }
    if (node->members_min >= 0 && count < node->members_min)
        return complain(check, spot, (struct slice){NULL, 0}, "must have at least %lld members",
                        (long long)node->members_min);
    if (node->members_max >= 0 && count > node->members_max)
        return complain(check, spot, (struct slice){NULL, 0}, "must have at most %lld members",
                        (long long)node->members_max);
    return good;
}

/* --- combinations --- */

/* How many of the list fit; complaints of alternatives would only confuse. */
static size_t count_fitting(struct check *check, struct schema **list, size_t count,
                            struct slice value, const struct spot *spot, size_t depth) {
    struct buffer *out = check->out;
    size_t fitting = 0;
    check->out = NULL;
    for (size_t i = 0; i < count; i++)
        fitting += fits(check, list[i], value, spot, depth + 1);
    check->out = out;
    return fitting;
}

static bool check_combinations(struct check *check, const struct schema *node, struct slice value,
                               const struct spot *spot, size_t depth) {
    struct schema *not_this = node->not_this;
    for (size_t i = 0; i < node->all_count; i++)
        if (!fits(check, node->all[i], value, spot, depth + 1))
            return false;
    if (node->any_count > 0 &&
        count_fitting(check, node->any, node->any_count, value, spot, depth) == 0)
        return complain(check, spot, value, "fits none of the forms that are allowed");
    if (node->one_count > 0 &&
        count_fitting(check, node->one, node->one_count, value, spot, depth) != 1)
        return complain(check, spot, value, "must fit exactly one of the forms that are allowed");
    if (not_this && count_fitting(check, &not_this, 1, value, spot, depth) != 0)
        return complain(check, spot, value, "has a form that is not allowed");
    return !node->reference || fits(check, node->reference, value, spot, depth + 1);
}

static bool fits(struct check *check, const struct schema *node, struct slice value,
                 const struct spot *spot, size_t depth) {
    if (depth > DEPTH_MAX || ++check->work > WORK_MAX)
        check->gave_up = true;
    if (check->gave_up || node->nothing)
        return complain(check, spot, value, "is not allowed");
    unsigned types = types_of(value);
    if (node->types && !(node->types & types))
        return wrong_type(check, node, value, spot);
    if (node->choices.size > 0 && !is_one_of(check, node->choices, value))
        return complain(check, spot, value, "must be one of %.*s%s",
                        SLICE_ARG(shortened(node->choices)), is_long(node->choices));
    if (node->constant.size > 0 && !equal(check, node->constant, value))
        return complain(check, spot, value, "must be %.*s%s", SLICE_ARG(shortened(node->constant)),
                        is_long(node->constant));
    bool good = true;
    if (types & SCHEMA_NUMBER)
        good = check_number(check, node, value, spot);
    else if (types & SCHEMA_STRING)
        good = check_string(check, node, value, spot);
    else if (types & SCHEMA_ARRAY)
        good = check_array(check, node, value, spot, depth);
    else if (types & SCHEMA_OBJECT)
        good = check_object(check, node, value, spot, depth);
    return good && check_combinations(check, node, value, spot, depth);
}

bool schema_check(const struct schema *schema, struct slice value, struct buffer *complaints) {
    struct check check = {.out = complaints};
    const struct spot root = {0};
    bool good = fits(&check, schema, value, &root, 0) && !check.gave_up;
    if (!good && check.gave_up && check.complaints == 0)
        complain(&check, &root, (struct slice){NULL, 0},
                 "cannot be checked: too deep or too large");
    return good;
}
