#include "http/connection.h"
#include "base/memory.h"
#include "loop/loop.h"
#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECES_MAX = 4 };

struct http_write {
    uv_write_t request;
    struct buffer bytes;
};

static void start_reading(struct connection *connection);
static void settle(struct connection *connection);

/* --- Ending --- */

static void on_closed(uv_handle_t *handle) {
    struct connection *connection = handle->data;
    struct http_server *server = connection->server;
    if (connection->exchange)
        exchange_abandon(connection->exchange);
    http_parse_finish(&connection->parse);
    buffer_finish(&connection->in);
    buffer_finish(&connection->out);
    server_connection_closed(server, connection);
    free(connection);
    server_handle_closed(server);
}

void connection_cut(struct connection *connection) {
    if (connection->phase == PHASE_CLOSED)
        return;
    connection->phase = PHASE_CLOSED;
    timer_stop(&connection->timer);
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

/* The answer is out. Closing now would reset the connection if bytes of the client are unread or on
 * their way, and a reset may take the answer with it: so shut our side, and read until the client
 * closes. */
static void end_now(struct connection *connection) {
    uv_os_fd_t fd;
    if (!connection->linger || connection->ended ||
        uv_fileno((uv_handle_t *)&connection->tcp, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
        connection_cut(connection);
        return;
    }
    connection->phase = PHASE_LINGER;
    timer_set(&connection->timer, HTTP_LINGER_MS);
    start_reading(connection);
}

static void end_after_output(struct connection *connection, bool linger) {
    if (connection->phase == PHASE_CLOSED)
        return;
    connection->phase = PHASE_FINISH;
    connection->linger = linger;
    if (!connection->write)
        end_now(connection);
}

static void refuse(struct connection *connection, enum http_refusal refusal) {
    reply_refusal(connection, refusal);
    end_after_output(connection, true);
}

/* --- Writing --- */

size_t connection_waiting(const struct connection *connection) {
    if (!connection->write)
        return 0;
    return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp) +
           connection->out.size;
}

static void on_written(uv_write_t *request, int status);

static void start_write(struct connection *connection) {
    struct http_write *write = memory_allocate(sizeof *write);
    write->bytes = connection->out;
    write->request.data = write;
    connection->out = (struct buffer){0};
    connection->write = write;
    connection->queued += write->bytes.size;
    connection->taken = connection->queued - write->bytes.size;
    timer_set(&connection->timer, connection->server->options.write_timeout_ms);
    uv_buf_t bytes = uv_buf_init(write->bytes.data, (unsigned)write->bytes.size);
    if (uv_write(&write->request, (uv_stream_t *)&connection->tcp, &bytes, 1, on_written) != 0) {
        connection->write = NULL;
        buffer_finish(&write->bytes);
        free(write);
        connection_cut(connection);
    }
}

/* The socket has taken everything. */
static void on_drained(struct connection *connection) {
    struct http_exchange *exchange = connection->exchange;
    switch ((enum connection_phase)connection->phase) {
    case PHASE_FINISH:
        end_now(connection);
        break;
    case PHASE_RECEIVE:
        connection->wait = WAIT_NOTHING; /* the timer stood for the write */
        connection_resume(connection);
        break;
    case PHASE_REPLY:
        if (exchange && exchange->streaming && exchange->watch.drained)
            exchange->watch.drained(exchange->watch.user);
        break;
    case PHASE_LINGER:
    case PHASE_CLOSED:
        break;
    }
}

static void on_written(uv_write_t *request, int status) {
    struct http_write *write = request->data;
    struct connection *connection = request->handle->data;
    buffer_finish(&write->bytes);
    free(write);
    connection->write = NULL;
    if (connection->phase == PHASE_CLOSED)
        return;
    if (status < 0)
        connection_cut(connection);
    else if (connection->out.size > 0)
        start_write(connection);
    else
        on_drained(connection);
}

/* Bytes of the pieces that the socket took at once; false when it is broken. */
static bool write_at_once(struct connection *connection, const struct slice *pieces, size_t count,
                          size_t *ret_size) {
    uv_buf_t buffers[PIECES_MAX];
    unsigned used = 0;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].size > 0)
            buffers[used++] = uv_buf_init((char *)pieces[i].data, (unsigned)pieces[i].size);
    int written = used > 0 ? uv_try_write((uv_stream_t *)&connection->tcp, buffers, used) : 0;
    if (written < 0 && written != UV_EAGAIN)
        return false;
    *ret_size = written < 0 ? 0 : (size_t)written;
    return true;
}

