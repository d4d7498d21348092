#include "chat/call.h"
#include "base/arena.h"
#include "base/clock.h"
#include "chat/metrics.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "fetch/fetch.h"

enum { FAILURE_BODY_MAX = 64 * 1024 };

static const struct provider *translator(const struct call *call) {
    return call->provider->translator;
}

static void close_stream(struct call *call) {
    if (call->stream)
        translator(call)->close(call->stream);
    call->stream = NULL;
}

static void count(struct call *call) {
    struct metrics_model *metrics = call->metrics;
    const int64_t tokens[METRICS_TOKEN_CLASSES] = {
        [METRICS_INPUT] = call->usage.input,
        [METRICS_CACHE_READ] = call->usage.cache_read,
        [METRICS_CACHE_WRITE] = call->usage.cache_write,
        [METRICS_OUTPUT] = call->usage.output,
        [METRICS_REASONING] = call->usage.reasoning,
    };
    for (size_t i = 0; i < METRICS_TOKEN_CLASSES; i++)
        if (tokens[i] > 0)
            atomic_fetch_add_explicit(&metrics->tokens[i], (uint64_t)tokens[i],
                                      memory_order_relaxed);
    if (call->fault)
        atomic_fetch_add(&metrics->errors[call->fault->kind], 1);
    metrics_observe(&metrics->duration, call->duration_us);
}

/* Everything a call holds besides the turn's arena goes here, whatever ended it. */
static void finish(struct call *call, const struct fault *fault) {
    call->ended = true;
    call->fetch = NULL;
    timer_stop(&call->pace);
    close_stream(call);
    if (call->failure_body)
        buffer_finish(call->failure_body);
    call->failure_body = NULL;
    call->duration_us = clock_monotonic_us() - call->started_us;
    if (fault) {
        call->fault = arena_allocate(call->arena, sizeof *call->fault);
        *call->fault = *fault;
        if (fault->status && !call->status)
            call->status = fault->status;
    }
    count(call);
}

static void end(struct call *call, const struct fault *fault) {
    finish(call, fault);
    call->handler->end(call->user, call->fault);
}

static void note_token_time(struct call *call) {
    int64_t now_us = clock_monotonic_us();
    if (call->first_token_us < 0) {
        call->first_token_us = now_us - call->started_us;
        metrics_observe(&call->metrics->first_token, call->first_token_us);
    } else {
        metrics_observe(&call->metrics->between_tokens, now_us - call->last_token_us);
    }
    call->last_token_us = now_us;
}

static void on_event(void *user, const struct model_event *event) {
    struct call *call = user;
    switch (event->kind) {
    case MODEL_EVENT_TEXT:
    case MODEL_EVENT_REFUSAL:
    case MODEL_EVENT_REASONING:
    case MODEL_EVENT_TOOL_CALL:
    case MODEL_EVENT_TOOL_ARGUMENTS:
        note_token_time(call);
        break;
    case MODEL_EVENT_USAGE:
        call->usage = event->usage;
        break;
    case MODEL_EVENT_FINISH:
        call->finish = event->finish;
        break;
    default:
        break;
    }
    call->handler->event(call->user, event);
}

/* --- over the network --- */

static struct slice request_id_of(const struct fetch_head *head) {
    static const char *const names[] = {"x-request-id", "request-id", "mistral-correlation-id",
                                        "x-goog-request-id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct slice value = fetch_header_get(head, names[i]);
        if (value.size > 0)
            return slice_first(value, 128);
    }
    return (struct slice){NULL, 0};
}

/* A failed reply's headers are needed once its body is there. */
struct kept_head {
    int status;
    size_t count;
    struct fetch_header headers[];
};

static struct slice kept_header(const void *kept, const char *name) {
    const struct kept_head *head = kept;
    struct fetch_head view = {head->status, head->headers, head->count};
    return fetch_header_get(&view, name);
}

static void on_head(void *user, const struct fetch_head *head) {
    struct call *call = user;
    call->status = head->status;
    call->request_id = arena_copy(call->arena, request_id_of(head));
    if (head->status == 200)
        return;
    struct kept_head *kept =
        arena_allocate(call->arena, sizeof *kept + head->header_count * sizeof kept->headers[0]);
    kept->status = head->status;
    kept->count = head->header_count;
    for (size_t i = 0; i < head->header_count; i++) {
        kept->headers[i].name = arena_copy(call->arena, head->headers[i].name);
        kept->headers[i].value = arena_copy(call->arena, head->headers[i].value);
    }
    call->failure_head = kept;
    call->failure_body = arena_allocate(call->arena, sizeof *call->failure_body);
}

static void on_data(void *user, struct slice bytes) {
    struct call *call = user;
    if (call->failure_body) {
        size_t room = FAILURE_BODY_MAX - call->failure_body->size;
        buffer_append(call->failure_body, slice_first(bytes, room));
        return;
    }
    struct fault fault;
    bool ok = translator(call)->feed(call->stream, bytes, &fault);
    call->handler->flush(call->user);
    if (!ok && !call->ended) {
        fetch_cancel(call->fetch);
        end(call, &fault);
    }
}

