#include "tool/sql_tool.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/sql_driver.h"
#include "tool/sql_scan.h"

enum { PLACEHOLDERS_MAX = 64, TRY_MS = 5000 };
static const int64_t idle_us = INT64_C(10) * 60 * 1000 * 1000;

static const struct sql_driver *const drivers[] = {&sql_driver_sqlite, &sql_driver_postgres};

static const struct sql_driver *driver_of(const char *database) {
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (drivers[i]->takes(database))
            return drivers[i];
    return NULL;
}

bool sql_database_legal(const char *database, struct fault *fault) {
    const struct sql_driver *driver = driver_of(database);
    if (!driver)
        return fault_set(fault, FAULT_BAD_INPUT, "is of no known kind of database");
    return !driver->legal || driver->legal(database, fault);
}

/* --- the statement --- */

/* Comments and blanks behind the semicolon are fine. */
static bool is_blank(struct slice text) {
    while ((text = slice_trim(text)).size > 0) {
        bool line = slice_starts_with(text, SLICE("--"));
        if (!line && !slice_starts_with(text, SLICE("/*")))
            return false;
        size_t end = slice_find(slice_from(text, 2), line ? SLICE("\n") : SLICE("*/"));
        text = end == SIZE_MAX ? slice_from(text, text.size)
                               : slice_from(text, 2 + end + (line ? 1 : 2));
    }
    return true;
}

static size_t index_of(const struct slice *names, size_t count, struct slice name) {
    for (size_t i = 0; i < count; i++)
        if (slice_equal(names[i], name))
            return i;
    return count;
}

/* Appends the statement with `?1` or `$1` in place of the placeholders. */
static bool rewrite(struct slice query, char mark, struct slice *names, size_t *count,
                    struct buffer *out, struct fault *fault) {
    struct sql_scan scan = {.text = query, .postgres = mark == '$'};
    struct slice piece;
    enum sql_piece kind;
    while ((kind = sql_scan(&scan, &piece)) != SQL_PIECE_NONE) {
        if (kind == SQL_PIECE_TEXT) {
            buffer_append(out, piece);
        } else if (kind == SQL_PIECE_END) {
            if (!is_blank(slice_from(query, scan.at)))
                return fault_set(fault, FAULT_BAD_INPUT,
                                 "there must be one statement, and this has more");
            break;
        } else {
            size_t index = index_of(names, *count, piece);
            if (index == PLACEHOLDERS_MAX)
                return fault_set(fault, FAULT_BAD_INPUT, "there are more than %d placeholders",
                                 PLACEHOLDERS_MAX);
            if (index == *count)
                names[(*count)++] = piece;
            buffer_printf(out, "%c%zu", mark, index + 1);
        }
    }
    if (slice_trim(buffer_slice(out)).size == 0)
        return fault_set(fault, FAULT_BAD_INPUT, "there is no statement");
    return true;
}

bool sql_placeholders(const char *database, struct slice query, struct arena *arena,
                      const struct slice **ret_names, size_t *ret_count, struct fault *fault) {
    const struct sql_driver *driver = driver_of(database);
    struct slice *names = arena_array(arena, PLACEHOLDERS_MAX, sizeof *names);
    size_t count = 0;
    struct buffer text = {0};
    bool ok = rewrite(query, driver ? driver->mark : '?', names, &count, &text, fault);
    buffer_finish(&text);
    if (!ok)
        return false;
    *ret_names = names;
    *ret_count = count;
    return true;
}

/* --- connections --- */

struct sql_link {
    struct sql_link *next;
    const struct sql_driver *driver;
    char *database;
    bool write;
    int64_t used_us;
    struct sql_connection *connection;
};

struct sql_connections {
    struct sql_link *links;
};

struct sql_connections *sql_connections_create(void) {
    struct sql_connections *connections = calloc(1, sizeof *connections);
    if (!connections)
        abort();
    return connections;
}

static void close_link(struct sql_connections *connections, struct sql_link *link) {
    struct sql_link **at = &connections->links;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    link->driver->close(link->connection);
    free(link->database);
    free(link);
}

