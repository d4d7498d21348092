#include "api/api.h"
#include "api/nobody.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/breaker.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/lane.h"
#include "command/pid_file.h"
#include "command/service.h"
#include "config/config.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "loop/workers.h"
#include "store/store.h"
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

enum { SWEEP_MS = 60 * 1000 };

struct server {
    struct service service;
    const char *config_path;
    struct lane *lanes;
    size_t lane_count;
    atomic_size_t lanes_done;
    atomic_bool draining;
    bool ending; /* the second SIGTERM came, or the drain took too long */
    uv_signal_t signals[3];
    struct timer drain_timer, sweep_timer;
    struct waits *waits;
    struct workers *reloader;
    struct job reload;
    bool reloading, reload_again; /* main thread only */
    struct config *reloaded;      /* what the reloader found; NULL when it was bad */
};

static void more_metrics(void *user, struct buffer *out) {
    const struct server *server = user;
    struct store_statistics store = store_statistics(server->service.store);
    breakers_write(server->service.breakers, clock_monotonic_ms(), out);
    buffer_printf(out,
                  "# HELP switchboard_store_writes_total Records committed.\n"
                  "# TYPE switchboard_store_writes_total counter\n"
                  "switchboard_store_writes_total %llu\n"
                  "# HELP switchboard_store_write_failures_total Records that were not.\n"
                  "# TYPE switchboard_store_write_failures_total counter\n"
                  "switchboard_store_write_failures_total %llu\n"
                  "# HELP switchboard_store_waiting Records that wait for the database.\n"
                  "# TYPE switchboard_store_waiting gauge\n"
                  "switchboard_store_waiting %zu\n",
                  (unsigned long long)store.writes, (unsigned long long)store.write_failures,
                  store.waiting);
}

/* --- reload: read and learnt on a thread of its own, taken over by every lane on its loop --- */

static void take_reloaded(void *user);

static void run_reload(struct job *job, void *state) {
    (void)state;
    struct server *server = (struct server *)((char *)job - offsetof(struct server, reload));
    server->reloaded = service_load_config(server->config_path);
    if (server->reloaded) {
        struct fault fault;
        service_learn(server->service.store, server->reloaded->settings);
        if (!service_restore_spending(&server->service, server->reloaded->settings, &fault))
            log_error("what was spent could not be read", LOG_STRING("error", fault.message),
                      LOG_STRING("detail", fault.detail), );
    }
    loop_post(server->lanes[0].loop, take_reloaded, server);
}

static void start_reload(struct server *server) {
    if (server->reloading) {
        server->reload_again = true;
        return;
    }
    server->reloading = true;
    server->reload.run = run_reload;
    if (!workers_submit(server->reloader, &server->reload))
        server->reloading = false;
}

static void take_reloaded(void *user) {
    struct server *server = user;
    struct config *config = server->reloaded;
    server->reloading = false;
    if (!config) {
        log_error("the configuration was not reloaded: it has mistakes; the old one stays", );
    } else {
        struct buffer changed = {0};
        if (config_needs_restart(server->service.config, config, &changed))
            log_warning("some options that changed are read at start only",
                        LOG_SLICE("options", buffer_slice(&changed)), );
        buffer_finish(&changed);
        for (size_t i = 0; i < config->warning_count; i++)
            log_warning(config->warnings[i], );
        for (size_t i = 0; i < server->lane_count; i++)
            lane_set_settings(&server->lanes[i], config->settings);
        log_info("configuration reloaded",
                 LOG_NUMBER("bots", (int64_t)config->settings->bot_count), );
        config_destroy(config); /* the lanes hold the settings */
    }
    if (server->reload_again) {
        server->reload_again = false;
        start_reload(server);
    }
}

/* --- stop --- */

static void end_now(void *user) {
    struct server *server = user;
    if (server->ending)
        return;
    server->ending = true;
    log_warning("ending the answers that are under way", );
    for (size_t i = 0; i < server->lane_count; i++)
        lane_end(&server->lanes[i]);
}

/* On any lane's thread. The loop of the first has the signals and the time limit, so none stops
 * before all are done. */
static void on_lane_done(void *user) {
    struct server *server = user;
    if (atomic_fetch_add(&server->lanes_done, 1) + 1 < server->lane_count)
        return;
    for (size_t i = 0; i < server->lane_count; i++)
        lane_stop(&server->lanes[i]);
}

static void drain(struct server *server) {
    waits_end(server->waits);
    server->waits = NULL;
    if (atomic_exchange(&server->draining, true)) {
        end_now(server);
        return;
    }
    log_info("stopping: no new requests, answers under way are finished",
             LOG_NUMBER("at_most_ms", server->service.config->drain_ms), );
    timer_set(&server->drain_timer, server->service.config->drain_ms);
    for (size_t i = 0; i < server->lane_count; i++)
        lane_drain(&server->lanes[i]);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct server *server = handle->data;
    if (number == SIGHUP)
        start_reload(server);
    else
        drain(server);
}

