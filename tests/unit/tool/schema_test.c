#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "tool/schema.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The complaints about `value`, "" when it fits; the schema is that of the property `a`. */
static void expect(const char *property, const char *value, const char *complaints) {
    struct arena *arena = arena_create(1024);
    struct buffer text = {0}, object = {0}, said = {0};
    struct fault fault = {0};
    struct schema *schema;
    buffer_printf(&text,
                  "{\"type\":\"object\",\"properties\":{\"a\":%s},\"$defs\":{\"s\":{\"type\":"
                  "\"string\"},\"tree\":{\"type\":\"object\",\"properties\":{\"left\":{\"$ref\":"
                  "\"#/$defs/tree\"}},\"additionalProperties\":false}}}",
                  property);
    buffer_printf(&object, "{\"a\":%s}", value);
    if (!schema_compile(buffer_slice(&text), arena, &schema, &fault))
        fail_msg("%s: %s %s", property, fault.param, fault.message);
    assert_true(json_validate(buffer_slice(&object), NULL));
    bool good = schema_check(schema, buffer_slice(&object), &said);
    if (strcmp(buffer_string(&said), complaints) != 0)
        fail_msg("%s with %s\n  expected %s\n  got      %s", property, value, complaints,
                 buffer_string(&said));
    assert_int_equal(good, *complaints == '\0');
    buffer_finish(&text);
    buffer_finish(&object);
    buffer_finish(&said);
    arena_destroy(arena);
}

static void checks_every_keyword(void **state) {
    (void)state;
    expect("{\"type\":\"integer\"}", "3", "");
    expect("{\"type\":\"integer\"}", "3.0", "");
    expect("{\"type\":\"integer\"}", "3.5", "a: must be a whole number, not 3.5");
    expect("{\"type\":\"integer\"}", "\"3\"", "a: must be a whole number, not \"3\"");
    expect("{\"type\":[\"string\",\"null\"]}", "null", "");
    expect("{\"type\":[\"string\",\"null\"]}", "1", "a: must be null or a string, not 1");
    expect("{\"type\":\"boolean\"}", "true", "");
    expect("{\"enum\":[\"x\",1]}", "1.0", "");
    expect("{\"enum\":[\"x\",1]}", "\"y\"", "a: must be one of [\"x\",1], not \"y\"");
    expect("{\"const\":{\"k\":[1,2]}}", "{ \"k\" : [1, 2] }", "");
    expect("{\"const\":{\"k\":[1,2]}}", "{\"k\":[2,1]}",
           "a: must be {\"k\":[1,2]}, not {\"k\":[2,1]}");
    expect("{\"minimum\":1,\"maximum\":5}", "0", "a: must be at least 1, not 0");
    expect("{\"minimum\":1,\"maximum\":5}", "6", "a: must be at most 5, not 6");
    expect("{\"exclusiveMinimum\":1}", "1", "a: must be more than 1, not 1");
    expect("{\"exclusiveMaximum\":1}", "1", "a: must be less than 1, not 1");
    expect("{\"multipleOf\":0.1}", "0.3", "");
    expect("{\"multipleOf\":5}", "7", "a: must be a multiple of 5, not 7");
    expect("{\"minLength\":2}", "\"é\"", "a: must have at least 2 characters, not \"é\"");
    expect("{\"maxLength\":2}", "\"éé\"", "");
    expect("{\"pattern\":\"^[0-9]+$\"}", "\"12\"", "");
    expect("{\"pattern\":\"^[0-9]+$\"}", "\"1x\"",
           "a: does not have the form that is asked for, not \"1x\"");
    expect("{\"items\":{\"$ref\":\"#/$defs/s\"}}", "[\"x\",1]", "a[1]: must be a string, not 1");
    expect("{\"minItems\":1}", "[]", "a: must have at least 1 elements, not []");
    expect("{\"maxItems\":1}", "[1,2]", "a: must have at most 1 elements, not [1,2]");
    expect("{\"uniqueItems\":true}", "[1,2,1.0]", "a: must not have the same twice, not [1,2,1.0]");
    expect("{\"required\":[\"k\"]}", "{}", "a.k: is missing");
    expect("{\"additionalProperties\":false}", "{\"k\":1}", "a.k: is not an argument of this tool");
    expect("{\"additionalProperties\":{\"type\":\"string\"}}", "{\"k\":1}",
           "a.k: must be a string, not 1");
    expect("{\"minProperties\":1}", "{}", "a: must have at least 1 members");
    expect("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
           "a: fits none of the forms that are allowed, not 1");
    expect("{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}", "1.5", "");
    expect("{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}", "1",
           "a: must fit exactly one of the forms that are allowed, not 1");
    expect("{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3", "a: must be at most 2, not 3");
    expect("{\"not\":{\"type\":\"string\"}}", "\"x\"",
           "a: has a form that is not allowed, not \"x\"");
    expect("{\"$ref\":\"#/$defs/tree\"}", "{\"left\":{\"left\":{}}}", "");
    expect("{\"$ref\":\"#/$defs/tree\"}", "{\"left\":{\"right\":{}}}",
           "a.left.right: is not an argument of this tool");
    expect("true", "1", "");
    expect("false", "1", "a: is not allowed, not 1");
    expect("{\"title\":\"t\",\"description\":\"d\",\"default\":1,\"x-mine\":2}", "1", "");
}

