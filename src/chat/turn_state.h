/* The inside of a turn, for the files of this folder only. */
#pragma once
#include "base/buffer.h"
#include "base/id.h"
#include "chat/call.h"
#include "chat/redact.h"
#include "chat/round.h"
#include "chat/splice.h"
#include "chat/turn.h"
#include "gate/ledger.h"
#include "gate/limits.h"
#include "loop/timer.h"
#include "store/records.h"
#include "store/store.h"

enum turn_step {
    TURN_OPEN,
    TURN_ADMIT,
    TURN_LOAD,
    TURN_FIT,
    TURN_CACHE,
    TURN_CALL,
    TURN_TOOLS,
    TURN_COMMIT,
    TURN_RECORD,
    TURN_SUMMARIZE,
    TURN_DONE,
    TURN_WAIT
};

enum { TURN_LIMITS_MAX = 6 };

/* A job of the turn that is with the store. The turn is not freed before all of them are back. */
struct turn_job {
    struct store_job job;
    struct turn *turn;
    bool deleted; /* set by the job: the conversation was deleted meanwhile */
};

/* What the server kept of the conversation. */
struct turn_history {
    bool found;
    const int64_t *positions; /* of turn->messages but the last */
    struct slice summary;     /* of what is before them; may be empty */
    int64_t summary_position;
    int64_t total; /* messages */
};

/* A tool as it is offered to the model: the i-th of turn->what.tools. */
struct offered_tool {
    const struct tool *tool;     /* NULL: the client's own */
    const struct schema *schema; /* of its arguments; NULL: who runs it checks them */
    struct slice mcp_name;       /* as an MCP server names it; else empty */
};

struct confirmation; /* see confirm.h */
struct tool_use;     /* see tools.c */

/* What an MCP server of the bot's offers. */
struct turn_mcp {
    struct turn *turn;
    const struct tool *tool; /* the entry of the configuration */
    struct mcp_task *task;   /* under way, or NULL */
    struct mcp_tools *tools; /* a reference; NULL: not had */
};

struct turn {
    struct turn *next, *previous; /* in the chat */
    struct chat *chat;
    struct settings *settings;
    const struct bot *bot;
    struct arena *arena;
    enum turn_step step;
    int64_t step_since_us;
    const struct turn_sink *sink; /* NULL once the client is gone */
    void *sink_user;
    const char *door;
    struct identity who;
    const char *address;
    struct slice language;

    struct id id, conversation_id, user_message_id, answer_id;
    struct slice key; /* of the client's, see turn_request */
    int64_t created_wall_ms, created_us, ended_wall_ms;
    const struct model_message *messages; /* of the client */
    size_t message_count;
    struct slice user_text; /* the new message's text */
    const struct slice *attachments;
    size_t attachment_count;
    bool again;
    bool must_exist;
    bool goes_on;      /* the client named the conversation */
    bool reopens;      /* it was closed */
    struct slice help; /* an operator asks, see turn_request */
    const struct model_tool *client_tools;
    size_t client_tool_count;
    struct turn_history history;
    struct confirmation *confirmation; /* NULL: a message like others */

    /* admit */
    struct limit limits[TURN_LIMITS_MAX];
    int64_t window_starts[TURN_LIMITS_MAX];
    size_t limit_count;

    struct fault *stopped; /* cancelled or shut down while the store was asked */

    /* load */
    struct model_passage *passages;
    size_t passage_count;

    /* fit: what is sent */
    struct model_call what;
    const struct model_message *all; /* all that could be: of which `what` has the end */
    size_t all_count;
    int64_t room_max; /* tokens, after the vendor said that it was too long; 0: not yet */

    /* cache */
    bool cacheable;
    unsigned char cache_digest[32];

