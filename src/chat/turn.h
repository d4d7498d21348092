/* A turn: one visitor message and all that follows until it is answered.
 *
 *     (open →) admit → load → fit → call ⇄ tools → record → done
 *
 * Once admitted, every exit passes through `record`: failure, timeout, stop and disconnect too. The
 * turn emits events into a sink and knows nothing of HTTP. Everything runs on the chat's loop. */
#pragma once
#include "chat/identify.h"
#include "model/provider.h"
struct arena;
struct bot;
struct chat;
struct settings;

enum turn_event_kind {
    TURN_EVENT_ACCEPTED, /* the message is recorded: whatever happens now is part of the answer */
    TURN_EVENT_START,    /* before the first delta: `provider` and `model` say who answers */
    TURN_EVENT_TEXT,     /* delta of the visible answer */
    TURN_EVENT_REASONING,
    TURN_EVENT_TOOL,        /* `tool`: one of the server's tools begins or has ended */
    TURN_EVENT_CONFIRM,     /* `confirm`: the visitor is asked, or has answered */
    TURN_EVENT_CLIENT_CALL, /* `tool`: the model calls one of the client's own; END follows */
    TURN_EVENT_ERROR,       /* `fault`; nothing but END follows */
    TURN_EVENT_END, /* last: `finish` and `usage` (of all calls); after it the turn is not to be
                       touched */
};

enum turn_tool_state { TURN_TOOL_RUNNING, TURN_TOOL_DONE, TURN_TOOL_FAILED };

/* What a door may tell of a call of a tool. Results stay on the server: the model says of them what
 * the visitor is to know. */
struct turn_tool {
    struct slice id;            /* of the call; unique in the turn */
    struct slice name;          /* of the tool */
    struct slice arguments;     /* a JSON object */
    enum turn_tool_state state; /* CLIENT_CALL: without meaning */
    struct slice text;          /* for the visitor while it runs, in their language; may be empty */
};

/* A card that asks the visitor whether a tool may do what it is to do. */
struct turn_confirm {
    struct slice id;    /* a ULID */
    struct slice card;  /* JSON, see confirm_write */
    struct slice state; /* "waiting", "yes", "no" */
    int64_t expires_ms; /* wall clock */
};

struct turn_event {
    enum turn_event_kind kind;
    struct slice text;
    const struct turn_tool *tool; /* TOOL, CLIENT_CALL */
    const struct turn_confirm *confirm;
    const char *provider, *model; /* START */
    bool offline;                 /* START: the built-in provider answers, not a language model */
    bool cached;                  /* START: the answer was given before */
    const struct fault *fault;
    enum model_finish finish;
    struct model_usage usage;
    struct slice replies; /* END: a JSON list of what the visitor may be offered to say; or empty */
    struct slice handoff; /* END: the bot calls for a person: {"reason", "summary"}; or empty */
};

struct turn_sink {
    void (*event)(void *user, const struct turn_event *event);
    /* After a batch of events: time to send what was written. */
    void (*flush)(void *user);
    /* Whether its reader was refused some of the answer, and what they have of it: only that is
     * recorded. Asked for when the turn ends, also by turn_cancel. NULL: they have all. */
    bool (*is_cut)(void *user, struct slice *ret_seen);
};

struct turn_request {
    struct settings *settings; /* a reference is taken */
    const struct bot *bot;
    const struct identity *who; /* copied */
    const char *address;        /* of the client, for limits; copied */
    struct slice language;      /* BCP 47, as the browser prefers it; may be empty; copied */
    const char *door;           /* "chat", "openai": static */
    /* The conversation so far, oldest first, the visitor's new message last; all in `arena`, which
     * the turn takes over and frees. */
    const struct model_message *messages;
    size_t message_count;
    /* Tools of the client's own, for a trusted API key only: their calls end the turn (finish
     * TOOL_CALLS), and the client comes back with the results as messages. */
    const struct model_tool *tools;
    size_t tool_count;
    struct arena *arena;
    struct id id;                    /* of the turn */
    struct id message_id, answer_id; /* of what is recorded; made up where empty */
    const struct slice *attachments; /* ids of what the store has that is part of the message; in */
    size_t attachment_count; /* `arena`. What the model is to see is in `messages` besides */
    /* By which a client that sends the message again is known; empty for none. Copied. */
    struct slice key;
    struct slice conversation_id; /* a ULID */
    /* In place of a message: the answer to a card of the conversation; empty for none. Then
     * `goes_on` is true, and of `messages` only the last one counts, which this replaces. */
    struct slice confirmation_id; /* a ULID */
    bool confirmed;
    /* No new message: the conversation's last one is answered again, and what it was answered with
     * so far is put aside. With `goes_on` and `must_exist`; `messages` does not count. */
    bool again;
    /* An operator asks the model about the conversation: what it is told in place of the bot's
     * instructions; copied; empty for a visitor's message. It gets no tools and no knowledge,
     * limits on messages do not count, and of the turn only its calls are recorded: what it is
     * about is in the conversation already. */
    struct slice help;
    bool must_exist;  /* with `goes_on`: else one of that id is begun */
    bool goes_on;     /* the client gave it: whose it is is looked up (step open) */
    bool has_buttons; /* the client shows quick replies: the tool of that name is offered */
};

struct turn;
/* The sink may be called before it returns (a limit is reached, for instance), END included; then
 * NULL is returned. */
struct turn *turn_start(struct chat *chat, const struct turn_request *request,
                        const struct turn_sink *sink, void *user);
/* The client stopped or vanished: ends the upstream call at once; the sink is not called again. */
void turn_cancel(struct turn *turn);
/* A slow client: the upstream is not read while paused. */
void turn_pause(struct turn *turn);
void turn_resume(struct turn *turn);
