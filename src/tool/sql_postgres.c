/* PostgreSQL by libpq. Never waits past a deadline of its own: a server that hangs must not keep
 * the thread. What a statement may be is left to PostgreSQL to say: a cursor takes only what reads,
 * PREPARE only what reads or changes rows, and the protocol with parameters only one statement. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/sql_driver.h"
#include <libpq-fe.h>
#include <poll.h>

enum { CONNECT_MS = 5000, LOCK_MS = 2000, GRACE_MS = 500, LOOK_MS = 50 };
enum { FIRST_ROWS = 16, NUMBER_MAX = 1000 };

/* Of values, as pg_type has them; they are part of the protocol. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_OID = 26,
    TYPE_JSON = 114,
    TYPE_FLOAT4 = 700,
    TYPE_FLOAT8 = 701,
    TYPE_NUMERIC = 1700,
    TYPE_JSONB = 3802,
};

struct sql_connection {
    PGconn *server;
    char *database;
    int64_t until_us;           /* of what is under way */
    const atomic_bool *stopped; /* NULL: it goes on whoever waits */
    bool late, halted;
};

static bool takes(const char *database) {
    return strncmp(database, "postgres://", 11) == 0 || strncmp(database, "postgresql://", 13) == 0;
}

/* --- waiting --- */

/* False: the time is up, or nobody wants the answer any more. */
static bool wait_for(struct sql_connection *connection, short events) {
    struct pollfd socket = {.fd = PQsocket(connection->server), .events = events};
    for (;;) {
        int64_t left_ms = (connection->until_us - clock_monotonic_us() + 999) / 1000;
        connection->halted = connection->stopped && atomic_load(connection->stopped);
        connection->late = left_ms <= 0;
        if (connection->halted || connection->late)
            return false;
        if (connection->stopped && left_ms > LOOK_MS)
            left_ms = LOOK_MS;
        if (poll(&socket, 1, (int)left_ms) != 0)
            return true; /* a signal, too: the caller looks again */
    }
}

/* For a read that nobody waits for: else the server went on with it until its time is up. */
static void cancel(const struct sql_connection *connection) {
    char ignored[256];
    PGcancel *handle = PQgetCancel(connection->server);
    if (handle)
        PQcancel(handle, ignored, sizeof ignored);
    PQfreeCancel(handle);
}

static bool flush(struct sql_connection *connection) {
    int left;
    while ((left = PQflush(connection->server)) > 0)
        if (!wait_for(connection, POLLIN | POLLOUT) || !PQconsumeInput(connection->server))
            return false;
    return left == 0;
}

/* False: the connection is lost, or it is late. A NULL result: there are no more. */
static bool next_result(struct sql_connection *connection, PGresult **ret_result) {
    while (PQisBusy(connection->server))
        if (!wait_for(connection, POLLIN) || !PQconsumeInput(connection->server))
            return false;
    *ret_result = PQgetResult(connection->server);
    return true;
}

/* --- failures --- */