void connection_write(struct connection *connection, const struct slice *pieces, size_t count) {
    assert(count <= PIECES_MAX);
    if (connection->phase == PHASE_CLOSED)
        return;
    size_t written = 0;
    if (!connection->write && !write_at_once(connection, pieces, count, &written)) {
        connection_cut(connection);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t skip = written < pieces[i].size ? written : pieces[i].size;
        written -= skip;
        buffer_append(&connection->out, slice_from(pieces[i], skip));
    }
    if (!connection->write && connection->out.size > 0)
        start_write(connection);
}

/* --- Reading --- */

/* An empty line is still nothing: some clients send one behind a body. */
static bool receiving_idle(const struct connection *connection) {
    return !connection->parse.message && connection->in.size == connection->parse.start;
}

bool connection_idle(const struct connection *connection) {
    return connection->phase == PHASE_RECEIVE && receiving_idle(connection) && !connection->write;
}

/* While a reply is pending only so much is read as tells a vanished client from a pipelining one.
 */
static bool input_held(const struct connection *connection) {
    return connection->phase == PHASE_REPLY ||
           (connection->phase == PHASE_RECEIVE && connection->write);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer) {
    (void)suggested;
    struct connection *connection = handle->data;
    size_t size = HTTP_READ_SIZE;
    if (input_held(connection)) {
        size_t room = connection->parse.header_max > connection->in.size
                          ? connection->parse.header_max - connection->in.size
                          : 0;
        size = room < size ? room : size;
    }
    *ret_buffer = uv_buf_init(connection->server->read_scratch, (unsigned)size);
}

static void on_body_wanted(struct connection *connection, bool body_seen) {
    const struct http_options *options = &connection->server->options;
    connection->body_until_ms =
        loop_now_ms(connection->server->loop) + HTTP_BODY_TIMES * options->body_timeout_ms;
    if (connection->parse.message->wants_continue && !body_seen) {
        struct slice go = SLICE("HTTP/1.1 100 Continue\r\n\r\n");
        connection_write(connection, &go, 1);
    }
}

static void hand_over(struct connection *connection) {
    struct http_server *server = connection->server;
    struct http_message *message = http_parse_take(&connection->parse);
    connection->phase = PHASE_REPLY;
    connection->wait = WAIT_NOTHING;
    connection->last = !message->keep_alive;
    connection->exchange = exchange_create(connection, message);
    server->handler(server->user, connection->exchange);
}

/* Parses as far as it gets; returns what must be kept. */
static struct slice process(struct connection *connection, struct slice bytes) {
    connection->processing = true;
    while (connection->phase == PHASE_RECEIVE && bytes.size > 0 && !connection->write) {
        size_t used;
        enum http_refusal refusal;
        enum http_parse_event event = http_parse_feed(&connection->parse, bytes, &used, &refusal);
        bytes = slice_from(bytes, used);
        connection->behind = bytes.size > 0;
        if (event == HTTP_PARSE_MORE)
            break;
        if (event == HTTP_PARSE_HEAD)
            on_body_wanted(connection, bytes.size > 0);
        else if (event == HTTP_PARSE_COMPLETE)
            hand_over(connection);
        else
            refuse(connection, refusal);
    }
    connection->processing = false;
    return bytes;
}

static void receive(struct connection *connection, struct slice bytes) {
    struct buffer *in = &connection->in;
    if (in->size > 0) {
        buffer_append(in, bytes);
        struct slice rest = process(connection, buffer_slice(in));
        buffer_consume(in, in->size - rest.size);
    } else {
        struct slice rest = process(connection, bytes);
        buffer_append(in, rest);
    }
    settle(connection);
}

void connection_resume(struct connection *connection) {
    if (connection->in.size > 0)
        receive(connection, (struct slice){NULL, 0});
    else
        settle(connection);
}

/* After anything has happened: is there still something to keep, to read, to wait for? */
static void settle(struct connection *connection) {
    const struct http_options *options = &connection->server->options;
    if (connection->phase >= PHASE_FINISH || connection->in.size == 0)
        buffer_finish(&connection->in);
    if (connection->phase >= PHASE_FINISH)
        return;
    start_reading(connection);
    if (connection->phase == PHASE_REPLY || connection->write)
        return;
    if (receiving_idle(connection)) {
        if (connection->server->draining) {
            connection_cut(connection);
            return;
        }
        if (connection->wait != WAIT_REQUEST)
            timer_set(&connection->timer, options->idle_timeout_ms);
        connection->wait = WAIT_REQUEST;
    } else if (!connection->parse.message) {
        if (connection->wait != WAIT_HEAD) /* from the first byte, however slowly more come */
            timer_set(&connection->timer, options->header_timeout_ms);
        connection->wait = WAIT_HEAD;
    } else {
        int64_t left = connection->body_until_ms - loop_now_ms(connection->server->loop);
        timer_set(&connection->timer,
                  left < options->body_timeout_ms ? left : options->body_timeout_ms);
        connection->wait = WAIT_BODY;
    }
}

