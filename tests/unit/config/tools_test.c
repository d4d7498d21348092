/* Tools in the configuration: what is read, and what is refused. */
#include "base/arena.h"
#include "base/json.h"
#include "chat/settings.h"
#include "help.h"

#include "tool/builtin.h"
#include "tool/http_tool.h"
#include "tool/sql_tool.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void make_database(void) {
    sqlite3 *handle;
    assert_int_equal(sqlite3_open("shop.db", &handle), SQLITE_OK);
    sqlite3_exec(handle, "CREATE TABLE orders (number INTEGER, status TEXT, customer TEXT)", NULL,
                 NULL, NULL);
    sqlite3_close(handle);
}

#define DATABASE "databases: { shop: { url: \"sqlite:shop.db\" } }\n"
#define BOT      "bots: { b: { models: [offline] } }\n"

static void reads_a_query(void **state) {
    (void)state;
    make_database();
    struct config_result result =
        load(DATABASE
             "tools:\n  order_status:\n    description: Looks up an order.\n"
             "    parameters: { order: integer, note: { type: string, optional: true } }\n"
             "    sql: { database: shop, query: \"SELECT status FROM orders WHERE number = "
             ":order AND :note IS NULL AND customer = :user.id\" }\n"
             "    visible_text: { en: Looking, de: \"Ich sehe nach\" }\n    redact: [note]\n"
             "bots: { b: { models: [offline], tools: [order_status], tool_limits: { rounds: 3 } "
             "} }\n");
    if (!result.config)
        fail_msg("%s", result.errors[0].message);
    const struct bot *bot = result.config->settings->default_bot;
    assert_int_equal(bot->tool_count, 1);
    assert_int_equal(bot->tool_limits.rounds_max, 3);
    assert_int_equal(bot->tool_limits.calls_max, 24);
    const struct tool *tool = bot->tools[0];
    assert_int_equal(tool->kind, TOOL_SQL);
    assert_string_equal(tool->name, "order_status");
    assert_true(slice_is(
        tool->parameters,
        "{\"type\":\"object\",\"properties\":{\"order\":{\"type\":\"integer\"},\"note\":{\"type\":"
        "\"string\"}},\"required\":[\"order\"],\"additionalProperties\":false}"));
    assert_true(
        slice_is(tool_text_for(tool->visible, tool->visible_count, SLICE("de")), "Ich sehe nach"));
    assert_false(tool->write);
    assert_int_equal(tool->sql->rows_max, 20);
    assert_int_equal(tool->timeout_ms, 10000);
    assert_int_equal(tool->redact_count, 1);
    assert_int_equal(result.config->warning_count, 0);
    config_result_finish(&result);
}

static void reads_a_request(void **state) {
    (void)state;
    setenv("CONFIG_TEST_WORD", "secretword", 1);
    struct config_result result =
        load("tools:\n  ship:\n    description: Sends it.\n"
             "    parameters: { type: object, properties: { city: { type: string }, n: { type: "
             "integer, minimum: 1 } }, required: [city] }\n"
             "    http:\n      method: POST\n      url: \"https://api.example.com/{city}\"\n"
             "      headers: { Authorization: \"Bearer ${CONFIG_TEST_WORD}\" }\n"
             "      body: { count: \"{n}\", gift: true, weight: 1.5, zip: \"01234\" }\n" BOT);
    if (!result.config)
        fail_msg("%s: %s", result.errors[0].path, result.errors[0].message);
    const struct tool *tool = &result.config->settings->tools[0];
    assert_int_equal(tool->kind, TOOL_HTTP);
    assert_true(tool->write);
    assert_string_equal(tool->http->method, "POST");
    assert_true(slice_is(tool->http->body,
                         "{\"count\":\"{n}\",\"gift\":true,\"weight\":1.5,\"zip\":\"01234\"}"));
    assert_true(slice_is(tool->http->headers[0].value, "Bearer secretword"));
    assert_false(tool->http->allow_private);
    config_result_finish(&result);
}

