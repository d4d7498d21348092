/* Asking the visitor before a tool is run. The model is told that a card is shown, and ends its
 * answer; what the visitor says is a turn of its own, which begins with the tool:
 *
 *     turn 1: call → tools (the card is kept and shown) → call ("please confirm") → record
 *     turn 2: open → admit → load (yes or no, taken once) → tools (run now, or not) → call → record
 *
 * A card is kept in the store, so it outlives reloads and restarts until it expires. */
#pragma once
#include "base/fault.h"
#include "base/id.h"
#include "base/slice.h"
struct arena;
struct buffer;
struct store_session;
struct tool;
struct turn;
struct turn_confirm;
struct turn_request;

/* What models (and the built-in provider, by the member `confirmation`) get as the result. */
#define CONFIRM_ASKED                                                                              \
    "{\"confirmation\":\"waiting\",\"note\":\"Nothing is done yet. The visitor sees a card with "  \
    "these details and the buttons Yes and No; it is done when they press Yes. Ask them to in "    \
    "one "                                                                                         \
    "short sentence, and do not call this tool again for it.\"}"
#define CONFIRM_DECLINED                                                                           \
    "{\"confirmation\":\"declined\",\"note\":\"The visitor pressed No. Nothing was done.\"}"

/* The answer that a turn is about. */
struct confirmation {
    struct id id;
    bool yes;
    bool taken;          /* the store has it: it is the first answer */
    struct arena *arena; /* for what the store reads, on its thread */
    struct slice tool, arguments, card;
    int64_t expires_ms;
};

/* A card that is being kept. */
struct confirm_ask;
typedef void confirm_asked(void *user, const struct fault *fault);
/* Calls `done` once, later, on the loop: then the card was emitted, unless there is a fault. */
struct confirm_ask *confirm_ask_start(struct turn *turn, const struct tool *tool, struct slice name,
                                      struct slice arguments, confirm_asked *done, void *user);
/* `done` will not be called. */
void confirm_ask_cancel(struct confirm_ask *ask);

/* For a turn that brings an answer: the message that stands for it, in the visitor's language. */
void confirm_begin(struct turn *turn, const struct turn_request *request);
/* On the writer's thread: takes the answer, once. */
bool confirm_take(struct store_session *session, struct turn *turn, struct fault *fault);
/* Back on the loop: goes on, or refuses the turn. */
void confirm_taken(struct turn *turn, const struct fault *fault);
/* On the writer's thread, at the turn's end. `ran`: the tool was begun. */
bool confirm_record(struct store_session *session, const struct turn *turn, bool ran,
                    struct fault *fault);
void confirm_release(struct turn *turn);

/* "yes" or "no" as it is recorded, in that language. */
struct slice confirm_words(bool yes, struct slice language);
/* A card for a client: {"id":…,"state":…,"expires_at":…,"tool":…,"title":…,"fields":[{"name":…,
 * "value":…}]}. `card` is what the store keeps of it; expires_at is in seconds. */
void confirm_write(const struct turn_confirm *confirm, struct buffer *out);