void sql_connections_destroy(struct sql_connections *connections) {
    if (!connections)
        return;
    while (connections->links)
        close_link(connections, connections->links);
    free(connections);
}

/* A server's connections are few, and an address may have changed with the configuration. */
static void close_idle(struct sql_connections *connections, int64_t now_us) {
    for (struct sql_link *link = connections->links, *next; link; link = next) {
        next = link->next;
        if (link->driver->remote && now_us - link->used_us > idle_us)
            close_link(connections, link);
    }
}

static bool link_get(struct sql_connections *connections, const struct sql_tool *tool,
                     int64_t timeout_ms, struct sql_link **ret_link, struct fault *fault) {
    int64_t now_us = clock_monotonic_us();
    close_idle(connections, now_us);
    for (struct sql_link *link = connections->links; link; link = link->next)
        if ((link->driver->remote || link->write == tool->write) &&
            strcmp(link->database, tool->database) == 0) {
            link->used_us = now_us;
            *ret_link = link;
            return true;
        }
    const struct sql_driver *driver = driver_of(tool->database);
    struct sql_connection *connection;
    if (!driver)
        return fault_set(fault, FAULT_CONFIG, "This kind of database is not known.");
    if (!driver->open(tool->database, tool->write, timeout_ms, &connection, fault))
        return false;
    struct sql_link *link = calloc(1, sizeof *link);
    if (!link)
        abort();
    *link = (struct sql_link){
        .next = connections->links,
        .driver = driver,
        .database = slice_to_string(slice_of(tool->database)),
        .write = tool->write,
        .used_us = now_us,
        .connection = connection,
    };
    connections->links = link;
    *ret_link = link;
    return true;
}

/* --- running --- */

static bool prepare(const struct sql_tool *tool, const struct sql_driver *driver,
                    struct slice *names, size_t *count, struct buffer *text, struct fault *fault) {
    return rewrite(tool->query, driver->mark, names, count, text, fault);
}

bool sql_tool_check(const struct sql_tool *tool, struct fault *fault) {
    const struct sql_driver *driver = driver_of(tool->database);
    return (driver && driver->remote) || sql_tool_try(tool, fault);
}

bool sql_tool_try(const struct sql_tool *tool, struct fault *fault) {
    struct slice names[PLACEHOLDERS_MAX];
    size_t count = 0;
    struct buffer text = {0};
    struct sql_link *link = NULL;
    struct sql_connections connections = {0};
    bool ok = link_get(&connections, tool, TRY_MS, &link, fault) && link;
    if (ok)
        ok = prepare(tool, link->driver, names, &count, &text, fault) &&
             link->driver->check(link->connection, buffer_string(&text), tool->write, fault);
    buffer_finish(&text);
    while (connections.links)
        close_link(&connections, connections.links);
    return ok;
}

/* Names with a dot are the server's; no argument can take their place. */
static struct sql_value value_of(const struct tool_input *input, struct slice name,
                                 struct arena *arena) {
    if (slice_find_byte(name, '.') != SIZE_MAX) {
        struct slice bound = tool_binding_get(input, name);
        return bound.data ? (struct sql_value){.kind = SQL_TEXT, .text = bound}
                          : (struct sql_value){.kind = SQL_NULL};
    }
    struct slice value = json_get(input->arguments, arena_string(arena, name));
    struct sql_value out = {.kind = SQL_TEXT, .text = value};
    struct buffer text = {0};
    bool truth = false;
    switch (json_type(value)) {
    case JSON_MISSING:
    case JSON_NULL:
        out.kind = SQL_NULL;
        break;
    case JSON_BOOLEAN:
        json_read_bool(value, &truth);
        out = (struct sql_value){.kind = SQL_BOOLEAN, .integer = truth};
        break;
    case JSON_NUMBER:
        out.kind = json_read_int64(value, &out.integer) ? SQL_INTEGER
                   : json_read_double(value, &out.real) ? SQL_REAL
                                                        : SQL_TEXT;
        break;
    case JSON_STRING:
        json_read_string(value, &text);
        out.text = arena_copy(arena, buffer_slice(&text));
        break;
    default:
        break;
    }
    buffer_finish(&text);
    return out;
}

