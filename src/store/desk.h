/* What the desk needs of the store: who answers in a conversation, operators and what they did.
 * Conventions are those of store/records.h. */
#pragma once
#include "store/records.h"

/* --- operators: operators.c --- */

struct store_operator {
    struct slice id;       /* ULID */
    struct slice name;     /* to sign in by, in lower case; unique among those not removed */
    struct slice display;  /* what visitors see */
    struct slice role;     /* "operator", "lead", "admin" */
    struct slice bots;     /* comma-separated names, "" for all */
    struct slice password; /* argon2id, as gate/password.h makes it */
    int64_t created_ms;
    int64_t removed_ms; /* 0 when not */
};
/* CONFLICT where there is one of that name. */
bool store_operator_add(struct store_session *session, const struct store_operator *operator,
                        struct fault * fault);
/* By name, of those not removed. `ret_found` is false where there is none. In the arena. */
bool store_operator_find(struct store_session *session, struct slice name, struct arena *arena,
                         bool *ret_found, struct store_operator *ret_operator, struct fault *fault);
/* By id, removed or not; as above. */
bool store_operator_get(struct store_session *session, struct slice id, struct arena *arena,
                        bool *ret_found, struct store_operator *ret_operator, struct fault *fault);
/* Those not removed, by name; without passwords. In the arena. */
bool store_operators_list(struct store_session *session, struct arena *arena,
                          struct store_operator **ret_operators, size_t *ret_count,
                          struct fault *fault);
/* A new password: whoever is signed in is so no longer. NOT_FOUND where there is none. */
bool store_operator_reset(struct store_session *session, struct slice name, struct slice password,
                          struct fault *fault);
/* Signed out at once; what they had of conversations waits for somebody else. NOT_FOUND as above.
 */
bool store_operator_remove(struct store_session *session, struct slice name, int64_t now_ms,
                           struct fault *fault);

/* A sign-in: `hash` is of the token, 32 bytes. Those that have expired are forgotten. */
bool store_operator_session_add(struct store_session *session, struct slice hash,
                                struct slice operator_id, int64_t now_ms, int64_t expires_ms,
                                struct fault *fault);
/* Whose it is; `ret_found` is false where it is nobody's any more. In the arena. */
bool store_operator_session_find(struct store_session *session, struct slice hash, int64_t now_ms,
                                 struct arena *arena, bool *ret_found,
                                 struct store_operator *ret_operator, struct fault *fault);
bool store_operator_session_end(struct store_session *session, struct slice hash,
                                struct fault *fault); /* an unknown one is fine */

struct store_audit {
    struct slice operator_id; /* "" for the command line */
    struct slice action;      /* "sign_in", "take", "operator.add", … */
    struct slice subject;     /* id of a conversation or an operator; may be empty */
    struct slice detail;
};
bool store_audit_add(struct store_session *session, const struct store_audit *entry, int64_t now_ms,
                     struct fault *fault);

/* --- who answers in a conversation: handoff.c --- */

struct store_standing {
    struct slice bot, user, door;
    struct slice mode; /* "bot", "waiting", "operator", "closed" */
    int64_t epoch;     /* counts the changes */
    struct slice operator_id, operator_display;
    int64_t waiting_ms; /* since when it waits (wall clock); 0: it does not */
};
/* `ret_found` is false where there is no such conversation. In the arena. */
bool store_standing_get(struct store_session *session, struct slice conversation_id,
                        struct arena *arena, bool *ret_found, struct store_standing *ret_standing,
                        struct fault *fault);

struct store_handoff {
    struct slice conversation_id;
    int64_t epoch;                /* that it had */
    struct slice mode;            /* that it gets */
    struct slice cause;           /* "visitor", "bot", "rule", "operator" */
    struct slice operator_id;     /* "operator": who has it then; else who let go of it, or empty */
    struct slice reason, summary; /* kept where not empty, until the bot has it again */
    int64_t now_ms;
};
/* Into another mode and the next epoch; cards that the visitor has not answered are put aside.
 * CONFLICT with the code "conversation_changed" where it is not of that epoch any more. */
