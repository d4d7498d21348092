#include "chat/webhook.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "fetch/fetch.h"
#include "loop/timer.h"
#include <sodium.h>

enum { ATTEMPTS = 3, PENDING_MAX = 100 };
static const int64_t timeout_ms = 10000, wait_ms = 5000;
static const size_t reply_max = 65536;

struct webhook {
    struct webhook *next;
    struct chat *chat;
    struct settings *settings; /* keeps `url` and the bot alive */
    const char *url;
    char signature[2 * crypto_auth_hmacsha256_BYTES + 1];
    struct buffer body;
    struct fetch *fetch; /* NULL while it waits */
    struct timer retry;
    int attempts, status;
};

static void drop(struct webhook *webhook) {
    struct webhook **at = &webhook->chat->webhooks;
    while (*at != webhook)
        at = &(*at)->next;
    *at = webhook->next;
    webhook->chat->webhook_count--;
    timer_stop(&webhook->retry);
    buffer_finish(&webhook->body);
    settings_release(webhook->settings);
    free(webhook);
}

static void on_head(void *user, const struct fetch_head *head) {
    ((struct webhook *)user)->status = head->status;
}

static void on_data(void *user, struct slice bytes) {
    (void)user;
    (void)bytes;
}

static void on_end(void *user, const struct fault *fault) {
    struct webhook *webhook = user;
    webhook->fetch = NULL;
    int status = fault ? 0 : webhook->status;
    if (status >= 200 && status < 300) {
        drop(webhook);
        return;
    }
    bool final = status >= 400 && status < 500 && status != 408 && status != 429;
    log_warning("a webhook was not taken", LOG_STRING("url", webhook->url),
                LOG_NUMBER("status", status), LOG_STRING("error", fault ? fault->message : ""),
                LOG_NUMBER("attempt", webhook->attempts), );
    if (final || webhook->attempts >= ATTEMPTS) {
        atomic_fetch_add(&webhook->chat->parts.metrics->webhook_failures, 1);
        drop(webhook);
        return;
    }
    timer_set(&webhook->retry, wait_ms * webhook->attempts);
}

static const struct fetch_handler handler = {on_head, on_data, on_end};

static void send(void *user) {
    struct webhook *webhook = user;
    const struct fetch_header headers[] = {
        {SLICE("Content-Type"), SLICE("application/json")},
        {SLICE("X-Switchboard-Signature"), slice_of(webhook->signature)},
    };
    const struct fetch_request request = {
        .method = "POST",
        .url = webhook->url,
        .headers = headers,
        .header_count = webhook->signature[0] ? 2 : 1,
        .body = buffer_slice(&webhook->body),
        .connect_ms = timeout_ms,
        .first_byte_ms = timeout_ms,
        .idle_ms = timeout_ms,
        .total_ms = 2 * timeout_ms,
        .body_max = reply_max,
    };
    webhook->attempts++;
    webhook->status = 0;
    webhook->fetch = fetch_start(webhook->chat->fetcher, &request, &handler, webhook);
}

static void sign(struct webhook *webhook, struct slice secret) {
    if (secret.size == 0)
        return;
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.size);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)webhook->body.data,
                                  webhook->body.size);
    crypto_auth_hmacsha256_final(&state, digest);
    sodium_bin2hex(webhook->signature, sizeof webhook->signature, digest, sizeof digest);
}

static void write_amount(struct json_writer *json, const char *name, struct ledger_amount amount) {
    json_key(json, name);
    json_begin_object(json);
    json_member_int(json, "microdollars", amount.microdollars);
    json_member_int(json, "tokens", amount.tokens);
    json_end_object(json);
}

void webhook_budget(struct chat *chat, struct settings *settings, const struct bot *bot,
                    const struct ledger_limit *limit, struct ledger_amount spent) {
    if (!bot->budget.webhook)
        return;
    if (chat->webhook_count >= PENDING_MAX) {
        atomic_fetch_add(&chat->parts.metrics->webhook_failures, 1);
        return;
    }
    struct webhook *webhook = memory_zeroed(1, sizeof *webhook);
    webhook->chat = chat;
    webhook->settings = settings_reference(settings);
    webhook->url = bot->budget.webhook;
    webhook->next = chat->webhooks;
    chat->webhooks = webhook;
    chat->webhook_count++;
    struct id id = id_create();
    struct json_writer json = json_writer_start(&webhook->body);
    json_begin_object(&json);
    json_member_string(&json, "id", id_slice(&id));
    json_member_string(&json, "type", SLICE("budget.warning"));
    json_member_int(&json, "created_ms", clock_wall_ms());
    json_member_string(&json, "bot", slice_of(bot->name));
    json_member_string(&json, "limit", slice_of(limit->name));
    json_member_string(&json, "account", limit->key);
    write_amount(&json, "spent", spent);
    write_amount(&json, "most", limit->most);
    json_end_object(&json);
    sign(webhook, bot->budget.webhook_secret);
    timer_init(&webhook->retry, chat->parts.loop, send, webhook);
    send(webhook);
}

void webhooks_cancel(struct chat *chat) {
    struct webhook *next;
    for (struct webhook *webhook = chat->webhooks; webhook; webhook = next) {
        next = webhook->next;
        if (webhook->fetch)
            fetch_cancel(webhook->fetch);
        drop(webhook);
    }
}
