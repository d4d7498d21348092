/* One call of one model: encode, send, decode. It retries nothing; the turn decides what a failure
 * means. */
#pragma once
#include "base/buffer.h"
#include "base/id.h"
#include "gate/ledger.h"
#include "loop/timer.h"
#include "model/provider.h"
struct chat;
struct fetch;
struct metrics_model;
struct model_choice;
struct provider_settings;

struct call_handler {
    void (*event)(void *user, const struct model_event *event);
    /* After the events of one piece of the reply. */
    void (*flush)(void *user);
    /* Once, last; `fault` is NULL when a finish was seen. The call may be destroyed in it. */
    void (*end)(void *user, const struct fault *fault);
};

/* The fields are for turn.c to read; call.c writes them. */
struct call {
    struct call *next; /* earlier calls of the same turn */
    struct chat *chat;
    const struct provider_settings *provider;
    const char *model;
    struct arena *arena;
    const struct call_handler *handler;
    void *user;
    /* under way */
    struct model_request request;
    struct model_stream *stream; /* NULL when not open */
    struct fetch *fetch;         /* NULL when not under way */
    struct buffer *failure_body; /* of a reply that is not 200 */
    const void *failure_head;
    struct timer pace; /* feeds a local answer */
    size_t local_fed;
    bool paused, ended;
    /* what is recorded */
    struct id id;
    struct metrics_model *metrics;
    int64_t started_wall_ms, started_us, first_token_us, last_token_us, duration_us;
    int status;
    struct slice request_id;
    struct model_usage usage;
    enum model_finish finish;
    /* money: set by answer.c and money.c */
    const struct model_info *info;
    const char *purpose;  /* "answer", "summary" */
    const char *key_name; /* of the provider's key, "" for none */
    bool is_remote;       /* costs something: not the built-in provider */
    size_t answer_from;   /* where its text begins in the turn's answer */
    int64_t counted;      /* tokens of the prompt, -1 not counted */
    struct ledger_amount reserved;
    int64_t cost; /* microdollars, -1 no price is known */
    bool estimated;
    struct fault *fault; /* NULL when it did not fail */
};

/* All of it lies in `arena` (the turn's), which must outlive it. */
struct call *call_create(struct chat *chat, const struct provider_settings *provider,
                         const char *model, struct arena *arena, const struct call_handler *handler,
                         void *user);
/* Fills where `what` goes: the provider's address and its key of that index (none when there are
 * not so many), and the model with what is known of it. */
void call_address(struct model_call *what, const struct model_choice *choice, size_t key_index);
/* Encodes and sends. A failure to encode comes by `end` too, which may be called before this
 * returns. */
void call_start(struct call *call, const struct model_call *what);
/* Ends it without calling `end`; `why` is recorded. Does nothing to a call that has ended. */
void call_cancel(struct call *call, const struct fault *why);
void call_pause(struct call *call);
void call_resume(struct call *call);