static bool unreachable(const struct sql_connection *connection, struct fault *fault) {
    fault_set(fault, FAULT_UNAVAILABLE, "The database cannot be reached.");
    fault_detail(fault, "%s",
                 connection->late ? "no answer in time" : PQerrorMessage(connection->server));
    /* libpq's words are lines, one an address that it tried. */
    for (char *at = fault->detail; *at; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
    return false;
}

static bool too_late(struct fault *fault) {
    fault_set(fault, FAULT_PROVIDER_STALLED, "The query took too long.");
    snprintf(fault->code, sizeof fault->code, "timeout");
    return false;
}

static bool is_state(const char *state, const char *const *list) {
    for (; *list; list++)
        if (strncmp(state, *list, strlen(*list)) == 0)
            return true;
    return false;
}

static const char *words_of(const PGresult *result) {
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return words ? words : PQresultErrorMessage(result);
}

/* An error that the server told; its DETAIL has rows' values, and is left out. */
static bool refused(const PGresult *result, struct fault *fault) {
    static const char *const busy[] = {"40001", "40P01", "55P03", NULL};
    static const char *const gone[] = {"08", "53", "57P", NULL};
    static const char *const rules[] = {"23", NULL};
    static const char *const values[] = {"22", NULL};
    static const char *const reading[] = {"25006", NULL};
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state && is_state(state, values)) {
        /* The words have the value, which the log may not keep (`redact`). */
        fault_set(fault, FAULT_INTERNAL, "A value is not of the kind that the database takes.");
        return fault_detail(fault, "SQLSTATE %s", state);
    }
    if (state && strcmp(state, "57014") == 0)
        too_late(fault);
    else if (state && is_state(state, busy))
        fault_set(fault, FAULT_UNAVAILABLE, "The database is busy. Please try again later.");
    else if (!state || is_state(state, gone)) /* libpq's own words have no state */
        fault_set(fault, FAULT_UNAVAILABLE, "The database cannot be reached.");
    else if (is_state(state, rules))
        fault_set(fault, FAULT_INTERNAL, "The database refused: a rule does not allow this.");
    else if (is_state(state, reading))
        fault_set(fault, FAULT_INTERNAL, "The database refused: this may only read.");
    else
        fault_set(fault, FAULT_INTERNAL, "The query failed.");
    return fault_detail(fault, "%s", words_of(result));
}

/* --- statements --- */

struct call {
    struct sql_connection *connection;
    const struct sql_statement *what; /* NULL: no rows are wanted */
    struct sql_rows *rows;
    int64_t changed;
    size_t received;
    bool failed, refused; /* `refused`: by the server, in its own words */
    struct fault *fault;
};

static void write_row(struct sql_rows *rows, const PGresult *result,
                      const struct sql_statement *what);

static void take_result(struct call *call, PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_SINGLE_TUPLE) {
        call->received++;
        if (call->what && sql_rows_room(call->rows, call->what))
            write_row(call->rows, result, call->what);
    } else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        call->changed = strtoll(PQcmdTuples(result), NULL, 10);
        if (strncmp(PQcmdStatus(result), "SELECT", 6) == 0)
            call->changed = 0;
    } else if (!call->failed) {
        call->failed = call->refused = true;
        refused(result, call->fault);
    }
    PQclear(result);
}

/* What was sent is taken to its end, so that the connection is free for the next. */
static bool finish_call(struct call *call, bool sent) {
    PGresult *result = NULL;
    bool good = sent && flush(call->connection);
    while (good && (good = next_result(call->connection, &result)) && result)
        take_result(call, result);
    if (good && PQstatus(call->connection->server) == CONNECTION_OK)
        return !call->failed;
    if (call->connection->halted) {
        cancel(call->connection);
        return fault_set(call->fault, FAULT_CANCELLED, "Cancelled.");
    }
    /* What a server says as it goes down is better than that it is gone. */
    if (!call->refused && call->connection->late && call->what)
        too_late(call->fault);
    else if (!call->refused)
        unreachable(call->connection, call->fault);
    return false;
}

static bool execute(struct sql_connection *connection, const char *text, struct fault *fault) {
    struct call call = {.connection = connection, .fault = fault};
    return finish_call(&call, PQsendQuery(connection->server, text) == 1);
}

static bool is_lost(const struct sql_connection *connection) {
    return connection->late || connection->halted || PQstatus(connection->server) != CONNECTION_OK;
}

/* --- connecting --- */

static void be_silent(void *user, const char *message) {
    (void)user, (void)message;
}

static bool connect_server(struct sql_connection *connection, int64_t timeout_ms,
                           struct fault *fault) {
    /* Those before `dbname` are defaults, which the address may say otherwise. */
    static const char *const names[] = {"tcp_user_timeout",          "gssencmode",
                                        "fallback_application_name", "dbname",
                                        "client_encoding",           NULL};
    const char *const values[] = {"5000", "disable", "switchboard", connection->database,
                                  "UTF8", NULL};
    int64_t limit_ms = timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS;
    connection->until_us = clock_monotonic_us() + limit_ms * 1000;
    connection->late = connection->halted = false;
    connection->server = PQconnectStartParams(names, values, 1);
    if (!connection->server)
        abort();
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    if (PQstatus(connection->server) == CONNECTION_BAD)
        state = PGRES_POLLING_FAILED;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        if (!wait_for(connection, state == PGRES_POLLING_READING ? POLLIN : POLLOUT))
            return unreachable(connection, fault);
        state = PQconnectPoll(connection->server);
    }
    if (state != PGRES_POLLING_OK)
        return unreachable(connection, fault);
    PQsetNoticeProcessor(connection->server, be_silent, NULL);
    return PQsetnonblocking(connection->server, 1) == 0 || unreachable(connection, fault);
}

