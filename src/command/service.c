#include "command/service.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/accounts.h"
#include "chat/breaker.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/estimates.h"
#include "chat/keyring.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "chat/webhook.h"
#include "config/config.h"
#include "gate/apikey.h"
#include "gate/ledger.h"
#include "gate/limits.h"
#include "hub/hub.h"
#include "store/records.h"
#include "store/store.h"
#include "tool/sql_tool.h"
#include <sodium.h>

enum { APIKEY_TTL_MS = 5000 };

struct config *service_load_config(const char *path) {
    struct config_result result = config_load(path);
    struct buffer out = {0};
    for (size_t i = 0; i < result.error_count; i++)
        config_error_print(&result.errors[i], &out);
    if (result.error_count > 0) {
        buffer_printf(&out, "%zu mistake%s in %s\n", result.error_count,
                      result.error_count == 1 ? "" : "s", path);
        fwrite(out.data, 1, out.size, stderr);
    }
    buffer_finish(&out);
    struct config *config = result.error_count == 0 ? config_take(&result) : NULL;
    config_result_finish(&result);
    return config;
}

bool service_in_store(const char *command, const char *path, const char *bot,
                      bool (*what)(struct store_session *session, void *user, struct fault *fault),
                      void *user) {
    struct config *config = service_load_config(path);
    if (!config)
        return false;
    struct fault fault;
    struct store *store = NULL;
    const struct store_options options = {.url = config->database, .readers = 1};
    bool ok = !bot[0] || settings_bot(config->settings, slice_of(bot));
    if (!ok)
        fault_set(&fault, FAULT_NOT_FOUND, "there is no bot of the name \"%s\"", bot);
    ok = ok && store_open(&options, &store, &fault) && store_run_now(store, what, user, &fault);
    if (!ok)
        fprintf(stderr, "switchboard %s: %s%s%s\n", command, fault.message,
                fault.detail[0] ? ": " : "", fault.detail);
    store_close(store);
    config_destroy(config);
    return ok;
}

bool service_bots_exist(const char *command, const char *path, const char *bots) {
    struct config *config = service_load_config(path);
    if (!config)
        return false;
    struct slice rest = slice_of(bots), name;
    bool ok = true;
    while (bots[0] && slice_split(&rest, ',', &name))
        if (!settings_bot(config->settings, name)) {
            fprintf(stderr, "switchboard %s: there is no bot of the name \"%.*s\" in %s\n", command,
                    SLICE_ARG(name), path);
            ok = false;
        }
    config_destroy(config);
    return ok;
}

static bool restore(struct store_session *session, void *user, struct fault *fault) {
    struct service *service = user;
    struct arena *arena = arena_create(4096);
    int64_t now_ms = clock_wall_ms();
    unsigned char fresh[SESSION_SECRET_SIZE];
    id_random(fresh, sizeof fresh);
    struct slice secret;
    struct store_counter *counters;
    size_t count;
    bool ok =
        store_secret_get(session, "session_key", (struct slice){(const char *)fresh, sizeof fresh},
                         arena, &secret, fault) &&
        store_counter_purge(session, now_ms, fault) &&
        store_counter_list(session, now_ms, arena, &counters, &count, fault) &&
        estimates_load(service->estimates, session, fault);
    if (ok && secret.size != SESSION_SECRET_SIZE)
        ok = fault_set(fault, FAULT_STORE, "The stored session key is damaged.");
    if (ok) {
        memcpy(service->session_key.secret, secret.data, SESSION_SECRET_SIZE);
        for (size_t i = 0; i < count; i++)
            limiter_restore(service->limiter, counters[i].key, counters[i].window_ms,
                            counters[i].window_start_ms, counters[i].count);
    }
    arena_destroy(arena);
    return ok;
}

/* Each waits for a database while it runs a query: that many at once. */
enum { TOOL_THREADS = 4 };

static void *tool_worker_start(void *user) {
    (void)user;
    return sql_connections_create();
}

static void tool_worker_stop(void *user, void *state) {
    (void)user;
    sql_connections_destroy(state);
}

void service_open_without_store(struct service *service, struct config *config) {
    *service = (struct service){.config = config};
    log_configure((enum log_level)config->log_level, (enum log_format)config->log_format);
    for (size_t i = 0; i < config->warning_count; i++)
        log_warning(config->warnings[i], );
    service->limiter = limiter_create();
    service->apikeys = apikey_cache_create(APIKEY_TTL_MS);
    service->metrics = metrics_create();
    service->breakers = breakers_create();
    service->keyrings = keyrings_create();
    service->ledger = ledger_create();
    service->estimates = estimates_create();
    const struct hub_options hub = hub_options_default();
    service->hub = hub_create(&hub);
    service->desk = desk_create(service->hub);
    service->webhooks = webhooks_create();
    const struct workers_options workers = {.name = "tool",
                                            .threads = TOOL_THREADS,
                                            .batch = 1,
                                            .start = tool_worker_start,
                                            .stop = tool_worker_stop};
    service->tool_workers = workers_create(&workers, NULL);
}

