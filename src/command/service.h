/* What serve and ask need beside the loops: the config, the open store, limits, keys, metrics, and
 * the bots' knowledge learnt. */
#pragma once
#include "base/fault.h"
#include "gate/session.h"
struct chat_parts;
struct config;
struct desk;
struct estimates;
struct hub;
struct ledger;
struct loop;
struct settings;
struct store;
struct store_session;
struct webhooks;
struct workers;

struct service {
    struct config *config;
    struct store *store;
    struct limiter *limiter;
    struct apikey_cache *apikeys;
    struct metrics *metrics;
    struct breakers *breakers;
    struct keyrings *keyrings;
    struct ledger *ledger;
    struct estimates *estimates;
    struct hub *hub;
    struct desk *desk;
    struct webhooks *webhooks;
    struct workers *tool_workers;
    struct session_key session_key;
};

/* For a command that only needs the database: loads the config, runs `what` in its store, and tells
 * under the command's name what went wrong. `bot` must be one of the config's; "" names none. */
bool service_in_store(const char *command, const char *path, const char *bot,
                      bool (*what)(struct store_session *session, void *user, struct fault *fault),
                      void *user);
/* Names that no bot of the config has are mistakes, not bots for later: told under the command's
 * name. `bots` is comma-separated; "" names none. */
bool service_bots_exist(const char *command, const char *path, const char *bots);
/* Loads the config and tells its mistakes on standard error; NULL when there are any. */
struct config *service_load_config(const char *path);
/* Opens the store and restores what must survive a restart; takes the config over. False after
 * telling why; nothing is open then. */
bool service_open(struct service *service, struct config *config);
/* All of it but the store, which stays NULL: for what is to leave nothing behind. */
void service_open_without_store(struct service *service, struct config *config);
void service_close(struct service *service);
/* For the one server of a database, before it serves: settles calls that a crash left open, and
 * restores what was spent. */
bool service_settle_crash(struct service *service, struct fault *fault);
/* Restores what was spent for the limits of these settings; blocking, any thread. */
bool service_restore_spending(struct service *service, const struct settings *settings,
                              struct fault *fault);
/* Reads the bots' knowledge files into the store where they have changed. Blocking. Files that
 * cannot be read are told in the log and left as they were. */
void service_learn(struct store *store, const struct settings *settings);
/* Forgets what is past: limits and answers whose time is over, and conversations that the bots of
 * these settings are not to keep any longer. Call it about once a minute. */
void service_sweep(struct service *service, struct settings *settings);
struct chat_parts service_parts(const struct service *service, struct loop *loop);
