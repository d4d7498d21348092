/* A connection and its driver, and the few calls that the record functions are made of. Private to
 * store/. */
#pragma once
#include "store/driver.h"
struct buffer;

struct store_session {
    const struct store_driver *driver;
    struct store_connection *connection;
};

/* Values for `$1`, `$2`, …: SESSION_VALUES(session_text(id), session_integer(when_ms)). */
#define SESSION_VALUES(...)                                                                        \
    (const struct store_value[]){__VA_ARGS__},                                                     \
        sizeof((const struct store_value[]){__VA_ARGS__}) / sizeof(struct store_value)

static inline struct store_value session_text(struct slice text) {
    return (struct store_value){.type = STORE_TEXT, .bytes = text};
}
static inline struct store_value session_blob(struct slice bytes) {
    return (struct store_value){.type = STORE_BLOB, .bytes = bytes};
}
static inline struct store_value session_integer(int64_t number) {
    return (struct store_value){.type = STORE_INTEGER, .integer = number};
}

/* A statement without a result. `ret_changes` (may be NULL): rows inserted, changed or deleted. */
__attribute__((warn_unused_result)) bool session_run(struct store_session *session, const char *sql,
                                                     const struct store_value *values, size_t count,
                                                     int64_t *ret_changes, struct fault *fault);

/* A query, read row by row:
 *
 *     struct session_query query;
 *     if (!session_query(session, sql, values, count, &query, fault))
 *         return false;
 *     while (session_next(&query, fault))
 *         … query.driver->integer(query.statement, 0) …
 *     return session_query_end(&query);
 *
 * session_query_end must be called once session_query was true; false when a step has failed. */
struct session_query {
    const struct store_driver *driver;
    struct store_statement *statement;
    bool failed;
};
__attribute__((warn_unused_result)) bool
session_query(struct store_session *session, const char *sql, const struct store_value *values,
              size_t count, struct session_query *ret_query, struct fault *fault);
bool session_next(struct session_query *query, struct fault *fault);
bool session_query_end(struct session_query *query);

/* For rows that nobody has counted before: read each into a structure, gather them in a buffer that
 * begins empty, and end the query with them as an array in the arena. It empties the buffer. */
void session_rows_add(struct buffer *rows, const void *row, size_t size);
__attribute__((warn_unused_result)) bool session_rows_end(struct session_query *query,
                                                          struct buffer *rows, size_t row_size,
                                                          struct arena *arena, void **ret_rows,
                                                          size_t *ret_count);

int64_t session_column_integer(const struct session_query *query, int column);
double session_column_real(const struct session_query *query, int column);
/* Copied into the arena. */
struct slice session_column_bytes(const struct session_query *query, int column,
                                  struct arena *arena);

/* The first column of the first row; false with FAULT_NONE is impossible: where there is no row
 * `*ret_found` is false. */
__attribute__((warn_unused_result)) bool
session_query_integer(struct store_session *session, const char *sql,
                      const struct store_value *values, size_t count, bool *ret_found,
                      int64_t *ret_number, struct fault *fault);