static void checks_formats(void **state) {
    (void)state;
    static const struct {
        const char *format, *good, *bad;
    } cases[] = {
        {"date", "\"2024-02-29\"", "\"2023-02-29\""},
        {"date", "\"2026-11-24\"", "\"24.11.2026\""},
        {"date-time", "\"2026-11-24T14:30:00Z\"", "\"2026-11-24T14:30:00\""},
        {"date-time", "\"2026-11-24T14:30:00.5+01:00\"", "\"2026-11-24\""},
        {"time", "\"14:30\"", "\"24:30\""},
        {"time", "\"14:30:00.25+01:00\"", "\"14:30:00.\""},
        {"date", "\"2000-02-29\"", "\"1900-02-29\""},
        {"date", "\"2026-12-31\"", "\"2026-13-01\""},
        {"date-time", "\"2026-11-24t14:30:00z\"", "\"2026-11-24T14:30:00+1:00\""},
        {"email", "\"a@b.example\"", "\"a@b.example@c.example\""},
        {"uri", "\"urn:isbn:1\"", "\"1http://x\""},
        {"uuid", "\"123E4567-E89B-12D3-A456-426614174000\"",
         "\"123e4567-e89b-12d3-a456-42661417400g\""},
        {"email", "\"a@b.example\"", "\"a@b\""},
        {"email", "\"a.b+c@d.e.example\"", "\"a b@c.example\""},
        {"uri", "\"https://a.example/x\"", "\"/x\""},
        {"uuid", "\"123e4567-e89b-12d3-a456-426614174000\"", "\"123e4567\""},
        {"unheard-of", "\"anything\"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char property[64], complaint[160];
        snprintf(property, sizeof property, "{\"format\":\"%s\"}", cases[i].format);
        expect(property, cases[i].good, "");
        if (!cases[i].bad)
            continue;
        const char *names[][2] = {{"date", "a date as 2026-11-24"},
                                  {"date-time", "a date and time as 2026-11-24T14:30:00Z"},
                                  {"time", "a time as 14:30"},
                                  {"email", "an e-mail address"},
                                  {"uri", "a URI"},
                                  {"uuid", "a UUID"}};
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
            if (strcmp(names[j][0], cases[i].format) == 0)
                snprintf(complaint, sizeof complaint, "a: must be %s, not %s", names[j][1],
                         cases[i].bad);
        expect(property, cases[i].bad, complaint);
    }
}

static void checks_what_is_easily_missed(void **state) {
    (void)state;
    expect("{\"type\":\"object\"}", "[]", "a: must be an object, not []");
    expect("{\"type\":\"array\"}", "{}", "a: must be a list, not {}");
    expect("{\"type\":\"boolean\"}", "0", "a: must be true or false, not 0");
    expect("{\"type\":\"number\"}", "1.5", "");
    expect("{\"type\":\"number\"}", "\"1\"", "a: must be a number, not \"1\"");
    expect("{\"type\":\"string\"}", "null", "a: must be a string, not null");
    expect("{\"minimum\":1,\"maximum\":5}", "1", "");
    expect("{\"exclusiveMinimum\":1,\"exclusiveMaximum\":2}", "1.5", "");
    expect("{\"minimum\":1}", "\"0\"", ""); /* rules of numbers are for numbers */
    expect("{\"maxLength\":2}", "\"abc\"", "a: must have at most 2 characters, not \"abc\"");
    expect("{\"maxLength\":1}", "\"\\ud83d\\ude00\"", "");
    expect("{\"maxProperties\":1}", "{\"k\":1,\"l\":2}", "a: must have at most 1 members");
    expect("{\"minProperties\":1,\"maxProperties\":1}", "{\"k\":1}", "");
    expect("{\"prefixItems\":[{\"type\":\"string\"},true],\"items\":{\"type\":\"null\"}}",
           "[\"x\",1,null]", "");
    expect("{\"prefixItems\":[{\"type\":\"string\"}],\"items\":false}", "[1,2]",
           "a[0]: must be a string, not 1\na[1]: is not allowed, not 2");
    expect("{\"uniqueItems\":true}", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1.0}]",
           "a: must not have the same twice, not [{\"a\":1,\"b\":2},{\"b\":2,\"a\":1.0}]");
    expect("{\"uniqueItems\":true}", "[1,\"1\",[1],[[1]],null,false]", "");
    expect("{\"const\":\"\\u00e9\"}", "\"é\"", "");
    expect("{\"enum\":[]}", "1", "a: must be one of [], not 1");
    expect("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "null", "");
    expect("{\"not\":{\"type\":\"string\"}}", "1", "");
    expect("{\"required\":[\"k\"]}", "{\"\\u006b\":1}", "");
    /* As ECMAScript has it, not Perl. */
    expect("{\"pattern\":\"^x$\"}", "\"x\\n\"",
           "a: does not have the form that is asked for, not \"x\\n\"");
    expect("{\"pattern\":\"^\\\\u00e9+$\"}", "\"éé\"", "");
    expect("{\"pattern\":\"b\"}", "\"abc\"", ""); /* not anchored */
    expect("{\"pattern\":\"\"}", "\"\"", "");
}

