/* What is stored and how it is read back. All of these are blocking and run inside a store job.
 * Times are wall-clock ms, money microdollars. Strings may be empty (stored as such); numbers of -1
 * mean not known. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;
struct buffer;
struct json_writer;
struct store_session;

/* --- the log of turns --- */

struct store_conversation {
    struct slice id; /* ULID */
    struct slice bot;
    struct slice user;     /* identity, see gate/identity.h: "anon:…", "user:…", "key:…" */
    struct slice door;     /* "chat", "openai", … */
    struct slice language; /* BCP 47, as the browser asks for it; may be empty: then it is kept */
    int64_t created_ms;
};

struct store_message {
    struct slice id; /* ULID */
    struct slice conversation_id;
    struct slice turn_id;
    struct slice role; /* "user", "assistant", "tool", "operator", "note" */
    struct slice text;
    struct slice status;  /* "complete", "partial" (cut by a failure or a stop), "failed" */
    struct slice replies; /* a JSON list of what its reader may be offered to say; may be empty */
    struct slice author;  /* name of the operator who wrote it; else empty */
    int64_t created_ms;
    int64_t position; /* in its conversation, from 1; set where messages are read */
};

/* One call of a model; a turn has several when it retries, falls back or uses tools. The calls are
 * the ledger: what was spent is the sum of their costs, reserved or settled. */
struct store_call {
    struct slice id, turn_id, conversation_id;
    struct slice bot, user;
    struct slice provider, provider_key, model; /* provider_key: its name, never the key */
    struct slice purpose;                       /* "answer", "summary"; "" means answer */
    int64_t started_ms;
    int64_t duration_ms, first_token_ms; /* first_token_ms from start; -1 if none came */
    int64_t input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens;
    int64_t output_tokens, reasoning_tokens;
    int64_t counted_tokens; /* of the prompt, as we counted it before; -1 not counted */
    int64_t left_out;       /* messages of the conversation that were not sent */
    int64_t reserved_microdollars, reserved_tokens;
    int64_t cost_microdollars;  /* -1: no price is known */
    bool estimated;             /* tokens and cost are ours: the provider did not report them */
    struct slice finish_reason; /* normalised; "" when it failed */
    struct slice error_kind, error_detail; /* fault_kind_name, "" when it did not fail */
    int64_t upstream_status;
    struct slice upstream_request_id;
};

/* Inserts the conversation unless it is there, then the messages. An id that belongs to another
 * user or bot gives NOT_FOUND, as if it did not exist. */
bool store_conversation_put(struct store_session *session,
                            const struct store_conversation *conversation, struct fault *fault);
/* A conversation that goes on. */
struct store_history {
    bool found;
    struct slice mode;              /* who answers, see store/desk.h */
    struct slice summary;           /* of the messages up to summary_position; may be empty */
    int64_t summary_position;       /* 0: there is none */
    struct store_message *messages; /* those behind it, oldest first, the newest `limit` */
    size_t count;
    int64_t total; /* messages of the conversation */
};
/* Of the conversation with that id, bot and user; `found` is false where there is none. NOT_FOUND
 * as above. All in the arena. */
bool store_history_load(struct store_session *session,
                        const struct store_conversation *conversation, size_t limit,
                        struct arena *arena, struct store_history *ret_history,
                        struct fault *fault);
/* Replaces the summary that reached to `before`; does nothing where another one was quicker. */
bool store_summary_put(struct store_session *session, struct slice conversation_id,
                       struct slice summary, int64_t before, int64_t position, struct fault *fault);
/* NOT_FOUND where its conversation is not there: then nothing was done, and the job may go on. */
bool store_message_add(struct store_session *session, const struct store_message *message,
                       struct fault *fault);
/* Before the call: open, with what is reserved. */
bool store_call_open(struct store_session *session, const struct store_call *call,
                     struct fault *fault);
/* After it: settles the open row of that id, or adds one where the database missed it. */
bool store_call_settle(struct store_session *session, const struct store_call *call,
                       struct fault *fault);
