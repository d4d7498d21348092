/* Who wants to be called back: kept, and told to the owner's webhook. */
#pragma once
#include "base/fault.h"
struct store_lead;
struct store_session;

/* In a store job. With `told` a webhook of it, lead.created or lead.updated, is kept in the same
 * transaction, to be sent by who webhooks_wake wakes. `language` is the visitor's; may be empty. */
bool lead_put(struct store_session *session, const struct store_lead *lead, bool told,
              struct slice language, struct fault *fault);