/* A key written with escapes is the same key: else a rule could be passed by. */
static void knows_keys_with_escapes(void **state) {
    (void)state;
    expect("{\"properties\":{\"k\":{\"type\":\"string\"}}}", "{\"\\u006b\":1}",
           "a.\\u006b: must be a string, not 1");
    expect("{\"properties\":{\"\\u006b\":{\"type\":\"string\"}}}", "{\"k\":1}",
           "a.k: must be a string, not 1");
    expect("{\"properties\":{\"k\":true},\"additionalProperties\":false}", "{\"\\u006b\":1}", "");
    expect("{\"const\":{\"k\":1}}", "{\"\\u006b\":1}", "");
    /* Of two with one name each is checked, whichever is used later. */
    expect("{\"properties\":{\"k\":{\"type\":\"string\"}}}", "{\"k\":\"x\",\"k\":1}",
           "a.k: must be a string, not 1");
}

static void refuse(const char *text, const char *param, const char *message) {
    struct arena *arena = arena_create(1024);
    struct fault fault = {0};
    struct schema *schema;
    assert_false(schema_compile(slice_of(text), arena, &schema, &fault));
    assert_int_equal(fault.kind, FAULT_BAD_INPUT);
    assert_string_equal(fault.message, message);
    assert_string_equal(fault.param, param);
    arena_destroy(arena);
}

static void refuses_schemas(void **state) {
    (void)state;
    refuse("[]", "", "the schema is not a JSON object");
    refuse("{", "", "the schema is not a JSON object");
    refuse("{\"type\":\"string\"}", "/type", "must be \"object\": the arguments are one");
    refuse("{}", "/type", "must be \"object\": the arguments are one");
    refuse("{\"type\":\"object\",\"patternProperties\":{}}", "/patternProperties",
           "is a keyword that is not checked here");
    refuse("{\"type\":\"object\",\"properties\":{\"a\":{\"pattern\":\"(\"}}}",
           "/properties/a/pattern", "is no regular expression");
    refuse("{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"}}}",
           "/properties/a/$ref", "leads nowhere");
    refuse("{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"https://x.example/\"}}}",
           "/properties/a/$ref", "must be a reference within the schema, as #/$defs/name");
    refuse("{\"type\":\"object\",\"required\":\"a\"}", "/required", "must be a list of names");
    refuse("{\"type\":\"object\",\"properties\":{\"a\":{\"minLength\":-1}}}",
           "/properties/a/minLength", "must be a whole number that is not negative");
    refuse("{\"type\":\"object\",\"multipleOf\":0}", "/multipleOf", "must be more than 0");
    refuse("{\"type\":\"object\",\"minimum\":\"1\"}", "/minimum", "must be a number");
    refuse("{\"type\":\"object\",\"minimum\":1e999}", "/minimum", "must be a number");
    refuse("{\"type\":\"object\",\"uniqueItems\":1}", "/uniqueItems", "must be true or false");
    refuse("{\"type\":\"object\",\"anyOf\":[]}", "/anyOf",
           "must be a list of schemas that is not empty");
    refuse("{\"type\":\"object\",\"prefixItems\":{}}", "/prefixItems",
           "must be a list of schemas that is not empty");
    refuse("{\"type\":\"object\",\"enum\":1}", "/enum", "must be a list");
    refuse("{\"type\":\"object\",\"properties\":[]}", "/properties", "must be an object");
    refuse("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"int\"}}}", "/properties/a/type",
           "is no type of JSON Schema");
    refuse("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[]}}}", "/properties/a/type",
           "is an empty list");
    refuse("{\"type\":\"object\",\"items\":[true]}", "/items",
           "must be a schema: an object, true or false");
}

