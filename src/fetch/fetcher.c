/* The fetcher: which fetches there are, which transport each takes, and what is put off until
 * later. */
#include "base/memory.h"
#include "fetch/curl_loop.h"
#include "fetch/plain_loop.h"
#include "fetch/transport.h"
#include "fetch/url.h"
#include "loop/loop.h"
#include <assert.h>
#include <uv.h>

static void free_handle(uv_handle_t *handle) {
    free(handle);
}

struct fetcher *fetcher_create_without_plain(struct loop *loop) {
    struct fetcher *fetcher = memory_zeroed(1, sizeof *fetcher);
    fetcher->loop = loop;
    LIST_INIT(&fetcher->live);
    LIST_INIT(&fetcher->dead);
    TAILQ_INIT(&fetcher->soon);
    fetcher->idle = memory_allocate(sizeof *fetcher->idle);
    uv_idle_init(loop_uv(loop), fetcher->idle);
    fetcher->idle->data = fetcher;
    fetcher->curl = curl_loop_create(fetcher);
    return fetcher;
}

/* libcurl knows about proxies, the plain transport does not. */
static bool proxy_configured(void) {
    static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return true;
    }
    return false;
}

struct fetcher *fetcher_create(struct loop *loop) {
    struct fetcher *fetcher = fetcher_create_without_plain(loop);
    if (!proxy_configured())
        fetcher->plain = plain_loop_create(fetcher);
    return fetcher;
}

void fetcher_destroy(struct fetcher *fetcher) {
    if (!fetcher)
        return;
    assert(fetcher->depth == 0);
    struct fetch *next;
    for (struct fetch *fetch = LIST_FIRST(&fetcher->live); fetch; fetch = next) {
        next = LIST_NEXT(fetch, live);
        fetch_bury(fetch);
    }
    plain_loop_destroy(fetcher->plain);
    curl_loop_destroy(fetcher->curl);
    uv_close((uv_handle_t *)fetcher->idle, free_handle);
    free(fetcher);
}

void fetcher_trust_file(struct fetcher *fetcher, const char *path) {
    curl_loop_trust_file(fetcher->curl, path);
}

size_t fetcher_active(const struct fetcher *fetcher) {
    return fetcher->active;
}

const struct transport *fetcher_transport(const struct fetcher *fetcher, const struct url *url,
                                          bool public_only) {
    bool plain = fetcher->plain && url && !url->tls && url->user.size == 0 && !public_only;
    return plain ? &plain_transport : &curl_transport;
}

static void free_dead(struct fetcher *fetcher) {
    while (!LIST_EMPTY(&fetcher->dead)) {
        struct fetch *fetch = LIST_FIRST(&fetcher->dead);
        LIST_REMOVE(fetch, live);
        free(fetch);
    }
}

void fetcher_enter(struct fetcher *fetcher) {
    fetcher->depth++;
}

void fetcher_leave(struct fetcher *fetcher) {
    assert(fetcher->depth > 0);
    if (--fetcher->depth == 0)
        free_dead(fetcher);
}

static void forget_soon(struct fetch *fetch) {
    fetch->in_soon = false;
    fetch->fetcher->soon_count--;
    TAILQ_REMOVE(&fetch->fetcher->soon, fetch, soon);
}

static void on_idle(uv_idle_t *idle) {
    struct fetcher *fetcher = idle->data;
    fetcher_enter(fetcher);
    /* What is added while this runs waits for the next turn of the loop, so that others get theirs.
     */
    for (size_t left = fetcher->soon_count; left > 0 && fetcher->soon_count > 0; left--) {
        struct fetch *fetch = TAILQ_FIRST(&fetcher->soon);
        forget_soon(fetch);
        fetch_run_soon(fetch);
    }
    fetcher_leave(fetcher);
    if (TAILQ_EMPTY(&fetcher->soon))
        uv_idle_stop(idle);
}

void fetch_soon(struct fetch *fetch) {
    if (fetch->in_soon)
        return;
    fetch->in_soon = true;
    fetch->fetcher->soon_count++;
    TAILQ_INSERT_TAIL(&fetch->fetcher->soon, fetch, soon);
    uv_idle_start(fetch->fetcher->idle, on_idle);
}

void fetch_bury(struct fetch *fetch) {
    struct fetcher *fetcher = fetch->fetcher;
    fetch->phase = FETCH_DEAD;
    timer_stop(&fetch->timer);
    LIST_REMOVE(fetch, live);
    fetcher->active--;
    if (fetch->in_soon)
        forget_soon(fetch);
    fetch->transport->stop(fetch);
    free(fetch->url);
    free(fetch->failure);
    LIST_INSERT_HEAD(&fetcher->dead, fetch, live);
    if (fetcher->depth == 0)
        free_dead(fetcher);
}
