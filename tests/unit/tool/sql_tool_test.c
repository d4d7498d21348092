#include "base/arena.h"
#include "base/buffer.h"
#include "tool/sql_tool.h"
#include <pthread.h>
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
        if (!sql_tool_run(connections, &tool, &input, 300, NULL, &result, &fault))
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
    /* One long text does not keep the model from the rest of its row. */
    tool = tool_of("SELECT 1 AS a, 'éééééééé' AS b, 2 AS c", false);
    tool.bytes_max = 30;
    expect(tool, "{}",
           "{\"rows\":[{\"a\":1,\"b\":\"ééééé…\",\"c\":2}],\"row_count\":1,\"truncated\":true}");
    expect(tool_of("SELECT 1 WHERE 0", false), "{}", "{\"rows\":[],\"row_count\":0}");
}

static void binds_whatever_comes(void **state) {
    (void)state;
    static const struct {
        const char *argument, *value;
    } cases[] = {
        {"\"1042; drop table orders\"", "\"1042; drop table orders\""},
        {"\"' OR '1'='1\"", "\"' OR '1'='1\""},
        {"\":user.id\"", "\":user.id\""},
        {"\"a\\u0000b\"", "\"a\\u0000b\""},
        {"\"\\ud800\"", "\"\xEF\xBF\xBD\""},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "9.223372036854776e+18"},
        {"1e999", "\"1e999\""}, /* what is no number here is text */
        {"false", "0"},
        {"null", "null"},
        {"{\"k\":[1]}", "\"{\\\"k\\\":[1]}\""},
        {"\"\"", "\"\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char arguments[80], rows[160];
        snprintf(arguments, sizeof arguments, "{\"a\":%s}", cases[i].argument);
        snprintf(rows, sizeof rows, "{\"rows\":[{\"v\":%s}],\"row_count\":1}", cases[i].value);
        expect(tool_of("SELECT :a AS v", false), arguments, rows);
    }
    /* Larger than a value may be: refused, not cut. */
    struct buffer huge = {0};
    buffer_append_string(&huge, "{\"a\":\"");
    for (int i = 0; i < 120000; i++)
        buffer_append_string(&huge, "0123456789");
    buffer_append_string(&huge, "\"}");
    expect(tool_of("SELECT length(:a) AS v", false), buffer_string(&huge),
           "The query failed. | string or blob too big");
    buffer_finish(&huge);
    /* Orders are still there. */
    expect(tool_of("SELECT count(*) AS n FROM orders", false), "{}",
           "{\"rows\":[{\"n\":2}],\"row_count\":1}");
}

