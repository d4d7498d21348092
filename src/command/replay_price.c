#include "chat/estimates.h"
#include "command/replay.h"
#include "command/service.h"
#include "model/catalogue.h"
#include "model/provider.h"

static int64_t scaled(int64_t tokens, double ratio) {
    return tokens < 0 ? -1 : (int64_t)((double)tokens * ratio + 0.5);
}

static struct model_usage usage_of(const struct store_logged_turn *turn, double ratio) {
    return (struct model_usage){.input = scaled(turn->input_tokens, ratio),
                                .cache_read = scaled(turn->cache_read_tokens, ratio),
                                .cache_write = scaled(turn->cache_write_tokens, ratio),
                                .cache_write_1h = scaled(turn->cache_write_1h_tokens, ratio),
                                .output = scaled(turn->output_tokens, ratio),
                                .reasoning = scaled(turn->reasoning_tokens, ratio)};
}

static int64_t positive(int64_t tokens) {
    return tokens > 0 ? tokens : 0;
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
    struct model_usage usage = usage_of(turn, ratio);
    return (struct replay_result){
        .microdollars = choice->info ? catalogue_cost_microdollars(choice->info, &usage) : -1,
        .tokens_in = positive(usage.input) + positive(usage.cache_read) +
                     positive(usage.cache_write) + positive(usage.cache_write_1h),
        .tokens_out = positive(usage.output) + positive(usage.reasoning),
        .ms = turn->duration_ms,
    };
}

void replay_price(struct replay *replay, struct service *service) {
    for (size_t i = 0; i < replay->turn_count; i++)
        for (size_t j = 0; j < replay->model_count; j++)
            replay->results[i * replay->model_count + j] =
                price(service, &replay->turns[i], &replay->models[j]);
}