static void on_end(struct connection *connection) {
    connection->ended = true;
    connection->reading = false;
    if (connection->phase == PHASE_FINISH)
        return; /* noted: closed as soon as the answer is written */
    if (connection->phase != PHASE_RECEIVE)
        connection_cut(connection); /* a reply in the making: its reader is taken to be gone */
    else if (connection->write)
        end_after_output(connection, false);
    else if (receiving_idle(connection))
        connection_cut(connection);
    else
        refuse(connection, HTTP_REFUSE_INCOMPLETE);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    struct connection *connection = stream->data;
    if (size == 0 || connection->phase == PHASE_CLOSED)
        return;
    if (size == UV_EOF) {
        on_end(connection);
    } else if (size == UV_ENOBUFS) { /* no room while a reply is pending, see settle */
        uv_read_stop(stream);
        connection->reading = false;
    } else if (size < 0) {
        connection_cut(connection);
    } else if (connection->phase >= PHASE_FINISH) {
        connection->lingered += (size_t)size;
        if (connection->lingered > HTTP_LINGER_BYTES)
            connection_cut(connection);
    } else {
        receive(connection, (struct slice){buffer->base, (size_t)size});
    }
}

/* Or stops it where there is no room. */
static void start_reading(struct connection *connection) {
    bool wanted = !connection->ended &&
                  (!input_held(connection) || connection->in.size < connection->parse.header_max);
    if (wanted == connection->reading)
        return;
    connection->reading = wanted;
    if (!wanted)
        uv_read_stop((uv_stream_t *)&connection->tcp);
    else if (uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read) != 0)
        connection_cut(connection);
}

/* --- Time --- */

static void on_timer(void *user) {
    struct connection *connection = user;
    if (connection->write) {
        uint64_t taken = connection->queued -
                         uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp);
        if (taken == connection->taken) {
            connection_cut(connection);
            return;
        }
        connection->taken = taken;
        timer_set(&connection->timer, connection->server->options.write_timeout_ms);
    } else if (connection->phase == PHASE_LINGER) {
        connection_cut(connection);
    } else if (connection->phase == PHASE_RECEIVE) {
        if (connection->wait == WAIT_REQUEST)
            connection_cut(connection);
        else if (connection->wait != WAIT_NOTHING)
            refuse(connection,
                   connection->wait == WAIT_HEAD ? HTTP_REFUSE_HEAD_SLOW : HTTP_REFUSE_BODY_SLOW);
    } /* else set for an earlier phase: stopping it each time would cost more than this call */
}

/* --- Beginning, and from one request to the next --- */

void connection_replied(struct connection *connection) {
    connection->exchange = NULL;
    if (connection->phase != PHASE_REPLY)
        return;
    connection->phase = PHASE_RECEIVE;
    if (connection->last || connection->server->draining) {
        end_after_output(connection,
                         connection->processing ? connection->behind : connection->in.size > 0);
        return;
    }
    if (connection->processing)
        return; /* its loop goes on */
    if (connection->in.size > 0 && !connection->write)
        server_resume_later(connection->server, connection); /* no handler within a reply */
    else
        settle(connection);
}

void connection_open(struct http_server *server, int socket, const char *peer, bool surplus) {
    struct connection *connection = memory_zeroed(1, sizeof *connection);
    connection->server = server;
    connection->surplus = surplus;
    memcpy(connection->peer, peer, strnlen(peer, HTTP_PEER_SIZE - 1));
    http_parse_init(&connection->parse, server->options.header_max, server->options.body_max);
    timer_init(&connection->timer, server->loop, on_timer, connection);
    uv_tcp_init(loop_uv(server->loop), &connection->tcp);
    connection->tcp.data = connection;
    connection->next = server->first;
    if (connection->next)
        connection->next->previous = connection;
    server->first = connection;
    server->handles++;
    *(surplus ? &server->surplus : &server->connections) += 1;
    if (uv_tcp_open(&connection->tcp, socket) != 0) {
        close(socket);
        connection_cut(connection);
    } else if (surplus) {
        refuse(connection, HTTP_REFUSE_BUSY);
    } else {
        settle(connection);
    }
}
