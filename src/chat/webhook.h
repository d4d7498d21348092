/* What the site is told by HTTP. An event is a row of the database from the moment at which it
 * happens, written with what it tells of; one loop of the process posts those rows
 * (chat/webhook_send.h), so that neither a receiver that is down nor the end of the program loses
 * one. docs/webhooks.md says what receivers see. */
#pragma once
#include "base/fault.h"
#include "gate/ledger.h"
struct bot;
struct store_session;
struct turn;
struct webhook_settings;

struct webhook_event {
    const char *type;   /* "lead.created" */
    const char *target; /* the bot's section that says where to: WEBHOOK_LEAD, … */
    struct slice bot;
    struct slice user; /* whose data it holds; may be empty: found by who is to be forgotten */
    struct slice data; /* a JSON object */
};
#define WEBHOOK_LEAD    "lead"
#define WEBHOOK_BUDGET  "budget"
#define WEBHOOK_HANDOFF "handoff"

/* In the store job of what it tells of: both are kept, or none. Then call webhooks_wake, once the
 * job is done. */
bool webhook_add(struct store_session *session, const struct webhook_event *event,
                 struct fault *fault);
/* Where the bot's events of that target go; NULL where nowhere, or for an unknown target. */
const struct webhook_settings *webhook_target(const struct bot *bot, struct slice target);
/* A limit on money or tokens is nearly spent, by this turn. Does nothing where the bot has no
 * webhook for it. */
void webhook_budget(struct turn *turn, const struct ledger_limit *limit,
                    struct ledger_amount spent);

/* Shared by all loops: who sends. */
struct webhooks;
struct webhooks *webhooks_create(void);
void webhooks_destroy(struct webhooks *webhooks); /* NULL is fine */
/* There is something new to send. Any thread; NULL is fine. */
void webhooks_wake(struct webhooks *webhooks);
