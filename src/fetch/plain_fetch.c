/* HTTP/1.1 over a plain connection: the request's bytes, the reply's framing. */
#include "base/memory.h"
#include "fetch/head.h"
#include "fetch/outgoing.h"
#include "fetch/plain_loop.h"
#include "fetch/url.h"
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum framing { NO_BODY, BY_LENGTH, CHUNKED, UNTIL_CLOSE };

static struct plain_fetch *plain_of(struct fetch *fetch) {
    return (struct plain_fetch *)fetch; /* its first member */
}

static bool alive(const struct plain_fetch *plain) {
    return plain->fetch.phase != FETCH_DEAD;
}

/* ---- sending ---- */

static size_t request_size(const struct plain_fetch *plain) {
    return plain->request.size + plain->body.size;
}

static bool all_sent(const struct plain_fetch *plain) {
    return plain->sent == request_size(plain);
}

/* Head and body in one system call. An error is not looked at here: reading tells it, behind the
 * reply that a server may have sent before it closed. */
static void send_request(struct plain_fetch *plain) {
    struct slice head = slice_from(buffer_slice(&plain->request), plain->sent);
    size_t body_sent = plain->sent > plain->request.size ? plain->sent - plain->request.size : 0;
    struct slice body = slice_from(plain->body, body_sent);
    struct iovec parts[2] = {{(void *)(uintptr_t)head.data, head.size},
                             {(void *)(uintptr_t)body.data, body.size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t count = sendmsg(plain->connection->fd, &message, MSG_NOSIGNAL);
    bool later = count >= 0 || errno == EAGAIN || errno == EINTR;
    if (count > 0)
        plain->sent += (size_t)count;
    bool more = later && !all_sent(plain);
    plain_poll(plain->connection, UV_READABLE | (more ? UV_WRITABLE : 0));
}

void plain_fetch_connected(struct plain_fetch *plain) {
    fetch_connected(&plain->fetch);
    send_request(plain);
}

static void write_header(struct buffer *out, const char *name, struct slice value) {
    buffer_append_string(out, name);
    buffer_append(out, SLICE(": "));
    buffer_append(out, value);
    buffer_append(out, SLICE("\r\n"));
}

static void write_request(struct buffer *out, const struct fetch_request *request,
                          const struct url *url) {
    buffer_append_string(out, request->method);
    buffer_append_byte(out, ' ');
    if (url->target.size == 0 || url->target.data[0] != '/')
        buffer_append_byte(out, '/');
    buffer_append(out, url->target);
    buffer_append(out, SLICE(" HTTP/1.1\r\n"));
    write_header(out, "Host", url->host_port);
    if (!outgoing_has(request, "user-agent"))
        write_header(out, "User-Agent", SLICE("switchboard/" SWITCHBOARD_VERSION));
    if (!outgoing_has(request, "accept"))
        write_header(out, "Accept", SLICE("*/*"));
    for (size_t i = 0; i < request->header_count; i++) {
        const struct fetch_header *header = &request->headers[i];
        if (outgoing_owns(header->name))
            continue;
        buffer_append(out, header->name);
        write_header(out, "", header->value);
    }
    if (outgoing_wants_length(request)) {
        buffer_append(out, SLICE("Content-Length: "));
        buffer_append_int64(out, (int64_t)request->body.size);
        buffer_append(out, SLICE("\r\n"));
    }
    buffer_append(out, SLICE("\r\n"));
}

static void start(struct fetch *fetch, const struct fetch_request *request, const struct url *url) {
    struct plain_fetch *plain = plain_of(fetch);
    write_request(&plain->request, request, url);
    plain->body = request->body;
    plain->is_head = strcmp(request->method, "HEAD") == 0;
    plain->origin = plain_origin_take(fetch->fetcher->plain, url->host, url->port);
    plain_connect(plain, false);
}

/* ---- ends ---- */

static void fail(struct plain_fetch *plain, enum fault_kind kind, const char *code,
                 const char *text) {
    struct fault fault;
    fetch_fault(&plain->fetch, &fault, kind, code, "%s", text);
    fetch_end(&plain->fetch, &fault);
}

static void fail_malformed(struct plain_fetch *plain, const char *text) {
    fail(plain, FAULT_PROVIDER_MALFORMED, "protocol", text);
}

/* The connection is free before `end` is called, so that what it starts can use it. `rest` came
 * behind the reply. */
static void complete(struct plain_fetch *plain, size_t rest) {
    if (plain->connection)
        plain_disconnect(plain, plain->keep && rest == 0 && all_sent(plain));
    fetch_end(&plain->fetch, NULL);
}

/* Whether the server closed a kept connection without having read the request on it, so that
 * sending it once more, on a fresh connection, doubles nothing: it was reset (something was left
 * unread), or what we sent was never acknowledged. A server that read the request and then closed
 * may have acted on it: that is reported. */
static bool not_taken(const struct plain_fetch *plain, int error) {
    int unacknowledged = 0;
    if (!plain->connection->reused || plain->answered)
        return false;
    return error != 0 ||
           (ioctl(plain->connection->fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0);
}

/* `error` is 0 when the server closed in good order. */
static void on_closed(struct plain_fetch *plain, int error) {
    if (plain->fetch.phase == FETCH_RECEIVING) {
        if (error == 0 && plain->framing == UNTIL_CLOSE)
            complete(plain, 0);
        else
            fail(plain, FAULT_PROVIDER_TRUNCATED, "closed",
                 error ? uv_strerror(-error) : "closed before the end of the body");
        return;
    }
    if (not_taken(plain, error)) {
        plain_disconnect(plain, false);
        plain->sent = 0;
        plain_connect(plain, true);
        return;
    }
    fail(plain, FAULT_PROVIDER_NETWORK, "closed",
         error ? uv_strerror(-error) : "closed before the head was complete");
}

/* ---- the body ---- */

static void take_length_body(struct plain_fetch *plain, struct slice bytes) {
    struct slice body = slice_first(bytes, plain->left);
    plain->left -= body.size;
    bool last = plain->left == 0;
    if (fetch_deliver_data(&plain->fetch, body) && last)
        complete(plain, bytes.size - body.size);
}

static void take_chunked_body(struct plain_fetch *plain, char *bytes, size_t size) {
    struct slice body;
    size_t used;
    enum dechunk_outcome outcome = dechunk_feed(&plain->dechunk, bytes, size, &body, &used);
    if (!fetch_deliver_data(&plain->fetch, body))
        return;
    if (outcome == DECHUNK_DONE)
        complete(plain, size - used);
    else if (outcome == DECHUNK_WRONG)
        fail_malformed(plain, "malformed chunk");
}

/* The bytes are ours to change. */
static void take_body(struct plain_fetch *plain, char *bytes, size_t size) {
    switch ((enum framing)plain->framing) {
    case NO_BODY:
        complete(plain, size);
        break;
    case BY_LENGTH:
        take_length_body(plain, (struct slice){bytes, size});
        break;
    case CHUNKED:
        take_chunked_body(plain, bytes, size);
        break;
    case UNTIL_CLOSE:
        fetch_deliver_data(&plain->fetch, (struct slice){bytes, size});
        break;
    }
}

/* ---- the head ---- */

static void choose_framing(struct plain_fetch *plain, const struct head *head) {
    plain->keep = head->minor == 0 ? head->keep_alive : !head->close;
    if (plain->is_head || head_bodiless(head->fetch.status)) {
        plain->framing = NO_BODY;
    } else if (head->chunked) {
        plain->framing = CHUNKED;
    } else if (head->length >= 0) {
        plain->framing = head->length > 0 ? BY_LENGTH : NO_BODY;
        plain->left = (uint64_t)head->length;
    } else {
        plain->framing = UNTIL_CLOSE;
        plain->keep = false;
    }
}

/* Whether the fetch goes on and its real head was delivered. */
static bool take_head(struct plain_fetch *plain, struct slice text) {
    struct head head;
    const char *wrong = head_parse(text, &head);
    if (!wrong && head.major != 1)
        wrong = "not HTTP/1";
    if (!wrong && head.fetch.status == 101)
        wrong = "unexpected 101";
    if (wrong) {
        fail_malformed(plain, wrong);
        return false;
    }
    if (head.fetch.status < 200)
        return false; /* the real one follows */
    choose_framing(plain, &head);
    return fetch_deliver_head(&plain->fetch, &head.fetch);
}

static bool looks_like_http(struct slice bytes) {
    struct slice beginning = SLICE("HTTP/1.");
    return slice_equal(slice_first(bytes, beginning.size), slice_first(beginning, bytes.size));
}

static void hold(struct plain_fetch *plain, struct slice bytes) {
    buffer_append(&plain->partial, bytes);
}

/* What stands behind the head in the same read: the body, or a part of it. */
static void take_after_head(struct plain_fetch *plain, char *bytes, size_t size) {
    if (plain->fetch.paused && plain->framing != NO_BODY)
        hold(plain, (struct slice){bytes, size}); /* at most one read */
    else if (size > 0 || plain->framing == NO_BODY)
        take_body(plain, bytes, size);
}

/* Bytes that begin with a head, perhaps not all of it. Returns how many at the end must wait for
 * more. */
static size_t take_heads(struct plain_fetch *plain, char *bytes, size_t size) {
    size_t at = 0;
    while (alive(plain) && plain->fetch.phase != FETCH_RECEIVING) {
        struct slice rest = {bytes + at, size - at};
        size_t end = head_find_end(rest, &plain->scanned);
        if (end > HEAD_SIZE_MAX || (end == 0 && rest.size > HEAD_SIZE_MAX)) {
            fail_malformed(plain, "the head is too large");
        } else if (!looks_like_http(rest)) {
            fail_malformed(plain, "not HTTP/1");
        } else if (end == 0) {
            return rest.size;
        } else {
            plain->scanned = 0;
            at += end;
            if (take_head(plain, slice_first(rest, end)))
                take_after_head(plain, bytes + at, size - at);
        }
    }
    return 0;
}

static void take_head_bytes(struct plain_fetch *plain, char *bytes, size_t size) {
    if (plain->partial.size == 0) {
        /* As a rule all of it comes at once and is never copied. */
        size_t waiting = take_heads(plain, bytes, size);
        if (waiting > 0)
            hold(plain, (struct slice){bytes + size - waiting, waiting});
        return;
    }
    struct buffer gathered = plain->partial;
    plain->partial = (struct buffer){0};
    buffer_append(&gathered, (struct slice){bytes, size});
    size_t waiting = take_heads(plain, gathered.data, gathered.size);
    if (waiting > 0) {
        buffer_consume(&gathered, gathered.size - waiting);
        plain->partial = gathered;
    } else {
        buffer_finish(&gathered);
    }
}

static void take_bytes(struct plain_fetch *plain, char *bytes, size_t size) {
    if (!plain->answered && all_sent(plain)) {
        /* It will not be sent again. An open stream holds as little as can be. */
        plain->sent = plain->body.size;
        buffer_finish(&plain->request);
    }
    plain->answered = true;
    if (plain->fetch.phase == FETCH_RECEIVING)
        take_body(plain, bytes, size);
    else
        take_head_bytes(plain, bytes, size);
}

/* ---- reading ---- */

/* False when there is nothing more to read now, or nobody to read for. */
static bool read_once(struct plain_fetch *plain) {
    char *bytes = plain_loop_read_buffer(plain->fetch.fetcher->plain);
    ssize_t count = recv(plain->connection->fd, bytes, PLAIN_READ_SIZE, 0);
    if (count > 0)
        take_bytes(plain, bytes, (size_t)count);
    else if (count == 0)
        on_closed(plain, 0);
    else if (errno != EAGAIN && errno != EINTR)
        on_closed(plain, errno);
    return count > 0;
}

static bool must_wait(const struct plain_fetch *plain) {
    return plain->fetch.paused && plain->fetch.phase == FETCH_RECEIVING;
}

void plain_fetch_ready(struct plain_fetch *plain, int events, bool failed) {
    struct plain_connection *connection = plain->connection;
    if (must_wait(plain)) {
        /* Only now is reading stopped: most pauses end before anything comes. */
        plain_poll(connection, failed || all_sent(plain) ? 0 : UV_WRITABLE);
        if (!(events & UV_WRITABLE))
            return;
    }
    if (events & UV_WRITABLE)
        send_request(plain);
    if (!failed && (!(events & UV_READABLE) || must_wait(plain)))
        return;
    /* One read at a time, so that all streams get their turn. After an error libuv tells nothing
     * more, so all is read that is left. */
    bool more = true;
    while (more && alive(plain) && plain->connection == connection && !must_wait(plain))
        more = read_once(plain) && failed;
    if (failed && alive(plain) && plain->connection == connection && !must_wait(plain))
        plain_poll(connection, UV_READABLE); /* the error was not for us */
}

static void resume(struct fetch *fetch) {
    struct plain_fetch *plain = plain_of(fetch);
    if (fetch->paused)
        return; /* again */
    if (plain->fetch.phase == FETCH_RECEIVING && plain->partial.size > 0) {
        struct buffer held = plain->partial;
        plain->partial = (struct buffer){0};
        take_body(plain, held.data, held.size);
        buffer_finish(&held);
    }
    if (alive(plain) && !fetch->paused && plain->connection && plain->connection->connected)
        plain_poll(plain->connection, UV_READABLE | (all_sent(plain) ? 0 : UV_WRITABLE));
}

static void stop(struct fetch *fetch) {
    struct plain_fetch *plain = plain_of(fetch);
    if (plain->connection)
        plain_disconnect(plain, false);
    if (plain->is_waiting)
        LIST_REMOVE(plain, waiting);
    if (plain->origin)
        plain_origin_give(plain->origin);
    buffer_finish(&plain->request);
    buffer_finish(&plain->partial);
}

const struct transport plain_transport = {
    .size = sizeof(struct plain_fetch),
    .start = start,
    .resume = resume,
    .stop = stop,
};
