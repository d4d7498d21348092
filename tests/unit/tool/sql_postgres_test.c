#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "support/postgres.h"
#include "tool/sql_tool.h"
#include <libpq-fe.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct postgres server;

/* Directly, past what is tested. */
static void execute(PGconn *connection, const char *text) {
    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQresultErrorMessage(result));
    PQclear(result);
}

static PGconn *connect_directly(void) {
    PGconn *connection = PQconnectdb(server.url);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    return connection;
}

static bool is_absent;

static int start_server(void **state) {
    (void)state;
    if (!postgres_start(&server, &is_absent))
        return is_absent ? 0 : -1;
    PGconn *connection = connect_directly();
    execute(connection,
            "CREATE TABLE orders (number integer, status text, price numeric(10,2), paid boolean, "
            "owner text, raw bytea, placed timestamptz, extra jsonb);"
            "INSERT INTO orders VALUES (1, 'shipped', 9.50, true, 'anna', '\\x00ff', "
            "'2026-11-24 14:30+00', '{\"k\": [1]}'), (2, 'open', NULL, false, 'bert', NULL, NULL, "
            "NULL);"
            "CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY, text text UNIQUE, "
            "CONSTRAINT short CHECK (length(text) < 100));"
            "CREATE TABLE parts (note text REFERENCES notes (text) DEFERRABLE INITIALLY DEFERRED)");
    PQfinish(connection);
    return 0;
}

static int stop_server(void **state) {
    (void)state;
    if (!is_absent)
        postgres_stop(&server);
    return 0;
}

static void need_server(void) {
    if (!is_absent)
        return;
    print_message("SKIPPED: PostgreSQL is needed for the tests of its queries\n");
    skip();
}

static struct sql_tool tool_of(const char *query, bool write) {
    return (struct sql_tool){.database = server.url,
                             .query = slice_of(query),
                             .write = write,
                             .rows_max = 3,
                             .bytes_max = 4000};
}

/* What it gives, or the message and detail of its fault. */
static void expect_with(struct sql_connections *connections, struct sql_tool tool,
                        const char *arguments, const char *text) {
    const struct tool_binding bindings[] = {{SLICE("user.id"), SLICE("anna")}};
    const struct tool_input input = {slice_of(arguments), bindings, 1};
    struct buffer result = {0};
    struct fault fault = {0};
    if (!sql_tool_run(connections, &tool, &input, 1000, NULL, &result, &fault))
        buffer_printf(&result, "%s | %s", fault.message, fault.detail);
    assert_string_equal(buffer_string(&result), text);
    buffer_finish(&result);
}

static void expect(struct sql_tool tool, const char *arguments, const char *text) {
    struct sql_connections *connections = sql_connections_create();
    for (int i = 0; i < (tool.write ? 1 : 2); i++) /* again on the same connection */
        expect_with(connections, tool, arguments, text);
    sql_connections_destroy(connections);
}

static void expect_rows(const char *query, const char *arguments, const char *text) {
    expect(tool_of(query, false), arguments, text);
}

static void gives_rows(void **state) {
    (void)state;
    need_server();
    expect_rows("SELECT * FROM orders WHERE number = :n", "{\"n\":1}",
                "{\"rows\":[{\"number\":1,\"status\":\"shipped\",\"price\":9.50,\"paid\":true,"
                "\"owner\":\"anna\",\"raw\":null,\"placed\":\"2026-11-24 14:30:00+00\",\"extra\":{"
                "\"k\": [1]}}],\"row_count\":1}");
    expect_rows("SELECT number FROM orders WHERE owner = :user.id -- those of one", "{}",
                "{\"rows\":[{\"number\":1}],\"row_count\":1}");
    expect_rows("SELECT 1.5::float8 a, 'NaN'::numeric b, 2::bigint c, 'x'::name d, NULL e, "
                "1e300::float8 f",
                "{}",
                "{\"rows\":[{\"a\":1.5,\"b\":\"NaN\",\"c\":2,\"d\":\"x\",\"e\":null,\"f\":1e+300}],"
                "\"row_count\":1}");
    expect_rows("SELECT number FROM orders WHERE (:max::numeric IS NULL OR price <= :max) AND "
                "status LIKE '%' || :word || '%'",
                "{\"max\":9.5,\"word\":\"ship\"}", "{\"rows\":[{\"number\":1}],\"row_count\":1}");
    expect_rows("SELECT number FROM orders WHERE paid = :paid; -- done", "{\"paid\":false}",
                "{\"rows\":[{\"number\":2}],\"row_count\":1}");
    expect_rows("WITH one AS (SELECT 1 AS i) TABLE one", "{}",
                "{\"rows\":[{\"i\":1}],\"row_count\":1}");
    expect_rows("SELECT (ARRAY[10,20])[:i] AS v", "{\"i\":2}",
                "{\"rows\":[{\"v\":20}],\"row_count\":1}");
    expect_rows("SELECT 1 WHERE false", "{}", "{\"rows\":[],\"row_count\":0}");
}

