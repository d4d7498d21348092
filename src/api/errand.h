/* A request that is read, identified, handed to the store, and replied to with JSON: what most of
 * the smaller doors are. A door says how it reads and what it does there. */
#pragma once
#include "base/buffer.h"
#include "base/fault.h"
#include "chat/identify.h"
#include "store/desk.h"
#include "store/store.h"
struct api;
struct arena;
struct bot;
struct http_exchange;
struct settings;

struct errand;
struct errand_request;

/* What one of these doors does. */
struct operation {
    int status;  /* of the reply when it went well */
    bool writes; /* in the database */
    /* "conversations": of what it makes a row for whoever asks. Has the limits of messages, counted
     * apart. NULL: of nothing. */
    const char *creates;
    bool only_browsers; /* a page that is not the bot's own site must name its origin */
    bool signed_in;     /* of the desk (desk_open): `run` finds errand->operator */
    /* Reads the request; sets at least errand->what.bot where the request names one. */
    bool (*read)(struct errand *errand, struct http_exchange *exchange, struct fault *fault);
    /* Once it is known who asks, and of which bot; still with the request at hand. May be NULL. */
    bool (*take)(struct errand *errand, const struct errand_request *request, struct fault *fault);
    /* On a thread of the store: writes the reply to errand->out, which is empty. NULL: there is
     * nothing to do there. */
    bool (*run)(struct store_session *session, struct errand *errand, struct fault *fault);
    /* Back on the loop. NULL: errand->out is replied. Else it replies itself, now or later, and
     * ends with errand_end. */
    void (*finish)(struct errand *errand, struct errand_request *request);
    bool even_gone; /* `finish` is called also where the client is gone, with NULL: others are told
                     */
};

/* What the store is to do: it has an arena of its own, since it may outlive the request. */
struct errand {
    struct store_job job; /* first: the store hands back its address */
    const struct operation *operation;
    struct arena *arena; /* the errand lies in it */
    struct chat *chat;
    struct settings *settings;      /* a reference of its own: the request's may be gone */
    const struct bot *bot;          /* of them; NULL at the desk */
    struct errand_request *request; /* NULL when the client is gone */
    struct identity who;            /* claims in the arena */
    struct store_conversation what; /* whose, and of which bot */
    struct slice sign_in;           /* of the desk: hash of the cookie; empty: there was none */
    struct store_operator operator; /* in the arena; of the desk's operations */
    struct slice before;            /* id behind which a list goes on */
    int64_t after;                  /* position behind which messages go on */
    size_t limit;
    void *own; /* the operation's */
    struct buffer out;
};

/* Lies in the exchange's arena. */
struct errand_request {
    struct api *api;
    struct http_exchange *exchange;
    struct settings *settings; /* a reference */
    const struct bot *bot;
    struct identify *identify;
    struct errand *errand; /* NULL once it is ended */
    struct id id;
    /* Set by `finish` where it replies later: the client is gone, and so is this request when it
     * returns; and what waited was written. */
    void (*gone)(void *user);
    void (*drained)(void *user);
    void *user;
};

void errand_open(struct api *api, struct http_exchange *exchange,
                 const struct operation *operation);
/* For a door of the desk, which has no bot and no visitor: the errand goes to the store at once,
 * and `take` is not called. `read` fails with whatever is wrong. */
void errand_open_desk(struct api *api, struct http_exchange *exchange,
                      const struct operation *operation);
/* A `finish`: 204. */
void errand_finish_empty(struct errand *errand, struct errand_request *request);
/* For `finish`: hands it to the store once more, as another operation (its `run`, `writes`,
 * `status` and `finish`). */
void errand_go_on(struct errand *errand, const struct operation *operation);
/* For `finish`: whether whoever asks may make one more of `what`, as by `creates`. */
bool errand_may_create(const struct errand_request *request, const char *what, struct slice user,
                       struct fault *fault);
/* For `finish`: the errand is freed. The request goes on until it is replied. */
void errand_end(struct errand *errand);
/* For `finish`: the reply, and the end of the request. */
void errand_reply(struct errand_request *request, int status, struct slice body);
/* The same without a body: 204. */
void errand_nothing(struct errand_request *request);
void errand_refuse(struct errand_request *request, const struct fault *fault);
/* The usual headers of a reply that is made by hand; let go of the settings with errand_release. */
void errand_headers(struct errand_request *request);
void errand_release(struct errand_request *request);

/* For `read`. A parameter of the query, which outlives the request. */
struct slice errand_query(const struct errand *errand, struct http_exchange *exchange,
                          const char *name);
bool errand_limit(struct errand *errand, struct http_exchange *exchange, int64_t usual,
                  int64_t most, struct fault *fault);
/* The id at the end of the path, behind `before`, and the bot of the query. */
bool errand_id(struct errand *errand, struct http_exchange *exchange, const char *before,
               struct fault *fault);
/* Always false. */
bool errand_wrong(struct fault *fault, const char *name, const char *what);