static void on_end(void *user, const struct fault *fetch_fault) {
    struct call *call = user;
    call->fetch = NULL;
    struct fault fault;
    if (call->failure_body) {
        struct model_reply_head reply = {call->status, kept_header, call->failure_head};
        translator(call)->failure(&reply, buffer_slice(call->failure_body), &fault);
        end(call, &fault);
        return;
    }
    if (fetch_fault && call->status == 0) {
        end(call, fetch_fault);
        return;
    }
    /* Even after a cut the stream may be complete: some servers close without ending the chunked
     * body. */
    bool ok = translator(call)->end(call->stream, &fault);
    call->stream = NULL;
    call->handler->flush(call->user);
    end(call, ok ? NULL : fetch_fault ? fetch_fault : &fault);
}

static const struct fetch_handler fetch_callbacks = {on_head, on_data, on_end};

/* --- without a network: the offline provider's answer is fed a line per tick, at about reading
 * speed --- */

static void feed_local(void *user) {
    struct call *call = user;
    struct slice rest = slice_from(call->request.body, call->local_fed);
    struct fault fault;
    bool ok;
    if (rest.size == 0) {
        ok = translator(call)->end(call->stream, &fault);
        call->stream = NULL;
        call->handler->flush(call->user);
        end(call, ok ? NULL : &fault);
        return;
    }
    size_t line = slice_find_byte(rest, '\n');
    struct slice piece = slice_first(rest, line == SIZE_MAX ? rest.size : line + 1);
    call->local_fed += piece.size;
    ok = translator(call)->feed(call->stream, piece, &fault);
    call->handler->flush(call->user);
    if (call->ended)
        return;
    if (!ok)
        end(call, &fault);
    else if (!call->paused)
        timer_set(&call->pace, 0);
}

/* --- */

struct call *call_create(struct chat *chat, const struct provider_settings *provider,
                         const char *model, struct arena *arena, const struct call_handler *handler,
                         void *user) {
    struct call *call = arena_allocate(arena, sizeof *call);
    call->chat = chat;
    call->provider = provider;
    call->model = model;
    call->arena = arena;
    call->handler = handler;
    call->user = user;
    call->id = id_create();
    call->metrics = metrics_model(chat->parts.metrics, provider->name, model);
    call->started_wall_ms = clock_wall_ms();
    call->started_us = clock_monotonic_us();
    call->first_token_us = -1;
    call->usage = model_usage_unknown();
    timer_init(&call->pace, chat->parts.loop, feed_local, call);
    return call;
}

void call_address(struct model_call *what, const struct model_choice *choice, size_t key_index) {
    const struct provider_settings *provider = choice->provider;
    what->base_url = slice_of(provider->url);
    what->key =
        key_index < provider->key_count ? provider->keys[key_index].key : (struct slice){NULL, 0};
    what->model = slice_of(choice->model);
    what->api_version = slice_of(provider->api_version);
    what->info = choice->info;
}

void call_start(struct call *call, const struct model_call *what) {
    struct fault fault;
    atomic_fetch_add(&call->metrics->calls, 1);
    if (!translator(call)->encode(what, call->arena, &call->request, &fault)) {
        end(call, &fault);
        return;
    }
    call->stream = translator(call)->open(call->arena, on_event, call);
    if (!call->request.url || call->request.url[0] == '\0') {
        timer_set(&call->pace, 0);
        return;
    }
    struct fetch_header headers[16];
    size_t header_count = 0;
    for (; header_count < call->request.header_count && header_count < 16; header_count++)
        headers[header_count] = (struct fetch_header){call->request.headers[header_count].name,
                                                      call->request.headers[header_count].value};
    const struct provider_settings *provider = call->provider;
    const struct fetch_request request = {
        .method = "POST",
        .url = call->request.url,
        .headers = headers,
        .header_count = header_count,
        .body = call->request.body,
        .connect_ms = provider->connect_ms,
        .first_byte_ms = provider->first_byte_ms,
        .idle_ms = provider->idle_ms,
        .total_ms = provider->total_ms,
    };
    call->fetch = fetch_start(call->chat->fetcher, &request, &fetch_callbacks, call);
}

void call_cancel(struct call *call, const struct fault *why) {
    if (call->ended)
        return;
    if (call->fetch)
        fetch_cancel(call->fetch);
    finish(call, why);
}

void call_pause(struct call *call) {
    if (call->ended || call->paused)
        return;
    call->paused = true;
    if (call->fetch)
        fetch_pause(call->fetch);
    else
        timer_stop(&call->pace);
}

void call_resume(struct call *call) {
    if (call->ended || !call->paused)
        return;
    call->paused = false;
    if (call->fetch)
        fetch_resume(call->fetch);
    else
        timer_set(&call->pace, 0);
}