static void binds_whatever_comes(void **state) {
    (void)state;
    need_server();
    expect_rows("SELECT :a AS a, :b AS b, :user.name AS c, :a AS d",
                "{\"a\":\"1042; DROP TABLE orders; --\",\"b\":\"' OR '1'='1\",\"user.name\":1}",
                "{\"rows\":[{\"a\":\"1042; DROP TABLE orders; --\",\"b\":\"' OR "
                "'1'='1\",\"c\":null,\"d\":\"1042; DROP TABLE orders; --\"}],\"row_count\":1}");
    /* The server's words have the value: no log gets them. */
    expect_rows("SELECT number FROM orders WHERE number = :n", "{\"n\":\"1 OR true\"}",
                "A value is not of the kind that the database takes. | SQLSTATE 22P02");
    expect_rows("SELECT number FROM orders WHERE number = :n", "{\"n\":9223372036854775807}",
                "A value is not of the kind that the database takes. | SQLSTATE 22003");
    expect_rows("SELECT :a AS v", "{\"a\":\"x\\u0000y\"}",
                "A value has a NUL character, which the database cannot take. | ");
    expect_rows("SELECT :n::numeric * 100 AS v, :n <= 19.99::numeric AS w", "{\"n\":19.99}",
                "{\"rows\":[{\"v\":1999.00,\"w\":true}],\"row_count\":1}");
    expect_rows("SELECT :a::jsonb AS v", "{\"a\":{\"k\":[1,\"\\u00e9\"]}}",
                "{\"rows\":[{\"v\":{\"k\": [1, \"é\"]}}],\"row_count\":1}");
    struct buffer huge = {0};
    buffer_append_string(&huge, "{\"a\":\"");
    for (int i = 0; i < 500000; i++)
        buffer_append_string(&huge, "0123456789");
    buffer_append_string(&huge, "\"}");
    expect_rows("SELECT length(:a) AS v", buffer_string(&huge),
                "{\"rows\":[{\"v\":5000000}],\"row_count\":1}");
    buffer_finish(&huge);
    expect_rows("SELECT count(*) AS n FROM orders", "{}", "{\"rows\":[{\"n\":2}],\"row_count\":1}");
}

static void limits_rows(void **state) {
    (void)state;
    need_server();
    expect_rows("SELECT generate_series(1, 1000000000) AS i", "{}",
                "{\"rows\":[{\"i\":1},{\"i\":2},{\"i\":3}],\"row_count\":3,\"truncated\":true}");
    expect_rows("SELECT generate_series(1, 3) AS i", "{}",
                "{\"rows\":[{\"i\":1},{\"i\":2},{\"i\":3}],\"row_count\":3}");
    struct sql_tool tool = tool_of("SELECT generate_series(1, 100000) AS i", false);
    tool.rows_max = 10000;
    tool.bytes_max = 30;
    expect(tool, "{}", "{\"rows\":[{\"i\":1},{\"i\":2}],\"row_count\":2,\"truncated\":true}");
    /* Little is fetched in vain. */
    tool =
        tool_of("SELECT repeat('x', 10000000) AS x, i FROM generate_series(1, 1000000) i", false);
    tool.rows_max = 10000;
    tool.bytes_max = 100;
    struct sql_connections *connections = sql_connections_create();
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct buffer result = {0};
    struct fault fault;
    assert_true(sql_tool_run(connections, &tool, &input, 30000, NULL, &result, &fault));
    assert_true(result.size < 300);
    assert_non_null(strstr(buffer_string(&result), "\"row_count\":1,\"truncated\":true}"));
    buffer_finish(&result);
    sql_connections_destroy(connections);
    tool = tool_of("SELECT 1 AS a, repeat('x', 3000000) AS b, 2 AS c", false);
    tool.bytes_max = 30;
    expect(
        tool, "{}",
        "{\"rows\":[{\"a\":1,\"b\":\"xxxxxxxxxx…\",\"c\":2}],\"row_count\":1,\"truncated\":true}");
}