bool store_handoff_set(struct store_session *session, const struct store_handoff *handoff,
                       struct fault *fault);
/* The visitor speaks again: what was closed is the bot's. `ret_reopened` says whether it was. */
bool store_handoff_reopen(struct store_session *session, struct slice conversation_id,
                          int64_t now_ms, bool *ret_reopened, struct fault *fault);
/* The place in the queue of the bot's waiting conversations, from 1; 0: it does not wait. */
bool store_handoff_place(struct store_session *session, struct slice conversation_id,
                         int64_t *ret_place, struct fault *fault);

/* --- lists: desk.c --- */

struct store_desk_entry {
    struct slice id, bot, user, door;
    struct slice title; /* the visitor's first message, or the beginning of it */
    struct slice mode;
    int64_t epoch;
    struct slice operator_id, operator_display;
    struct slice reason, summary, language;
    int64_t waiting_ms; /* 0: it does not wait */
    int64_t created_ms, updated_ms;
    struct slice last_role, last_text; /* of what was said last, without notes */
    int64_t message_count;
};
enum store_box {
    STORE_BOX_WAITING,
    STORE_BOX_MINE,
    STORE_BOX_ALL,
    STORE_BOX_CLOSED,
    STORE_BOX_TAKEN
};
struct store_desk_list {
    enum store_box box;
    struct slice operator_id; /* MINE: whose */
    struct slice bots;        /* comma-separated names of those that may be seen; "" for all */
    struct slice bot;         /* one of them, or empty */
    /* Behind this entry: its time (WAITING: waiting_ms, else updated_ms) and id; 0 and empty: from
     * the first. */
    int64_t after_ms;
    struct slice after_id;
    size_t limit;
};
/* WAITING: longest wait first; TAKEN, what any operator has: longest silence first; the others:
 * newest first. In the arena. */
bool store_desk_list(struct store_session *session, const struct store_desk_list *list,
                     struct arena *arena, struct store_desk_entry **ret_entries, size_t *ret_count,
                     bool *ret_more, struct fault *fault);
/* `ret_found` is false where there is none of that id among those bots. */
bool store_desk_get(struct store_session *session, struct slice conversation_id, struct slice bots,
                    struct arena *arena, bool *ret_found, struct store_desk_entry *ret_entry,
                    struct fault *fault);
/* How many wait, of those bots, and how many that operator has. */
bool store_desk_count(struct store_session *session, struct slice bots, struct slice operator_id,
                      int64_t *ret_waiting, int64_t *ret_mine, struct fault *fault);
/* As store_messages_page, with notes. */
bool store_desk_messages(struct store_session *session, struct slice conversation_id, int64_t after,
                         size_t limit, size_t bytes_max, struct arena *arena,
                         struct store_message **ret_messages, size_t *ret_count, bool *ret_more,
                         struct fault *fault);

/* What the bot did in a conversation: its newest calls of tools, newest first; in the arena. */
bool store_desk_tools(struct store_session *session, struct slice conversation_id, size_t limit,
                      struct arena *arena, struct store_tool_call **ret_calls, size_t *ret_count,
                      struct fault *fault);
/* What it cost. */
struct store_desk_calls {
    int64_t count;
    int64_t input_tokens, output_tokens; /* cached and reasoning included */
    int64_t cost_microdollars;
    int64_t unknown;     /* calls of which no price is known */
    struct slice models; /* comma-separated; in the arena */
};
bool store_desk_calls(struct store_session *session, struct slice conversation_id,
                      struct arena *arena, struct store_desk_calls *ret_calls, struct fault *fault);

/* One message, a note perhaps. */
bool store_desk_message(struct store_session *session, struct slice conversation_id,
                        struct slice id, struct arena *arena, bool *ret_found,
                        struct store_message *ret_message, struct fault *fault);
/* Something was said in it now. */
bool store_conversation_touch(struct store_session *session, struct slice conversation_id,
                              int64_t now_ms, struct fault *fault);
