#include "chat/webhook_send.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/webhook.h"
#include "chat/webhook_sign.h"
#include "fetch/fetch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "model/failure_wait.h"
#include "store/records.h"
#include "store/store.h"
#include <pthread.h>

enum { IN_FLIGHT_MAX = 16, ERROR_MAX = 120, GONE = 410 };

static const int64_t timeout_ms = 15000;
/* A claim outlives what is sent under it, its record included. */
static const int64_t lease_ms = 20000;
/* Rows of another process, of `switchboard webhooks retry` for one, ring no bell. */
static const int64_t look_ms = 5000;
static const size_t reply_max = 65536;

/* --- the bell --- */

struct webhooks {
    pthread_mutex_t lock;
    struct webhook_sender *sender; /* NULL: nobody sends (yet, or any longer) */
    struct loop *loop;             /* the sender's */
    bool rung;                     /* a letter is on its way to it */
};

struct webhooks *webhooks_create(void) {
    struct webhooks *webhooks = memory_zeroed(1, sizeof *webhooks);
    pthread_mutex_init(&webhooks->lock, NULL);
    return webhooks;
}

void webhooks_destroy(struct webhooks *webhooks) {
    if (!webhooks)
        return;
    pthread_mutex_destroy(&webhooks->lock);
    free(webhooks);
}

static void look(struct webhook_sender *sender);

static void on_rung(void *user) {
    struct webhooks *webhooks = user;
    pthread_mutex_lock(&webhooks->lock);
    struct webhook_sender *sender = webhooks->sender; /* only this thread changes it */
    webhooks->rung = false;
    pthread_mutex_unlock(&webhooks->lock);
    if (sender)
        look(sender);
}

void webhooks_wake(struct webhooks *webhooks) {
    if (!webhooks)
        return;
    pthread_mutex_lock(&webhooks->lock);
    if (webhooks->sender && !webhooks->rung) {
        webhooks->rung = true;
        loop_post(webhooks->loop, on_rung, webhooks);
    }
    pthread_mutex_unlock(&webhooks->lock);
}

static void set_sender(struct webhooks *webhooks, struct webhook_sender *sender,
                       struct loop *loop) {
    pthread_mutex_lock(&webhooks->lock);
    webhooks->sender = sender;
    webhooks->loop = loop;
    pthread_mutex_unlock(&webhooks->lock);
}

/* --- one delivery --- */

struct webhook_sender {
    struct chat *chat;
    struct timer timer;
    struct sending *first;
    size_t count;
    bool looking; /* the store is being asked */
    bool again;   /* something came meanwhile */
    bool stopping;
    void (*stopped)(void *user);
    void *stopped_user;
};

/* One attempt; lies in its arena. */
struct sending {
    struct store_job job; /* first: the store hands back its address */
    struct sending *next;
    struct webhook_sender *sender;
    struct arena *arena;
    struct settings *settings; /* a reference */
    struct store_delivery delivery;
    int64_t claimed; /* number of this attempt */
    struct fetch *fetch;
    int status;
    int64_t wait_ms; /* that the receiver asks for; -1: does not say */
};

static void end_stop(struct webhook_sender *sender) {
    void (*stopped)(void *user) = sender->stopped;
    if (!sender->stopping || sender->count > 0 || sender->looking || !stopped)
        return;
    sender->stopped = NULL;
    stopped(sender->stopped_user);
}

static void drop(struct sending *sending) {
    struct sending **at = &sending->sender->first;
    while (*at != sending)
        at = &(*at)->next;
    *at = sending->next;
    sending->sender->count--;
    settings_release(sending->settings);
    arena_destroy(sending->arena);
}

static bool write_end(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct sending *sending = (const struct sending *)job;
    return store_delivery_end(session, &sending->delivery, sending->claimed, fault);
}

static void on_end_written(struct store_job *job, const struct fault *fault) {
    struct sending *sending = (struct sending *)job;
    struct webhook_sender *sender = sending->sender;
    if (fault) /* it is due again when its claim is over */
        log_error("what became of a webhook was not recorded",
                  LOG_SLICE("id", sending->delivery.id), LOG_STRING("error", fault->message),
                  LOG_STRING("detail", fault->detail), );
    drop(sending);
    look(sender);
    end_stop(sender);
}

static void record(struct sending *sending) {
    const struct chat_parts *parts = &sending->sender->chat->parts;
    sending->job =
        (struct store_job){.run = write_end, .done = on_end_written, .loop = parts->loop};
    store_write(parts->store, &sending->job);
}

/* Up to a tenth later, so that what failed together does not come back together. */
static int64_t with_jitter(int64_t ms) {
    uint32_t random;
    id_random(&random, sizeof random);
    return ms + (int64_t)((double)ms / 10 * ((double)random / UINT32_MAX));
}