static void expect_refused(const char *query, bool write, const char *message) {
    struct sql_tool tool = tool_of(query, write);
    struct fault fault = {0};
    if (sql_tool_try(&tool, &fault))
        fail_msg("%s was taken", query);
    assert_int_equal(fault.kind, FAULT_BAD_INPUT);
    assert_string_equal(fault.message, message);
    /* Nor can it be run, should it not have been checked. */
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct sql_connections *connections = sql_connections_create();
    struct buffer result = {0};
    assert_false(sql_tool_run(connections, &tool, &input, 1000, NULL, &result, &fault));
    assert_int_equal(result.size, 0);
    /* And the connection is as good as before. */
    expect_with(connections, tool_of("SELECT 1 AS one", write), "{}",
                write ? "{\"rows\":[{\"one\":1}],\"row_count\":1,\"changed\":0}"
                      : "{\"rows\":[{\"one\":1}],\"row_count\":1}");
    buffer_finish(&result);
    sql_connections_destroy(connections);
}

static void writes_only_where_it_may(void **state) {
    (void)state;
    need_server();
    expect(tool_of("INSERT INTO notes (text) VALUES (:text)", true), "{\"text\":\"one\"}",
           "{\"rows\":[],\"row_count\":0,\"changed\":1}");
    expect(tool_of("INSERT INTO notes (text) VALUES (:text) RETURNING text", true),
           "{\"text\":\"two\"}", "{\"rows\":[{\"text\":\"two\"}],\"row_count\":1,\"changed\":1}");
    /* All of it is done, however much of it is told. */
    expect(tool_of("INSERT INTO notes (text) SELECT 'n' || i FROM generate_series(1, 9) i "
                   "RETURNING text",
                   true),
           "{}",
           "{\"rows\":[{\"text\":\"n1\"},{\"text\":\"n2\"},{\"text\":\"n3\"}],\"row_count\":3,"
           "\"truncated\":true,\"changed\":9}");
    expect(tool_of("WITH d AS (DELETE FROM notes WHERE text LIKE 'n%' RETURNING 1) SELECT "
                   "count(*)::int AS n FROM d",
                   true),
           "{}", "{\"rows\":[{\"n\":9}],\"row_count\":1,\"changed\":0}");
    /* The details have values of rows, which no log needs. */
    expect(tool_of("INSERT INTO notes (text) VALUES (:text)", true), "{\"text\":\"one\"}",
           "The database refused: a rule does not allow this. | duplicate key value violates "
           "unique constraint \"notes_text_key\"");
    expect(tool_of("INSERT INTO parts VALUES ('none')", true), "{}", /* told at the commit */
           "The database refused: a rule does not allow this. | insert or update on table "
           "\"parts\" violates foreign key constraint \"parts_note_fkey\"");

    static const char not_reading[] = "the query changes something; say `write: true` if it is to";
    expect_refused("INSERT INTO notes (text) VALUES ('x')", false, not_reading);
    expect_refused("UPDATE notes SET text = 'x'", false, not_reading);
    expect_refused("DELETE FROM notes", false, not_reading);
    expect_refused("WITH d AS (DELETE FROM notes RETURNING 1) SELECT * FROM d", false, not_reading);
    expect_refused("DROP TABLE notes", false, "syntax error at or near \"DROP\"");
    expect_refused("COPY notes TO PROGRAM 'touch x'", false, "syntax error at or near \"COPY\"");
    expect_refused("SET transaction_read_only = off", false, "syntax error at or near \"SET\"");
    expect_refused("DROP TABLE notes", true, "syntax error at or near \"DROP\"");
    expect_refused("CREATE TABLE x (y int)", true, "syntax error at or near \"CREATE\"");
    expect_refused("COMMIT", true, "syntax error at or near \"COMMIT\"");
    expect_refused("COPY notes FROM STDIN", true, "syntax error at or near \"COPY\"");
    expect_refused("DO 'BEGIN END'", true, "syntax error at or near \"DO\"");
    static const char two_statements[] = "there must be one statement, and this has more";
    expect_refused("SELECT 1; DELETE FROM notes", false, two_statements);
    expect_refused("SELECT 1; COMMIT", true, two_statements);
    /* Not by a function either, and no setting outlives a read. */
    struct sql_connections *connections = sql_connections_create();
    expect_with(connections,
                tool_of("SELECT length(set_config('search_path', 'nowhere', false)) AS n", false),
                "{}", "{\"rows\":[{\"n\":7}],\"row_count\":1}");
    expect_with(connections, tool_of("SELECT count(*) AS n FROM parts", false), "{}",
                "{\"rows\":[{\"n\":0}],\"row_count\":1}");
    sql_connections_destroy(connections);
    expect_rows("SELECT set_config('transaction_read_only', 'off', true), nextval('notes_id_seq')",
                "{}",
                "The query failed. | transaction read-write mode must be set before any query");
    expect_rows("SELECT nextval('notes_id_seq')", "{}",
                "The database refused: this may only read. | cannot execute nextval() in a "
                "read-only transaction");
    expect_rows("SELECT count(*) AS n FROM notes", "{}", "{\"rows\":[{\"n\":2}],\"row_count\":1}");
}

