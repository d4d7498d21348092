#include "api/admin.h"
#include "api/api_state.h"
#include "api/reply.h"
#include "api/status.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "chat/usage.h"
#include "http/server.h"
#include "store/store.h"

/* Has an arena of its own: it is made on another thread, and the client may be gone by then. */
struct reporting {
    struct store_job job;
    struct http_exchange *exchange; /* NULL once the client is gone */
    struct settings *settings;
    struct arena *arena;
    struct usage_options options;
    struct usage_report report;
};

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct reporting *it = (struct reporting *)job;
    return usage_report_make(session, it->settings, &it->options, clock_wall_ms(), it->arena,
                             &it->report, fault);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct reporting *it = (struct reporting *)job;
    if (fault && fault->kind != FAULT_BAD_INPUT)
        log_error("a report could not be made", LOG_STRING("error", fault->message),
                  LOG_STRING("detail", fault->detail), );
    if (it->exchange && fault) {
        reply_error(it->exchange, fault);
    } else if (it->exchange) {
        struct buffer out = {0};
        usage_write_json(&it->report, &out);
        reply_json(it->exchange, 200, buffer_slice(&out));
        buffer_finish(&out);
    }
    settings_release(it->settings);
    arena_destroy(it->arena); /* it lies in it */
}

static void on_gone(void *user) {
    ((struct reporting *)user)->exchange = NULL;
}

static void on_drained(void *user) {
    (void)user;
}

/* Unlike /metrics, being on this machine is not enough: it tells of users. */
static bool may_report(const struct api *api, struct http_exchange *exchange, struct fault *fault) {
    if (api->options.admin_token.size == 0)
        return fault_set(fault, FAULT_FORBIDDEN,
                         "Set admin_token in the configuration to use this address.");
    if (!status_has_admin_token(api, exchange))
        return fault_set(fault, FAULT_UNAUTHENTICATED,
                         "This address wants the admin token: Authorization: Bearer …");
    return true;
}

static struct slice parameter(struct http_exchange *exchange, struct arena *arena,
                              const char *name) {
    struct slice value;
    if (!http_query_get(http_exchange_request(exchange), arena, name, &value))
        return (struct slice){NULL, 0};
    return arena_copy(arena, value);
}

void admin_usage(struct api *api, struct http_exchange *exchange) {
    struct fault fault;
    if (!may_report(api, exchange, &fault)) {
        reply_error(exchange, &fault);
        return;
    }
    struct arena *arena = arena_create(2048);
    struct reporting *it = arena_allocate(arena, sizeof *it);
    *it = (struct reporting){
        .job = {.run = run, .done = on_done, .loop = chat_parts(api->chat)->loop},
        .exchange = exchange,
        .settings = settings_reference(chat_settings(api->chat)),
        .arena = arena,
        .options = {.by = parameter(exchange, arena, "by"),
                    .from = parameter(exchange, arena, "from"),
                    .to = parameter(exchange, arena, "to"),
                    .bot = parameter(exchange, arena, "bot")},
    };
    http_exchange_watch(exchange, &(struct http_watch){on_gone, on_drained, it});
    store_read(chat_parts(api->chat)->store, &it->job);
}
