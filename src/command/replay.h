/* What `switchboard replay` works on. Private to the command. */
#pragma once
#include "chat/settings.h"
#include "model/provider.h"
#include "store/replay.h"
struct arena;
struct service;
struct store;

enum { REPLAY_MODELS_MAX = 8 };

/* One logged turn on one model. */
struct replay_result {
    int64_t microdollars; /* -1: no price is known */
    int64_t tokens_in, tokens_out;
    struct slice answer; /* empty when only priced, or when it failed */
    const char *error;   /* NULL when it did not fail */
    int64_t ms;
};

struct replay {
    const struct settings *settings;
    const struct bot *bot;
    struct slice system; /* the bot's, or another one */
    struct model_choice models[REPLAY_MODELS_MAX];
    size_t model_count;
    struct store_logged_turn *turns; /* oldest first */
    size_t turn_count;
    struct replay_result *results; /* [turn * model_count + model] */
    struct arena *arena;
};

/* What the turn's call reported. */
struct model_usage replay_usage(const struct store_logged_turn *turn);
/* replay_price.c: the logged tokens at each model's prices. Where the models count differently the
 * tokens are scaled by what is learnt of both. */
void replay_price(struct replay *replay, struct service *service);
/* replay_run.c: asks the models again. Nothing is written. */
void replay_run(struct replay *replay, struct service *service);
