/* Tools that ask a database: one statement with named parameters, `:order` from the arguments and
 * `:user.id` from what the server knows. Values are bound, never put into the text. Blocking: runs
 * on a worker thread. */
#pragma once
#include "tool/tool.h"
#include <stdatomic.h>
struct arena;
struct buffer;

struct sql_tool {
    const char *database; /* "sqlite:/absolute/path", "postgres://…" */
    struct slice query;   /* exactly one statement */
    bool write;           /* else it cannot change anything: read-only connection, and checked */
    size_t rows_max;      /* more are left out, and the result says so */
    size_t bytes_max;     /* of the result */
};

/* At load: the placeholders of the query ("order", "user.id"), each once, in order of appearance,
 * those in strings, quoted names, comments and `::casts` not counted. BAD_INPUT where there are
 * several statements, or a placeholder is malformed. */
__attribute__((warn_unused_result)) bool sql_placeholders(const char *database, struct slice query,
                                                          struct arena *arena,
                                                          const struct slice **ret_names,
                                                          size_t *ret_count, struct fault *fault);

/* "postgres://…" and so on, looked at without connecting: BAD_INPUT with what is wrong but none of
 * its parts, since it may have a password. */
__attribute__((warn_unused_result)) bool sql_database_legal(const char *database,
                                                            struct fault *fault);

/* At load, too: opens a database that is a file and prepares the statement, so that a misspelt
 * column is told with the configuration; one that is elsewhere is not asked. BAD_INPUT with the
 * database's own words; UNAVAILABLE where it cannot be opened (no mistake of the file: a warning).
 */
__attribute__((warn_unused_result)) bool sql_tool_check(const struct sql_tool *tool,
                                                        struct fault *fault);

/* The same for all databases, wherever they are: connects, at most for a few seconds. */
__attribute__((warn_unused_result)) bool sql_tool_try(const struct sql_tool *tool,
                                                      struct fault *fault);

/* Connections of one worker thread, kept open between calls. */
struct sql_connections;
struct sql_connections *sql_connections_create(void);
void sql_connections_destroy(struct sql_connections *connections); /* NULL is fine */

/* Runs it and appends the result: {"rows":[{"column":value,…},…],"row_count":2} with
 * "truncated":true where rows were left out or a long text was cut; for a write {"changed":1}, and
 * the rows where the statement returns some. Text that is not UTF-8 is mended, blobs become null.
 * Arguments that are objects or arrays are bound as JSON text. False: UNAVAILABLE (locked, gone),
 * PROVIDER_STALLED (code "timeout") after `timeout_ms`, INTERNAL (the statement failed), CANCELLED
 * once `stopped` (NULL is fine; any thread); the message is for the model and names no table, the
 * detail has the database's words. Code "unsure": it may have been done. */
__attribute__((warn_unused_result)) bool
sql_tool_run(struct sql_connections *connections, const struct sql_tool *tool,
             const struct tool_input *input, int64_t timeout_ms, const atomic_bool *stopped,
             struct buffer *result, struct fault *fault);
/* That code. */
bool sql_tool_unsure(const struct fault *fault);
