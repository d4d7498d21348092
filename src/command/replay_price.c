#include "chat/estimates.h"
#include "command/replay.h"
#include "command/service.h"
#include "model/catalogue.h"
#include "model/provider.h"

static int64_t scaled(int64_t tokens, double ratio) {
    return tokens < 0 ? -1 : (int64_t)((double)tokens * ratio + 0.5);
}

struct model_usage replay_usage(const struct store_logged_turn *turn) {
    return (struct model_usage){.input = turn->input_tokens,
                                .cache_read = turn->cache_read_tokens,
                                .cache_write = turn->cache_write_tokens,
                                .cache_write_1h = turn->cache_write_1h_tokens,
                                .output = turn->output_tokens,
                                .reasoning = turn->reasoning_tokens};
}

static struct model_usage scaled_usage(const struct store_logged_turn *turn, double ratio) {
    const struct model_usage usage = replay_usage(turn);
    return (struct model_usage){.input = scaled(usage.input, ratio),
                                .cache_read = scaled(usage.cache_read, ratio),
                                .cache_write = scaled(usage.cache_write, ratio),
                                .cache_write_1h = scaled(usage.cache_write_1h, ratio),
                                .output = scaled(usage.output, ratio),
                                .reasoning = scaled(usage.reasoning, ratio)};
}

static double ratio_of(struct service *service, const char *provider, const char *model,
                       const struct model_info *info) {
    struct tokens_estimate estimate = estimates_get(service->estimates, provider, model, info);
    return estimate.ratio > 0 ? estimate.ratio : 1;
}

static struct replay_result price(struct service *service, const struct store_logged_turn *turn,
                                  const struct model_choice *choice) {
    char provider[128], model[256];
    snprintf(provider, sizeof provider, "%.*s", SLICE_ARG(turn->provider));
    snprintf(model, sizeof model, "%.*s", SLICE_ARG(turn->model));
    const struct model_info *logged = catalogue_find(NULL, turn->model);
    double ratio = ratio_of(service, choice->provider->name, choice->model, choice->info) /
                   ratio_of(service, provider, model, logged);
    struct model_usage usage = scaled_usage(turn, ratio);
    return (struct replay_result){
        .microdollars = choice->info ? catalogue_cost_microdollars(choice->info, &usage) : -1,
        .tokens_in = model_usage_prompt(&usage),
        .tokens_out = model_usage_answer(&usage),
        .ms = turn->duration_ms,
    };
}

void replay_price(struct replay *replay, struct service *service) {
    for (size_t i = 0; i < replay->turn_count; i++)
        for (size_t j = 0; j < replay->model_count; j++)
            replay->results[i * replay->model_count + j] =
                price(service, &replay->turns[i], &replay->models[j]);
}
