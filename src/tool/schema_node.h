/* A compiled schema. Private to tool/. */
#pragma once
#include "base/slice.h"
#include <math.h>
#include <stddef.h>
struct arena;
struct buffer;

enum schema_type {
    SCHEMA_NULL = 1,
    SCHEMA_BOOLEAN = 2,
    SCHEMA_INTEGER = 4,
    SCHEMA_NUMBER = 8,
    SCHEMA_STRING = 16,
    SCHEMA_ARRAY = 32,
    SCHEMA_OBJECT = 64,
};

enum schema_format {
    SCHEMA_ANY_FORMAT,
    SCHEMA_DATE,
    SCHEMA_DATE_TIME,
    SCHEMA_TIME,
    SCHEMA_EMAIL,
    SCHEMA_URI,
    SCHEMA_UUID
};

struct schema_property {
    struct slice name; /* with its escapes resolved */
    struct schema *schema;
};

struct schema {
    bool nothing;   /* `false`: no value fits */
    unsigned types; /* 0: any */
    struct schema_property *properties;
    size_t property_count;
    struct slice *required;
    size_t required_count;
    bool closed; /* additionalProperties: false */
    struct schema *additional;
    struct slice choices, constant;                  /* JSON; empty: none */
    double minimum, maximum, above, below, multiple; /* NaN: none */
    int64_t length_min, length_max, items_min, items_max, members_min, members_max; /* -1 */
    const struct schema_pattern *pattern;
    enum schema_format format;
    struct schema **prefix; /* of the first elements */
    size_t prefix_count;
    struct schema *items; /* of the others */
    bool unique;
    struct schema **any, **one, **all;
    size_t any_count, one_count, all_count;
    struct schema *not_this;
    struct schema *reference;
};

struct schema_pattern;
/* NULL where it is no regular expression. */
const struct schema_pattern *schema_pattern_compile(struct arena *arena, struct slice text);
/* False too where matching took more than its limit. */
bool schema_pattern_matches(const struct schema_pattern *pattern, struct slice text);
bool schema_format_fits(enum schema_format format, struct slice text);
const char *schema_format_name(enum schema_format format);
