#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "tool/sql_driver.h"
#include <limits.h>
#include <sqlite3.h>

enum { BUSY_MS = 2000, STEPS = 2000, VALUE_MAX = 1 << 20 };

struct sql_connection {
    sqlite3 *handle;
    bool write;
    int64_t until_us; /* of the statement under way */
    const atomic_bool *stopped;
};

static bool takes(const char *database) {
    return strncmp(database, "sqlite:", 7) == 0;
}

/* What neither reads nor writes rows is not for tools: other files, settings, functions in files.
 */
static int authorize(void *user, int action, const char *a, const char *b, const char *c,
                     const char *d) {
    const struct sql_connection *connection = user;
    (void)c, (void)d;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b && strcmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        return connection->write && !(a && strncmp(a, "sqlite_", 7) == 0) ? SQLITE_OK : SQLITE_DENY;
    default: /* BEGIN too: it would leave the file locked */
        return SQLITE_DENY;
    }
}

static bool is_stopped(const struct sql_connection *connection) {
    return connection->stopped && atomic_load(connection->stopped);
}

static int on_progress(void *user) {
    const struct sql_connection *connection = user;
    return is_stopped(connection) ||
           (connection->until_us > 0 && clock_monotonic_us() >= connection->until_us);
}

static void close_connection(struct sql_connection *connection) {
    sqlite3_close_v2(connection->handle);
    free(connection);
}

static bool open_connection(const char *database, bool write, int64_t timeout_ms,
                            struct sql_connection **ret_connection, struct fault *fault) {
    (void)timeout_ms; /* a file does not wait */
    struct sql_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        abort();
    connection->write = write;
    int flags = (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    const char *path = database + strlen("sqlite:");
    if (sqlite3_open_v2(path, &connection->handle, flags, NULL) != SQLITE_OK) {
        fault_set(fault, FAULT_UNAVAILABLE, "The database cannot be opened.");
        fault_detail(fault, "%s: %s", path,
                     connection->handle ? sqlite3_errmsg(connection->handle) : "out of memory");
        close_connection(connection);
        return false;
    }
    sqlite3 *handle = connection->handle;
    sqlite3_busy_timeout(handle, BUSY_MS);
    if (!write)
        sqlite3_exec(handle, "PRAGMA query_only = 1", NULL, NULL, NULL);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_set_authorizer(handle, authorize, connection);
    sqlite3_progress_handler(handle, STEPS, on_progress, connection);
    *ret_connection = connection;
    return true;
}

static bool prepare(struct sql_connection *connection, const char *text, bool write,
                    sqlite3_stmt **ret_statement, struct fault *fault) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(connection->handle, text, -1, &statement, NULL) != SQLITE_OK ||
        !statement) {
        int code = sqlite3_errcode(connection->handle) & 0xff;
        const char *words = sqlite3_errmsg(connection->handle);
        if (code == SQLITE_AUTH && !write)
            return fault_set(fault, FAULT_BAD_INPUT,
                             "the query is not only a reading one; say `write: true` if it is to "
                             "change something (%s)",
                             words);
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_CANTOPEN ||
            code == SQLITE_NOTADB || code == SQLITE_INTERRUPT)
            return fault_set(fault, FAULT_UNAVAILABLE, "%s", words);
        return fault_set(fault, FAULT_BAD_INPUT, "%s", words);
    }
    if (!write && !sqlite3_stmt_readonly(statement)) {
        sqlite3_finalize(statement);
        return fault_set(fault, FAULT_BAD_INPUT,
                         "the query changes something; say `write: true` if it is to");
    }
    *ret_statement = statement;
    return true;
}

static bool check(struct sql_connection *connection, const char *text, bool write,
                  struct fault *fault) {
    sqlite3_stmt *statement = NULL;
    if (!prepare(connection, text, write, &statement, fault))
        return false;
    sqlite3_finalize(statement);
    return true;
}

static bool bind(sqlite3_stmt *statement, const struct sql_value *values, size_t count) {
    int bad = SQLITE_OK;
    for (size_t i = 0; i < count; i++) {
        const struct sql_value *value = &values[i];
        int at = (int)i + 1;
        switch (value->kind) {
        case SQL_NULL:
            bad |= sqlite3_bind_null(statement, at);
            break;
        case SQL_REAL:
            bad |= sqlite3_bind_double(statement, at, value->real);
            break;
        case SQL_TEXT:
            bad |= sqlite3_bind_text64(statement, at, value->text.data ? value->text.data : "",
                                       value->text.size, SQLITE_STATIC, SQLITE_UTF8);
            break;
        default:
            bad |= sqlite3_bind_int64(statement, at, value->integer);
        }
    }
    return bad == SQLITE_OK;
}