static void ends_in_time(void **state) {
    (void)state;
    need_server();
    expect_rows("WITH RECURSIVE n (i) AS (SELECT 1::numeric UNION ALL SELECT i + 1 FROM n) SELECT "
                "max(i) FROM n",
                "{}", "The query took too long. | canceling statement due to statement timeout");
    expect(tool_of("INSERT INTO notes (text) SELECT 'late' FROM pg_sleep(10)", true), "{}",
           "The query took too long. | canceling statement due to statement timeout");
    /* Another holds the row. */
    PGconn *other = connect_directly();
    execute(other, "BEGIN; INSERT INTO notes (text) VALUES ('held')");
    expect(tool_of("INSERT INTO notes (text) VALUES ('held')", true), "{}",
           "The query took too long. | canceling statement due to statement timeout");
    execute(other, "ROLLBACK; BEGIN; LOCK TABLE orders");
    struct sql_tool tool = tool_of("SELECT number FROM orders", false);
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct buffer result = {0};
    struct fault fault;
    struct sql_connections *connections = sql_connections_create();
    assert_false(sql_tool_run(connections, &tool, &input, 200, NULL, &result, &fault));
    assert_true(fault.kind == FAULT_UNAVAILABLE || fault.kind == FAULT_PROVIDER_STALLED);
    execute(other, "ROLLBACK");
    assert_true(sql_tool_run(connections, &tool, &input, 1000, NULL, &result, &fault));
    sql_connections_destroy(connections);
    buffer_finish(&result);
    PQfinish(other);
    expect_rows("SELECT count(*) AS n FROM notes WHERE text IN ('late', 'held')", "{}",
                "{\"rows\":[{\"n\":0}],\"row_count\":1}");
}

/* Stops the query of another thread once the server runs it. */
static void *stop_when_running(void *user) {
    PGconn *other = connect_directly();
    PGresult *result;
    int running = 0;
    while (running == 0) {
        result = PQexec(other, "SELECT 1 FROM pg_stat_activity WHERE application_name = "
                               "'switchboard' AND wait_event = 'PgSleep'");
        running = PQntuples(result);
        PQclear(result);
    }
    atomic_store((atomic_bool *)user, true);
    PQfinish(other);
    return NULL;
}

