/* Redaction in a turn: what the store keeps, what goes to a provider, what the client sees. All of
 * it does nothing, and costs nothing, for a bot without rules. */
#pragma once
#include "chat/redact.h"
#include "model/provider.h"
struct fault;
struct turn;

/* In the turn's arena where something was found; JSON (results and arguments of tools) as such. */
struct slice turn_redacted(const struct turn *turn, enum redact_place place, struct slice text);
struct slice turn_redacted_json(const struct turn *turn, enum redact_place place,
                                struct slice text);
/* The message as a provider may see it. Images and what a vendor signed stay as they are. */
struct model_message turn_message_redacted(const struct turn *turn,
                                           const struct model_message *message);
/* The passages that were found, for the provider: in place. */
void turn_redact_passages(struct turn *turn);
/* A fault's detail, which may repeat what was sent: in place. */
void turn_redact_detail(const struct turn *turn, struct fault *fault);
/* Writes a line of the log for each rule that cost too much, once. */
void turn_warn_of_costly_rules(const struct turn *turn);
/* True when a rule finds something in the text: it is of this visitor. */
bool turn_is_personal(const struct turn *turn, struct slice text);