/* At start-up: calls that a crash left open are settled by what was reserved for them, marked as
 * estimated, error "crashed": what a vendor bills for them is not known, and at most that. */
bool store_calls_close(struct store_session *session, int64_t *ret_count, struct fault *fault);

/* What was spent since `since_ms` by one subject each. */
enum store_spender { STORE_BY_USER, STORE_BY_BOT, STORE_BY_PROVIDER_KEY };
struct store_spending {
    struct slice bot;     /* BY_USER, BY_BOT */
    struct slice subject; /* the user, "" for BY_BOT, "provider/key" */
    int64_t microdollars, tokens;
};
bool store_spending_list(struct store_session *session, enum store_spender by, struct slice bot,
                         int64_t since_ms, struct arena *arena,
                         struct store_spending **ret_spending, size_t *ret_count,
                         struct fault *fault);
bool store_conversation_spent(struct store_session *session, struct slice conversation_id,
                              struct store_spending *ret_spending, struct fault *fault);

/* --- conversations as their owners see them --- */

struct store_entry {
    struct slice id;
    int64_t created_ms, updated_ms;
    int64_t message_count;
};
/* A user's conversations with a bot, newest first: at most `limit` with ids below `before` (empty:
 * from the newest). All in the arena. */
bool store_conversations_list(struct store_session *session, struct slice bot, struct slice user,
                              struct slice before, size_t limit, struct arena *arena,
                              struct store_entry **ret_entries, size_t *ret_count, bool *ret_more,
                              struct fault *fault);
/* NOT_FOUND where there is none of that id, bot and user. */
bool store_conversation_get(struct store_session *session,
                            const struct store_conversation *conversation, struct arena *arena,
                            struct store_entry *ret_entry, struct fault *fault);
/* What the last message of the visitor was answered with so far gets the status "replaced". */
bool store_answers_replace(struct store_session *session, struct slice conversation_id,
                           struct fault *fault);
/* The visitor's first message, or the beginning of it; in the arena. */
bool store_conversation_title(struct store_session *session, struct slice conversation_id,
                              struct arena *arena, struct slice *ret_title, struct fault *fault);
/* What was said behind position `after` (0: from the beginning), oldest first: at most `limit`
 * messages, and none more once `bytes_max` bytes of text are reached. */
bool store_messages_page(struct store_session *session, struct slice conversation_id, int64_t after,
                         size_t limit, size_t bytes_max, struct arena *arena,
                         struct store_message **ret_messages, size_t *ret_count, bool *ret_more,
                         struct fault *fault);
/* With its messages and summary; its calls stay, what was paid for outlives it. NOT_FOUND as
 * above. */
bool store_conversation_delete(struct store_session *session,
                               const struct store_conversation *conversation, struct fault *fault);

/* Messages of a conversation, oldest first, at most the `limit` newest; allocated in `arena`. */
bool store_messages_list(struct store_session *session, struct slice conversation_id, size_t limit,
                         struct arena *arena, struct store_message **ret_messages,
                         size_t *ret_count, struct fault *fault);

/* --- images that visitors send --- */

struct store_attachment {
    struct slice id; /* ULID */
    struct slice bot, user;
    struct slice conversation_id, message_id; /* empty until it is sent */
    struct slice name;                        /* as the visitor's file was called; may be empty */
    struct slice media_type;                  /* "image/png", … */
    struct slice data;                        /* where it is asked for */
    int64_t size;                             /* bytes of it */
    int64_t width, height;                    /* pixels */
    int64_t created_ms;
};
bool store_attachment_add(struct store_session *session, const struct store_attachment *attachment,
                          struct fault *fault);
/* How many of that bot's and user's were not sent yet. */
bool store_attachments_unsent(struct store_session *session, struct slice bot, struct slice user,
                              int64_t *ret_count, struct fault *fault);
/* With its data; `ret_found` is false where there is none. In the arena. */
bool store_attachment_get(struct store_session *session, struct slice id, struct arena *arena,
                          bool *ret_found, struct store_attachment *ret_attachment,
                          struct fault *fault);
