#include "fetch/curl_loop.h"
#include "base/memory.h"
#include "loop/loop.h"
#include <assert.h>
#include <unistd.h>
#include <uv.h>

enum {
    /* libcurl walks a multi handle's connections for each new request and hashes its sockets into
     * few slots, so many streams are spread; but only connections of the same handle are reused or
     * multiplexed, so a handle is filled before the next is begun. */
    HUBS_MAX = 64,
    HUB_FULL = 160,
    HUB_CONNECTIONS = 192, /* open ones, idle ones among them */
    SPARE_MAX = 32,        /* easy handles kept for reuse, about 5 KiB each */
    BUFFER_SIZE = 2048,    /* per transfer; a token is some 300 bytes */
};

struct curl_hub {
    struct curl_loop *curl;
    CURLM *multi;
    uv_timer_t *timer;
    size_t active;
};

/* A file descriptor libcurl wants watched. The watch of a connection's socket lives as long as the
 * socket, so that an idle connection in libcurl's pool costs no change of the epoll set when it is
 * used again. */
struct watch {
    uv_poll_t poll;
    struct curl_hub *hub;
    int wanted, polled; /* UV_READABLE | UV_WRITABLE */
    bool connection; /* closed by close_socket; others (the resolver's) go when libcurl says so */
};

/* What came while libcurl ran: either a head or `size` bytes. */
struct arrival {
    struct curl_transfer *transfer;
    size_t size;
    bool head;
};

struct curl_loop {
    struct fetcher *fetcher;
    uv_loop_t *uv;
    struct curl_hub *hubs[HUBS_MAX];
    size_t hub_count;
    CURLSH *share;          /* resolved names and TLS sessions */
    struct watch **watches; /* by file descriptor */
    size_t watch_count;
    CURL *spare[SPARE_MAX];
    size_t spare_count;
    char *trust_file;
    struct buffer bytes; /* of `arrivals`, in order */
    struct arrival *arrivals;
    size_t arrival_count, arrival_capacity;
    bool inside; /* libcurl is running */
};

/* ---- what arrived ---- */

static struct arrival *add_arrival(struct curl_loop *curl) {
    if (curl->arrival_count == curl->arrival_capacity) {
        curl->arrival_capacity = curl->arrival_capacity ? curl->arrival_capacity * 2 : 16;
        curl->arrivals =
            memory_resize(curl->arrivals, curl->arrival_capacity * sizeof *curl->arrivals);
    }
    return &curl->arrivals[curl->arrival_count++];
}

void curl_loop_note_head(struct curl_loop *curl, struct curl_transfer *transfer) {
    *add_arrival(curl) = (struct arrival){transfer, 0, true};
}

void curl_loop_note_data(struct curl_loop *curl, struct curl_transfer *transfer,
                         struct slice bytes) {
    struct arrival *last = curl->arrival_count ? &curl->arrivals[curl->arrival_count - 1] : NULL;
    buffer_append(&curl->bytes, bytes);
    if (last && last->transfer == transfer && !last->head)
        last->size += bytes.size;
    else
        *add_arrival(curl) = (struct arrival){transfer, bytes.size, false};
}

static void deliver(struct curl_loop *curl) {
    size_t at = 0;
    /* Nothing is added meanwhile: libcurl calls back only from curl_loop_unpause and the watches.
     */
    for (size_t i = 0; i < curl->arrival_count; i++) {
        struct arrival arrival = curl->arrivals[i];
        struct slice bytes = slice_first(slice_from(buffer_slice(&curl->bytes), at), arrival.size);
        at += arrival.size;
        arrival.transfer->arrived = 0;
        if (arrival.transfer->fetch.phase == FETCH_DEAD)
            continue;
        if (arrival.head)
            curl_transfer_deliver_head(arrival.transfer);
        else
            curl_transfer_deliver_data(arrival.transfer, bytes);
    }
    curl->arrival_count = 0;
    buffer_clear(&curl->bytes);
}

static void finish_done(struct curl_hub *hub) {
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(hub->multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *transfer = NULL;
        CURLcode result = message->data.result; /* the message goes with the removal */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_transfer_finish((struct curl_transfer *)(void *)transfer, result);
    }
}

static void enter(struct curl_loop *curl) {
    assert(!curl->inside);
    fetcher_enter(curl->fetcher);
    curl->inside = true;
}

static void leave(struct curl_hub *hub) {
    struct curl_loop *curl = hub->curl;
    curl->inside = false;
    deliver(curl);
    finish_done(hub);
    fetcher_leave(curl->fetcher);
}

