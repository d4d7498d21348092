#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "http/connection.h"
#include "http/syntax.h"
#include <assert.h>
#include <time.h>

enum {
    CHUNK_ROOM = 10,           /* eight hexadecimal digits and CRLF */
    SCRATCH_KEPT = 256 * 1024, /* a larger scratch is given back */
};

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *phrase_of(int status) {
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return ""; /* RFC 9112 4: may be empty, and nobody reads it */
}

/* --- The head of a reply --- */

/* Not strftime: its names follow the locale. Formatted once a second. */
static const char *date_now(struct http_server *server) {
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t second = clock_wall_ms() / 1000;
    if (second != server->date_second) {
        time_t now = (time_t)second;
        struct tm tm;
        gmtime_r(&now, &tm);
        snprintf(server->date, sizeof server->date, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                 days + (ptrdiff_t)3 * tm.tm_wday, tm.tm_mday, months + (ptrdiff_t)3 * tm.tm_mon,
                 (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
        server->date_second = second;
    }
    return server->date;
}

static void append_start(struct http_server *server, int status, const char *content_type) {
    struct buffer *out = &server->scratch;
    assert(status >= 200 && status <= 599);
    buffer_append(out, SLICE("HTTP/1.1 "));
    buffer_append_int64(out, status);
    buffer_append_byte(out, ' ');
    buffer_append_string(out, phrase_of(status));
    buffer_append(out, SLICE("\r\nDate: "));
    buffer_append_string(out, date_now(server));
    if (content_type) {
        buffer_append(out, SLICE("\r\nContent-Type: "));
        buffer_append_string(out, content_type);
    }
    buffer_append(out, SLICE("\r\n"));
}

static void append_length(struct buffer *out, size_t size) {
    buffer_append(out, SLICE("Content-Length: "));
    buffer_append_int64(out, (int64_t)size);
    buffer_append(out, SLICE("\r\n"));
}

static void append_end(struct http_exchange *exchange) {
    struct connection *connection = exchange->connection;
    struct buffer *out = &connection->server->scratch;
    for (const struct http_extra *extra = exchange->extra; extra; extra = extra->next)
        buffer_append(out, extra->line);
    if (connection->server->draining)
        connection->last = true;
    if (connection->last)
        buffer_append(out, SLICE("Connection: close\r\n"));
    else if (exchange->message->http_1_0)
        buffer_append(out, SLICE("Connection: keep-alive\r\n"));
    buffer_append(out, SLICE("\r\n"));
}

/* --- The scratch --- */

static void scratch_flush(struct http_exchange *exchange, bool last);

/* Makes the scratch this exchange's. Who has written and not flushed is flushed here, so that
 * forgetting it delays bytes but never mixes them. */
static void scratch_take(struct http_server *server, struct http_exchange *exchange) {
    if (server->scratch_owner == exchange)
        return;
    if (server->scratch_owner)
        scratch_flush(server->scratch_owner, false);
    server->scratch_owner = exchange;
}

static void scratch_release(struct http_server *server) {
    server->scratch_owner = NULL;
    server->scratch_head = 0;
    buffer_clear(&server->scratch);
    if (server->scratch.capacity > SCRATCH_KEPT)
        buffer_finish(&server->scratch);
}

/* Writes the size of a chunk in front of its data; returns how many bytes that takes. */
static size_t put_chunk_size(char *data, size_t size) {
    char *at = data;
    *--at = '\n';
    *--at = '\r';
    do {
        *--at = "0123456789abcdef"[size % 16];
        size /= 16;
    } while (size > 0 && data - at < CHUNK_ROOM);
    assert(size == 0);
    return (size_t)(data - at);
}

/* Chunk data starts behind room for its size, which is not known before the flush. */
static void add_chunk_room(struct http_server *server) {
    if (server->scratch.size > server->scratch_head)
        return;
    buffer_reserve(&server->scratch, CHUNK_ROOM);
    server->scratch.size += CHUNK_ROOM;
}

static void scratch_flush(struct http_exchange *exchange, bool last) {
    struct connection *connection = exchange->connection;
    struct http_server *server = connection->server;
    struct buffer *scratch = &server->scratch;
    if (exchange->chunked && last)
        add_chunk_room(server);
    size_t from = server->scratch_head + CHUNK_ROOM;
    bool data = scratch->size > from;
    if (exchange->chunked && data)
        buffer_append(scratch, SLICE("\r\n"));
    if (exchange->chunked && last)
        buffer_append(scratch, SLICE("0\r\n\r\n"));
    struct slice bytes = buffer_slice(scratch);
    struct slice pieces[2] = {slice_first(bytes, server->scratch_head), slice_from(bytes, from)};
    if (exchange->chunked && data) {
        size_t digits =
            put_chunk_size(scratch->data + from, bytes.size - from - 2 - (last ? 5 : 0));
        pieces[1] = slice_from(bytes, from - digits);
    }
    if (pieces[0].size + pieces[1].size > 0)
        connection_write(connection, pieces, 2);
    scratch_release(server);
    if (connection_waiting(connection) > server->options.output_max)
        connection_cut(connection);
}

/* --- Exchanges --- */

struct http_exchange *exchange_create(struct connection *connection, struct http_message *message) {
    struct arena *arena = message->arena;
    struct http_exchange *exchange = arena_allocate(arena, sizeof *exchange);
    exchange->message = message;
    exchange->loop = connection->server->loop;
    exchange->connection = connection;
    exchange->extra_end = &exchange->extra;
    exchange->head_only = slice_is(message->request.method, "HEAD");
    message->request.peer = arena_string(arena, slice_of(connection->peer));
    return exchange;
}

/* The reply is complete, or nobody is left to read it. */
static void exchange_finish(struct http_exchange *exchange) {
    struct connection *connection = exchange->connection;
    if (exchange->telling)
        return; /* replied inside `gone`: freed when that returns */
    if (connection && connection->server->scratch_owner == exchange)
        scratch_release(connection->server);
    http_message_destroy(exchange->message);
    if (connection)
        connection_replied(connection);
}

void exchange_abandon(struct http_exchange *exchange) {
    struct connection *connection = exchange->connection;
    connection->exchange = NULL;
    if (connection->server->scratch_owner == exchange)
        scratch_release(connection->server);
    exchange->connection = NULL;
    if (!exchange->watch.gone)
        return; /* its owner does not know, and will still reply */
    exchange->telling = true;
    exchange->watch.gone(exchange->watch.user);
    http_message_destroy(exchange->message);
}

const struct http_request *http_exchange_request(const struct http_exchange *exchange) {
    return &exchange->message->request;
}

struct arena *http_exchange_arena(struct http_exchange *exchange) {
    return exchange->message->arena;
}

struct loop *http_exchange_loop(struct http_exchange *exchange) {
    return exchange->loop;
}

void http_exchange_watch(struct http_exchange *exchange, const struct http_watch *watch) {
    exchange->watch = *watch;
}

/* The server's own headers. */
static bool name_reserved(struct slice name) {
    return slice_equal_nocase(name, SLICE("connection")) ||
           slice_equal_nocase(name, SLICE("content-length")) ||
           slice_equal_nocase(name, SLICE("date")) ||
           slice_equal_nocase(name, SLICE("transfer-encoding"));
}

void http_exchange_add_header(struct http_exchange *exchange, const char *name,
                              struct slice value) {
    struct slice key = slice_of(name);
    assert(http_token_valid(key) && !name_reserved(key));
    assert(http_span(value, 0, HTTP_VALUE) == value.size);
    assert(!exchange->streaming);
    size_t size = key.size + 2 + value.size + 2;
    struct arena *arena = exchange->message->arena;
    struct http_extra *extra = arena_allocate(arena, sizeof *extra);
    char *line = arena_allocate(arena, size);
    memcpy(line, key.data, key.size);
    line[key.size] = ':';
    line[key.size + 1] = ' ';
    if (value.size > 0)
        memcpy(line + key.size + 2, value.data, value.size);
    line[size - 2] = '\r';
    line[size - 1] = '\n';
    extra->line = (struct slice){line, size};
    *exchange->extra_end = extra;
    exchange->extra_end = &extra->next;
}

static bool connected(const struct http_exchange *exchange) {
    return exchange->connection && exchange->connection->phase != PHASE_CLOSED;
}

/* RFC 9110 6.4.1: these have no body, whatever is said. */
static bool status_bodiless(int status) {
    return status == 204 || status == 304;
}

void http_reply(struct http_exchange *exchange, int status, const char *content_type,
                struct slice body) {
    assert(!exchange->streaming);
    if (connected(exchange)) {
        struct http_server *server = exchange->connection->server;
        scratch_take(server, exchange);
        append_start(server, status, content_type);
        if (!status_bodiless(status))
            append_length(&server->scratch, body.size);
        append_end(exchange);
        struct slice pieces[2] = {buffer_slice(&server->scratch), body};
        bool bare = exchange->head_only || status_bodiless(status);
        connection_write(exchange->connection, pieces, bare ? 1 : 2);
    }
    exchange_finish(exchange);
}

void http_stream_begin(struct http_exchange *exchange, int status, const char *content_type) {
    assert(!exchange->streaming);
    exchange->streaming = true;
    if (!connected(exchange))
        return;
    struct connection *connection = exchange->connection;
    struct http_server *server = connection->server;
    bool old = exchange->message->http_1_0;
    exchange->bodiless = exchange->head_only || status_bodiless(status);
    exchange->chunked = !old && !exchange->bodiless;
    if (old && !exchange->bodiless)
        connection->last = true; /* its end is the end of the connection */
    scratch_take(server, exchange);
    append_start(server, status, content_type);
    if (!old && !status_bodiless(status))
        buffer_append(&server->scratch, SLICE("Transfer-Encoding: chunked\r\n"));
    append_end(exchange);
    server->scratch_head = server->scratch.size;
}

void http_stream_write(struct http_exchange *exchange, struct slice bytes) {
    assert(exchange->streaming);
    if (bytes.size == 0 || exchange->bodiless || !connected(exchange))
        return;
    struct http_server *server = exchange->connection->server;
    scratch_take(server, exchange);
    add_chunk_room(server);
    buffer_append(&server->scratch, bytes);
}

void http_stream_flush(struct http_exchange *exchange) {
    assert(exchange->streaming);
    if (connected(exchange) && exchange->connection->server->scratch_owner == exchange)
        scratch_flush(exchange, false);
}

size_t http_stream_waiting(const struct http_exchange *exchange) {
    if (connected(exchange))
        return connection_waiting(exchange->connection);
    return exchange->connection && exchange->watch.gone ? SIZE_MAX : 0;
}

void http_stream_end(struct http_exchange *exchange) {
    assert(exchange->streaming);
    if (connected(exchange)) {
        scratch_take(exchange->connection->server, exchange);
        scratch_flush(exchange, true);
    }
    exchange_finish(exchange);
}

/* --- Refusals --- */

void reply_refusal(struct connection *connection, enum http_refusal refusal) {
    const struct http_refusal_text *text = http_refusal_text(refusal);
    struct http_server *server = connection->server;
    struct buffer body = {0};
    struct json_writer json = json_writer_start(&body);
    json_begin_object(&json);
    json_key(&json, "error");
    json_begin_object(&json);
    json_member_string(&json, "message", slice_of(text->message));
    json_member_string(&json, "type",
                       refusal == HTTP_REFUSE_BUSY ? SLICE("server_error")
                                                   : SLICE("invalid_request_error"));
    json_key(&json, "param");
    json_null(&json);
    json_member_string(&json, "code", slice_of(text->code));
    json_end_object(&json);
    json_end_object(&json);

    scratch_take(server, NULL);
    append_start(server, text->status, "application/json");
    append_length(&server->scratch, body.size);
    if (refusal == HTTP_REFUSE_BUSY)
        buffer_append(&server->scratch, SLICE("Retry-After: 2\r\n"));
    buffer_append(&server->scratch, SLICE("Connection: close\r\n\r\n"));
    struct slice pieces[2] = {buffer_slice(&server->scratch), buffer_slice(&body)};
    connection_write(connection, pieces, 2);
    scratch_release(server);
    buffer_finish(&body);
}
