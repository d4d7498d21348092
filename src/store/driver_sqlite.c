#include "base/memory.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include <assert.h>
#include <limits.h>

bool sqlite_fault(const struct store_connection *connection, struct fault *fault) {
    sqlite3 *db = connection->handle;
    int code = sqlite3_extended_errcode(db), system = sqlite3_system_errno(db);
    bool retryable = false;
    const char *message = "the database failed";
    switch (code & 0xFF) {
    case SQLITE_FULL:
        message = "the database cannot grow: the disk is full";
        retryable = true;
        break;
    case SQLITE_IOERR:
        message = "the database could not be read or written";
        retryable = true;
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        message = "the database is locked by another program";
        retryable = true;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        message = "the database file is damaged";
        break;
    case SQLITE_READONLY:
        message = "the database may not be written";
        break;
    case SQLITE_CONSTRAINT:
        message = "the database refused a row";
        break;
    case SQLITE_TOOBIG:
        message = "a value is too large for the database";
        break;
    default:
        break;
    }
    fault_set(fault, FAULT_STORE, "%s", message);
    if (fault)
        fault->retryable = retryable;
    fault_detail(fault, "sqlite: %s (code %d%s%s)", sqlite3_errmsg(db), code, system ? ", " : "",
                 system ? strerror(system) : "");
    return false;
}

static void driver_close(struct store_connection *connection) {
    if (!connection)
        return;
    for (size_t i = 0; i < SQLITE_STATEMENTS_MAX; i++)
        sqlite3_finalize(connection->statements[i].handle);
    sqlite3_close(connection->handle);
    free(connection);
}

/* --- statements --- */

/* The slot of that text: its own, or a free one. */
static struct store_statement *slot_of(struct store_connection *connection, const char *sql) {
    size_t at = ((uintptr_t)sql >> 3) * 0x9E3779B1u;
    for (size_t tries = 0; tries < SQLITE_STATEMENTS_MAX; tries++, at++) {
        struct store_statement *slot = &connection->statements[at % SQLITE_STATEMENTS_MAX];
        if (slot->sql == sql || !slot->sql)
            return slot;
    }
    fputs("switchboard: too many database statements\n", stderr);
    abort(); /* a bug: SQLITE_STATEMENTS_MAX is too small */
}

/* `$3` is a name to SQLite, and names are numbered as they appear: which of the values is meant
 * stands in the name. */
static size_t value_of(sqlite3_stmt *statement, int at) {
    const char *name = sqlite3_bind_parameter_name(statement, at);
    return name ? strtoul(name + 1, NULL, 10) : 0;
}

static bool bind(sqlite3_stmt *statement, int at, const struct store_value *value) {
    /* NULL would bind a null, which no column takes. */
    const char *bytes = value->bytes.data ? value->bytes.data : "";
    switch (value->type) {
    case STORE_INTEGER:
        return sqlite3_bind_int64(statement, at, value->integer) == SQLITE_OK;
    case STORE_REAL:
        return sqlite3_bind_double(statement, at, value->real) == SQLITE_OK;
    case STORE_TEXT:
        return sqlite3_bind_text64(statement, at, bytes, value->bytes.size, SQLITE_STATIC,
                                   SQLITE_UTF8) == SQLITE_OK;
    case STORE_BLOB:
        return sqlite3_bind_blob64(statement, at, bytes, value->bytes.size, SQLITE_STATIC) ==
               SQLITE_OK;
    }
    return false;
}

static void statement_end(struct store_statement *statement) {
    sqlite3_reset(statement->handle);
}

static bool statement_start(struct store_connection *connection, const char *sql,
                            const struct store_value *values, size_t count,
                            struct store_statement **ret_statement, struct fault *fault) {
    struct store_statement *slot = slot_of(connection, sql);
    if (!slot->handle) {
        if (sqlite3_prepare_v3(connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                               &slot->handle, NULL) != SQLITE_OK) {
            sqlite_fault(connection, fault);
            return false;
        }
        slot->sql = sql;
        slot->connection = connection;
    }
    for (int at = 1; at <= sqlite3_bind_parameter_count(slot->handle); at++) {
        size_t value = value_of(slot->handle, at);
        assert(value >= 1 && value <= count);
        if (!bind(slot->handle, at, &values[value - 1])) {
            sqlite_fault(connection, fault);
            return false;
        }
    }
    *ret_statement = slot;
    return true;
}

static enum store_step statement_step(struct store_statement *statement, struct fault *fault) {
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW)
        return STORE_ROW;
    if (code == SQLITE_DONE)
        return STORE_DONE;
    sqlite_fault(statement->connection, fault);
    return STORE_FAILED;
}