static void reads_a_calendar(void **state) {
    (void)state;
    struct config_result result =
        load("tools:\n  book:\n    builtin: book_slot\n    calendar: { hours: { monday: "
             "[\"9:00-12:00\", \"13-17:30\"], sunday: \"10:00-24:00\" }, slot: 15min }\n" BOT);
    if (!result.config)
        fail_msg("%s: %s", result.errors[0].path, result.errors[0].message);
    const struct builtin_tool *builtin = result.config->settings->tools[0].builtin;
    assert_int_equal(builtin->kind, BUILTIN_BOOK_SLOT);
    assert_string_equal(builtin->calendar, "book");
    assert_int_equal(builtin->opening_count, 3);
    assert_int_equal(builtin->openings[1].weekday, 1);
    assert_int_equal(builtin->openings[1].from, 13 * 60);
    assert_int_equal(builtin->openings[1].to, 17 * 60 + 30);
    assert_int_equal(builtin->openings[2].to, 24 * 60);
    assert_int_equal(builtin->slot_minutes, 15);
    assert_int_equal(builtin->days_ahead, 30);
    assert_true(result.config->settings->tools[0].write);
    config_result_finish(&result);
}

#define TOOL(more) "tools: { t: { description: d, " more " } }\n" BOT
#define QUERY(text)                                                                                \
    DATABASE TOOL("parameters: { order: integer }, sql: { database: shop, query: \"" text "\" }")