static void close_connection(struct sql_connection *connection) {
    PQfinish(connection->server);
    free(connection->database);
    free(connection);
}

/* What libpq would name in its errors must hold nothing of a password with unescaped characters. */
static bool holds_password(const PQconninfoOption *option) {
    if (!option->val)
        return false;
    if (strcmp(option->keyword, "port") == 0)
        return option->val[strspn(option->val, "0123456789,")] != '\0';
    return (strcmp(option->keyword, "host") == 0 || strcmp(option->keyword, "dbname") == 0) &&
           strchr(option->val, '@');
}

static bool legal(const char *database, struct fault *fault) {
    PQconninfoOption *options = PQconninfoParse(database, NULL);
    bool good = options != NULL;
    for (const PQconninfoOption *option = options; good && option->keyword; option++)
        good = !holds_password(option);
    PQconninfoFree(options);
    return good || fault_set(fault, FAULT_BAD_INPUT,
                             "is not a valid address of PostgreSQL, postgres://USER:PASSWORD@HOST/"
                             "DATABASE; are special characters in its password written as %%XX?");
}

static bool open_connection(const char *database, bool write, int64_t timeout_ms,
                            struct sql_connection **ret_connection, struct fault *fault) {
    (void)write; /* transactions say so */
    if (!legal(database, fault))
        return false;
    struct sql_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        abort();
    connection->database = slice_to_string(slice_of(database));
    if (!connect_server(connection, timeout_ms, fault)) {
        close_connection(connection);
        return false;
    }
    *ret_connection = connection;
    return true;
}

/* --- results --- */

static void write_column(struct sql_rows *rows, const struct sql_statement *what,
                         struct json_writer *json, const PGresult *result, int column) {
    json_key_slice(json, slice_of(PQfname(result, column)));
    struct slice text = {PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column)};
    if (PQgetisnull(result, 0, column)) {
        json_null(json);
        return;
    }
    switch (PQftype(result, column)) {
    case TYPE_BOOL:
        json_bool(json, slice_is(text, "t"));
        return;
    case TYPE_BYTEA:
        json_null(json);
        return;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_OID:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC: /* digit for digit; NaN and Infinity are no numbers in JSON */
        if (text.size < NUMBER_MAX && json_validate(text, NULL) && json_type(text) == JSON_NUMBER)
            json_raw(json, text);
        else
            sql_rows_text(rows, what, json, text);
        return;
    case TYPE_JSON:
    case TYPE_JSONB:
        if (text.size <= sql_rows_left(rows, what) && json_validate(text, NULL)) {
            json_raw(json, text);
            return;
        }
        break;
    default:
        break;
    }
    sql_rows_text(rows, what, json, text);
}

static void write_row(struct sql_rows *rows, const PGresult *result,
                      const struct sql_statement *what) {
    size_t start = rows->out->size;
    if (rows->count > 0)
        buffer_append_byte(rows->out, ',');
    struct json_writer json = json_writer_start(rows->out);
    json_begin_object(&json);
    for (int i = 0; i < PQnfields(result); i++)
        write_column(rows, what, &json, result, i);
    json_end_object(&json);
    sql_rows_end_row(rows, start, what);
}

/* --- values: all as text, whose type the statement decides --- */