static void act(struct curl_hub *hub, curl_socket_t fd, int events) {
    int running;
    enter(hub->curl);
    curl_multi_socket_action(hub->multi, fd, events, &running);
    leave(hub);
}

/* ---- sockets ---- */

static struct watch *find_watch(const struct curl_loop *curl, curl_socket_t fd) {
    return (size_t)fd < curl->watch_count ? curl->watches[fd] : NULL;
}

static struct watch *make_watch(struct curl_loop *curl, curl_socket_t fd) {
    if ((size_t)fd >= curl->watch_count) {
        size_t count = ((size_t)fd + 64) * 3 / 2;
        curl->watches = memory_resize(curl->watches, count * sizeof(struct watch *));
        memset(curl->watches + curl->watch_count, 0,
               (count - curl->watch_count) * sizeof(struct watch *));
        curl->watch_count = count;
    }
    struct watch *watch = curl->watches[fd];
    if (!watch) {
        watch = memory_zeroed(1, sizeof *watch);
        if (uv_poll_init(curl->uv, &watch->poll, fd) != 0) {
            free(watch);
            return NULL;
        }
        watch->poll.data = watch;
        curl->watches[fd] = watch;
    }
    return watch;
}

static void free_handle(uv_handle_t *handle) {
    free(handle->data);
}

