#include "chat/key_sets.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "fetch/fetch.h"
#include "gate/jwt.h"

enum { KEY_SET_MAX = 256 * 1024, KEY_SET_TIMEOUT_MS = 5000, KEY_SET_TOTAL_MS = 10000 };

struct key_set_fetch {
    struct key_set_fetch *next;
    struct chat *chat;
    struct settings *settings; /* keeps the verifier alive */
    struct jwt_verifier *jwt;
    struct key_set_waiter *waiters;
    struct fetch *fetch;
    int status;
    struct buffer body;
};

static void free_fetch(struct key_set_fetch *fetch) {
    buffer_finish(&fetch->body);
    settings_release(fetch->settings);
    free(fetch);
}

static void remove_fetch(struct key_set_fetch *fetch) {
    struct key_set_fetch **at = &fetch->chat->key_set_fetches;
    while (*at != fetch)
        at = &(*at)->next;
    *at = fetch->next;
    free_fetch(fetch);
}

static void on_head(void *user, const struct fetch_head *head) {
    ((struct key_set_fetch *)user)->status = head->status;
}

static void on_data(void *user, struct slice bytes) {
    buffer_append(&((struct key_set_fetch *)user)->body, bytes);
}

static void on_end(void *user, const struct fault *fetch_fault) {
    struct key_set_fetch *fetch = user;
    struct fault fault;
    bool ok = false;
    if (fetch_fault)
        fault = *fetch_fault;
    else if (fetch->status != 200)
        fault_set(&fault, FAULT_UNAVAILABLE, "The key set was answered with status %d.",
                  fetch->status);
    else
        ok = jwt_verifier_set_keys(fetch->jwt, buffer_slice(&fetch->body), clock_wall_ms(), &fault);
    if (!ok) {
        jwt_verifier_fetch_failed(fetch->jwt, clock_wall_ms());
        log_warning("could not fetch a key set",
                    LOG_STRING("url", jwt_verifier_jwks_url(fetch->jwt)),
                    LOG_STRING("error", fault.message), LOG_STRING("detail", fault.detail), );
    }
    for (struct key_set_waiter *waiter; (waiter = fetch->waiters);) {
        key_sets_forget(waiter);
        waiter->ready(waiter->user);
    }
    remove_fetch(fetch);
}

static const struct fetch_handler handler = {on_head, on_data, on_end};

static struct key_set_fetch *start(struct chat *chat, struct settings *settings,
                                   struct jwt_verifier *jwt) {
    struct key_set_fetch *fetch = memory_zeroed(1, sizeof *fetch);
    fetch->chat = chat;
    fetch->settings = settings_reference(settings);
    fetch->jwt = jwt;
    fetch->next = chat->key_set_fetches;
    chat->key_set_fetches = fetch;
    const struct fetch_request request = {
        .method = "GET",
        .url = jwt_verifier_jwks_url(jwt),
        .connect_ms = KEY_SET_TIMEOUT_MS,
        .first_byte_ms = KEY_SET_TIMEOUT_MS,
        .idle_ms = KEY_SET_TIMEOUT_MS,
        .total_ms = KEY_SET_TOTAL_MS,
        .body_max = KEY_SET_MAX,
    };
    fetch->fetch = fetch_start(chat->fetcher, &request, &handler, fetch);
    return fetch;
}

static struct key_set_fetch *find_or_start(struct chat *chat, struct settings *settings,
                                           struct jwt_verifier *jwt) {
    struct key_set_fetch *fetch = chat->key_set_fetches;
    while (fetch && fetch->jwt != jwt)
        fetch = fetch->next;
    return fetch ? fetch : start(chat, settings, jwt);
}

void key_sets_refresh(struct chat *chat, struct settings *settings, struct jwt_verifier *jwt) {
    find_or_start(chat, settings, jwt);
}

void key_sets_wait(struct chat *chat, struct settings *settings, struct jwt_verifier *jwt,
                   struct key_set_waiter *waiter) {
    struct key_set_fetch *fetch = find_or_start(chat, settings, jwt);
    waiter->next = fetch->waiters;
    waiter->link = &fetch->waiters;
    if (waiter->next)
        waiter->next->link = &waiter->next;
    fetch->waiters = waiter;
}

void key_sets_forget(struct key_set_waiter *waiter) {
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
}

void key_sets_cancel(struct chat *chat) {
    for (struct key_set_fetch *fetch; (fetch = chat->key_set_fetches);) {
        chat->key_set_fetches = fetch->next;
        fetch_cancel(fetch->fetch);
        free_fetch(fetch);
    }
}
