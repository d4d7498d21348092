#include "base/buffer.h"
#include "base/clock.h"
#include "chat/settings.h"
#include "command/doctor.h"
#include "config/config.h"
#include "fetch/fetch.h"
#include "gate/jwt.h"
#include "loop/loop.h"

enum { KEY_SET_MAX = 256 * 1024 }; /* as the server takes it */
static const int64_t limit_ms = 10000;

/* One fetch of a bot's key set. */
struct key_set {
    struct loop *loop;
    int status;
    struct buffer body;
    struct fault fault; /* kind NONE when the reply came whole */
};

static void on_head(void *user, const struct fetch_head *head) {
    ((struct key_set *)user)->status = head->status;
}

static void on_data(void *user, struct slice bytes) {
    buffer_append(&((struct key_set *)user)->body, bytes);
}

static void on_end(void *user, const struct fault *fault) {
    struct key_set *set = user;
    if (fault)
        set->fault = *fault;
    loop_stop(set->loop);
}

static const struct fetch_handler fetching = {on_head, on_data, on_end};

static void tell(struct doctor *doctor, const struct bot *bot, const struct key_set *set) {
    struct fault fault;
    if (set->fault.kind != FAULT_NONE)
        doctor_tell(doctor, DOCTOR_FAILED, bot->name, doctor_network_advice(&set->fault),
                    "its jwks_url cannot be read: %s", set->fault.message);
    else if (set->status != 200)
        doctor_tell(doctor, DOCTOR_FAILED, bot->name,
                    "Check `access.jwt.jwks_url`: open it in a browser.",
                    "its jwks_url was answered with status %d", set->status);
    else if (!jwt_verifier_set_keys(bot->access.jwt, buffer_slice(&set->body), clock_wall_ms(),
                                    &fault))
        doctor_tell(doctor, DOCTOR_FAILED, bot->name,
                    "Check `access.jwt.jwks_url` and `algorithm`: they must fit together.",
                    "its jwks_url gives no usable key: %s", fault.message);
    else
        doctor_tell(doctor, DOCTOR_OK, bot->name, NULL, "its jwks_url gives usable keys");
}

void doctor_keys(struct doctor *doctor, const struct config *config) {
    struct loop *loop = loop_create();
    struct fetcher *fetcher = fetcher_create(loop);
    for (size_t i = 0; i < config->settings->bot_count; i++) {
        const struct bot *bot = &config->settings->bots[i];
        const char *url = bot->access.jwt ? jwt_verifier_jwks_url(bot->access.jwt) : NULL;
        if (!url)
            continue;
        struct key_set set = {.loop = loop};
        const struct fetch_request request = {.method = "GET",
                                              .url = url,
                                              .connect_ms = limit_ms,
                                              .first_byte_ms = limit_ms,
                                              .idle_ms = limit_ms,
                                              .total_ms = limit_ms,
                                              .body_max = KEY_SET_MAX};
        fetch_start(fetcher, &request, &fetching, &set);
        loop_run(loop);
        tell(doctor, bot, &set);
        buffer_finish(&set.body);
    }
    fetcher_destroy(fetcher);
    loop_destroy(loop);
}