/* It is part of that message from now on; does nothing where it is another's, or sent already. */
bool store_attachment_send(struct store_session *session, struct slice id,
                           const struct store_message *message, struct fault *fault);
/* Those of a conversation, oldest first: the newest `limit`; without data. In the arena. */
bool store_attachments_list(struct store_session *session, struct slice conversation_id,
                            size_t limit, struct arena *arena,
                            struct store_attachment **ret_attachments, size_t *ret_count,
                            struct fault *fault);
/* Those that were never sent and are from before that time (wall clock). */
bool store_attachments_purge(struct store_session *session, int64_t before_ms, struct fault *fault);

/* --- what the bot did: calls of tools --- */

struct store_tool_call {
    struct slice id; /* ULID */
    struct slice turn_id, conversation_id;
    struct slice bot, user;
    struct slice tool;
    struct slice arguments; /* JSON, with what the configuration redacts left out */
    struct slice outcome;   /* "done", "failed", "invalid", "refused" */
    struct slice detail;    /* what went wrong, for the owner */
    int64_t result_bytes;
    int64_t started_ms, duration_ms;
};
bool store_tool_call_add(struct store_session *session, const struct store_tool_call *call,
                         struct fault *fault);

enum store_tool_write {
    STORE_TOOL_WRITE_NEW,  /* nobody began it: the caller is to do it */
    STORE_TOOL_WRITE_OPEN, /* begun, and not known whether it was done: under way, or cut off */
    STORE_TOOL_WRITE_DONE, /* done before; the result is given */
};
/* Begins a call that changes something, in a store job of its own that is committed before the call
 * is made. Keys from before `forget_ms` (wall clock) count as never seen. */
bool store_tool_write_begin(struct store_session *session, struct slice key, int64_t now_ms,
                            int64_t forget_ms, struct arena *arena,
                            enum store_tool_write *ret_state, struct slice *ret_result,
                            struct fault *fault);
/* It was done, with that result; or, with `done` false, surely not: it may be tried again. */
bool store_tool_write_end(struct store_session *session, struct slice key, bool done,
                          struct slice result, struct fault *fault);

/* --- what visitors think --- */

struct store_feedback {
    struct slice about; /* id of an answer, or of a conversation */
    int64_t rating;     /* 1 good, -1 not, 0 takes it back; of a conversation 1 to 5 */
    struct slice comment;
    int64_t created_ms;
};
/* In place of an earlier one. NOT_FOUND where that user and bot have no such answer. */
bool store_feedback_put(struct store_session *session, const struct store_conversation *whose,
                        const struct store_feedback *feedback, struct fault *fault);
bool store_rating_put(struct store_session *session, const struct store_conversation *whose,
                      const struct store_feedback *feedback, struct fault *fault);

/* --- who wants to be called back --- */

struct store_lead {
    struct slice id; /* ULID */
    struct slice bot, user;
    struct slice conversation_id; /* may be empty */
    struct slice fields;          /* a JSON object of texts */
    struct slice consent;         /* what they agreed to, in its words; may be empty */
    int64_t created_ms, updated_ms;
};
/* One for a user and a bot: what is new joins what was said before. */
bool store_lead_put(struct store_session *session, const struct store_lead *lead,
                    struct fault *fault);
/* NOT_FOUND where there is none; in the arena. */
bool store_lead_get(struct store_session *session, struct slice bot, struct slice user,
                    struct arena *arena, struct store_lead *ret_lead, struct fault *fault);
bool store_lead_has(struct store_session *session, struct slice bot, struct slice user,
                    bool *ret_has, struct fault *fault);
/* Of that bot (empty: of all), oldest first; in the arena. */
bool store_leads_list(struct store_session *session, struct slice bot, struct arena *arena,
                      struct store_lead **ret_leads, size_t *ret_count, struct fault *fault);

/* --- webhooks: what is to be posted to the site --- */

