#include "command/lane.h"
#include "api/api.h"
#include "base/memory.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "command/service.h"
#include "config/config.h"
#include "http/server.h"
#include "loop/loop.h"

enum { GRACE_MS = 3000 };

static void on_grace(void *user);

bool lane_create(struct lane *lane, const struct service *service, const char *address,
                 const struct api_options *api, struct fault *fault) {
    const struct config *config = service->config;
    struct http_options options = http_options_default();
    options.address = address;
    options.header_max = config->header_max;
    options.body_max = config->body_max;
    options.connections_max = config->connections_max / config->threads + 1;
    options.header_timeout_ms = config->header_timeout_ms;
    options.body_timeout_ms = config->body_timeout_ms;
    options.idle_timeout_ms = config->idle_timeout_ms;
    options.share_port = config->threads > 1;
    *lane = (struct lane){.loop = loop_create()};
    struct chat_parts parts = service_parts(service, lane->loop);
    lane->chat = chat_create(&parts, config->settings);
    lane->api = api_create(lane->chat, api);
    timer_init(&lane->grace, lane->loop, on_grace, lane);
    if (http_server_create(lane->loop, &options, api_handle, lane->api, &lane->http, fault))
        return true;
    lane_destroy(lane);
    return false;
}

void lane_address(const struct lane *lane, char *address, int capacity) {
    char *colon = strrchr(address, ':');
    if (!colon)
        return;
    snprintf(colon, (size_t)(capacity - (colon - address)), ":%d", http_server_port(lane->http));
}

static void *run_thread(void *user) {
    lane_run(user);
    return NULL;
}

void lane_start(struct lane *lane) {
    if (pthread_create(&lane->thread, NULL, run_thread, lane) != 0) {
        fputs("switchboard: cannot start a thread\n", stderr);
        abort();
    }
    pthread_setname_np(lane->thread, "sb-loop");
}

void lane_run(struct lane *lane) {
    loop_run(lane->loop);
}

void lane_join(struct lane *lane) {
    pthread_join(lane->thread, NULL);
}

void lane_destroy(struct lane *lane) {
    timer_stop(&lane->grace);
    http_server_destroy(lane->http);
    api_destroy(lane->api);
    chat_destroy(lane->chat);
    lane->chat = NULL;
    loop_destroy(lane->loop);
}

/* --- posted --- */

struct new_settings {
    struct lane *lane;
    struct settings *settings;
};

static void run_set_settings(void *user) {
    struct new_settings *letter = user;
    if (letter->lane->chat) /* else the lane ended before the letter came */
        chat_set_settings(letter->lane->chat, letter->settings);
    settings_release(letter->settings);
    free(letter);
}

void lane_set_settings(struct lane *lane, struct settings *settings) {
    struct new_settings *letter = memory_allocate(sizeof *letter);
    *letter = (struct new_settings){lane, settings_reference(settings)};
    loop_post(lane->loop, run_set_settings, letter);
}

static void on_closed(void *user) {
    struct lane *lane = user;
    lane->done(lane->done_user);
}

void lane_stop(struct lane *lane) {
    loop_stop(lane->loop);
}

/* Records of the last turns may still be with the store. */
static void on_idle(void *user) {
    struct lane *lane = user;
    chat_close(lane->chat, on_closed, lane);
}

static void on_drained(void *user) {
    struct lane *lane = user;
    timer_stop(&lane->grace);
    chat_when_idle(lane->chat, on_idle, lane);
}

static void run_drain(void *user) {
    struct lane *lane = user;
    lane->draining = true;
    api_drain(lane->api);
    http_server_drain(lane->http, on_drained, lane);
}

void lane_drain(struct lane *lane) {
    loop_post(lane->loop, run_drain, lane);
}

static void on_grace(void *user) {
    struct lane *lane = user;
    if (lane->cut)
        return;
    lane->cut = true;
    /* Calls `gone` of what is left, then the outstanding `drained`. */
    http_server_destroy(lane->http);
    lane->http = NULL;
}

static void run_end(void *user) {
    struct lane *lane = user;
    timer_set(&lane->grace, GRACE_MS);
    chat_end_turns(lane->chat);
}

void lane_end(struct lane *lane) {
    loop_post(lane->loop, run_end, lane);
}
