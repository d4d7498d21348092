/* What a database must be able to do. The record functions (log.c, keys.c, …) are written once, in
 * SQL that SQLite and PostgreSQL both take; a driver carries statements and transactions, its
 * migrations, and the one thing that no two databases do alike: full-text search.
 *
 * Drivers are plain blocking code. A connection is used by one thread at a time. To add a database,
 * write driver_<name>.c and list it in store.c. Private to store/. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
#include "store/records.h"
struct arena;
struct question;
struct store_connection;
struct store_statement;

enum store_type { STORE_INTEGER, STORE_REAL, STORE_TEXT, STORE_BLOB };

/* A value to bind; its bytes must live until the statement has ended. */
struct store_value {
    enum store_type type;
    int64_t integer;
    double real;
    struct slice bytes;
};

enum store_step { STORE_ROW, STORE_DONE, STORE_FAILED };

enum store_use {
    STORE_FIRST,  /* creates the database where it is absent, and may change its schema */
    STORE_WRITER, /* expects it to be there */
    STORE_READER, /* refuses to write */
};

struct store_address {
    const char *place; /* what follows the scheme in the URL */
    int lock_wait_ms;  /* how long to wait for another process */
};

/* Functions that return false have filled `fault` and left outputs untouched. */
struct store_driver {
    const char *scheme; /* "sqlite": URLs begin with it and a colon */

    /* See store_exists. */
    bool (*exists)(const struct store_address *address, bool *ret_exists, struct fault *fault);
    bool (*open)(const struct store_address *address, enum store_use use,
                 struct store_connection **ret_connection, struct fault *fault);
    void (*close)(struct store_connection *connection); /* NULL is fine */

    bool (*begin)(struct store_connection *connection, bool writes, struct fault *fault);
    bool (*commit)(struct store_connection *connection, struct fault *fault);
    void (*rollback)(struct store_connection *connection); /* fine outside a transaction */
    bool (*savepoint)(struct store_connection *connection, struct fault *fault);
    bool (*release)(struct store_connection *connection, struct fault *fault);
    bool (*rollback_to)(struct store_connection *connection, struct fault *fault);
    /* False when the database has given the transaction up by itself (a full disk, for one). */
    bool (*intact)(struct store_connection *connection);
    /* Housekeeping between transactions, when whoever waited for the commit knows of it. */
    void (*tidy)(struct store_connection *connection);

    /* Runs `sql`, which must be a string constant (it is prepared once and found again by its
     * address) with parameters $1, $2, … that first occur in this order. One statement of each text
     * at a time. */
    bool (*start)(struct store_connection *connection, const char *sql,
                  const struct store_value *values, size_t count,
                  struct store_statement **ret_statement, struct fault *fault);
    enum store_step (*step)(struct store_statement *statement, struct fault *fault);
    int64_t (*integer)(struct store_statement *statement, int column);
    double (*real)(struct store_statement *statement, int column);
    struct slice (*bytes)(struct store_statement *statement, int column); /* until the next step */
    void (*end)(struct store_statement *statement);
    /* Rows changed by the last statement that ended. */
    int64_t (*changes)(struct store_connection *connection);
    /* A number that grows when a row is changed, and in doubt. */
    int64_t (*written)(struct store_connection *connection);
    /* Several statements without parameters: for migrations. */
    bool (*script)(struct store_connection *connection, const char *sql, struct fault *fault);

    /* Migration n (from 1) makes schema version n of version n - 1. */
    const char *const *migrations;
    int migration_count;
    bool (*version)(struct store_connection *connection, int *ret_version, struct fault *fault);
    bool (*set_version)(struct store_connection *connection, int version, struct fault *fault);

    /* See store_passages_search. */
    bool (*search)(struct store_session *session, struct slice bot, const struct question *question,
                   size_t limit, struct arena *arena, struct store_passage **ret_passages,
                   size_t *ret_count, struct fault *fault);
};

extern const struct store_driver driver_sqlite;