struct store_delivery {
    struct slice id; /* "msg_" and a ULID; the same at every attempt */
    struct slice bot;
    struct slice user;   /* whose data the body holds; may be empty */
    struct slice kind;   /* "lead.created", "lead.updated", "budget.warning" */
    struct slice target; /* the bot's section that says where to, "lead": no URL is kept here */
    struct slice body;   /* JSON; empty once it was sent */
    struct slice state;  /* "waiting", "sent", "dead" */
    int64_t attempts;    /* the one under way included */
    int64_t status;      /* of the last reply, 0 where none came */
    struct slice error;  /* in short, what went wrong the last time; may be empty */
    int64_t created_ms, sent_ms;
    int64_t next_ms; /* when it is tried again; while one sends it, until when nobody else may */
};
/* Waiting, to be sent at once. For the job that writes what it tells of. */
bool store_delivery_add(struct store_session *session, const struct store_delivery *delivery,
                        struct fault *fault);
/* When the first of those that wait is due; INT64_MAX where none waits. */
bool store_deliveries_next(struct store_session *session, int64_t *ret_next_ms,
                           struct fault *fault);
/* Those that are due, at most `limit`: the caller sends them within `lease_ms`, and nobody else
 * does meanwhile. Each is one attempt more. In the arena. */
bool store_deliveries_claim(struct store_session *session, int64_t now_ms, int64_t lease_ms,
                            size_t limit, struct arena *arena,
                            struct store_delivery **ret_deliveries, size_t *ret_count,
                            struct fault *fault);
/* How it went: takes state, attempts, status, error, next_ms and sent_ms over, unless it is gone or
 * was claimed again since the attempt of the number `claimed`. */
bool store_delivery_end(struct store_session *session, const struct store_delivery *delivery,
                        int64_t claimed, struct fault *fault);
/* Of that bot and state (empty: all), newest first, at most `limit`; in the arena. */
bool store_deliveries_list(struct store_session *session, struct slice bot, struct slice state,
                           size_t limit, struct arena *arena,
                           struct store_delivery **ret_deliveries, size_t *ret_count,
                           struct fault *fault);
/* The dead ones of that bot and id (empty: all) are tried again from the beginning, or removed.
 * NOT_FOUND where an id is given and no dead one has it. */
bool store_deliveries_retry(struct store_session *session, struct slice bot, struct slice id,
                            int64_t now_ms, int64_t *ret_count, struct fault *fault);
bool store_deliveries_remove(struct store_session *session, struct slice bot, struct slice id,
                             int64_t *ret_count, struct fault *fault);
/* Forgets what was sent before that. */
bool store_deliveries_purge(struct store_session *session, int64_t before_ms, struct fault *fault);

/* --- what is kept of a person --- */

/* What an anonymous visitor had becomes the user's. */
bool store_user_adopt(struct store_session *session, struct slice bot, struct slice from,
                      struct slice to, struct fault *fault);
/* A JSON object with all that is kept of them with that bot (empty: with all). */
bool store_user_export(struct store_session *session, struct slice bot, struct slice user,
                       struct buffer *out, struct fault *fault);
/* How many rows of each kind. */
struct store_erased {
    int64_t conversations, messages, attachments, tool_calls, bookings, confirmations, feedback,
        leads, deliveries;
    int64_t calls; /* what they cost is kept under another name */
};
/* Erases it, with what is derived from it. What calls of models cost is kept, without text, under
 * a random name that leads to nobody. */
bool store_user_erase(struct store_session *session, struct slice bot, struct slice user,
                      struct store_erased *ret_erased, struct fault *fault);
/* Erases conversations of that bot in which nothing was said since `before_ms` (wall clock), with
 * what is derived from them, at most some thousand in one go. What calls cost is kept without who
 * made them. */
bool store_retention(struct store_session *session, struct slice bot, int64_t before_ms,
                     int64_t *ret_conversations, struct fault *fault);