static void start_signals(struct server *server) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(loop_uv(server->lanes[0].loop), &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, numbers[i]);
    }
}

static void on_sweep(void *user) {
    struct server *server = user;
    service_sweep(&server->service, chat_settings(server->lanes[0].chat));
    timer_set(&server->sweep_timer, SWEEP_MS);
}

/* --- start --- */

static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool create_lanes(struct server *server, const char *listen, struct fault *fault) {
    const struct config *config = server->service.config;
    char address[128];
    snprintf(address, sizeof address, "%s", listen);
    const struct api_options api = {.site = config->site,
                                    .admin_token = config->admin_token,
                                    .trusted_proxies = config->trusted_proxies,
                                    .trusted_proxy_count = config->trusted_proxy_count,
                                    .draining = &server->draining,
                                    .more_metrics = more_metrics,
                                    .user = server};
    server->lanes = memory_zeroed(config->threads, sizeof *server->lanes);
    for (size_t i = 0; i < config->threads; i++) {
        if (!lane_create(&server->lanes[i], &server->service, address, &api, fault))
            return false;
        server->lanes[i].done = on_lane_done;
        server->lanes[i].done_user = server;
        server->lane_count++;
        if (i == 0) /* with port 0 the others must share the one that was found */
            lane_address(&server->lanes[0], address, sizeof address);
    }
    log_info("listening", LOG_STRING("address", address),
             LOG_NUMBER("threads", (int64_t)config->threads), );
    printf("switchboard " SWITCHBOARD_VERSION " listens on http://%s/\n", address);
    fflush(stdout);
    return true;
}

static void run(struct server *server) {
    struct loop *loop = server->lanes[0].loop;
    timer_init(&server->drain_timer, loop, end_now, server);
    timer_init(&server->sweep_timer, loop, on_sweep, server);
    timer_set(&server->sweep_timer, 0); /* what a restart kept too long */
    start_signals(server);
    chat_send_webhooks(server->lanes[0].chat);
    server->waits = waits_watch(server->lanes[0].chat);
    for (size_t i = 1; i < server->lane_count; i++)
        lane_start(&server->lanes[i]);
    lane_run(&server->lanes[0]);
    for (size_t i = 1; i < server->lane_count; i++)
        lane_join(&server->lanes[i]);
    timer_stop(&server->drain_timer);
    timer_stop(&server->sweep_timer);
    waits_end(server->waits);
    for (size_t i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
}

static int serve(struct server *server, const char *listen) {
    struct fault fault;
    int status = 1, pid_descriptor = -1;
    const struct config *config = server->service.config;
    raise_file_limit();
    signal(SIGPIPE, SIG_IGN);
    service_learn(server->service.store, config->settings);
    server->reloader = workers_create(
        &(struct workers_options){.name = "sb-reload", .threads = 1, .batch = 1}, NULL);
    if (pid_file_take(config->pid_file, &pid_descriptor, &fault) &&
        service_settle_crash(&server->service, &fault) &&
        create_lanes(server, listen ? listen : config->listen, &fault)) {
        run(server);
        status = 0;
    } else {
        fprintf(stderr, "switchboard serve: %s%s%s\n", fault.message, fault.detail[0] ? " " : "",
                fault.detail);
    }
    workers_destroy(server->reloader); /* before the loops that it posts to */
    for (size_t i = 0; i < server->lane_count; i++)
        lane_destroy(&server->lanes[i]);
    if (pid_descriptor >= 0)
        pid_file_release(config->pid_file, pid_descriptor);
    free(server->lanes);
    return status;
}

static void print_help(void) {
    puts("Usage: switchboard serve -c FILE [--listen ADDRESS]\n\n"
         "Runs the server until SIGTERM or SIGINT. Then it takes no new requests and finishes the\n"
         "answers under way, for at most `drain` (10 min); a second signal ends them at once.\n"
         "SIGHUP reads the configuration again.\n\n"
         "  -c, --config FILE      the configuration (default: switchboard.yaml)\n"
         "      --listen ADDRESS   instead of `listen` of the configuration: 127.0.0.1:8080,\n"
         "                         [::1]:8080, :8080 for every address; port 0 for any free one");
}

int command_serve(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--listen", 0, false, NULL}};
    struct arguments arguments = {.options = options, .option_count = 2};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    struct server server = {.config_path = options[0].value};
    struct config *config = service_load_config(server.config_path);
    if (!config || !service_open(&server.service, config))
        return 1;
    int status = serve(&server, options[1].value);
    service_close(&server.service);
    return status;
}