static void drop_watch(struct curl_loop *curl, curl_socket_t fd) {
    struct watch *watch = find_watch(curl, fd);
    if (!watch)
        return;
    curl->watches[fd] = NULL;
    uv_close((uv_handle_t *)&watch->poll, free_handle);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void update_watch(struct watch *watch) {
    if (watch->wanted == watch->polled)
        return;
    watch->polled = watch->wanted;
    if (watch->wanted)
        uv_poll_start(&watch->poll, watch->wanted, on_poll);
    else
        uv_poll_stop(&watch->poll);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct watch *watch = poll->data;
    struct curl_hub *hub = watch->hub;
    uv_os_fd_t fd;
    if (!watch->wanted || uv_fileno((uv_handle_t *)poll, &fd) != 0) {
        update_watch(
            watch); /* an idle connection was closed; libcurl looks before it uses it again */
        return;
    }
    int what = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
               (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    if (status < 0) {
        /* libuv has stopped watching. libcurl finds the error by reading or writing. */
        what = CURL_CSELECT_ERR | CURL_CSELECT_IN | CURL_CSELECT_OUT;
        watch->polled = 0;
    }
    struct curl_loop *curl = hub->curl;
    act(hub, fd, what);
    if (status < 0 && (watch = find_watch(curl, fd)))
        update_watch(watch);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user) {
    struct curl_hub *hub = user;
    struct curl_loop *curl = hub->curl;
    (void)easy;
    (void)socket_user;
    struct watch *watch = find_watch(curl, fd);
    if (what == CURL_POLL_REMOVE) {
        if (!watch)
            return 0;
        watch->wanted = 0;
        if (!watch->connection)
            drop_watch(curl, fd);
        else if (watch->polled & UV_WRITABLE)
            update_watch(watch);
        return 0;
    }
    watch = make_watch(curl, fd);
    if (!watch)
        return -1;
    watch->hub = hub;
    watch->wanted =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    update_watch(watch);
    return 0;
}

static int set_socket(void *user, curl_socket_t fd, curlsocktype purpose) {
    struct curl_loop *curl = user;
    (void)purpose;
    struct watch *watch = make_watch(curl, fd);
    if (!watch)
        return CURL_SOCKOPT_ERROR;
    watch->connection = true;
    return CURL_SOCKOPT_OK;
}

static int close_socket(void *user, curl_socket_t fd) {
    drop_watch(user, fd);
    return close(fd);
}

/* ---- timers ---- */

static void on_timeout(uv_timer_t *timer) {
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long wait_ms, void *user) {
    struct curl_hub *hub = user;
    (void)multi;
    if (wait_ms < 0)
        uv_timer_stop(hub->timer);
    else
        uv_timer_start(hub->timer, on_timeout, (uint64_t)wait_ms, 0);
    return 0;
}

/* ---- multi handles ---- */

static struct curl_hub *create_hub(struct curl_loop *curl) {
    struct curl_hub *hub = memory_zeroed(1, sizeof *hub);
    hub->curl = curl;
    hub->multi = curl_multi_init();
    if (!hub->multi)
        memory_exhausted(sizeof *hub);
    hub->timer = memory_allocate(sizeof *hub->timer);
    uv_timer_init(curl->uv, hub->timer);
    hub->timer->data = hub;
    curl_multi_setopt(hub->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(hub->multi, CURLMOPT_SOCKETDATA, hub);
    curl_multi_setopt(hub->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(hub->multi, CURLMOPT_TIMERDATA, hub);
    curl_multi_setopt(hub->multi, CURLMOPT_MAXCONNECTS, (long)HUB_CONNECTIONS);
    return hub;
}

static void free_timer(uv_handle_t *handle) {
    free(handle);
}

static void destroy_hub(struct curl_hub *hub) {
    curl_multi_cleanup(hub->multi); /* closes the pooled connections */
    uv_close((uv_handle_t *)hub->timer, free_timer);
    free(hub);
}

/* The first that is not full; a new one where all are; the least loaded where no more may be made.
 */
static struct curl_hub *choose_hub(struct curl_loop *curl) {
    struct curl_hub *least = NULL;
    for (size_t i = 0; i < curl->hub_count; i++) {
        struct curl_hub *hub = curl->hubs[i];
        if (hub->active < HUB_FULL)
            return hub;
        if (!least || hub->active < least->active)
            least = hub;
    }
    if (curl->hub_count == HUBS_MAX)
        return least;
    return curl->hubs[curl->hub_count++] = create_hub(curl);
}

struct curl_loop *curl_loop_create(struct fetcher *fetcher) {
    struct curl_loop *curl = memory_zeroed(1, sizeof *curl);
    curl->fetcher = fetcher;
    curl->uv = loop_uv(fetcher->loop);
    curl_global_init(CURL_GLOBAL_DEFAULT); /* counted, and thread-safe in this libcurl */
    curl->share = curl_share_init();
    if (!curl->share)
        memory_exhausted(sizeof *curl);
    /* No locks: all of it stays on this thread. */
    curl_share_setopt(curl->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(curl->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return curl;
}

void curl_loop_destroy(struct curl_loop *curl) {
    if (!curl)
        return;
    for (size_t i = 0; i < curl->spare_count; i++)
        curl_easy_cleanup(curl->spare[i]);
    for (size_t i = 0; i < curl->hub_count; i++)
        destroy_hub(curl->hubs[i]);
    for (size_t fd = 0; fd < curl->watch_count; fd++)
        drop_watch(curl, (curl_socket_t)fd);
    curl_share_cleanup(curl->share);
    curl_global_cleanup();
    buffer_finish(&curl->bytes);
    free(curl->watches);
    free(curl->arrivals);
    free(curl->trust_file);
    free(curl);
}

void curl_loop_trust_file(struct curl_loop *curl, const char *path) {
    free(curl->trust_file);
    curl->trust_file = memory_string(path);
}

static void set_options(struct curl_loop *curl, CURL *easy) {
    curl_easy_setopt(easy, CURLOPT_SHARE, curl->share);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L); /* saves system calls too */
    /* Without it the end of a transfer waits for its resolver thread, and the loop with it. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L); /* the least it takes */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_socket);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, curl);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, curl);
    /* With a directory of certificates beside the file (Debian's default) libcurl does not keep the
     * parsed ones, and reads and holds them anew for each connection: 27 ms and 900 KiB. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (curl->trust_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, curl->trust_file);
}

CURL *curl_loop_take_easy(struct curl_loop *curl) {
    CURL *easy = curl->spare_count ? curl->spare[--curl->spare_count] : curl_easy_init();
    if (!easy)
        memory_exhausted(sizeof(struct curl_transfer));
    set_options(curl, easy);
    return easy;
}

void curl_loop_give_easy(struct curl_loop *curl, CURL *easy) {
    if (curl->spare_count == SPARE_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    curl->spare[curl->spare_count++] = easy;
}

void curl_loop_add(struct curl_loop *curl, struct curl_transfer *transfer) {
    transfer->hub = choose_hub(curl);
    transfer->hub->active++;
    curl_multi_add_handle(transfer->hub->multi, transfer->easy);
}

void curl_loop_remove(struct curl_loop *curl, struct curl_transfer *transfer) {
    assert(!curl->inside);
    transfer->hub->active--;
    curl_multi_remove_handle(transfer->hub->multi, transfer->easy);
    curl_loop_give_easy(curl, transfer->easy);
    transfer->easy = NULL;
}

void curl_loop_unpause(struct curl_loop *curl, struct curl_transfer *transfer) {
    struct curl_hub *hub = transfer->hub;
    enter(curl);
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    leave(hub);
}
