#include "store/session.h"
#include "base/arena.h"
#include "base/buffer.h"

bool session_run(struct store_session *session, const char *sql, const struct store_value *values,
                 size_t count, int64_t *ret_changes, struct fault *fault) {
    const struct store_driver *driver = session->driver;
    struct store_statement *statement;
    if (!driver->start(session->connection, sql, values, count, &statement, fault))
        return false;
    enum store_step step;
    do
        step = driver->step(statement, fault);
    while (step == STORE_ROW);
    driver->end(statement);
    if (step == STORE_FAILED)
        return false;
    if (ret_changes)
        *ret_changes = driver->changes(session->connection);
    return true;
}

bool session_query(struct store_session *session, const char *sql, const struct store_value *values,
                   size_t count, struct session_query *ret_query, struct fault *fault) {
    struct session_query query = {.driver = session->driver};
    if (!query.driver->start(session->connection, sql, values, count, &query.statement, fault))
        return false;
    *ret_query = query;
    return true;
}

bool session_next(struct session_query *query, struct fault *fault) {
    enum store_step step = query->driver->step(query->statement, fault);
    query->failed = step == STORE_FAILED;
    return step == STORE_ROW;
}

bool session_query_end(struct session_query *query) {
    query->driver->end(query->statement);
    return !query->failed;
}

void session_rows_add(struct buffer *rows, const void *row, size_t size) {
    buffer_append(rows, (struct slice){row, size});
}

bool session_rows_end(struct session_query *query, struct buffer *rows, size_t row_size,
                      struct arena *arena, void **ret_rows, size_t *ret_count) {
    bool ok = session_query_end(query);
    if (ok) {
        *ret_count = rows->size / row_size;
        *ret_rows = arena_array(arena, *ret_count, row_size);
        if (rows->size > 0)
            memcpy(*ret_rows, rows->data, rows->size);
    }
    buffer_finish(rows);
    return ok;
}

int64_t session_column_integer(const struct session_query *query, int column) {
    return query->driver->integer(query->statement, column);
}

double session_column_real(const struct session_query *query, int column) {
    return query->driver->real(query->statement, column);
}

struct slice session_column_bytes(const struct session_query *query, int column,
                                  struct arena *arena) {
    return arena_copy(arena, query->driver->bytes(query->statement, column));
}

bool session_query_integer(struct store_session *session, const char *sql,
                           const struct store_value *values, size_t count, bool *ret_found,
                           int64_t *ret_number, struct fault *fault) {
    struct session_query query;
    if (!session_query(session, sql, values, count, &query, fault))
        return false;
    bool found = session_next(&query, fault);
    int64_t number = found ? session_column_integer(&query, 0) : 0;
    if (!session_query_end(&query))
        return false;
    *ret_found = found;
    if (found)
        *ret_number = number;
    return true;
}
