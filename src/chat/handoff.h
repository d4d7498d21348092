/* Who answers in a conversation: the bot, nobody yet (it waits for a person), an operator, or
 * nobody any more. Who may change that:
 *
 *     from \ to │ bot              waiting          operator   closed
 *     ──────────┼─────────────────────────────────────────────────────
 *     bot       │                  visitor, bot,    operator   operator
 *               │                  rule, operator
 *     waiting   │ visitor, rule,                    operator   operator, rule
 *               │ operator
 *     operator  │ operator         operator, rule   operator   operator
 *     closed    │ visitor          visitor          operator
 *
 * What one operator has, only they and those who lead may change. Each change begins a new epoch of
 * the conversation. What belongs to an earlier one does not reach the visitor: whoever changes it
 * takes the bot's claim in the hub over first (hub_seize), so that the bot is silent from that
 * moment, and waits until the turn under way has been recorded, as far as the visitor saw it. */
#pragma once
#include "base/fault.h"
#include "store/desk.h"
struct chat;

enum handoff_mode { HANDOFF_BOT, HANDOFF_WAITING, HANDOFF_OPERATOR, HANDOFF_CLOSED };
const char *handoff_mode_name(enum handoff_mode mode);
enum handoff_mode handoff_mode_of(struct slice name); /* HANDOFF_BOT for an unknown one */

enum handoff_cause { HANDOFF_BY_VISITOR, HANDOFF_BY_BOT, HANDOFF_BY_RULE, HANDOFF_BY_OPERATOR };

struct handoff_actor {
    enum handoff_cause cause;
    struct slice operator_id; /* BY_OPERATOR: who */
    bool leads;               /* may change what others have … */
    bool force;               /* … and wants to take it over */
};
/* Whether they may, by the table above. CONFLICT with the code "taken" where another operator has
 * what is to be taken over, "not_yours" where another has it, "conversation_changed" else. */
bool handoff_may(const struct store_standing *now, enum handoff_mode to, struct slice to_operator,
                 const struct handoff_actor *actor, struct fault *fault);

struct handoff_request {
    struct slice bot, user, conversation_id;
    enum handoff_mode to;
    struct slice to_operator; /* OPERATOR: who has it then */
    struct handoff_actor actor;
    struct slice reason, summary; /* may be empty */
};
/* Changes it, tells the visitor and the desk, and calls `done(user, fault)` on the chat's loop, not
 * before it returns; fault is NULL when it went well. CONFLICT with the code "busy", and nothing
 * called, where somebody is at it already. The request is copied. Ask handoff_may before: the bot
 * is silenced first, and whether it may be is decided again then. Loop's thread. */
bool handoff_start(struct chat *chat, const struct handoff_request *request,
                   void (*done)(void *user, const struct fault *fault), void *user,
                   struct fault *fault);