    /* tools */
    struct turn_mcp *mcp;
    size_t mcp_count, mcp_waiting;
    const struct offered_tool *offered;
    struct round round;              /* what the model said in the call under way */
    struct model_message *exchanged; /* calls and results so far, sent behind `what`'s messages */
    size_t exchanged_count;
    const struct provider *exchanged_with; /* whose signatures they hold */
    struct tool_use *uses, *last_use;      /* all of the turn */
    bool has_buttons;
    struct slice replies; /* a JSON list, or empty */
    struct slice handoff; /* the arguments of handoff_to_operator, where somebody is there */
    size_t use_count, uses_running;
    int64_t rounds;
    int64_t tools_until_us; /* monotonic; 0: none was run yet */
    size_t round_from;      /* where the round's text begins in the answer */
    int64_t round_since_us;

    /* money: of the call that is next or under way */
    int64_t counted; /* tokens of the prompt as counted here; -1 not counted */
    struct ledger_amount reserved;
    struct ledger_hold hold, stream;
    size_t left_out; /* messages of the conversation that are not sent */

    /* call */
    const struct model_choice *choices; /* in the order in which they are tried */
    size_t choice_count;
    size_t choice;           /* index into choices */
    unsigned attempts;       /* with that model */
    size_t key_index;        /* of the provider's keys */
    struct breaker *breaker; /* that waits for our report; NULL when none does */
    struct timer retry;
    struct splice *splice; /* joins a continuation; NULL when there is none */
    bool unjoinable;
    struct call *call; /* under way, or the last one */
    struct call *ended_calls;
    bool accepted;                          /* ACCEPTED was emitted */
    bool started;                           /* START was emitted */
    bool visible;                           /* something of the answer was */
    bool ended;                             /* END was emitted, or the client is gone */
    struct buffer answer;                   /* as the model said it */
    struct redactor shown, shown_reasoning; /* what the client sees of it */
    struct fault *fault;                    /* why it failed; NULL when it did not */
    enum model_finish finish;

    /* record */
    struct turn_job open, end;
    struct slice kept_text, kept_answer; /* the message and the answer as the store keeps them */
    bool cut;                    /* its reader was refused some of the answer, and has … */
    struct slice seen;           /* … this much */
    struct summary *summarizing; /* NULL when not */
    bool begun;                  /* conversation, message and counters are committed */
    unsigned jobs;               /* with the store */
    bool done;                   /* step DONE was reached: freed when no job is out */
};

/* Runs steps until one waits. */
void turn_advance(struct turn *turn, enum turn_step next);
/* Ends the turn with that fault: an error event where the client still listens, then the record. */
void turn_fail(struct turn *turn, const struct fault *fault);
/* Ends a turn that was not admitted: nothing of it is recorded. */
void turn_refuse(struct turn *turn, const struct fault *fault);
/* As turn_fail, for a server that stops. */
void turn_shut_down(struct turn *turn);
/* A call of that model, with what is recorded of it besides its course; not started. A remote one
 * was reserved for. `purpose` is static. */
struct call *turn_call(struct turn *turn, const struct model_choice *choice, const char *purpose,
                       bool is_remote, const struct call_handler *handler);
/* Emits ACCEPTED, once. */
void turn_accept(struct turn *turn);
void turn_emit(struct turn *turn, const struct turn_event *event);
void turn_flush(struct turn *turn);

/* record.c: hand over to the store what is known now; `turn->jobs` counts them. */
/* turn->call, open with what is reserved; before the first one the conversation, the visitor's
 * message and the counters. Goes on with answer_committed. */
void record_open(struct turn *turn);
/* For a turn with the answer to a card: the message and the answer, in one. Goes on with
 * confirm_taken. */
void record_answer(struct turn *turn);
void record_end(struct turn *turn); /* the answer, the calls */
/* A call's row; its texts are the turn's and the call's. */
struct store_call record_row(const struct turn *turn, const struct call *call);
/* A job came back: frees the turn when it was the last thing. */
void turn_job_done(struct turn *turn);

/* fit.c: fills turn->what (system, messages, settings) for the bot, … */
void fit_call(struct turn *turn);
/* … and leaves out of its messages what does not fit that model. CONTEXT_TOO_LONG when not even the
 * new message does. */
bool fit_model(struct turn *turn, const struct model_choice *choice, struct fault *fault);
/* All of it, for the built-in provider, which takes any length. */
void fit_whole(struct turn *turn, const struct model_choice *choice);
