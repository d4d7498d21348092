#include "chat/webhook.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "chat/turn_state.h"
#include "store/records.h"
#include "store/store.h"

bool webhook_add(struct store_session *session, const struct webhook_event *event,
                 struct fault *fault) {
    char name[4 + ID_SIZE + 1], when[25];
    const struct id id = id_create();
    int64_t now_ms = clock_wall_ms();
    struct buffer body = {0};
    struct json_writer json = json_writer_start(&body);
    snprintf(name, sizeof name, "msg_%s", id.text);
    clock_format(now_ms, when);
    json_begin_object(&json);
    json_member_string(&json, "type", slice_of(event->type));
    json_member_string(&json, "timestamp", slice_of(when));
    json_member_raw(&json, "data", event->data);
    json_end_object(&json);
    const struct store_delivery delivery = {
        .id = slice_of(name),
        .bot = event->bot,
        .user = event->user,
        .kind = slice_of(event->type),
        .target = slice_of(event->target),
        .body = buffer_slice(&body),
        .created_ms = now_ms,
    };
    bool ok = store_delivery_add(session, &delivery, fault);
    buffer_finish(&body);
    return ok;
}

const struct webhook_settings *webhook_target(const struct bot *bot, struct slice target) {
    const struct webhook_settings *webhook =
        slice_is(target, WEBHOOK_LEAD)      ? &bot->lead.webhook
        : slice_is(target, WEBHOOK_BUDGET)  ? &bot->budget.webhook
        : slice_is(target, WEBHOOK_HANDOFF) ? &bot->handoff.webhook
                                            : NULL;
    return webhook && webhook->url ? webhook : NULL;
}

/* --- budgets --- */

/* On its way to the store; lies in its arena. */
struct warning {
    struct store_job job;
    struct chat *chat;
    struct arena *arena;
    struct webhook_event event;
};

static bool write_warning(struct store_session *session, struct store_job *job,
                          struct fault *fault) {
    return webhook_add(session, &((struct warning *)job)->event, fault);
}

static void on_written(struct store_job *job, const struct fault *fault) {
    struct warning *warning = (struct warning *)job;
    struct chat *chat = warning->chat;
    if (fault)
        log_error("a webhook was not kept", LOG_STRING("type", warning->event.type),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    else
        webhooks_wake(chat_parts(chat)->webhooks);
    arena_destroy(warning->arena);
    chat_let_go(chat);
}

static void write_amount(struct json_writer *json, const char *name, struct ledger_amount amount) {
    json_key(json, name);
    json_begin_object(json);
    json_member_int(json, "microdollars", amount.microdollars);
    json_member_int(json, "tokens", amount.tokens);
    json_end_object(json);
}

/* Accounts of users and conversations lead to a person. */
static bool is_personal(struct slice account) {
    return slice_starts_with(account, SLICE("user/")) ||
           slice_starts_with(account, SLICE("conversation/"));
}

void webhook_budget(struct turn *turn, const struct ledger_limit *limit,
                    struct ledger_amount spent) {
    const struct bot *bot = turn->bot;
    const struct chat_parts *parts = chat_parts(turn->chat);
    if (!bot->budget.webhook.url || !parts->store)
        return;
    struct buffer data = {0};
    struct json_writer json = json_writer_start(&data);
    json_begin_object(&json);
    json_member_string(&json, "bot", slice_of(bot->name));
    json_member_string(&json, "limit", slice_of(limit->name));
    json_member_string(&json, "account", limit->key);
    write_amount(&json, "spent", spent);
    write_amount(&json, "most", limit->most);
    json_end_object(&json);
    struct arena *arena = arena_create(1024);
    struct warning *warning = arena_allocate(arena, sizeof *warning);
    *warning = (struct warning){
        .job = {.run = write_warning, .done = on_written, .loop = parts->loop},
        .chat = turn->chat,
        .arena = arena,
        .event = {.type = "budget.warning",
                  .target = WEBHOOK_BUDGET,
                  .bot = arena_copy(arena, slice_of(bot->name)),
                  .user =
                      arena_copy(arena, slice_of(is_personal(limit->key) ? turn->who.user : "")),
                  .data = arena_copy(arena, buffer_slice(&data))},
    };
    buffer_finish(&data);
    chat_hold(turn->chat);
    store_write(parts->store, &warning->job);
}
