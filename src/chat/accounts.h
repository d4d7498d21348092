/* The accounts of a turn: which limits on money and tokens hold for its calls. Only accounts that
 * have a limit are kept. */
#pragma once
#include "gate/ledger.h"
struct bot;
struct chat_parts;
struct fault;
struct provider_settings;
struct settings;
struct store_session;
struct turn;

struct accounts {
    struct ledger_limit limits[LEDGER_LIMITS_MAX];
    size_t count;
};

/* Those of the user, the API key, the conversation and the bot, and where `provider` is not NULL
 * of its key turn->key_index. The keys lie in the turn's arena. */
struct accounts accounts_of(struct turn *turn, const struct provider_settings *provider,
                            int64_t now_ms);

/* What the turn's conversation had cost before this server knew of it. */
void accounts_restore_conversation(struct turn *turn, struct ledger_amount spent);
/* At start and after a reload, blocking: what was spent in the days and months that are running. */
bool accounts_restore(struct ledger *ledger, const struct settings *settings,
                      struct store_session *session, int64_t now_ms, struct fault *fault);
