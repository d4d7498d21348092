/* What a call may cost and has cost. Before a call the most that it can cost is reserved in every
 * account that has a limit; after it, it is settled:
 *
 *  - what the provider reported is priced by the catalogue, each class of tokens and the tier of
 *    the prompt's length;
 *  - a call that was broken off (cancelled, cut, stalled) without a report is priced by our own
 *    count of the prompt and of the text that came, and marked as estimated;
 *  - a call that failed before its reply began costs nothing;
 *  - a call that a crash of this program left open is settled at the next start with what was
 *    reserved for it, marked as estimated (store_calls_close). */
#pragma once
#include <stdbool.h>
#include <stdint.h>
struct call;
struct chat;
struct fault;
struct model_choice;
struct model_info;
struct tokens;
struct turn;

/* The prompt of turn->what as `choice` counts it: exact with the model's own tokenizer, else an
 * estimate. -1 where nothing depends on it. Sets turn->counted. */
void money_count(struct turn *turn, const struct model_choice *choice);
/* The prompt that turn->what will hardly exceed; money_count comes first. */
int64_t money_prompt_most(const struct turn *turn, const struct model_choice *choice);
/* The longest answer that the bot lets that model give, in tokens. */
int64_t money_answer_most(const struct turn *turn, const struct model_choice *choice);
/* The model's own tokenizer, or the one that stands in for it; the chat's. */
struct tokens *money_tokens(struct chat *chat, const struct model_info *info);

/* Reserves for a call of that model; BUDGET when it does not fit. What was reserved goes into
 * turn->hold and turn->reserved until money_settle. */
bool money_reserve(struct turn *turn, const struct model_choice *choice, struct fault *fault);
/* After a call: its cost, the accounts, the warnings. */
void money_settle(struct turn *turn, struct call *call);
/* True when so much of a limit is spent or reserved that the bot's cheaper model is to answer. */
bool money_is_short(struct turn *turn);

/* One answer under way; RATE_LIMITED when the user or the address has too many. */
bool money_stream_begin(struct turn *turn, struct fault *fault);
void money_stream_end(struct turn *turn);