/* Nobody waits any more: the server is told, and does not go on. */
static void ends_when_stopped(void **state) {
    (void)state;
    need_server();
    atomic_bool stopped = false;
    pthread_t thread;
    struct sql_tool tool = tool_of("SELECT pg_sleep(100)", false);
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct sql_connections *connections = sql_connections_create();
    struct buffer result = {0};
    struct fault fault;
    assert_int_equal(pthread_create(&thread, NULL, stop_when_running, &stopped), 0);
    assert_false(sql_tool_run(connections, &tool, &input, 60000, &stopped, &result, &fault));
    pthread_join(thread, NULL);
    assert_int_equal(fault.kind, FAULT_CANCELLED);
    assert_int_equal(result.size, 0);
    PGconn *other = connect_directly();
    PGresult *left;
    do { /* it ends a moment later; were it not told, this waited for 60 seconds */
        left = PQexec(other, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%FETCH%' AND "
                             "application_name = 'switchboard' AND state = 'active' AND "
                             "now() - query_start < '30 s'");
        stopped = PQntuples(left) == 0;
        PQclear(left);
    } while (!stopped);
    left = PQexec(other, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    assert_int_equal(PQntuples(left), 0);
    PQclear(left);
    PQfinish(other);
    /* What waited for a thread is not begun. */
    assert_false(sql_tool_run(connections, &tool, &input, 60000, &stopped, &result, &fault));
    assert_int_equal(fault.kind, FAULT_CANCELLED);
    expect_with(connections, tool_of("SELECT 1 AS one", false), "{}",
                "{\"rows\":[{\"one\":1}],\"row_count\":1}");
    sql_connections_destroy(connections);
    buffer_finish(&result);
}

static void end_other_connections(PGconn *connection) {
    execute(connection, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                        "application_name = 'switchboard' AND pid <> pg_backend_pid()");
}

/* A connection that died between two calls is not the second one's trouble. */
static void connects_again(void **state) {
    (void)state;
    need_server();
    PGconn *other = connect_directly();
    for (int write = 0; write < 2; write++) {
        struct sql_connections *connections = sql_connections_create();
        struct sql_tool tool = tool_of("SELECT 1 AS one", write == 1);
        const char *rows = write ? "{\"rows\":[{\"one\":1}],\"row_count\":1,\"changed\":0}"
                                 : "{\"rows\":[{\"one\":1}],\"row_count\":1}";
        expect_with(connections, tool, "{}", rows);
        end_other_connections(other);
        expect_with(connections, tool, "{}", rows);
        /* In the middle: told as it is, and the next one works. */
        expect_with(connections,
                    tool_of("SELECT pg_terminate_backend(pg_backend_pid())", write == 1), "{}",
                    "The database cannot be reached. | terminating connection due to administrator "
                    "command");
        expect_with(connections, tool, "{}", rows);
        sql_connections_destroy(connections);
    }
    PQfinish(other);
}

/* A server that hangs keeps no thread. */
static void waits_for_a_server_only_so_long(void **state) {
    (void)state;
    need_server();
    struct sql_tool tool = tool_of("SELECT pg_backend_pid() AS id", false);
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct sql_connections *connections = sql_connections_create();
    struct buffer result = {0};
    struct fault fault;
    int64_t id = 0;
    assert_true(sql_tool_run(connections, &tool, &input, 1000, NULL, &result, &fault));
    assert_true(json_read_int64(json_path(buffer_slice(&result), "rows", "0", "id", NULL), &id));
    buffer_clear(&result);
    assert_int_equal(kill((pid_t)id, SIGSTOP), 0);
    bool answered = sql_tool_run(connections, &tool, &input, 50, NULL, &result, &fault);
    assert_int_equal(kill((pid_t)id, SIGCONT), 0);
    assert_false(answered);
    assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
    assert_string_equal(fault.detail, "no answer in time");
    assert_int_equal(result.size, 0);
    assert_true(sql_tool_run(connections, &tool, &input, 1000, NULL, &result, &fault));
    sql_connections_destroy(connections);
    buffer_finish(&result);
}

/* Lost at the very end of a write: done or not, nobody can tell, and no one must do it again. */
static void says_when_it_does_not_know(void **state) {
    (void)state;
    need_server();
    PGconn *other = connect_directly();
    execute(other, "CREATE TABLE fatal (x integer);"
                   "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
                   "pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';"
                   "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON fatal DEFERRABLE INITIALLY "
                   "DEFERRED FOR EACH ROW EXECUTE FUNCTION die()");
    PQfinish(other);
    struct sql_tool tool = tool_of("INSERT INTO fatal VALUES (1)", true);
    const struct tool_input input = {SLICE("{}"), NULL, 0};
    struct sql_connections *connections = sql_connections_create();
    struct buffer result = {0};
    struct fault fault;
    assert_false(sql_tool_run(connections, &tool, &input, 1000, NULL, &result, &fault));
    assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
    assert_string_equal(fault.code, "unsure");
    assert_int_equal(result.size, 0);
    sql_connections_destroy(connections);
    buffer_finish(&result);
}

static void tells_what_is_wrong(void **state) {
    (void)state;
    need_server();
    expect_refused("SELECT statsu FROM orders", false, "column \"statsu\" does not exist");
    expect_refused("UPDATE notes SET txt = :a", true,
                   "column \"txt\" of relation \"notes\" does not exist");
    struct sql_tool tool = tool_of("SELECT 1", false);
    struct fault fault = {0};
    tool.database = "postgres://tester:geheim@/postgres?host=/nowhere/at/all";
    assert_true(sql_tool_check(&tool, &fault)); /* which does not connect */
    assert_false(sql_tool_try(&tool, &fault));
    assert_int_equal(fault.kind, FAULT_UNAVAILABLE);
    assert_null(strstr(fault.message, "nowhere"));
    assert_null(strstr(fault.detail, "geheim"));
}

/* With a password that is not encoded, libpq would tell parts of it as a host or a port. */
static void tells_illegal_addresses(void **state) {
    (void)state;
    static const char *const bad[] = {
        "postgres://u:ge@heim@127.0.0.1/d",     "postgres://u:ge/heim@127.0.0.1/d",
        "postgres://u:12/heim@127.0.0.1/d",     "postgres://u:ge%heim@127.0.0.1/d",
        "postgres://u:geheim@127.0.0.1:heim/d", "postgres://u:geheim@127.0.0.1/d?heim=1",
    };
    struct fault fault = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sql_tool tool = tool_of("SELECT 1", false);
        tool.database = bad[i];
        if (sql_database_legal(bad[i], &fault) || sql_tool_try(&tool, &fault))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
        assert_null(strstr(fault.message, "heim"));
        assert_null(strstr(fault.detail, "heim"));
    }
    assert_true(
        sql_database_legal("postgres://u:ge%40heim@[::1]:5432,b:5433/d?sslmode=require", &fault));
    assert_true(sql_database_legal("sqlite:/x.db", &fault));
    assert_false(sql_database_legal("mysql://u:geheim@h/d", &fault));
    assert_null(strstr(fault.message, "heim"));
}

