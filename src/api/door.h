/* The way of a chat request, whatever its door: read the body, find the bot, check the origin,
 * identify, start the turn, write its events in the door's dialect. A door says where the bot's
 * name stands and which dialect it speaks. */
#pragma once
#include "api/body.h"
#include "base/buffer.h"
#include "chat/identify.h"
#include "chat/turn.h"
#include "loop/timer.h"
struct api;
struct http_exchange;
struct identify;

struct door_request;

/* How a door writes what a turn says. Each function appends to the api's scratch or replies by
 * itself. */
struct dialect {
    const char *content_type;                        /* of a stream */
    const char *stream_header, *stream_header_value; /* of a stream, too; NULL: none */
    const char *heartbeat;                           /* an event that says nothing */
    const char *id_header; /* where its clients look for the request's id; NULL: X-Request-Id */
    /* The model calls a tool of the client's own. NULL: such clients are not at this door. */
    void (*client_call)(struct door_request *request, const struct turn_tool *call,
                        struct buffer *out);
    /* Appends what opens the stream, a delta, an error in the stream, the end. */
    void (*start)(struct door_request *request, struct buffer *out);
    void (*text)(struct door_request *request, struct slice text, struct buffer *out);
    /* A tool begins or has ended. NULL: the dialect has no words for it. */
    void (*tool)(struct door_request *request, const struct turn_tool *tool, struct buffer *out);
    /* The visitor is asked, or has answered. NULL: the dialect has no words for it. Where nothing
     * is streamed it is called with `out` for the list of cards. */
    void (*confirm)(struct door_request *request, const struct turn_confirm *confirm,
                    struct buffer *out);
    void (*error)(struct door_request *request, const struct fault *fault, struct buffer *out);
    void (*end)(struct door_request *request, const struct turn_event *end, struct buffer *out);
    /* The body of an answer that is not streamed; `text` is the whole of it. */
    void (*whole)(struct door_request *request, struct slice text, const struct turn_event *end,
                  struct buffer *out);
    /* The body of an error that comes in place of an answer; returns the status. */
    int (*refusal)(const struct door_request *request, const struct fault *fault,
                   struct buffer *out);
};

struct door {
    const char *name;    /* as it is logged */
    const char *bot_key; /* member of the body that names the bot */
    bool bot_required;   /* else the default bot answers */
    bool stream;         /* when the body does not say */
    bool only_streams;   /* whatever the body says */
    bool own_tools;      /* clients with an API key may bring tools of their own */
    /* Member that names the conversation where conversation_id does not, if it is an id of ours.
     * NULL: none. */
    const char *conversation_key;
    const struct dialect *dialect;
};

/* One request under way; lies in the exchange's arena. */
struct door_request {
    struct api *api;
    struct http_exchange *exchange; /* NULL once it is replied or gone */
    const struct door *door;
    struct settings *settings; /* a reference */
    const struct bot *bot;
    struct arena *arena; /* for the turn; NULL once it has taken it over */
    struct body body;
    struct identify *identify;
    struct turn *turn;
    struct timer heartbeat;
    bool begun; /* the stream's head is sent */
    bool paused;
    bool failed;           /* an error was told */
    struct fault *refusal; /* in place of an answer; NULL when there is none */
    bool offline;          /* the built-in provider answers, which is said to the client */
    bool cached;           /* the answer was given before */
    struct buffer text;    /* of an answer that is not streamed */
    struct buffer calls;   /* of the client's tools, in the dialect's words; the same */
    size_t call_count;
    struct buffer cards;         /* that ask the visitor; the same */
    struct slice prefix, suffix; /* the dialect's own, around each delta */
    unsigned part;               /* the dialect's own: parts of the answer so far, … */
    bool part_open;              /* … and whether the last one goes on */
    struct id id;
    struct slice conversation_id;
    int64_t created_s; /* wall clock, seconds */
};

void door_open(struct api *api, struct http_exchange *exchange, const struct door *door);
/* The bot of that name, or the default one where it is empty; NOT_FOUND. `param` is where the name
 * stands. */
bool door_find_bot(const struct settings *settings, struct slice name, const char *param,
                   const struct bot **ret_bot, struct fault *fault);