static void write_column(struct sql_rows *rows, const struct sql_statement *what,
                         struct json_writer *json, sqlite3_stmt *statement, int column) {
    json_key_slice(json, slice_of(sqlite3_column_name(statement, column)));
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        json_int(json, sqlite3_column_int64(statement, column));
        break;
    case SQLITE_FLOAT:
        json_double(json, sqlite3_column_double(statement, column));
        break;
    case SQLITE_TEXT:
        sql_rows_text(rows, what, json,
                      (struct slice){(const char *)sqlite3_column_text(statement, column),
                                     (size_t)sqlite3_column_bytes(statement, column)});
        break;
    default:
        json_null(json);
    }
}

static void write_row(struct sql_rows *rows, sqlite3_stmt *statement,
                      const struct sql_statement *what) {
    size_t start = rows->out->size;
    if (rows->count > 0)
        buffer_append_byte(rows->out, ',');
    struct json_writer json = json_writer_start(rows->out);
    json_begin_object(&json);
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        write_column(rows, what, &json, statement, i);
    json_end_object(&json);
    sql_rows_end_row(rows, start, what);
}

static bool failed(struct sql_connection *connection, bool *ret_broken, struct fault *fault) {
    int code = sqlite3_errcode(connection->handle) & 0xff;
    if (code == SQLITE_INTERRUPT && is_stopped(connection)) {
        fault_set(fault, FAULT_CANCELLED, "Cancelled.");
    } else if (code == SQLITE_INTERRUPT) {
        fault_set(fault, FAULT_PROVIDER_STALLED, "The query took too long.");
        snprintf(fault->code, sizeof fault->code, "timeout");
    } else if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        fault_set(fault, FAULT_UNAVAILABLE, "The database is busy. Please try again later.");
    } else if (code == SQLITE_CONSTRAINT) {
        fault_set(fault, FAULT_INTERNAL, "The database refused: a rule does not allow this.");
    } else {
        fault_set(fault, FAULT_INTERNAL, "The query failed.");
        *ret_broken = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_IOERR ||
                      code == SQLITE_CANTOPEN;
    }
    return fault_detail(fault, "%s", sqlite3_errmsg(connection->handle));
}

/* All rows are stepped through for a write, so that it is done whole; a read ends at its limit. */
static bool step_all(sqlite3_stmt *statement, const struct sql_statement *what,
                     struct sql_rows *rows) {
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        if (sql_rows_room(rows, what))
            write_row(rows, statement, what);
        else if (!what->write)
            return true;
    }
    return step == SQLITE_DONE;
}

static bool run(struct sql_connection *connection, const struct sql_statement *what,
                struct buffer *result, bool *ret_broken, struct fault *fault) {
    sqlite3_stmt *statement = NULL;
    struct fault inner;
    int64_t busy_ms = what->timeout_ms < BUSY_MS ? what->timeout_ms : BUSY_MS;
    sqlite3_busy_timeout(connection->handle, (int)busy_ms);
    connection->until_us = clock_monotonic_us() + what->timeout_ms * 1000;
    connection->stopped = what->stopped;
    if (!prepare(connection, what->text, what->write, &statement, &inner)) {
        connection->until_us = 0;
        connection->stopped = NULL;
        if (inner.kind == FAULT_UNAVAILABLE)
            return failed(connection, ret_broken, fault);
        fault_set(fault, FAULT_INTERNAL, "The query cannot be run.");
        return fault_detail(fault, "%s", inner.message);
    }
    struct sql_rows rows;
    sql_rows_begin(&rows, result);
    bool ok = bind(statement, what->values, what->count) && step_all(statement, what, &rows);
    if (!ok)
        failed(connection, ret_broken, fault);
    connection->until_us = 0;
    connection->stopped = NULL;
    /* A statement that only reads leaves the count of the one before. */
    bool reads = sqlite3_stmt_readonly(statement);
    sqlite3_finalize(statement);
    if (ok)
        sql_rows_finish(&rows, what, reads ? 0 : sqlite3_changes64(connection->handle));
    return ok;
}

const struct sql_driver sql_driver_sqlite = {
    .mark = '?',
    .takes = takes,
    .open = open_connection,
    .close = close_connection,
    .check = check,
    .run = run,
};
