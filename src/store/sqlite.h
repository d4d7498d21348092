/* The inside of a SQLite connection, shared by the files of its driver: driver_sqlite.c (statements
 * and transactions), sqlite_open.c (opening, and what to say when that fails), sqlite_search.c
 * (full text). Private to store/. */
#pragma once
#include "store/driver.h"
#include <sqlite3.h>

enum {
    SQLITE_STATEMENTS_MAX = 128,    /* a power of two above the number of statements in store/ */
    SQLITE_CHECKPOINT_EVERY = 2000, /* pages of the write-ahead log */
};

struct store_statement {
    const char *sql; /* the key: the address, not the text */
    sqlite3_stmt *handle;
    struct store_connection *connection;
};

struct store_connection {
    sqlite3 *handle;
    int wal_pages;     /* in the write-ahead log after the last commit */
    int checkpoint_at; /* its size at which tidy moves it into the database */
    struct store_statement statements[SQLITE_STATEMENTS_MAX];
};

bool sqlite_exists(const struct store_address *address, bool *ret_exists, struct fault *fault);
bool sqlite_open(const struct store_address *address, enum store_use use,
                 struct store_connection **ret_connection, struct fault *fault);
/* Tells what the last call on this connection complained about. Always false. */
bool sqlite_fault(const struct store_connection *connection, struct fault *fault);
/* Makes the ranking function of sqlite_search.c known to a connection. */
bool sqlite_search_register(sqlite3 *handle);
bool sqlite_search(struct store_session *session, struct slice bot, const struct question *question,
                   size_t limit, struct arena *arena, struct store_passage **ret_passages,
                   size_t *ret_count, struct fault *fault);