static const char *text_of(const struct sql_value *value, struct arena *arena) {
    switch (value->kind) {
    case SQL_NULL:
        return NULL;
    case SQL_INTEGER:
        return arena_printf(arena, "%lld", (long long)value->integer);
    case SQL_REAL: /* as it was written: 19.99 must not become 19.989999999999998 */
        return arena_string(arena, value->text);
    case SQL_BOOLEAN:
        return value->integer ? "true" : "false";
    default:
        return arena_string(arena, value->text);
    }
}

static bool read_values(const struct sql_statement *what, struct arena *arena,
                        const char **ret_values, struct fault *fault) {
    for (size_t i = 0; i < what->count; i++) {
        const struct sql_value *value = &what->values[i];
        /* It would be cut there, and be another value. */
        if (value->kind == SQL_TEXT && slice_find_byte(value->text, '\0') != SIZE_MAX)
            return fault_set(fault, FAULT_INTERNAL,
                             "A value has a NUL character, which the database cannot take.");
        if (value->kind == SQL_TEXT && !utf8_valid(value->text))
            return fault_set(fault, FAULT_INTERNAL, "A value is not valid UTF-8.");
        ret_values[i] = text_of(value, arena);
    }
    return true;
}

/* --- running --- */

static const char cursor_text[] = "DECLARE switchboard NO SCROLL CURSOR FOR ";
static const char prepare_text[] = "PREPARE switchboard AS ";

static bool begin(struct sql_connection *connection, const struct sql_statement *what,
                  struct arena *arena, struct fault *fault) {
    int64_t lock_ms = what->timeout_ms < LOCK_MS ? what->timeout_ms : LOCK_MS;
    /* idle_…: should this program be gone, nothing stays locked. standard_…: as sql_scan reads it.
     */
    return execute(connection,
                   arena_printf(arena,
                                "BEGIN READ %s; SET LOCAL statement_timeout = %lld; "
                                "SET LOCAL lock_timeout = %lld; "
                                "SET LOCAL idle_in_transaction_session_timeout = %lld; "
                                "SET LOCAL standard_conforming_strings = on; "
                                "SET LOCAL datestyle = ISO; DEALLOCATE ALL",
                                what->write ? "WRITE" : "ONLY", (long long)what->timeout_ms,
                                (long long)lock_ms, (long long)what->timeout_ms + 10000),
                   fault);
}

/* A connection may have died since the last call: nothing was done yet, so once more with another.
 */
static bool begin_surely(struct sql_connection *connection, const struct sql_statement *what,
                         struct arena *arena, struct fault *fault) {
    int64_t until_us = clock_monotonic_us() + (what->timeout_ms + GRACE_MS) * 1000;
    connection->until_us = until_us;
    connection->stopped = what->stopped;
    connection->late = connection->halted = false;
    if (begin(connection, what, arena, fault))
        return true;
    if (connection->late || connection->halted || PQstatus(connection->server) == CONNECTION_OK)
        return false;
    PQfinish(connection->server);
    if (!connect_server(connection, what->timeout_ms, fault))
        return false;
    connection->until_us = until_us;
    return begin(connection, what, arena, fault);
}

/* In growing portions, so that little is sent in vain when the limit of bytes is reached first. */
static bool fetch_rows(struct call *call, struct arena *arena) {
    PGconn *server = call->connection->server;
    size_t left = call->what->rows_max + 1; /* one more tells that there are more */
    for (size_t portion = FIRST_ROWS; left > 0; portion *= 2) {
        size_t wanted = portion < left ? portion : left;
        const char *text = arena_printf(arena, "FETCH %zu FROM switchboard", wanted);
        call->received = 0;
        bool sent = PQsendQuery(server, text) == 1 && PQsetSingleRowMode(server) == 1;
        if (!finish_call(call, sent))
            return false;
        if (call->received < wanted || call->rows->truncated)
            return true;
        left -= wanted;
    }
    return true;
}

static bool run_read(struct call *call, const char *const *values, struct arena *arena) {
    const struct sql_statement *what = call->what;
    const char *text = arena_printf(arena, "%s%s", cursor_text, what->text);
    return finish_call(call, PQsendQueryParams(call->connection->server, text, (int)what->count,
                                               NULL, values, NULL, NULL, 0) == 1) &&
           fetch_rows(call, arena);
}

