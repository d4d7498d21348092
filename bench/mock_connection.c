#include "mock_connection.h"
#include "mock_control.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MAX = 1 << 16, CHUNK_FRAME_MAX = 16 };

static void *grow(void *old, size_t size) {
    void *memory = realloc(old, size);
    if (!memory) {
        fprintf(stderr, "mock_upstream: out of memory\n");
        exit(1);
    }
    return memory;
}

void connection_create(struct mock *mock, int fd) {
    if ((size_t)fd >= mock->connections_size) {
        size_t size = (size_t)fd * 2 + 64;
        mock->connections = grow(mock->connections, size * sizeof(struct connection *));
        memset(mock->connections + mock->connections_size, 0,
               (size - mock->connections_size) * sizeof(struct connection *));
        mock->connections_size = size;
    }
    struct connection *connection = grow(NULL, sizeof(*connection));
    *connection = (struct connection){.mock = mock, .fd = fd, .next = PIECE_NONE};
    place_init(&connection->place);
    mock->connections[fd] = connection;
    mock->stats.connections++;
    /* Edge-triggered for both directions, once: no epoll_ctl while streams run. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
    if (epoll_ctl(mock->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        connection_destroy(connection);
}

static void unpace(struct connection *connection) {
    if (connection->wheel)
        wheel_remove(connection->wheel, &connection->place);
    else
        place_remove(&connection->place);
    connection->wheel = NULL;
}

void connection_destroy(struct connection *connection) {
    if (connection->answering)
        connection->mock->stats.aborted++;
    unpace(connection);
    connection->mock->connections[connection->fd] = NULL;
    close(connection->fd);
    free(connection->in);
    free(connection->out);
    free(connection);
}

/* False when the connection is gone. What the socket does not take is kept and the stream stands
 * still. */
static bool transmit(struct connection *connection, const char *bytes, size_t length) {
    size_t sent = 0;
    if (!connection->blocked) {
        ssize_t result = send(connection->fd, bytes, length, MSG_NOSIGNAL);
        if (result < 0 && errno != EAGAIN && errno != EINTR) {
            connection_destroy(connection);
            return false;
        }
        sent = result > 0 ? (size_t)result : 0;
    }
    if (sent == length)
        return true;
    if (!connection->blocked)
        connection->mock->stats.blocked++;
    connection->blocked = true;
    size_t rest = length - sent;
    if (connection->out_length + rest > connection->out_size) {
        connection->out_size = connection->out_length + rest;
        connection->out = grow(connection->out, connection->out_size);
    }
    memcpy(connection->out + connection->out_length, bytes + sent, rest);
    connection->out_length += rest;
    return true;
}

/* One event as one chunk of the body, with room left before it for whatever goes out in the same
 * write. */
static size_t render_chunk(struct connection *connection, enum piece piece, bool last, char *out) {
    char body[DIALECT_PIECE_MAX];
    struct answer *answer = &connection->answer;
    size_t length = answer->dialect->piece(answer, piece, last, body);
    if (length == 0)
        return 0;
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;
    if (length > 0xff)
        out[at++] = hex[length >> 8];
    out[at++] = hex[(length >> 4) & 15];
    out[at++] = hex[length & 15];
    out[at++] = '\r';
    out[at++] = '\n';
    memcpy(out + at, body, length);
    at += length;
    out[at++] = '\r';
    out[at++] = '\n';
    return at;
}

static bool is_last_text(const struct connection *connection) {
    if (connection->plan.texts > 0)
        return connection->answer.texts + 1 >= connection->plan.texts;
    return connection->finishing;
}

/* Sends the next event that the dialect has; one write each. False when the connection is gone. */
static bool send_piece(struct connection *connection) {
    char chunk[DIALECT_PIECE_MAX + 2 * CHUNK_FRAME_MAX];
    enum piece piece = connection->next;
    bool last = piece == PIECE_TEXT && is_last_text(connection);
    size_t length = render_chunk(connection, piece, last, chunk);
    if (piece == PIECE_TEXT)
        connection->answer.texts++;
    if (piece != PIECE_TEXT || last)
        connection->next = piece + 1;
    if (piece == PIECE_END) {
        memcpy(chunk + length, "0\r\n\r\n", 5);
        length += 5;
        connection->answering = false;
        unpace(connection);
    }
    if (length == 0)
        return true;
    connection->mock->stats.events++;
    return transmit(connection, chunk, length);
}

static void take_requests(struct connection *connection);

void connection_step(struct connection *connection) {
    if (connection->blocked) {
        /* The reader is behind: its stream stands still, as a real model's server would let it. */
        if (connection->plan.period_us == 0)
            unpace(connection);
        return;
    }
    bool paced = connection->plan.period_us > 0;
    do {
        if (!send_piece(connection))
            return;
        /* A paced stream ends with its last text: what follows text comes at once. */
    } while (paced && connection->answering && connection->next > PIECE_TEXT);
    if (!connection->answering)
        take_requests(connection);
}

static struct wheel *wheel_for(struct mock *mock, int64_t period_us) {
    for (size_t i = 0; i < mock->wheel_count; i++)
        if (mock->wheels[i].period_ns == period_us * 1000)
            return &mock->wheels[i];
    if (mock->wheel_count == MOCK_WHEELS_MAX)
        return NULL;
    wheel_init(&mock->wheels[mock->wheel_count], period_us, mock->tick_us);
    return &mock->wheels[mock->wheel_count++];
}

void connection_pace(struct connection *connection) {
    struct mock *mock = connection->mock;
    place_remove(&connection->place);
    if (connection->plan.period_us == 0) {
        place_append(&mock->eager, &connection->place);
    } else if (connection->plan.held && !mock->going) {
        place_append(&mock->held, &connection->place);
    } else {
        connection->wheel = wheel_for(mock, connection->plan.period_us);
        wheel_add(connection->wheel, &connection->place);
    }
}

static bool start_stream(struct connection *connection) {
    char head[DIALECT_HEAD_MAX + DIALECT_PIECE_MAX + CHUNK_FRAME_MAX];
    int length = snprintf(head, DIALECT_HEAD_MAX,
                          "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                          "cache-control: no-cache\r\nx-request-id: req_%s\r\n%s"
                          "transfer-encoding: chunked\r\n\r\n",
                          connection->answer.id, connection->answer.dialect->header);
    size_t total = (size_t)length;
    total += render_chunk(connection, PIECE_OPENING, false, head + total);
    connection->answering = true;
    connection->next = PIECE_TEXT;
    connection->mock->stats.events++;
    /* A paced stream has its first text at once: the time to it is the proxy's, not the pacing's.
     */
    if (!transmit(connection, head, total) ||
        (connection->plan.period_us > 0 && !send_piece(connection)))
        return false;
    if (connection->answering)
        connection_pace(connection);
    return true;
}

static bool answer_whole(struct connection *connection) {
    static char out[DIALECT_HEAD_MAX + DIALECT_WHOLE_MAX];
    static char body[DIALECT_WHOLE_MAX];
    struct answer *answer = &connection->answer;
    size_t length = answer->dialect->whole(answer, connection->plan.texts, body);
    int head =
        snprintf(out, DIALECT_HEAD_MAX,
                 "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_%s\r\n"
                 "%scontent-length: %zu\r\n\r\n",
                 answer->id, answer->dialect->header, length);
    memcpy(out + head, body, length);
    return transmit(connection, out, (size_t)head + length);
}

static bool answer_plain(struct connection *connection, int status, const char *body) {
    char out[1024];
    int length = snprintf(out, sizeof(out),
                          "HTTP/1.1 %d Mock\r\ncontent-type: application/json\r\n"
                          "content-length: %zu\r\n\r\n%s",
                          status, strlen(body), body);
    if (status != 200)
        connection->mock->stats.refused++;
    return transmit(connection, out, (size_t)length);
}

/* What is asked for, and how it is to be paced. */
static bool read_wish(struct connection *connection, const struct request *request) {
    struct answer *answer = &connection->answer;
    const struct plan *plan = &connection->plan;
    return answer->dialect->read(request, answer) && plan_read(answer->model, &connection->plan) &&
           (plan->period_us == 0 || wheel_for(connection->mock, plan->period_us));
}

/* False when the connection is gone. */
static bool answer_request(struct connection *connection, const struct request *request) {
    struct mock *mock = connection->mock;
    char reply[512];
    if (control_request(mock, request->path, request->path_length, reply, sizeof(reply)))
        return answer_plain(connection, 200, reply);
    const struct dialect *dialect = dialect_find(request->path, request->path_length);
    if (!dialect)
        return answer_plain(connection, 404, "{\"error\":{\"message\":\"no such path\"}}");

    struct answer *answer = &connection->answer;
    answer->dialect = dialect;
    answer->texts = 0;
    connection->finishing = false;
    if (!read_wish(connection, request))
        return answer_plain(connection, 400,
                            "{\"error\":{\"message\":\"no such model or way to ask for it\"}}");
    dialect->begin(answer, ++mock->stats.requests);
    return answer->stream ? start_stream(connection) : answer_whole(connection);
}

/* Answers every request that is whole, one after the other; one that streams makes the next wait.
 */
static void take_requests(struct connection *connection) {
    while (!connection->answering && connection->in_length > 0) {
        struct request request;
        enum request_state state = request_read(connection->in, connection->in_length, &request);
        if (state == REQUEST_INCOMPLETE)
            return;
        if (state == REQUEST_BAD) {
            if (answer_plain(connection, 400, "{\"error\":{\"message\":\"bad request\"}}"))
                connection_destroy(connection);
            return;
        }
        if (!answer_request(connection, &request))
            return;
        connection->in_length -= request.length;
        memmove(connection->in, connection->in + request.length, connection->in_length);
    }
}

/* False when the connection is gone. */
static bool receive(struct connection *connection) {
    static char bytes[READ_MAX];
    for (;;) {
        ssize_t result = recv(connection->fd, bytes, sizeof(bytes), 0);
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0 && errno == EAGAIN)
            return true;
        if (result <= 0) {
            connection_destroy(connection);
            return false;
        }
        size_t length = (size_t)result;
        if (connection->in_length + length > connection->in_size) {
            connection->in_size = connection->in_length + length + 1024;
            connection->in = grow(connection->in, connection->in_size);
        }
        memcpy(connection->in + connection->in_length, bytes, length);
        connection->in_length += length;
    }
}

static bool flush(struct connection *connection) {
    ssize_t result = send(connection->fd, connection->out, connection->out_length, MSG_NOSIGNAL);
    if (result < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (result < 0) {
        connection_destroy(connection);
        return false;
    }
    connection->out_length -= (size_t)result;
    memmove(connection->out, connection->out + result, connection->out_length);
    if (connection->out_length > 0)
        return true;
    connection->blocked = false;
    if (connection->answering && connection->plan.period_us == 0)
        connection_pace(connection);
    return true;
}

void connection_ready(struct connection *connection) {
    if (connection->blocked && !flush(connection))
        return;
    if (!receive(connection))
        return;
    take_requests(connection);
}