bool sql_tool_run(struct sql_connections *connections, const struct sql_tool *tool,
                  const struct tool_input *input, int64_t timeout_ms, const atomic_bool *stopped,
                  struct buffer *result, struct fault *fault) {
    struct sql_link *link = NULL;
    if (stopped && atomic_load(stopped)) /* while it waited for a thread */
        return fault_set(fault, FAULT_CANCELLED, "Cancelled.");
    if (!link_get(connections, tool, timeout_ms, &link, fault) || !link)
        return false;
    struct slice names[PLACEHOLDERS_MAX];
    struct sql_value values[PLACEHOLDERS_MAX];
    size_t count = 0, before = result->size;
    struct buffer text = {0};
    struct arena *arena = arena_create(1024);
    bool ok = prepare(tool, link->driver, names, &count, &text, fault), broken = false;
    for (size_t i = 0; i < count && ok; i++)
        values[i] = value_of(input, names[i], arena);
    if (ok) {
        const struct sql_statement statement = {
            .text = buffer_string(&text),
            .values = values,
            .count = count,
            .write = tool->write,
            .rows_max = tool->rows_max,
            .bytes_max = tool->bytes_max,
            .timeout_ms = timeout_ms,
            .stopped = stopped,
        };
        ok = link->driver->run(link->connection, &statement, result, &broken, fault);
    }
    if (!ok)
        result->size = before;
    if (broken)
        close_link(connections, link);
    buffer_finish(&text);
    arena_destroy(arena);
    return ok;
}

bool sql_tool_unsure(const struct fault *fault) {
    return strcmp(fault->code, SQL_UNSURE) == 0;
}

/* --- results, the same for all drivers --- */

void sql_rows_begin(struct sql_rows *rows, struct buffer *out) {
    *rows = (struct sql_rows){.out = out, .start = out->size};
    buffer_append(out, SLICE("{\"rows\":["));
}

bool sql_rows_room(struct sql_rows *rows, const struct sql_statement *statement) {
    bool room =
        rows->count < statement->rows_max && rows->out->size - rows->start < statement->bytes_max;
    rows->truncated = rows->truncated || !room;
    return room;
}

size_t sql_rows_left(const struct sql_rows *rows, const struct sql_statement *statement) {
    size_t used = rows->out->size - rows->start;
    return used < statement->bytes_max ? statement->bytes_max - used : 0;
}

void sql_rows_text(struct sql_rows *rows, const struct sql_statement *statement,
                   struct json_writer *json, struct slice text) {
    size_t room = sql_rows_left(rows, statement);
    if (text.size <= room) {
        json_string(json, text);
        return;
    }
    /* One long text must not keep the model from the rest of the row. */
    struct buffer cut = {0};
    buffer_append(&cut, slice_first(text, utf8_cut(text, room)));
    buffer_append(&cut, SLICE("…"));
    json_string(json, buffer_slice(&cut));
    buffer_finish(&cut);
    rows->truncated = true;
}

void sql_rows_end_row(struct sql_rows *rows, size_t row_start,
                      const struct sql_statement *statement) {
    /* The first row is given, with its texts cut; of the others only what fits whole. */
    if (rows->out->size - rows->start > statement->bytes_max && rows->count > 0) {
        rows->out->size = row_start;
        rows->truncated = true;
        return;
    }
    rows->count++;
}

void sql_rows_finish(struct sql_rows *rows, const struct sql_statement *statement,
                     int64_t changed) {
    buffer_printf(rows->out, "],\"row_count\":%zu", rows->count);
    if (rows->truncated)
        buffer_append(rows->out, SLICE(",\"truncated\":true"));
    if (statement->write)
        buffer_printf(rows->out, ",\"changed\":%lld", (long long)changed);
    buffer_append_byte(rows->out, '}');
}