static void expect_placeholders(const char *query, const char *names) {
    struct arena *arena = arena_create(1024);
    const struct slice *found;
    size_t count;
    struct fault fault = {0};
    struct buffer out = {0};
    if (!sql_placeholders("postgres://", slice_of(query), arena, &found, &count, &fault))
        buffer_append_string(&out, fault.message);
    else
        for (size_t i = 0; i < count; i++)
            buffer_printf(&out, "%s%.*s", i > 0 ? " " : "", SLICE_ARG(found[i]));
    assert_string_equal(buffer_string(&out), names);
    buffer_finish(&out);
    arena_destroy(arena);
}

static void finds_placeholders(void **state) {
    (void)state;
    expect_placeholders("SELECT :a::text, (:b)::int[], :user.id, :a", "a b user.id");
    expect_placeholders("SELECT ':no', 'it''s :no', \":no\", :yes", "yes");
    expect_placeholders("SELECT E'\\' :no', e'\\\\', :yes, 'a\\', :too", "yes too");
    expect_placeholders("SELECT name'\\', :yes, U&'\\0041', :too", "yes too");
    expect_placeholders("SELECT $$ :no ; $$, $tag$ $$ :no $tag$, $\xc3\xa9$ :no $\xc3\xa9$, :yes",
                        "yes");
    expect_placeholders("SELECT a$b, :yes, c$b", "yes");
    expect_placeholders("SELECT /* :no /* :no */ :no */ :yes -- :no ;\n, :too", "yes too");
    expect_placeholders("SELECT x[1 : 2], y[:i], data ? :key", "i key");
    expect_placeholders("SELECT f(a := 1, b => :b)", "b");
    expect_placeholders("SELECT 1; /* done */ -- really", "");
    expect_placeholders("SELECT 1; SELECT :a", "there must be one statement, and this has more");
    expect_placeholders("SELECT 'never closed :no", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_rows),
        cmocka_unit_test(binds_whatever_comes),
        cmocka_unit_test(limits_rows),
        cmocka_unit_test(writes_only_where_it_may),
        cmocka_unit_test(ends_in_time),
        cmocka_unit_test(ends_when_stopped),
        cmocka_unit_test(connects_again),
        cmocka_unit_test(finds_placeholders),
        cmocka_unit_test(tells_illegal_addresses),
        cmocka_unit_test(waits_for_a_server_only_so_long),
        cmocka_unit_test(says_when_it_does_not_know),
        cmocka_unit_test(tells_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