static void fail(struct sending *sending, const char *error, bool is_final) {
    const struct settings *settings = sending->settings;
    struct metrics *metrics = sending->sender->chat->parts.metrics;
    struct store_delivery *delivery = &sending->delivery;
    size_t tried = (size_t)delivery->attempts;
    bool dead = is_final || tried > settings->webhook_retry_count;
    int64_t now_ms = clock_wall_ms();
    delivery->status = sending->status;
    delivery->error = arena_copy(sending->arena, slice_first(slice_of(error), ERROR_MAX));
    delivery->state = dead ? SLICE("dead") : SLICE("waiting");
    delivery->next_ms = now_ms;
    if (!dead) {
        int64_t wait_ms = with_jitter(settings->webhook_retry_ms[tried - 1]);
        delivery->next_ms += wait_ms > sending->wait_ms ? wait_ms : sending->wait_ms;
    }
    log_warning(dead ? "a webhook was given up" : "a webhook was not taken",
                LOG_SLICE("id", delivery->id), LOG_SLICE("type", delivery->kind),
                LOG_SLICE("bot", delivery->bot), LOG_NUMBER("status", sending->status),
                LOG_SLICE("error", delivery->error), LOG_NUMBER("attempt", delivery->attempts), );
    if (dead)
        atomic_fetch_add(&metrics->webhook_failures, 1);
    record(sending);
}

static struct slice header_of(const void *head, const char *name) {
    return fetch_header_get(head, name);
}

static void on_head(void *user, const struct fetch_head *head) {
    struct sending *sending = user;
    const struct model_reply_head reply = {head->status, header_of, head};
    sending->status = head->status;
    sending->wait_ms = failure_wait_ms(&reply);
}

static void on_data(void *user, struct slice bytes) {
    (void)user;
    (void)bytes;
}

static void on_end(void *user, const struct fault *fault) {
    struct sending *sending = user;
    int status = sending->status;
    sending->fetch = NULL;
    if (status >= 200 && status < 300) { /* it was taken, whatever became of the reply's body */
        sending->delivery.state = SLICE("sent");
        sending->delivery.status = status;
        sending->delivery.error = SLICE("");
        sending->delivery.sent_ms = clock_wall_ms();
        atomic_fetch_add(&sending->sender->chat->parts.metrics->webhooks_sent, 1);
        record(sending);
        return;
    }
    fail(sending,
         fault                           ? fault->message
         : status >= 300 && status < 400 ? "a redirect, which is not followed"
         : status == GONE                ? "gone for good"
                                         : "refused",
         status == GONE);
}

static const struct fetch_handler handler = {on_head, on_data, on_end};

static void post(struct sending *sending, const struct webhook_settings *to) {
    const struct store_delivery *delivery = &sending->delivery;
    int64_t now_s = clock_wall_ms() / 1000;
    struct slice timestamp = slice_of(arena_printf(sending->arena, "%lld", (long long)now_s));
    struct buffer signature = {0};
    webhook_sign(to->keys, to->key_count, delivery->id, now_s, delivery->body, &signature);
    const struct fetch_header headers[] = {
        {SLICE("Content-Type"), SLICE("application/json")},
        {SLICE("webhook-id"), delivery->id},
        {SLICE("webhook-timestamp"), timestamp},
        {SLICE("webhook-signature"), buffer_slice(&signature)}, /* last: may be left out */
    };
    const struct fetch_request request = {
        .method = "POST",
        .url = to->url,
        .headers = headers,
        .header_count = to->key_count > 0 ? 4 : 3,
        .body = delivery->body,
        .connect_ms = timeout_ms,
        .first_byte_ms = timeout_ms,
        .idle_ms = timeout_ms,
        .total_ms = timeout_ms,
        .body_max = reply_max,
    };
    sending->fetch = fetch_start(sending->sender->chat->fetcher, &request, &handler, sending);
    buffer_finish(&signature);
}

/* Never lets go of it: a receiver that is not configured any longer may be so again. */
static void start(struct webhook_sender *sender, const struct store_delivery *row) {
    struct arena *arena = arena_create(row->body.size + 1024);
    struct sending *sending = arena_allocate(arena, sizeof *sending);
    *sending = (struct sending){
        .next = sender->first,
        .sender = sender,
        .arena = arena,
        .settings = settings_reference(sender->chat->settings),
        .delivery = {.id = arena_copy(arena, row->id),
                     .bot = arena_copy(arena, row->bot),
                     .kind = arena_copy(arena, row->kind),
                     .body = arena_copy(arena, row->body),
                     .attempts = row->attempts},
        .claimed = row->attempts,
        .wait_ms = -1,
    };
    sender->first = sending;
    sender->count++;
    const struct bot *bot = settings_bot(sending->settings, row->bot);
    const struct webhook_settings *to = bot ? webhook_target(bot, row->target) : NULL;
    if (to)
        post(sending, to);
    else
        fail(sending, "the configuration says no longer where to", true);
}