/* Forgets which writes were done before `before_ms`: what is asked for later is wanted again. */
bool store_tool_writes_purge(struct store_session *session, int64_t before_ms, struct fault *fault);
/* As a JSON object. */
void store_erased_write(const struct store_erased *erased, struct json_writer *json);

/* --- messages that clients send again --- */

/* What became of a message that a client gave a key of its own. */
struct store_sent {
    struct slice key;
    struct slice conversation_id, turn_id, message_id, answer_id;
};
/* With the message. Keys of that user from more than a day ago are forgotten. */
bool store_sent_add(struct store_session *session, const struct store_conversation *whose,
                    const struct store_sent *sent, int64_t now_ms, struct fault *fault);
/* Of that bot and user. In the arena. */
bool store_sent_find(struct store_session *session, const struct store_conversation *whose,
                     struct slice key, struct arena *arena, bool *ret_found,
                     struct store_sent *ret_sent, struct fault *fault);

/* --- what the visitor is asked before a tool runs --- */

struct store_confirmation {
    struct slice id; /* ULID */
    struct slice conversation_id, turn_id;
    struct slice tool;              /* as the model calls it */
    struct slice arguments;         /* JSON; empty once it was answered */
    struct slice card;              /* what the visitor reads: JSON, see chat/confirm.h */
    struct slice state;             /* "waiting", "yes", "no", "done", "replaced" */
    int64_t created_ms, expires_ms; /* wall clock */
};
/* Waiting. One of the same tool and arguments in that conversation is replaced. */
bool store_confirmation_add(struct store_session *session,
                            const struct store_confirmation *confirmation, struct fault *fault);
/* The visitor's answer, taken once, in the transaction of what follows from it. NOT_FOUND where
 * that conversation has no such one; CONFLICT with the code "confirmation_answered" or
 * "confirmation_expired". A yes from before `stale_ms` whose tool never ran (a crash) may be given
 * again. `ret_confirmation` has the state from before; in the arena. */
bool store_confirmation_answer(struct store_session *session, struct slice id,
                               struct slice conversation_id, bool yes, int64_t now_ms,
                               int64_t stale_ms, struct arena *arena,
                               struct store_confirmation *ret_confirmation, struct fault *fault);
/* "done" or "no"; or "waiting" again, where nothing was done. */
bool store_confirmation_end(struct store_session *session, struct slice id, struct slice state,
                            struct fault *fault);
/* Those of a conversation that can still be answered, oldest first, at most 20. */
bool store_confirmations_waiting(struct store_session *session, struct slice conversation_id,
                                 int64_t now_ms, struct arena *arena,
                                 struct store_confirmation **ret_confirmations, size_t *ret_count,
                                 struct fault *fault);

/* --- appointments --- */

struct store_booking {
    struct slice calendar;
    int64_t start_ms; /* wall clock */
    struct slice id;  /* ULID */
    struct slice bot, conversation_id, user;
    struct slice topic;
    int64_t created_ms;
};
/* Books a seat of that slot unless all `capacity` are taken; `ret_taken` says which. */
bool store_booking_take(struct store_session *session, const struct store_booking *booking,
                        int64_t capacity, bool *ret_taken, struct fault *fault);
bool store_booking_count(struct store_session *session, struct slice calendar, int64_t start_ms,
                         int64_t *ret_count, struct fault *fault);

/* --- answers given before --- */

struct store_answer {
    struct slice bot;
    struct slice digest; /* of the question and of what the bot is */
    struct slice text, finish_reason;
    struct slice provider, model; /* who gave it */
    int64_t created_ms, expires_ms;
};
bool store_answer_put(struct store_session *session, const struct store_answer *answer,
                      struct fault *fault);
/* The one that has not expired; `ret_found` is false where there is none. In the arena. */
bool store_answer_get(struct store_session *session, struct slice bot, struct slice digest,
                      int64_t now_ms, struct arena *arena, struct store_answer *ret_answer,
                      bool *ret_found, struct fault *fault);
bool store_answers_purge(struct store_session *session, int64_t now_ms, struct fault *fault);