static bool compiles(struct buffer *text) {
    struct arena *arena = arena_create(1024);
    struct fault fault = {0};
    struct schema *schema;
    bool good = schema_compile(buffer_slice(text), arena, &schema, &fault);
    if (!good)
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
    arena_destroy(arena);
    buffer_finish(text);
    return good;
}

static void refuses_what_is_too_large(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "{\"type\":\"object\"");
    for (int i = 0; i < 40; i++)
        buffer_append_string(&text, ",\"items\":{\"type\":\"array\"");
    for (int i = 0; i < 41; i++)
        buffer_append_byte(&text, '}');
    assert_false(compiles(&text));

    buffer_append_string(&text, "{\"type\":\"object\",\"properties\":{\"k\":true");
    for (int i = 0; i < 2500; i++)
        buffer_printf(&text, ",\"k%d\":true", i);
    buffer_append_string(&text, "}}");
    assert_false(compiles(&text));

    buffer_append_string(&text, "{\"type\":\"object\",\"title\":\"");
    for (int i = 0; i < 30000; i++)
        buffer_append_string(&text, "0123456789");
    buffer_append_string(&text, "\"}");
    assert_false(compiles(&text));
}

/* What is compared pair by pair ends at a limit, too, and what is told of a rule is short. */
static void ends_with_much(void **state) {
    (void)state;
    struct buffer value = {0}, rule = {0}, expected = {0};
    buffer_append_string(&value, "[0");
    for (int i = 1; i < 5000; i++)
        buffer_printf(&value, ",%d", i);
    buffer_append_string(&value, "]");
    expect("{\"uniqueItems\":true}", buffer_string(&value),
           "the arguments: cannot be checked: too deep or too large");
    buffer_append_string(&rule, "{\"enum\":[100");
    for (int i = 101; i < 1000; i++)
        buffer_printf(&rule, ",%d", i);
    buffer_append_string(&rule, "]}");
    buffer_printf(&expected, "a: must be one of %.*s…, not 1", 1000, buffer_string(&rule) + 8);
    expect(buffer_string(&rule), "1", buffer_string(&expected));
    buffer_finish(&value);
    buffer_finish(&rule);
    buffer_finish(&expected);
}

/* A pattern that would take for ever ends at its limit; a reference to itself ends, too. */
static void ends(void **state) {
    (void)state;
    expect("{\"pattern\":\"^(a+)+$\"}",
           "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"",
           "a: does not have the form that is asked for, not "
           "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"");
    struct arena *arena = arena_create(1024);
    struct schema *schema;
    struct fault fault = {0};
    struct buffer said = {0};
    assert_true(schema_compile(SLICE("{\"type\":\"object\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/"
                                     "a\"}},\"$ref\":\"#/$defs/a\"}"),
                               arena, &schema, &fault));
    assert_false(schema_check(schema, SLICE("{}"), &said));
    assert_true(said.size > 0);
    buffer_finish(&said);
    arena_destroy(arena);
}

static void tells_ten_complaints_at_most(void **state) {
    (void)state;
    struct arena *arena = arena_create(1024);
    struct schema *schema;
    struct fault fault = {0};
    struct buffer said = {0}, value = {0};
    assert_true(schema_compile(SLICE("{\"type\":\"object\",\"additionalProperties\":false}"), arena,
                               &schema, &fault));
    buffer_append_string(&value, "{\"k0\":0");
    for (int i = 1; i < 100; i++)
        buffer_printf(&value, ",\"k%d\":0", i);
    buffer_append_string(&value, "}");
    assert_false(schema_check(schema, buffer_slice(&value), &said));
    size_t lines = 1;
    for (size_t i = 0; i < said.size; i++)
        lines += said.data[i] == '\n';
    assert_int_equal(lines, 10);
    assert_true(schema_property(schema, 0).data == NULL);
    buffer_finish(&said);
    buffer_finish(&value);
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_every_keyword),
        cmocka_unit_test(checks_formats),
        cmocka_unit_test(checks_what_is_easily_missed),
        cmocka_unit_test(knows_keys_with_escapes),
        cmocka_unit_test(refuses_schemas),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(ends),
        cmocka_unit_test(ends_with_much),
        cmocka_unit_test(tells_ten_complaints_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