/* --- what is due --- */

/* With the store; `claims` when something is known to be due. */
struct looking {
    struct store_job job; /* first: the store hands back its address */
    struct webhook_sender *sender;
    struct arena *arena; /* of the rows */
    struct store_delivery *rows;
    size_t count, room;
    int64_t next_ms; /* wall clock; when the first is due */
};

static bool read_next(struct store_session *session, struct store_job *job, struct fault *fault) {
    return store_deliveries_next(session, &((struct looking *)job)->next_ms, fault);
}

static bool write_claim(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct looking *it = (struct looking *)job;
    arena_destroy(it->arena); /* of a first try that was undone */
    it->arena = arena_create(4096);
    return store_deliveries_claim(session, clock_wall_ms(), lease_ms, it->room, it->arena,
                                  &it->rows, &it->count, fault) &&
           store_deliveries_next(session, &it->next_ms, fault);
}

/* Looks again when the next is due. With all places taken the first that ends looks. */
static void end_look(struct looking *it, const struct fault *fault) {
    struct webhook_sender *sender = it->sender;
    struct chat *chat = sender->chat;
    int64_t wait_ms = look_ms, until_ms = it->next_ms - clock_wall_ms();
    sender->looking = false;
    if (fault)
        log_error("the webhooks that wait could not be read", LOG_STRING("error", fault->message),
                  LOG_STRING("detail", fault->detail), );
    else if (until_ms < look_ms)
        wait_ms = until_ms > 0 ? until_ms : 0;
    arena_destroy(it->arena);
    free(it);
    if (sender->again)
        look(sender);
    else if (!sender->stopping && sender->count < IN_FLIGHT_MAX)
        timer_set(&sender->timer, wait_ms);
    end_stop(sender);
    chat_let_go(chat);
}

static void on_claimed(struct store_job *job, const struct fault *fault) {
    struct looking *it = (struct looking *)job;
    for (size_t i = 0; !fault && i < it->count; i++)
        start(it->sender, &it->rows[i]);
    end_look(it, fault);
}

static void on_next(struct store_job *job, const struct fault *fault) {
    struct looking *it = (struct looking *)job;
    const struct chat_parts *parts = &it->sender->chat->parts;
    if (fault || it->sender->stopping || it->next_ms > clock_wall_ms()) {
        end_look(it, fault);
        return;
    }
    it->job = (struct store_job){.run = write_claim, .done = on_claimed, .loop = parts->loop};
    store_write(parts->store, &it->job);
}

static void look(struct webhook_sender *sender) {
    const struct chat_parts *parts = &sender->chat->parts;
    if (sender->looking)
        sender->again = true;
    if (sender->looking || sender->stopping || sender->count >= IN_FLIGHT_MAX)
        return;
    struct looking *it = memory_zeroed(1, sizeof *it);
    it->sender = sender;
    it->room = IN_FLIGHT_MAX - sender->count;
    it->next_ms = INT64_MAX;
    it->job = (struct store_job){.run = read_next, .done = on_next, .loop = parts->loop};
    sender->looking = true;
    sender->again = false;
    timer_stop(&sender->timer);
    chat_hold(sender->chat);
    store_read(parts->store, &it->job);
}

static void on_timer(void *user) {
    look(user);
}

struct webhook_sender *webhook_sender_create(struct chat *chat) {
    struct webhook_sender *sender = memory_zeroed(1, sizeof *sender);
    sender->chat = chat;
    timer_init(&sender->timer, chat->parts.loop, on_timer, sender);
    set_sender(chat->parts.webhooks, sender, chat->parts.loop);
    look(sender);
    return sender;
}

void webhook_sender_stop(struct webhook_sender *sender, void (*stopped)(void *user), void *user) {
    set_sender(sender->chat->parts.webhooks, NULL, NULL);
    timer_stop(&sender->timer);
    sender->stopping = true;
    sender->stopped = stopped;
    sender->stopped_user = user;
    for (struct sending *sending = sender->first; sending; sending = sending->next) {
        if (!sending->fetch)
            continue; /* its end is being recorded */
        fetch_cancel(sending->fetch);
        sending->fetch = NULL;
        sending->delivery.state = SLICE("waiting");
        sending->delivery.attempts = sending->claimed - 1; /* it was no failure */
        sending->delivery.next_ms = clock_wall_ms();
        record(sending);
    }
    end_stop(sender);
}

void webhook_sender_destroy(struct webhook_sender *sender) {
    if (!sender)
        return;
    timer_stop(&sender->timer);
    free(sender);
}
