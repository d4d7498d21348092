/* One transfer by libcurl: its options, what its callbacks note, and what its end means. */
#include "base/memory.h"
#include "fetch/address_class.h"
#include "fetch/curl_loop.h"
#include "fetch/head.h"
#include "fetch/outgoing.h"
#include "fetch/url.h"
#include <assert.h>

enum {
    /* Taken from one turn of libcurl before others get theirs. */
    ARRIVED_MAX = 128 * 1024,
    /* All streams of an HTTP/2 connection wait when libcurl holds back one of them, so some is held
     * here first: more than a long answer. HTTP/1 needs none. */
    HELD_MAX = 512 * 1024,
};

static struct curl_transfer *transfer_of(struct fetch *fetch) {
    return (struct curl_transfer *)fetch; /* its first member */
}

static struct curl_loop *loop_of(const struct curl_transfer *transfer) {
    return transfer->fetch.fetcher->curl;
}

/* ---- callbacks of libcurl: they only note ---- */

static int on_connected(void *user, char *remote, char *local, int remote_port, int local_port) {
    struct curl_transfer *transfer = user;
    (void)local, (void)remote_port, (void)local_port;
    /* A connection that is used again was not opened for this transfer. */
    if (transfer->public_only && !address_text_is_public(remote)) {
        transfer->inner_address = true;
        return CURL_PREREQFUNC_ABORT;
    }
    fetch_connected(&transfer->fetch);
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t on_open_socket(void *user, curlsocktype purpose,
                                    struct curl_sockaddr *address) {
    struct curl_transfer *transfer = user;
    (void)purpose;
    if (!address_is_public(&address->addr)) {
        transfer->inner_address = true;
        return CURL_SOCKET_BAD; /* the next address of the name is tried */
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A 1xx reply other than 101 precedes the real one. */
static bool is_interim(struct slice lines) {
    size_t space = slice_find_byte(lines, ' ');
    struct slice status =
        slice_first(slice_from(lines, space == SIZE_MAX ? lines.size : space + 1), 3);
    return status.size == 3 && status.data[0] == '1' && !slice_is(status, "101");
}

static size_t on_line(char *bytes, size_t one, size_t size, void *user) {
    struct curl_transfer *transfer = user;
    struct slice line = {bytes, size};
    (void)one;
    if (transfer->head_seen)
        return size; /* trailers */
    if (transfer->lines.size + size > HEAD_SIZE_MAX) {
        transfer->wrong = "the head is too large";
        return 0;
    }
    buffer_append(&transfer->lines, line);
    if (!slice_is(line, "\r\n") && !slice_is(line, "\n"))
        return size;
    if (is_interim(buffer_slice(&transfer->lines))) {
        buffer_clear(&transfer->lines);
        return size;
    }
    transfer->head_seen = true;
    transfer->http2 = slice_starts_with(buffer_slice(&transfer->lines), SLICE("HTTP/2"));
    curl_loop_note_head(loop_of(transfer), transfer);
    return size;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *user) {
    struct curl_transfer *transfer = user;
    (void)one;
    bool wait = transfer->fetch.paused || transfer->held.size > 0;
    if (wait && (!transfer->http2 || transfer->held.size + transfer->arrived + size > HELD_MAX)) {
        transfer->stuck = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (transfer->arrived + size > ARRIVED_MAX) {
        transfer->stuck = true;
        fetch_soon(&transfer->fetch);
        return CURL_WRITEFUNC_PAUSE;
    }
    transfer->arrived += size;
    curl_loop_note_data(loop_of(transfer), transfer, (struct slice){bytes, size});
    return size;
}

/* ---- delivery, outside of libcurl ---- */

static void end_malformed(struct curl_transfer *transfer, const char *why) {
    struct fault fault;
    fetch_fault(&transfer->fetch, &fault, FAULT_PROVIDER_MALFORMED, "protocol", "%s", why);
    fetch_end(&transfer->fetch, &fault);
}

void curl_transfer_deliver_head(struct curl_transfer *transfer) {
    struct head head;
    struct buffer lines = transfer->lines; /* taken: the transfer may be cancelled meanwhile */
    transfer->lines = (struct buffer){0};
    const char *wrong = head_parse(buffer_slice(&lines), &head);
    if (!wrong && head.fetch.status < 200)
        wrong = "unexpected 1xx status";
    if (wrong)
        end_malformed(transfer, wrong);
    else
        fetch_deliver_head(&transfer->fetch, &head.fetch);
    buffer_finish(&lines);
}

void curl_transfer_deliver_data(struct curl_transfer *transfer, struct slice bytes) {
    if (transfer->fetch.paused || transfer->held.size > 0)
        buffer_append(&transfer->held, bytes);
    else
        fetch_deliver_data(&transfer->fetch, bytes);
}

/* ---- the end ---- */

struct meaning {
    enum fault_kind kind;
    const char *code;
    bool lasting; /* the same request will fail again */
};

static struct meaning broken_off(const struct curl_transfer *transfer) {
    if (transfer->head_seen)
        return (struct meaning){FAULT_PROVIDER_TRUNCATED, "closed", false};
    return (struct meaning){FAULT_PROVIDER_NETWORK, "closed", false};
}

static struct meaning explain(const struct curl_transfer *transfer, CURLcode result) {
    const struct meaning malformed = {FAULT_PROVIDER_MALFORMED, "protocol", false};
    if (transfer->inner_address && !transfer->head_seen)
        return (struct meaning){FAULT_PROVIDER_NETWORK, "address", true};
    if (transfer->wrong)
        return malformed;
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return (struct meaning){FAULT_PROVIDER_NETWORK, "resolve", false};
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return (struct meaning){FAULT_PROVIDER_NETWORK, "connect", false};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return (struct meaning){FAULT_PROVIDER_NETWORK, "tls", true};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        return (struct meaning){FAULT_PROVIDER_NETWORK, "tls", false};
    case CURLE_UNSUPPORTED_PROTOCOL: /* what came is not HTTP: taken for HTTP/0.9 */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_OUT_OF_MEMORY: /* one line of the head above 100 KiB */
        return malformed;
    case CURLE_RECV_ERROR:
        /* There is no code of its own for this. */
        if (strstr(transfer->error, "chunked-encoding"))
            return malformed;
        return broken_off(transfer);
    default:
        return broken_off(transfer);
    }
}

static void conclude(struct curl_transfer *transfer) {
    CURLcode result = transfer->result;
    if (result == CURLE_OK && transfer->head_seen) {
        fetch_end(&transfer->fetch, NULL);
        return;
    }
    struct meaning meaning = explain(transfer, result);
    const char *text = transfer->wrong ? transfer->wrong
                       : transfer->inner_address && !transfer->head_seen
                           ? "the address is not a public one"
                       : transfer->error[0] ? transfer->error
                       : result == CURLE_OK ? "closed before the head was complete"
                                            : curl_easy_strerror(result);
    struct fault fault;
    fetch_fault(&transfer->fetch, &fault, meaning.kind, meaning.code, "%s", text);
    if (meaning.lasting)
        fault.retryable = false;
    fetch_end(&transfer->fetch, &fault);
}

void curl_transfer_finish(struct curl_transfer *transfer, CURLcode result) {
    transfer->result = result;
    curl_loop_remove(loop_of(transfer), transfer);
    if (transfer->held.size > 0)
        transfer->over = true; /* the rest is delivered first, when the user resumes */
    else
        conclude(transfer);
}

static void deliver_held(struct curl_transfer *transfer) {
    if (transfer->fetch.paused || transfer->held.size == 0)
        return;
    struct buffer held = transfer->held;
    transfer->held = (struct buffer){0};
    fetch_deliver_data(&transfer->fetch, buffer_slice(&held));
    buffer_finish(&held);
}

static void resume(struct fetch *fetch) {
    struct curl_transfer *transfer = transfer_of(fetch);
    deliver_held(transfer);
    if (fetch->phase == FETCH_DEAD)
        return;
    if (transfer->over) {
        if (!fetch->paused)
            conclude(transfer);
        return;
    }
    /* It may be stuck for the sake of others only, so with HTTP/2 it goes on while paused. */
    bool room = !fetch->paused || (transfer->http2 && transfer->held.size < HELD_MAX);
    if (transfer->stuck && transfer->easy && room) {
        transfer->stuck = false;
        curl_loop_unpause(loop_of(transfer), transfer);
    }
}

/* ---- the start ---- */

static size_t text_size(const struct fetch_header *header) {
    return header->name.size + header->value.size + 3;
}

/* "Name: value", or libcurl's "Name;" for an empty value. */
static char *write_header(char *at, const struct fetch_header *header) {
    memcpy(at, header->name.data, header->name.size);
    at += header->name.size;
    if (header->value.size == 0) {
        *at++ = ';';
    } else {
        *at++ = ':';
        *at++ = ' ';
        memcpy(at, header->value.data, header->value.size);
        at += header->value.size;
    }
    *at++ = '\0';
    return at;
}

/* The list in one block with its strings, which one free() takes. */
static struct curl_slist *copy_headers(const struct fetch_request *request) {
    static char no_expect[] = "Expect:", no_type[] = "Content-Type:";
    size_t size = (request->header_count + 2) * sizeof(struct curl_slist);
    for (size_t i = 0; i < request->header_count; i++)
        size += text_size(&request->headers[i]);
    struct curl_slist *list = memory_allocate(size);
    char *text = (char *)(list + request->header_count + 2);
    size_t count = 0;
    list[count++].data = no_expect;
    if (!outgoing_has(request, "content-type"))
        list[count++].data = no_type; /* libcurl would say it is a form */
    for (size_t i = 0; i < request->header_count; i++) {
        if (outgoing_owns(request->headers[i].name))
            continue;
        list[count++].data = text;
        text = write_header(text, &request->headers[i]);
    }
    for (size_t i = 0; i < count; i++)
        list[i].next = i + 1 < count ? &list[i + 1] : NULL;
    return list;
}

static void set_method(CURL *easy, const struct fetch_request *request) {
    if (outgoing_wants_length(request)) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.size ? request->body.data : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    } else if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (strcmp(request->method, outgoing_wants_length(request) ? "POST" : "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void start(struct fetch *fetch, const struct fetch_request *request, const struct url *url) {
    struct curl_transfer *transfer = transfer_of(fetch);
    (void)url;
    CURL *easy = transfer->easy = curl_loop_take_easy(loop_of(transfer));
    transfer->headers = copy_headers(request);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (!outgoing_has(request, "user-agent"))
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "switchboard/" SWITCHBOARD_VERSION);
    set_method(easy, request);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    transfer->public_only = request->public_only;
    if (request->public_only) {
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_loop_add(loop_of(transfer), transfer);
}

static void stop(struct fetch *fetch) {
    struct curl_transfer *transfer = transfer_of(fetch);
    if (transfer->easy) {
        /* This libcurl submits an HTTP/2 stream's reset but does not send it until the connection
         * is used again, and the server would go on meanwhile. So a connection that nobody else
         * uses is closed. */
        curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
        curl_loop_remove(loop_of(transfer), transfer);
    }
    free(transfer->headers);
    buffer_finish(&transfer->lines);
    buffer_finish(&transfer->held);
}

const struct transport curl_transport = {
    .size = sizeof(struct curl_transfer),
    .start = start,
    .resume = resume,
    .stop = stop,
};
