/* What the site is told by HTTP: a POST of JSON, signed, tried again where that may help. */
#pragma once
#include "gate/ledger.h"
struct bot;
struct chat;
struct settings;

/* A limit on money or tokens is nearly spent. Does nothing where the bot has no webhook. The
 * settings are kept until it is delivered or given up: after three attempts over half a minute, or
 * at once for an answer of 4xx but 408 and 429. */
void webhook_budget(struct chat *chat, struct settings *settings, const struct bot *bot,
                    const struct ledger_limit *limit, struct ledger_amount spent);
/* Gives up what is under way. */
void webhooks_cancel(struct chat *chat);