bool service_open(struct service *service, struct config *config) {
    struct fault fault;
    const struct store_options options = {.url = config->database, .readers = 1};
    service_open_without_store(service, config);
    if (sodium_init() < 0)
        fault_set(&fault, FAULT_INTERNAL, "libsodium does not start.");
    else if (store_open(&options, &service->store, &fault) &&
             store_run_now(service->store, restore, service, &fault))
        return true;
    fprintf(stderr, "switchboard: %s%s%s\n", fault.message, fault.detail[0] ? ": " : "",
            fault.detail);
    service_close(service);
    return false;
}

void service_close(struct service *service) {
    if (service->tool_workers)
        workers_destroy(service->tool_workers);
    store_close(service->store);
    limiter_destroy(service->limiter);
    apikey_cache_destroy(service->apikeys);
    metrics_destroy(service->metrics);
    breakers_destroy(service->breakers);
    keyrings_destroy(service->keyrings);
    ledger_destroy(service->ledger);
    estimates_destroy(service->estimates);
    desk_destroy(service->desk);
    hub_destroy(service->hub);
    webhooks_destroy(service->webhooks);
    config_destroy(service->config);
    *service = (struct service){0};
}

static bool settle_crash(struct store_session *session, void *user, struct fault *fault) {
    int64_t *closed = user;
    return store_calls_close(session, closed, fault);
}

bool service_settle_crash(struct service *service, struct fault *fault) {
    int64_t closed = 0;
    if (!store_run_now(service->store, settle_crash, &closed, fault))
        return false;
    if (closed > 0)
        log_warning("the server did not end in order: calls that were under way are settled with "
                    "what was reserved for them",
                    LOG_NUMBER("calls", closed), );
    return service_restore_spending(service, service->config->settings, fault);
}

struct restoring {
    struct service *service;
    const struct settings *settings;
};

static bool restore_spending(struct store_session *session, void *user, struct fault *fault) {
    const struct restoring *it = user;
    return accounts_restore(it->service->ledger, it->settings, session, clock_wall_ms(), fault);
}

bool service_restore_spending(struct service *service, const struct settings *settings,
                              struct fault *fault) {
    struct restoring it = {service, settings};
    return store_run_now(service->store, restore_spending, &it, fault);
}

/* --- now and then --- */

struct sweep {
    struct store_job job;
    struct estimates *estimates;
    struct settings *settings; /* a reference */
    int64_t erased;
};

/* What a tool did is known for an hour (chat/tool_run.c), and an image is sent soon after it was
 * chosen: a day is plenty for both. Webhooks that were taken are listed for three. */
static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

static bool erase_old(struct store_session *session, struct sweep *sweep, int64_t now_ms,
                      struct fault *fault) {
    for (size_t i = 0; i < sweep->settings->bot_count; i++) {
        const struct bot *bot = &sweep->settings->bots[i];
        int64_t erased = 0;
        if (bot->retention_ms > 0 && !store_retention(session, slice_of(bot->name),
                                                      now_ms - bot->retention_ms, &erased, fault))
            return false;
        sweep->erased += erased;
    }
    return store_deliveries_purge(session, now_ms - 3 * day_ms, fault) &&
           store_tool_writes_purge(session, now_ms - day_ms, fault) &&
           store_attachments_purge(session, now_ms - day_ms, fault);
}

static bool sweep(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct sweep *it = (struct sweep *)job;
    int64_t now_ms = clock_wall_ms();
    it->erased = 0;
    return store_counter_purge(session, now_ms, fault) &&
           store_answers_purge(session, now_ms, fault) &&
           estimates_save(it->estimates, session, fault) && erase_old(session, it, now_ms, fault);
}

static void on_swept(struct store_job *job, const struct fault *fault) {
    if (fault)
        log_error("cannot forget old counters or keep estimates",
                  LOG_STRING("error", fault->message), );
    struct sweep *it = (struct sweep *)job;
    if (!fault && it->erased > 0)
        log_info("conversations were erased, as their bot's retention has it",
                 LOG_NUMBER("conversations", it->erased), );
    settings_release(it->settings);
    free(job);
}

void service_sweep(struct service *service, struct settings *settings) {
    limiter_sweep(service->limiter, clock_wall_ms());
    ledger_sweep(service->ledger, clock_wall_ms());
    struct sweep *job = memory_zeroed(1, sizeof *job);
    job->job.run = sweep;
    job->job.done = on_swept;
    job->estimates = service->estimates;
    job->settings = settings_reference(settings);
    store_write(service->store, &job->job);
}

struct chat_parts service_parts(const struct service *service, struct loop *loop) {
    return (struct chat_parts){.loop = loop,
                               .store = service->store,
                               .limiter = service->limiter,
                               .apikeys = service->apikeys,
                               .metrics = service->metrics,
                               .breakers = service->breakers,
                               .keyrings = service->keyrings,
                               .ledger = service->ledger,
                               .estimates = service->estimates,
                               .hub = service->hub,
                               .desk = service->desk,
                               .webhooks = service->webhooks,
                               .tool_workers = service->tool_workers,
                               .session_key = service->session_key};
}