/* --- what is learnt of how models count tokens --- */

struct store_estimate {
    struct slice model; /* "provider/model" */
    struct slice state; /* see model/tokens_estimate.h */
};
bool store_estimate_put(struct store_session *session, const struct store_estimate *estimate,
                        struct fault *fault);
bool store_estimates_list(struct store_session *session, struct arena *arena,
                          struct store_estimate **ret_estimates, size_t *ret_count,
                          struct fault *fault);

/* --- API keys: only a hash is kept --- */

struct store_key {
    struct slice id;   /* ULID, the public part of the key */
    struct slice name; /* chosen by the owner */
    struct slice hash; /* 32 bytes */
    struct slice bots; /* comma-separated names, "" for all */
    int64_t created_ms, last_used_ms, expires_ms, revoked_ms; /* 0 when not */
};
bool store_key_add(struct store_session *session, const struct store_key *key, struct fault *fault);
/* NOT_FOUND when there is none. */
bool store_key_get(struct store_session *session, struct slice id, struct arena *arena,
                   struct store_key *ret_key, struct fault *fault);
bool store_key_list(struct store_session *session, struct arena *arena, struct store_key **ret_keys,
                    size_t *ret_count, struct fault *fault);
bool store_key_touch(struct store_session *session, struct slice id, int64_t when_ms,
                     struct fault *fault); /* sets last_used_ms; an unknown id is fine */
bool store_key_revoke(struct store_session *session, struct slice id, int64_t when_ms,
                      struct fault *fault); /* NOT_FOUND; already revoked is fine */

/* --- counters of limits: survive a restart --- */

struct store_counter {
    struct slice key;        /* "bot/user/…", see gate/limits.h */
    int64_t window_ms;       /* length of the window */
    int64_t window_start_ms; /* wall clock */
    int64_t count;
};
/* Adds `count` to the counter of that key, length and start (inserts it at need). */
bool store_counter_add(struct store_session *session, const struct store_counter *counter,
                       struct fault *fault);
/* All counters whose window (and the one after it) has not passed at `now_ms`. */
bool store_counter_list(struct store_session *session, int64_t now_ms, struct arena *arena,
                        struct store_counter **ret_counters, size_t *ret_count,
                        struct fault *fault);
/* Removes those that have. */
bool store_counter_purge(struct store_session *session, int64_t now_ms, struct fault *fault);

/* --- secrets made at first start: signing key of anonymous sessions --- */

/* Returns the stored value of that name, or stores `fresh` and returns it. */
bool store_secret_get(struct store_session *session, const char *name, struct slice fresh,
                      struct arena *arena, struct slice *ret_value, struct fault *fault);

/* --- knowledge: passages of the bots' files, found by full text --- */

struct store_passage {
    struct slice bot, source; /* source: the file */
    struct slice title;       /* headings above it, joined by " > " */
    struct slice text;
    /* Set by search: */
    double score;    /* BM25, higher is better; compares the passages of one answer */
    double coverage; /* 0 to 1: how much of what the question asks about occurs in the passage, rare
                        words counting more; compares across questions, so it tells "no answer":
                        below 0.4 there is mostly none (tests/unit/store/search_quality_test.c) */
};
/* Replaces all passages of that bot and source unless `digest` is what is stored already. */
bool store_passages_replace(struct store_session *session, struct slice bot, struct slice source,
                            struct slice digest, const struct store_passage *passages, size_t count,
                            struct fault *fault);
/* Removes the bot's sources that are not in the list. */
bool store_passages_retain(struct store_session *session, struct slice bot,
                           const struct slice *sources, size_t count, struct fault *fault);
/* The best `limit` passages for a question in plain words (any bytes; nothing of it is taken as
 * query syntax), best first. Words match by stem and prefix; common words of the question do not
 * count. */
bool store_passages_search(struct store_session *session, struct slice bot, struct slice question,
                           size_t limit, struct arena *arena, struct store_passage **ret_passages,
                           size_t *ret_count, struct fault *fault);
