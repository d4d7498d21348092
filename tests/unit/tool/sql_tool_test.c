#include "base/arena.h"
#include "base/buffer.h"
#include "tool/sql_tool.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const char *database; /* "sqlite:…" */

static int make_database(void **state) {
    static char folder[] = "/tmp/switchboard-sql-XXXXXX";
    static char url[64];
    sqlite3 *handle;
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    snprintf(url, sizeof url, "sqlite:%s/shop.db", folder);
    database = url;
    if (sqlite3_open("shop.db", &handle) != SQLITE_OK)
        return -1;
    int made = sqlite3_exec(
        handle,
        "CREATE TABLE orders (number INTEGER, status TEXT, price REAL, paid INTEGER, owner TEXT, "
        "raw "
        "BLOB);"
        "INSERT INTO orders VALUES (1, 'shipped', 9.5, 1, 'anna', x'00ff'), (2, CAST(x'61ff62' AS "
        "TEXT), NULL, 0, 'bert', NULL);"
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)",
        NULL, NULL, NULL);
    sqlite3_close(handle);
    return made == SQLITE_OK ? 0 : -1;
}

static int remove_database(void **state) {
    (void)state;
    char folder[64];
    snprintf(folder, sizeof folder, "%s", database + strlen("sqlite:"));
    *strrchr(folder, '/') = '\0';
    remove("shop.db");
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static struct sql_tool tool_of(const char *query, bool write) {
    return (struct sql_tool){.database = database,
                             .query = slice_of(query),
                             .write = write,
                             .rows_max = 3,
                             .bytes_max = 4000};
}

/* What it gives, or the message and detail of its fault. */
static void expect(struct sql_tool tool, const char *arguments, const char *text) {
    const struct tool_binding bindings[] = {{SLICE("user.id"), SLICE("anna")}};
    const struct tool_input input = {slice_of(arguments), bindings, 1};
    struct sql_connections *connections = sql_connections_create();
    struct buffer result = {0};
    struct fault fault = {0};
    for (int i = 0; i < 2; i++) { /* again on the same connection */
        buffer_clear(&result);
        if (!sql_tool_run(connections, &tool, &input, 300, &result, &fault))
            buffer_printf(&result, "%s | %s", fault.message, fault.detail);
        if (tool.write)
            break;
    }
    sql_connections_destroy(connections);
    assert_string_equal(buffer_string(&result), text);
    buffer_finish(&result);
}

static void gives_rows(void **state) {
    (void)state;
    expect(tool_of("SELECT number, status, price, raw FROM orders WHERE number = :n", false),
           "{\"n\":1}",
           "{\"rows\":[{\"number\":1,\"status\":\"shipped\",\"price\":9.5,\"raw\":null}],\"row_"
           "count\":1}");
    expect(tool_of("SELECT status FROM orders WHERE number = :n", false), "{\"n\":2}",
           "{\"rows\":[{\"status\":\"a\xEF\xBF\xBD"
           "b\"}],\"row_count\":1}");
    expect(tool_of("SELECT number FROM orders WHERE owner = :user.id", false), "{}",
           "{\"rows\":[{\"number\":1}],\"row_count\":1}");
    /* No argument takes the place of a value of the server. */
    expect(tool_of("SELECT :user.id AS a, :user.name AS b, :x AS c", false),
           "{\"user.id\":\"bert\",\"user\":{\"id\":\"bert\"}}",
           "{\"rows\":[{\"a\":\"anna\",\"b\":null,\"c\":null}],\"row_count\":1}");
    expect(tool_of("SELECT :a AS a, :b AS b, :c AS c, :d AS d, :a AS e", false),
           "{\"a\":\"x'; DROP TABLE orders; --\",\"b\":true,\"c\":1.25,\"d\":[1,\"x\"]}",
           "{\"rows\":[{\"a\":\"x'; DROP TABLE orders; "
           "--\",\"b\":1,\"c\":1.25,\"d\":\"[1,\\\"x\\\"]\","
           "\"e\":\"x'; DROP TABLE orders; --\"}],\"row_count\":1}");
}

static void limits_rows(void **state) {
    (void)state;
    const char *numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
                          "< 9) SELECT i FROM n";
    expect(tool_of(numbers, false), "{}",
           "{\"rows\":[{\"i\":1},{\"i\":2},{\"i\":3}],\"row_count\":3,\"truncated\":true}");
    struct sql_tool tool = tool_of(numbers, false);
    tool.rows_max = 100;
    tool.bytes_max = 30;
    expect(tool, "{}", "{\"rows\":[{\"i\":1},{\"i\":2}],\"row_count\":2,\"truncated\":true}");
}

static void writes_only_where_it_may(void **state) {
    (void)state;
    expect(tool_of("INSERT INTO notes (text) VALUES (:text)", true), "{\"text\":\"one\"}",
           "{\"rows\":[],\"row_count\":0,\"changed\":1}");
    expect(tool_of("INSERT INTO notes (text) VALUES (:text) RETURNING id, text", true),
           "{\"text\":\"two\"}",
           "{\"rows\":[{\"id\":2,\"text\":\"two\"}],\"row_count\":1,\"changed\":1}");
    expect(tool_of("INSERT INTO notes (text) VALUES (:text)", true), "{\"text\":\"one\"}",
           "The database refused: a rule does not allow this. | UNIQUE constraint failed: "
           "notes.text");
    static const char *const refused[] = {
        "INSERT INTO notes (text) VALUES ('x')",
        "UPDATE notes SET text = 'x'",
        "DELETE FROM notes",
        "DROP TABLE notes",
        "ATTACH 'other.db' AS other",
        "PRAGMA writable_schema = 1",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('x')",
        "WITH d AS (SELECT 1) DELETE FROM notes",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct sql_tool tool = tool_of(refused[i], false);
        struct fault fault = {0};
        if (sql_tool_check(&tool, &fault))
            fail_msg("%s was taken", refused[i]);
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
    }
    struct sql_tool schema = tool_of("DROP TABLE notes", true);
    struct fault fault = {0};
    assert_false(sql_tool_check(&schema, &fault)); /* rows, not tables */
}

static void ends_in_time(void **state) {
    (void)state;
    expect(
        tool_of(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
            false),
        "{}", "The query took too long. | interrupted");
}

static void tells_what_is_wrong(void **state) {
    (void)state;
    struct sql_tool tool = tool_of("SELECT statsu FROM orders", false);
    struct fault fault = {0};
    assert_false(sql_tool_check(&tool, &fault));
    assert_string_equal(fault.message, "no such column: statsu");
    tool = tool_of("SELECT 1", false);
    tool.database = "sqlite:/nowhere/at/all.db";
    assert_false(sql_tool_check(&tool, &fault));
    assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
    assert_null(strstr(fault.message, "nowhere"));
}

static void expect_names(const char *query, const char *names) {
    struct arena *arena = arena_create(256);
    const struct slice *found;
    size_t count;
    struct fault fault = {0};
    struct buffer out = {0};
    if (!sql_placeholders(slice_of(query), arena, &found, &count, &fault)) {
        assert_string_equal(fault.message, names);
    } else {
        for (size_t i = 0; i < count; i++)
            buffer_printf(&out, "%s%.*s", i > 0 ? " " : "", SLICE_ARG(found[i]));
        assert_string_equal(buffer_string(&out), names);
    }
    buffer_finish(&out);
    arena_destroy(arena);
}

static void finds_placeholders(void **state) {
    (void)state;
    expect_names("SELECT :a, :b, :a, :user.id", "a b user.id");
    expect_names("SELECT ':a', \":b\", `:c`, [:d], -- :e\n /* :f */ x::text, :g", "g");
    expect_names("SELECT 'it''s :a' || :b", "b");
    expect_names("SELECT $$ :a $$, $t$ :b $t$, :c", "c");
    expect_names("SELECT :a; -- done", "a");
    expect_names("SELECT :a; /* done */ ", "a");
    expect_names("SELECT 1; SELECT 2", "there must be one statement, and this has more");
    expect_names("SELECT 1; /* x */ DELETE FROM t",
                 "there must be one statement, and this has more");
    expect_names("SELECT 1; -- x\n DELETE FROM t",
                 "there must be one statement, and this has more");
    expect_names("  ", "there is no statement");
    expect_names("SELECT 'open :a", "");
    expect_names("SELECT :a.", "a");
    expect_names("SELECT 12:30", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_rows),
        cmocka_unit_test(limits_rows),
        cmocka_unit_test(writes_only_where_it_may),
        cmocka_unit_test(ends_in_time),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(finds_placeholders),
    };
    return cmocka_run_group_tests(tests, make_database, remove_database);
}
