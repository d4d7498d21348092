/* Secrets in the headers of tools, and in what was meant for headers, are in no message: whatever
 * else is wrong with them. */
#include "help.h"

#define BOTS "bots: { b: { models: [offline] } }\n"
#define HTTP "tools: { t: { description: d, http: { url: \"https://a.example/\", headers: "
#define MCP  "tools: { t: { mcp: { url: \"https://a.example/\", headers: "
#define END  " } } }\n" BOTS
/* none that could be told by its look */
#define S "hunter2"

struct leak {
    const char *text;
    const char *says; /* part of one of the messages; "" where there is none */
};

static const struct leak leaks[] = {
    /* a value of a wrong kind */
    {HTTP S END, "expected names of headers with a text each"},
    {MCP "\"Authorization: " S "\"" END, "expected names of headers with a text each"},
    {MCP "[" S "]" END, "expected names of headers"},
    {HTTP "[\"A: " S "\", {B: " S "}]" END, "expected names of headers"},
    {HTTP "{ A: [" S "] }" END, "expected names of headers"},
    {HTTP "{ A: { B: " S " } }" END, "expected names of headers"},
    {HTTP "{ Authorization:Basic " S " }" END, "expected names of headers"},
    {MCP "{ \"Basic " S "\": x }" END, "expected names of headers"},
    {HTTP "{ A: \"" S "\\nB: c\" }" END, "may have no line ends"},
    {"tools: { t: { description: d, http: " S " } }\n" BOTS, "expected a section"},
    {"tools: { t: { description: d, mcp: [{ headers: { A: " S " } }] } }\n" BOTS,
     "expected a section"},
    {"tools: [{ http: { headers: { A: " S " } } }]\n" BOTS, "expected names with a section"},
    {"tools: { t: { description: d, http: { url: { headers: { A: " S " } } } } }\n" BOTS,
     "expected a text"},
    {"tools: { t: { description: d, http: { url: \"https://a:" S "@b.example/\" } } }\n" BOTS,
     "neither a placeholder nor a user"},
    {"tools: { t: { description: d, http: { url: postgres://a:" S "@b/c } } }\n" BOTS,
     "must begin with"},
    {"tools: { t: { mcp: { url: [{ key: " S " }, \"a://b:" S "@c\" ], headers: { A: " S
     " } } } }\n" BOTS,
     "expected a URL"},
    /* unknown options: misspelt, elsewhere, a header without its section */
    {MCP "{ A: b }, haeders: { A: " S " }" END, "did you mean headers?"},
    {MCP "{ A: b }, header: { A: " S " }" END, "did you mean headers?"},
    {MCP "{ A: b }, head: { A: " S " }" END, "unknown option"},
    {MCP "{ A: b }, Authorization: Basic " S END, "unknown option"},
    {MCP "{ A: b }, X-Api-Key: " S END, "unknown option"},
    {MCP "{ A: b }, password: " S END, "unknown option"},
    {"tools: { t: { description: d, headers: { A: " S " }, sql: { headers: { A: " S
     " } } } }\n" BOTS,
     "it belongs to tools.NAME.http"},
    {"tools: { t: { htpp: { headers: { A: " S " } } } }\n" BOTS, "did you mean http?"},
    {"headers: { A: " S " }\n" BOTS, "it belongs to tools.NAME.http"},
    /* placeholders of the environment */
    {HTTP "{ A: \"" S " ${CONFIG_TEST_UNSET}\" }" END, "CONFIG_TEST_UNSET is not set"},
    {HTTP "{ A: \"" S " ${CONFIG_TEST_LATIN}\" }" END, "CONFIG_TEST_LATIN is not valid UTF-8"},
    {HTTP "{ A: \"pass$" S "\" }" END, "write $$ for a dollar sign"},
    {HTTP "{ A: \"pass${" S "}\" }" END, "write $$ for a dollar sign"},
    {HTTP "{ A: \"pass${" S "\" }" END, "${ without its }"},
    {HTTP "{ A: \"${CONFIG_TEST_UNSET-" S "}\" }" END, "only ${NAME}"},
    {HTTP "{ A: \"${CONFIG_TEST_UNSET:-" S "}\" }, select: data" END, "JSON pointer"},
    {HTTP "{ \"A:Basic " S "\": $CONFIG_TEST_UNSET }" END, "CONFIG_TEST_UNSET is not set"},
    {HTTP "{ A: [$CONFIG_TEST_WORD, " S "] }" END, "expected names of headers"},
    {"providers: { openai: { key: \"pass$" S "\" } }\n" BOTS, "write $$ for a dollar sign"},
    {"databases: { a: { url: \"postgres://b:$" S "@c/d\" } }\n" BOTS, "write $$"},
    /* placeholders of tools */
    {HTTP "{ A: \"pass{" S "}word\" }" END, "a placeholder in it stands for nothing"},
    {HTTP "{ A: \"{" S ".x}\" }" END, "a placeholder in it stands for nothing"},
    /* given twice */
    {HTTP "{ A: b, A: " S " }" END, "given twice"},
    {HTTP "{ A: " S ", A: b }" END, "given twice"},
    {HTTP "{ A: b }, headers: { A: " S " }" END, "given twice"},
    {HTTP "{ \"A:Basic " S "\": 1, \"A:Basic " S "\": 2 }" END, "given twice"},
    {"admin_token: a\nadmin_token: " S "\n" BOTS, "given twice"},
    {HTTP "{ ? [" S "] : " S " }" END, "a name must be a plain word"},
    /* merge keys, anchors, tags */
    {HTTP "{ <<: " S " }" END, "<< takes an alias"},
    {HTTP "{ <<: [{ A: " S " }, " S "] }" END, "<< takes an alias"},
    {HTTP "{ <<: { A: b }, <<: " S " }" END, "given twice"},
    {"x-h: &h { A: " S ", A: " S ", B: [" S "] }\n" HTTP "{ <<: *h }" END, "given twice"},
    {"x-h: &h { A: " S ", A: " S " }\n" HTTP "*h" END, "given twice"},
    {"x-h: &h { A: [" S "] } # " BOTS "tools: { t: { mcp: { url: \"https://a.example/\", headers: "
     "*h } }, u: *h }\n" BOTS,
     "unknown option"},
    {"x-a: &a " S "\nx-a: *a\n" HTTP "{ A: *a }" END, "given twice"},
    {HTTP "*" S END, "no anchor of this name"},
    {HTTP "{ A: *" S " }" END, "no anchor of this name"},
    {HTTP "{ A: !" S " }" END, "tags are not used here"},
    {HTTP "{ A: !" S "!x b }" END, "not YAML: undefined tag prefix"},
    {HTTP "&" S " [a]" END, "expected names of headers"},
    {"admin_token: *" S "\n" BOTS, "no anchor of this name"},
    {"admin_token: !" S "\n" BOTS, "tags are not used here"},
    {"admin_token: &" S "\n" BOTS, "has no value"},
    /* too much */
    {HTTP "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ " S " ]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" END,
     "nested more than"},
    /* what is no YAML, or no text */
    {HTTP "{ A: " S ", B" END, "not closed"},
    {HTTP "{ A: " S " }, select: [" END, ""},
    {"tools:\n  t:\n    mcp:\n      headers:\n        A: " S ": x\n" BOTS, "not YAML"},
    {"tools:\r\n  t:\r\n    mcp:\r\n      headers:\r\n\r\n        A: " S ": x\r\n" BOTS,
     "not YAML"},
    {"tools:\n  t:\n    mcp:\n      headers:\n        A: >\n          a\n\n          " S
     "\n       b\n" BOTS,
     "not YAML"},
    {"{ \"tools\": { \"t\": { \"mcp\": { \"headers\":\n{\n\"Authorization\": \"" S
     "\" \"x\" } } } } }\n",
     "not YAML"},
    {"admin_token: " S "\x01\n" BOTS, "control character"},
    {"tools:\n  t:\n    mcp:\n      headers:\n        A: " S "\xE9\n" BOTS, "not valid UTF-8"},
};