static void tells_mistakes(void **state) {
    (void)state;
    make_database();
    setenv("CONFIG_TEST_WORD", "secretword", 1);
    static const struct {
        const char *text, *path, *message;
    } mistakes[] = {
        {TOOL("timeout: 1s"), "tools.t", "sql, http, mcp or builtin is missing"},
        {TOOL("builtin: now, http: { url: \"https://a.example/\" }"), "tools.t",
         "must be of one kind: sql, http, mcp or builtin"},
        {TOOL("mcp: { url: \"https://a.example/mcp\" }"), "tools.t",
         "an MCP server describes its tools itself: no description and no parameters"},
        {"tools: { t: { mcp: { url: \"https://a.example/mcp\", headers: [\"$CONFIG_TEST_WORD\"] } "
         "} "
         "}\n" BOT,
         "tools.t.mcp.headers", "expected names of headers with a text each"},
        {"tools: { t: { mcp: { url: \"https://a.example/mcp\", headers: { A: \"$CONFIG_TEST_WORD\" "
         "} "
         "} } }\n" BOT,
         "", ""},
        {TOOL("builtin: nwo"), "tools.t.builtin",
         "expected one of now, search_knowledge, book_slot, capture_lead, quick_replies"},
        {TOOL("builtin: book_slot"), "tools.t", "calendar is missing"},
        {"tools: { 9t: { builtin: now } }\n" BOT, "tools.9t",
         "the name of a tool begins with a letter: not every model takes another"},
        {"tools: { t: { http: { url: \"https://a.example/\" } } }\n" BOT, "tools.t",
         "description is missing: the model chooses by it"},
        {TOOL("parameters: { a: intger }, http: { url: \"https://a.example/{a}\" }"),
         "tools.t.parameters", "/properties/a/type is no type of JSON Schema"},
        {TOOL("parameters: [a], http: { url: \"https://a.example/\" }"), "tools.t.parameters",
         "expected names with a type each, or a JSON Schema"},
        {TOOL("parameters: { city: string }, http: { url: \"https://a.example/{ctiy}\" }"),
         "tools.t.http.url",
         "\"ctiy\" stands for nothing: there is no parameter of that name; did you mean city?"},
        {TOOL("http: { url: \"https://{user.host}/\" }"), "tools.t.http.url",
         "may have neither a placeholder nor a user in front of the path: whoever chooses the host "
         "chooses who is asked"},
        {TOOL("http: { url: \"ftp://a.example/\" }"), "tools.t.http.url",
         "must begin with https:// or http:// and name a host"},
        {TOOL("http: { url: \"https://a.example/\", select: data }"), "tools.t.http.select",
         "must be a JSON pointer, as /data/0"},
        {TOOL("http: { url: \"https://a.example/\", headers: { \"a b\": \"$CONFIG_TEST_WORD\" } }"),
         "tools.t.http.headers", "expected names of headers with a text each"},
        {QUERY("SELECT :odrer"), "tools.t.sql.query",
         "\"odrer\" stands for nothing: there is no parameter of that name; did you mean order?"},
        {QUERY("SELECT :order, :usr.id"), "tools.t.sql.query",
         "\"usr.id\" stands for nothing: there is no value of the server of that name"},
        {QUERY("SELECT statsu FROM orders WHERE number = :order"), "tools.t.sql.query",
         "no such column: statsu"},
        {QUERY("DELETE FROM orders WHERE number = :order"), "tools.t.sql.query",
         "the query is not only a reading one; say `write: true` if it is to change something (not "
         "authorized)"},
        {QUERY("SELECT :order; SELECT 2"), "tools.t.sql.query",
         "there must be one statement, and this has more"},
        {DATABASE TOOL("sql: { database: shpo, query: \"SELECT 1\" }"), "tools.t.sql.database",
         "there is no such database under databases; did you mean shop?"},
        {TOOL("builtin: now, visible_text: { english: Looking }, redact: [x]"), "", ""},
        {TOOL("builtin: now, visible_text: { \"e n\": Looking }"), "tools.t.visible_text",
         "expected a text, or languages (en, pt-BR) with a text each"},
        {TOOL("builtin: book_slot, calendar: { hours: { mnday: \"9-10\" } }"),
         "tools.t.calendar.hours.mnday", "is no weekday (monday to sunday)"},
        {TOOL("builtin: book_slot, calendar: { hours: { monday: \"10-9\" } }"),
         "tools.t.calendar.hours.monday", "expected hours such as 9:00-17:00"},
        {TOOL("builtin: book_slot, calendar: { hours: { monday: [\"9-12\", \"11-13\"] } }"),
         "tools.t.calendar.hours.monday", "overlaps with other hours"},
        {"tools: { now: { builtin: now } }\nbots: { b: { models: [offline], tools: [nwo] } }\n",
         "bots.b.tools[0]", "there is no tool of this name; did you mean now?"},
        {"tools: { now: { builtin: now } }\nbots: { b: { models: [offline], tools: [now, now] } "
         "}\n",
         "bots.b.tools[1]", "stands here twice"},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct config_result result = load(mistakes[i].text);
        struct buffer out = printed(&result);
        bool right = *mistakes[i].path
                         ? result.error_count == 1 &&
                               strcmp(result.errors[0].path, mistakes[i].path) == 0 &&
                               strcmp(result.errors[0].message, mistakes[i].message) == 0
                         : result.config != NULL;
        right = right && slice_find(buffer_slice(&out), SLICE("secretword")) == SIZE_MAX;
        if (!right)
            print_error("%s\n  expected %s: %s\n  got\n%s\n", mistakes[i].text, mistakes[i].path,
                        mistakes[i].message, buffer_string(&out));
        wrong += !right;
        buffer_finish(&out);
        config_result_finish(&result);
    }
    assert_int_equal(wrong, 0);
}

static void warns(void **state) {
    (void)state;
    struct config_result result =
        load("databases: { gone: { url: \"sqlite:gone.db\" } }\n"
             "tools: { t: { description: d, parameters: { a: integer, b: integer }, sql: { "
             "database: gone, query: \"SELECT :a\" } } }\n" BOT);
    assert_non_null(result.config);
    assert_int_equal(result.config->warning_count, 2);
    assert_string_equal(result.config->warnings[0], "tool t: the parameter b is used nowhere");
    assert_non_null(strstr(result.config->warnings[1], "its database gone cannot be opened"));
    config_result_finish(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_query),
        cmocka_unit_test(reads_a_request),
        cmocka_unit_test(reads_a_calendar),
        cmocka_unit_test(tells_mistakes),
        cmocka_unit_test(warns),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