static bool run_write(struct call *call, const char *const *values, struct arena *arena) {
    PGconn *server = call->connection->server;
    const struct sql_statement *what = call->what;
    const char *text = arena_printf(arena, "%s%s", prepare_text, what->text);
    if (!finish_call(call, PQsendQueryParams(server, text, 0, NULL, NULL, NULL, NULL, 0) == 1))
        return false;
    bool sent =
        PQsendQueryPrepared(server, "switchboard", (int)what->count, values, NULL, NULL, 0) == 1 &&
        PQsetSingleRowMode(server) == 1;
    return finish_call(call, sent);
}

static bool end(struct sql_connection *connection, bool write, struct fault *fault) {
    /* A read leaves nothing behind, not even a setting. */
    if (execute(connection, write ? "COMMIT" : "ROLLBACK", fault))
        return true;
    if (write && is_lost(connection)) {
        struct fault inner = *fault;
        fault_set(fault, FAULT_UNAVAILABLE,
                  "It is not known whether it was done. Do not try again; say so.");
        fault_detail(fault, "%s", inner.detail);
        snprintf(fault->code, sizeof fault->code, SQL_UNSURE);
    }
    return false;
}

static bool run(struct sql_connection *connection, const struct sql_statement *what,
                struct buffer *result, bool *ret_broken, struct fault *fault) {
    struct arena *arena = arena_create(1024);
    const char **values = arena_array(arena, what->count + 1, sizeof *values);
    struct sql_rows rows;
    struct call call = {.connection = connection, .what = what, .rows = &rows, .fault = fault};
    bool ok =
        read_values(what, arena, values, fault) && begin_surely(connection, what, arena, fault);
    if (ok) {
        struct fault ignored;
        sql_rows_begin(&rows, result);
        ok = what->write ? run_write(&call, values, arena) : run_read(&call, values, arena);
        if (ok)
            ok = end(connection, what->write, fault);
        else if (!is_lost(connection))
            execute(connection, "ROLLBACK", &ignored);
    }
    if (ok)
        sql_rows_finish(&rows, what, call.changed);
    connection->stopped = NULL;
    *ret_broken = is_lost(connection) || PQtransactionStatus(connection->server) != PQTRANS_IDLE;
    arena_destroy(arena);
    return ok;
}

/* --- checking --- */

/* Only parsed: nothing is run. */
static bool parses(struct sql_connection *connection, const char *before, const char *text,
                   struct fault *fault) {
    struct arena *arena = arena_create(1024);
    const char *whole = arena_printf(arena, "%s%s", before, text);
    struct call call = {.connection = connection, .fault = fault};
    connection->until_us = clock_monotonic_us() + (int64_t)CONNECT_MS * 1000;
    connection->late = connection->halted = false;
    bool sent = before == prepare_text ? PQsendQueryParams(connection->server, whole, 0, NULL, NULL,
                                                           NULL, NULL, 0) == 1
                                       : PQsendPrepare(connection->server, "", whole, 0, NULL) == 1;
    bool good = finish_call(&call, sent);
    if (!good && call.refused && fault->kind == FAULT_INTERNAL) {
        struct fault inner = *fault;
        fault_set(fault, FAULT_BAD_INPUT, "%s", inner.detail);
    }
    arena_destroy(arena);
    return good;
}

static bool check(struct sql_connection *connection, const char *text, bool write,
                  struct fault *fault) {
    struct fault inner;
    if (parses(connection, write ? prepare_text : cursor_text, text, fault))
        return true;
    /* Which is why a cursor refused it. */
    if (!write && fault->kind == FAULT_BAD_INPUT && parses(connection, prepare_text, text, &inner))
        return fault_set(fault, FAULT_BAD_INPUT,
                         "the query changes something; say `write: true` if it is to");
    return false;
}

const struct sql_driver sql_driver_postgres = {
    .mark = '$',
    .remote = true,
    .takes = takes,
    .legal = legal,
    .open = open_connection,
    .close = close_connection,
    .check = check,
    .run = run,
};
