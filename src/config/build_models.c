#include "base/arena.h"
#include "config/builder.h"
#include "model/catalogue.h"
#include "model/provider.h"

/* Many vendors speak OpenAI's API, and the same model costs another price at each: a provider that
 * bears the name of one has that one's prices. */
static const struct model_info *known_info(const struct provider_settings *provider,
                                           const char *model) {
    const char *vendor = provider->translator->name;
    if (strcmp(vendor, "openai") == 0 && catalogue_has_vendor(slice_of(provider->name)))
        vendor = provider->name;
    return catalogue_find(vendor, slice_of(model));
}

static void override(int64_t *value, int64_t given) {
    if (given >= 0)
        *value = given;
}

static bool is_given(const struct draft_model *draft, const char *name) {
    return yaml_get(draft->entry.node, name) != NULL;
}

static void apply_prices(const struct draft_model *draft, struct model_info *info) {
    bool priced = draft->input_price >= 0 || draft->output_price >= 0 || draft->cached_price >= 0 ||
                  draft->cache_write_price >= 0;
    if (priced) /* the owner's prices hold for prompts of any length */
        memset(info->tiers, 0, sizeof info->tiers);
    override(&info->price.input, draft->input_price);
    override(&info->price.cache_read, draft->cached_price);
    override(&info->price.cache_write, draft->cache_write_price);
    if (draft->cache_write_price >= 0) /* … and for any time in the cache */
        info->price.cache_write_1h = -1;
    override(&info->price.output, draft->output_price);
}

static void apply(const struct draft_model *draft, struct model_info *info) {
    override(&info->context_window, draft->context_window);
    override(&info->output_max, draft->output_max);
    apply_prices(draft, info);
    if (is_given(draft, "images"))
        info->no_images = !draft->images;
    if (is_given(draft, "tools"))
        info->no_tools = !draft->tools;
    if (!is_given(draft, "reasoning"))
        return;
    info->reasoning = info->no_temperature = info->max_completion_tokens = draft->reasoning;
    if (!draft->reasoning)
        info->efforts = 0;
    else if (info->efforts == 0) /* those that all of them take */
        info->efforts = MODEL_EFFORT_LOW | MODEL_EFFORT_MEDIUM | MODEL_EFFORT_HIGH;
}

static const struct model_info *own_info(struct builder *builder, const struct draft_model *draft,
                                         const struct provider_settings *provider) {
    const char *name = draft->entry.name;
    const struct model_info *known = known_info(provider, name);
    struct model_info *info = arena_allocate(builder->arena, sizeof *info);
    *info = known ? *known : model_info_unknown(provider->name, name);
    if (!known)
        info->no_images = false; /* nobody says so */
    apply(draft, info);
    return info;
}

void build_own_models(struct builder *builder, const struct draft_provider *draft,
                      struct provider_settings *provider) {
    const struct draft_model *drafts = draft->models.entries;
    size_t count = draft->models.count;
    if (count == 0 || !provider->translator)
        return;
    if (answers_itself(provider)) {
        struct place providers = top_place("providers"), place = below(&providers, provider->name),
                     option = below(&place, "models");
        errors_add(builder->errors, option_offset(draft->entry.node, "models", draft->entry.offset),
                   &option, "%s has no models to choose from", provider->name);
        return;
    }
    struct model_choice *models = arena_array(builder->arena, count, sizeof *models);
    for (size_t i = 0; i < count; i++)
        models[i] = (struct model_choice){
            .provider = provider,
            .model = drafts[i].entry.name,
            .info = own_info(builder, &drafts[i], provider),
        };
    provider->models = models;
    provider->model_count = count;
}

const struct model_info *config_model_info(const struct provider_settings *provider,
                                           const char *model) {
    for (size_t i = 0; i < provider->model_count; i++)
        if (strcmp(provider->models[i].model, model) == 0)
            return provider->models[i].info;
    return known_info(provider, model);
}