static bool says(const struct config_result *result, const char *part) {
    bool found = *part == '\0';
    for (size_t i = 0; i < result->error_count; i++)
        found = found || strstr(result->errors[i].message, part);
    return found;
}

static void test_leaks(void **state) {
    (void)state;
    unsetenv("CONFIG_TEST_UNSET");
    setenv("CONFIG_TEST_WORD", S, 1);
    setenv("CONFIG_TEST_LATIN", S "\xE9", 1);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++) {
        struct config_result result = load(leaks[i].text);
        struct buffer out = printed(&result);
        bool hidden = slice_find(buffer_slice(&out), SLICE(S)) == SIZE_MAX;
        bool right = !result.config && hidden && says(&result, leaks[i].says);
        if (!right)
            print_error(
                "%s\n  %s\n%s\n", leaks[i].text,
                hidden ? "does not say what it should:" : "is repeated:", buffer_string(&out));
        wrong += !right;
        buffer_finish(&out);
        config_result_finish(&result);
    }
    assert_int_equal(wrong, 0);
}

/* Whatever stands before and behind it in the file is shown as it is. */
static void test_nothing_else_is_hidden(void **state) {
    (void)state;
    struct config_result result = load("x-h: &h\n  A: " S "\n"
                                       "tools:\n"
                                       "  t:\n"
                                       "    mcp:\n"
                                       "      url: ftp://a.example\n"
                                       "      headers:\n"
                                       "        <<: *h\n"
                                       "        B: !x " S "\n"
                                       "      # a comment\n"
                                       "      byts: 1MiB\n"
                                       "    max_token: 5\n" BOTS);
    struct buffer out = printed(&result);
    assert_string_equal(
        buffer_string(&out),
        "switchboard.yaml:6:12: tools.t.mcp.url: expected a URL that begins with https:// or "
        "http://, found \"ftp://a.example\"\n"
        "        url: ftp://a.example\n"
        "             ^\n"
        "switchboard.yaml:9:15: tags are not used here: remove it, or put quotes around a text "
        "that begins with !\n"
        "  ***\n"
        "  ^\n"
        "switchboard.yaml:11:7: tools.t.mcp.byts: unknown option; did you mean bytes?\n"
        "        byts: 1MiB\n"
        "        ^\n"
        "switchboard.yaml:12:5: tools.t.max_token: unknown option; known here: description, "
        "parameters, sql, http, mcp, builtin, calendar, visible_text, confirm, confirm_text, "
        "confirm_within, timeout, max_output, per_turn, redact\n"
        "      max_token: 5\n"
        "      ^\n");
    buffer_finish(&out);
    config_result_finish(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaks),
        cmocka_unit_test(test_nothing_else_is_hidden),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