/* Another program writes: the call waits, but not past its time. */
static void waits_for_a_lock_only_so_long(void **state) {
    (void)state;
    sqlite3 *other;
    assert_int_equal(sqlite3_open("shop.db", &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    expect(tool_of("INSERT INTO notes (text) VALUES ('late')", true), "{}",
           "The database is busy. Please try again later. | database is locked");
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    expect(tool_of("SELECT count(*) AS n FROM notes WHERE text = 'late'", false), "{}",
           "{\"rows\":[{\"n\":0}],\"row_count\":1}");
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
    /* Rows, not tables, transactions or other files, even where it may write. */
    static const char *const too_much[] = {
        "DROP TABLE notes",      "CREATE TABLE more (x)",      "BEGIN IMMEDIATE",
        "SAVEPOINT s",           "ATTACH 'o.db' AS o",         "UPDATE sqlite_master SET sql = ''",
        "PRAGMA user_version=1", "SELECT load_extension('x')",
    };
    for (size_t i = 0; i < sizeof too_much / sizeof too_much[0]; i++) {
        struct sql_tool tool = tool_of(too_much[i], true);
        struct fault fault = {0};
        if (sql_tool_check(&tool, &fault))
            fail_msg("%s was taken", too_much[i]);
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
    }
    /* It cannot be run either, should it not have been checked. */
    expect(tool_of("DELETE FROM orders", false), "{}",
           "The query cannot be run. | the query is not only a reading one; say `write: true` if "
           "it is to change something (not authorized)");
    expect(tool_of("VACUUM INTO 'copy.db'", true), "{}",
           "The query failed. | authorization denied");
    assert_int_not_equal(access("copy.db", F_OK), 0);
    /* The count of the statement before is not that of one that changes nothing. */
    struct sql_tool insert = tool_of("INSERT INTO notes (text) VALUES ('three')", true);
    struct sql_tool select = tool_of("SELECT 1 AS one", true);
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct sql_connections *connections = sql_connections_create();
    struct buffer result = {0};
    struct fault fault;
    assert_true(sql_tool_run(connections, &insert, &input, 300, NULL, &result, &fault));
    buffer_clear(&result);
    assert_true(sql_tool_run(connections, &select, &input, 300, NULL, &result, &fault));
    assert_string_equal(buffer_string(&result),
                        "{\"rows\":[{\"one\":1}],\"row_count\":1,\"changed\":0}");
    buffer_finish(&result);
    sql_connections_destroy(connections);
}

static void ends_in_time(void **state) {
    (void)state;
    expect(
        tool_of(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
            false),
        "{}", "The query took too long. | interrupted");
    /* What is half done is undone. */
    expect(tool_of("INSERT INTO notes (text) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i "
                   "+ 1 FROM n) SELECT 'n' || i FROM n",
                   true),
           "{}", "The query took too long. | interrupted");
    expect(tool_of("SELECT count(*) AS n FROM notes WHERE text LIKE 'n%'", false), "{}",
           "{\"rows\":[{\"n\":0}],\"row_count\":1}");
}

static void *stop(void *user) {
    atomic_store((atomic_bool *)user, true);
    return NULL;
}

static void ends_when_stopped(void **state) {
    (void)state;
    struct sql_tool tool = tool_of(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
        false);
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct sql_connections *connections = sql_connections_create();
    struct buffer result = {0};
    struct fault fault;
    atomic_bool stopped = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop, &stopped), 0);
    assert_false(sql_tool_run(connections, &tool, &input, 60000, &stopped, &result, &fault));
    pthread_join(thread, NULL);
    assert_int_equal(fault.kind, FAULT_CANCELLED);
    tool = tool_of("SELECT 1 AS one", false);
    assert_false(sql_tool_run(connections, &tool, &input, 300, &stopped, &result, &fault));
    assert_int_equal(fault.kind, FAULT_CANCELLED);
    assert_int_equal(result.size, 0);
    assert_true(sql_tool_run(connections, &tool, &input, 300, NULL, &result, &fault));
    sql_connections_destroy(connections);
    buffer_finish(&result);
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
    if (!sql_placeholders(database, slice_of(query), arena, &found, &count, &fault)) {
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
    expect_names("SELECT $1, :a, :é, : b, :1, ::c", "a");
    expect_names("SELECT ':a'':b' || :c, \"x\"\":d\", /* :e */ :f -- :g", "c f");
    expect_names(";", "there is no statement");
    expect_names("SELECT 1; :a", "there must be one statement, and this has more");
    struct buffer many = {0};
    buffer_append_string(&many, "SELECT 1");
    for (int i = 0; i < 65; i++)
        buffer_printf(&many, ", :a%d", i);
    expect_names(buffer_string(&many), "there are more than 64 placeholders");
    buffer_finish(&many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_rows),
        cmocka_unit_test(limits_rows),
        cmocka_unit_test(binds_whatever_comes),
        cmocka_unit_test(waits_for_a_lock_only_so_long),
        cmocka_unit_test(writes_only_where_it_may),
        cmocka_unit_test(ends_in_time),
        cmocka_unit_test(ends_when_stopped),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(finds_placeholders),
    };
    return cmocka_run_group_tests(tests, make_database, remove_database);
}
