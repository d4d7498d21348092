/* What a database must be able to do for tools. Private to tool/. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
#include <stdatomic.h>
struct buffer;
struct json_writer;

enum sql_kind { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_BOOLEAN, SQL_TEXT };

struct sql_value {
    enum sql_kind kind;
    int64_t integer; /* BOOLEAN too */
    double real;
    struct slice text;
};

struct sql_statement {
    const char *text; /* with numbered parameters */
    const struct sql_value *values;
    size_t count;
    bool write;
    size_t rows_max, bytes_max;
    int64_t timeout_ms;
    const atomic_bool *stopped; /* NULL: nobody can */
};

/* A fault's code: whether it was done is not known. */
#define SQL_UNSURE "unsure"

struct sql_connection;

/* Blocking; a connection is used by one thread at a time. */
struct sql_driver {
    char mark;   /* of a parameter: '?' or '$' */
    bool remote; /* connected to when it is asked, not when the configuration is loaded; what reads
                  * and what writes takes the same connection */
    bool (*takes)(const char *database);
    /* BAD_INPUT without any of the address's parts. NULL: all that it takes. */
    bool (*legal)(const char *database, struct fault *fault);
    /* UNAVAILABLE; the message says nothing of where it is. */
    bool (*open)(const char *database, bool write, int64_t timeout_ms,
                 struct sql_connection **ret_connection, struct fault *fault);
    void (*close)(struct sql_connection *connection);
    /* Prepares it: BAD_INPUT with the database's words. */
    bool (*check)(struct sql_connection *connection, const char *text, bool write,
                  struct fault *fault);
    /* Appends the result. `ret_broken`: the connection is to be closed. */
    bool (*run)(struct sql_connection *connection, const struct sql_statement *statement,
                struct buffer *result, bool *ret_broken, struct fault *fault);
};
extern const struct sql_driver sql_driver_sqlite, sql_driver_postgres;

/* The rows of a result as JSON. */
struct sql_rows {
    struct buffer *out;
    size_t start, count;
    bool truncated;
};
void sql_rows_begin(struct sql_rows *rows, struct buffer *out);
/* False when no further row is taken. */
bool sql_rows_room(struct sql_rows *rows, const struct sql_statement *statement);
/* Bytes that may still come. */
size_t sql_rows_left(const struct sql_rows *rows, const struct sql_statement *statement);
/* A value that is text: cut where it leaves no room in the result. */
void sql_rows_text(struct sql_rows *rows, const struct sql_statement *statement,
                   struct json_writer *json, struct slice text);
/* The row was written from `row_start` on, with the comma before it. */
void sql_rows_end_row(struct sql_rows *rows, size_t row_start,
                      const struct sql_statement *statement);
void sql_rows_finish(struct sql_rows *rows, const struct sql_statement *statement, int64_t changed);