static int64_t column_integer(struct store_statement *statement, int column) {
    return sqlite3_column_int64(statement->handle, column);
}

static double column_real(struct store_statement *statement, int column) {
    return sqlite3_column_double(statement->handle, column);
}

static struct slice column_bytes(struct store_statement *statement, int column) {
    const char *bytes = sqlite3_column_blob(statement->handle, column);
    return (struct slice){bytes, (size_t)sqlite3_column_bytes(statement->handle, column)};
}

static int64_t connection_changes(struct store_connection *connection) {
    return sqlite3_changes64(connection->handle);
}

static int64_t connection_written(struct store_connection *connection) {
    return sqlite3_total_changes64(connection->handle);
}

/* For statements that return nothing. */
static bool simple(struct store_connection *connection, const char *sql, struct fault *fault) {
    struct store_statement *statement;
    if (!statement_start(connection, sql, NULL, 0, &statement, fault))
        return false;
    bool good = statement_step(statement, fault) == STORE_DONE;
    statement_end(statement);
    return good;
}

static bool run_script(struct store_connection *connection, const char *sql, struct fault *fault) {
    return sqlite3_exec(connection->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           sqlite_fault(connection, fault);
}

/* --- transactions --- */

static bool transaction_begin(struct store_connection *connection, bool writes,
                              struct fault *fault) {
    /* IMMEDIATE: to turn from reading to writing later can fail in a way that waiting does not
     * help. */
    return writes ? simple(connection, "BEGIN IMMEDIATE", fault)
                  : simple(connection, "BEGIN", fault);
}

static bool transaction_commit(struct store_connection *connection, struct fault *fault) {
    return simple(connection, "COMMIT", fault);
}

static bool transaction_intact(struct store_connection *connection) {
    return !sqlite3_get_autocommit(connection->handle);
}

static void transaction_rollback(struct store_connection *connection) {
    if (transaction_intact(connection))
        simple(connection, "ROLLBACK", NULL);
}

static bool transaction_savepoint(struct store_connection *connection, struct fault *fault) {
    return simple(connection, "SAVEPOINT job", fault);
}

static bool transaction_release(struct store_connection *connection, struct fault *fault) {
    return simple(connection, "RELEASE job", fault);
}

static bool transaction_rollback_to(struct store_connection *connection, struct fault *fault) {
    return simple(connection, "ROLLBACK TO job", fault) && transaction_release(connection, fault);
}

/* Moving the log into the database costs a wait for the disk, which is why it is not left to
 * COMMIT. What fails here (a full disk, a reader in the way) is tried again when the log has grown
 * further. */
static void connection_tidy(struct store_connection *connection) {
    enum { LONG = 8 * SQLITE_CHECKPOINT_EVERY };
    if (connection->wal_pages < connection->checkpoint_at)
        return;
    /* PASSIVE waits for nobody; a log that has grown long because some reader was always in the way
     * is worth waiting for. */
    int mode =
        connection->wal_pages >= LONG ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    sqlite3_wal_checkpoint_v2(connection->handle, NULL, mode, NULL, NULL);
    connection->checkpoint_at = connection->wal_pages + SQLITE_CHECKPOINT_EVERY;
}

/* --- schema version --- */

static bool schema_version(struct store_connection *connection, int *ret_version,
                           struct fault *fault) {
    struct store_statement *statement;
    if (!statement_start(connection, "PRAGMA user_version", NULL, 0, &statement, fault))
        return false;
    bool good = statement_step(statement, fault) == STORE_ROW;
    if (good)
        *ret_version = (int)column_integer(statement, 0);
    statement_end(statement);
    return good;
}

static bool schema_set_version(struct store_connection *connection, int version,
                               struct fault *fault) {
    char sql[64]; /* a pragma takes no parameters */
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    return run_script(connection, sql, fault);
}

const struct store_driver driver_sqlite = {
    .scheme = "sqlite",
    .exists = sqlite_exists,
    .open = sqlite_open,
    .close = driver_close,
    .begin = transaction_begin,
    .commit = transaction_commit,
    .rollback = transaction_rollback,
    .savepoint = transaction_savepoint,
    .release = transaction_release,
    .rollback_to = transaction_rollback_to,
    .intact = transaction_intact,
    .tidy = connection_tidy,
    .start = statement_start,
    .step = statement_step,
    .integer = column_integer,
    .real = column_real,
    .bytes = column_bytes,
    .end = statement_end,
    .changes = connection_changes,
    .written = connection_written,
    .script = run_script,
    .migrations = migrations_sqlite,
    .migration_count = MIGRATIONS_SQLITE_COUNT,
    .version = schema_version,
    .set_version = schema_set_version,
    .search = sqlite_search,
};
