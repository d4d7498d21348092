#include "config/build.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "config/builder.h"
#include "gate/jwt.h"
#include "model/provider.h"
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_MAX = 64 * 1024 };

/* --- providers --- */

/* A server with a URL of its own may want no key; but a variable that is empty was meant to hold
 * one. */
static bool lacks_key(const struct draft_provider *draft, const struct yaml_node *key) {
    const struct provider_settings *settings = &draft->settings;
    if (settings->key_count > 0 || !settings->translator || !settings->translator->needs_key)
        return false;
    return !settings->url || draft->keys.count > 0 || (key && key->variable);
}

static const char *why_off(const struct builder *builder, const struct draft_provider *draft) {
    const struct yaml_node *key = yaml_get(draft->entry.node, "key");
    if (key && key->variable)
        return arena_printf(builder->arena, "its key is empty; set %s", key->variable);
    if (draft->keys.count > 0)
        return "all of its keys are empty";
    return key ? "its key is empty" : "it has no key";
}

/* The one key or the several, without the empty ones. */
static void collect_keys(struct builder *builder, struct draft_provider *draft,
                         const struct place *place) {
    struct provider_settings *settings = &draft->settings;
    const struct draft_key *drafts = draft->keys.entries;
    struct provider_key *keys = arena_array(builder->arena, draft->keys.count + 1, sizeof *keys);
    size_t count = 0;
    if (settings->key.size > 0 && draft->keys.count > 0) {
        struct place option = below(place, "keys");
        errors_add(builder->errors, option_offset(draft->entry.node, "keys", draft->entry.offset),
                   &option, "write either key or keys");
    }
    if (settings->key.size > 0)
        keys[count++] = (struct provider_key){.name = "key",
                                              .key = settings->key,
                                              .weight = 1,
                                              .requests_per_minute = -1,
                                              .spend = {-1, -1, -1, -1}};
    for (size_t i = 0; i < draft->keys.count; i++) {
        keys[count] = drafts[i].key;
        keys[count].name = drafts[i].entry.name;
        count += drafts[i].key.key.size > 0;
    }
    settings->keys = keys;
    settings->key_count = count;
}

static void check_provider(struct builder *builder, struct draft_provider *draft) {
    struct provider_settings *settings = &draft->settings;
    struct place providers = top_place("providers");
    struct place place = below(&providers, draft->entry.name);
    const struct yaml_node *key = yaml_get(draft->entry.node, "key");
    settings->name = draft->entry.name;
    collect_keys(builder, draft, &place);
    if (!settings->translator && !yaml_get(draft->entry.node, "api")) {
        settings->translator = provider_find(slice_of(draft->entry.name));
        if (!settings->translator) {
            struct buffer list = {0};
            for (size_t i = 0; provider_at(i); i++)
                buffer_printf(&list, "%s%s", i > 0 ? ", " : "", provider_at(i)->name);
            errors_add(builder->errors, draft->entry.offset, &place, "api is missing: one of %s",
                       buffer_string(&list));
            buffer_finish(&list);
        }
    }
    settings->off = lacks_key(draft, key);
    if (settings->off)
        builder->warnings[builder->warning_count++] = arena_printf(
            builder->arena, "provider %s is off: %s", settings->name, why_off(builder, draft));
}

/* Offline needs nothing, so it need not be configured. */
static void add_offline(struct builder *builder, struct provider_settings *providers) {
    const struct provider *offline = provider_find(SLICE("offline"));
    for (size_t i = 0; i < builder->settings->provider_count; i++)
        if (strcmp(providers[i].name, "offline") == 0)
            return;
    if (offline)
        providers[builder->settings->provider_count++] = (struct provider_settings){
            .name = "offline",
            .translator = offline,
            .connect_ms = 10000,
            .first_byte_ms = 60000,
            .idle_ms = 60000,
            .total_ms = 600000,
        };
}

static void build_providers(struct builder *builder) {
    struct draft_provider *drafts = builder->draft->providers.entries;
    size_t count = builder->draft->providers.count;
    struct provider_settings *providers = arena_array(builder->arena, count + 1, sizeof *providers);
    builder->warnings =
        arena_array(builder->arena,
                    count + 2 * builder->draft->tools.count + 3 * builder->draft->bots.count + 1,
                    sizeof *builder->warnings);
    for (size_t i = 0; i < count; i++) {
        check_provider(builder, &drafts[i]);
        providers[i] = drafts[i].settings;
        build_own_models(builder, &drafts[i], &providers[i]);
    }
    builder->settings->provider_count = count;
    add_offline(builder, providers);
    builder->settings->providers = providers;
}

/* --- models --- */

static const struct provider_settings *find_provider(const struct builder *builder,
                                                     struct slice name) {
    for (size_t i = 0; i < builder->settings->provider_count; i++)
        if (slice_is(name, builder->settings->providers[i].name))
            return &builder->settings->providers[i];
    return NULL;
}

static const char *nearest_provider(const struct builder *builder, struct slice name) {
    const char **names =
        arena_array(builder->errors->arena, builder->settings->provider_count + 1, sizeof *names);
    for (size_t i = 0; i < builder->settings->provider_count; i++)
        names[i] = builder->settings->providers[i].name;
    return nearest_name(name, names);
}

bool answers_itself(const struct provider_settings *provider) {
    return !provider->translator->base_url && !provider->url;
}

bool resolve_model(struct builder *builder, const char *text, const struct yaml_node *node,
                   const struct place *place, struct model_choice *ret_choice) {
    struct slice rest = slice_of(text), name;
    slice_split(&rest, '/', &name);
    const struct provider_settings *provider = find_provider(builder, name);
    if (!provider) {
        const char *nearest = nearest_provider(builder, name);
        bool secret = node->variable || text_looks_secret(slice_of(text));
        if (secret)
            errors_hide(builder->errors, node->start, node->end);
        errors_add(builder->errors, node->start, place, "unknown provider %s%s%s%s",
                   secret ? "here" : text_shown(name, builder->errors->arena),
                   nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
        return false;
    }
    if (!provider->translator)
        return false;
    if (answers_itself(provider) && rest.size > 0) {
        errors_add(builder->errors, node->start, place, "%s has no models to choose from: write %s",
                   provider->name, provider->name);
        return false;
    }
    if (!answers_itself(provider) && rest.size == 0) {
        errors_add(builder->errors, node->start, place, "which model of %s? write %s/MODEL",
                   provider->name, provider->name);
        return false;
    }
    *ret_choice = (struct model_choice){
        .provider = provider,
        .model = arena_string(builder->arena, rest.data ? rest : SLICE("")),
    };
    if (!answers_itself(provider))
        ret_choice->info = config_model_info(provider, ret_choice->model);
    return true;
}

/* Lists the reasons, each provider once. */
static void report_none_left(struct builder *builder, const struct draft_bot *draft,
                             const struct place *place, size_t offset) {
    const struct draft_provider *drafts = builder->draft->providers.entries;
    struct buffer reasons = {0};
    for (size_t i = 0; i < builder->draft->providers.count; i++) {
        bool used = false;
        for (size_t j = 0; j < draft->model_count && !used; j++) {
            struct slice rest = slice_of(draft->models[j]), name;
            used = slice_split(&rest, '/', &name) && slice_is(name, drafts[i].entry.name);
        }
        if (used)
            buffer_printf(&reasons, "%sprovider %s is off: %s", reasons.size > 0 ? ", " : "",
                          drafts[i].entry.name, why_off(builder, &drafts[i]));
    }
    errors_add(builder->errors, offset, place, "none of the models can work: %s",
               buffer_string(&reasons));
    buffer_finish(&reasons);
}

static void build_models(struct builder *builder, struct draft_bot *draft,
                         const struct place *bot_place) {
    const struct yaml_node *list = yaml_get(draft->entry.node, "models");
    if (!list || list->kind != YAML_SEQUENCE || draft->model_count == 0)
        return; /* reported */
    struct place place = below(bot_place, "models");
    struct model_choice *models = arena_array(builder->arena, draft->model_count, sizeof *models);
    size_t count = 0;
    bool wrong = false;
    for (size_t i = 0; i < draft->model_count; i++) {
        struct place element = {.parent = &place, .index = i};
        struct model_choice choice;
        if (!draft->models[i] ||
            !resolve_model(builder, draft->models[i], list->items[i], &element, &choice))
            wrong = true;
        else if (!choice.provider->off)
            models[count++] = choice;
    }
    if (count == 0 && !wrong)
        report_none_left(builder, draft, &place,
                         option_offset(draft->entry.node, "models", draft->entry.offset));
    draft->bot.models = models;
    draft->bot.model_count = count;
}

/* --- access --- */

static bool read_pem(const struct builder *builder, const char *path, struct slice *ret_pem) {
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    char *bytes = arena_allocate(builder->arena, PEM_MAX + 1);
    size_t size = fread(bytes, 1, PEM_MAX + 1, file);
    bool right = !ferror(file) && size <= PEM_MAX;
    fclose(file);
    if (right)
        *ret_pem = (struct slice){bytes, size};
    return right;
}

/* One more complaint about a section whose mistakes are known would only confuse. */
static bool has_errors_in(const struct builder *builder, const struct yaml_node *node) {
    for (size_t i = 0; i < builder->errors->count; i++) {
        size_t offset = builder->errors->found[i].offset;
        if (offset >= node->start && offset < node->end)
            return true;
    }
    for (size_t i = 0; i < node->count; i++)
        if (node->kind == YAML_MAPPING && node->pairs[i].value->unusable)
            return true;
    return false;
}

static void build_jwt(struct builder *builder, struct draft_bot *draft,
                      const struct place *bot_place) {
    const struct draft_jwt *jwt = &draft->jwt;
    static const char *const algorithms[] = {"HS256", "RS256", "ES256"};
    if (!jwt->node || !yaml_get(jwt->node, "algorithm") || has_errors_in(builder, jwt->node))
        return;
    struct place access = below(bot_place, "access"), place = below(&access, "jwt");
    struct jwt_options options = {
        .algorithm = algorithms[jwt->algorithm],
        .secret = jwt->secret,
        .jwks_url = jwt->jwks_url,
        .issuer = jwt->issuer,
        .audience = jwt->audience,
        .user_claim = jwt->user_claim,
        .leeway_ms = jwt->leeway_ms,
    };
    if (jwt->public_key && !read_pem(builder, jwt->public_key, &options.public_key_pem)) {
        struct place option = below(&place, "public_key");
        errors_add(builder->errors, option_offset(jwt->node, "public_key", jwt->node->start),
                   &option, "cannot be read, or is larger than 64 KiB");
        return;
    }
    struct fault fault;
    if (jwt_verifier_create(&options, &draft->bot.access.jwt, &fault))
        return;
    const struct yaml_node *parent = yaml_get(draft->entry.node, "access");
    size_t offset = option_offset(parent, "jwt", draft->entry.offset);
    const struct yaml_pair *named = fault.param[0] ? yaml_pair(jwt->node, fault.param) : NULL;
    if (named) {
        struct place option = below(&place, fault.param);
        errors_add(builder->errors, named->key->start, &option, "%s", fault.message);
    } else {
        errors_add(builder->errors, offset, &place, "%s", fault.message);
    }
}

/* --- bots --- */

static void check_bot(struct builder *builder, const struct draft_bot *draft,
                      const struct place *bot_place) {
    size_t body_max = builder->draft->config.body_max;
    const struct yaml_node *node = yaml_get(draft->entry.node, "message_max");
    if (node && draft->bot.message_max > body_max) {
        struct place place = below(bot_place, "message_max");
        errors_add(builder->errors, node->start, &place,
                   "is larger than http.body_max (%zu bytes), so it would never be reached",
                   body_max);
    }
}

static void build_bots(struct builder *builder) {
    struct draft_bot *drafts = builder->draft->bots.entries;
    size_t count = builder->draft->bots.count;
    struct bot *bots = arena_array(builder->arena, count, sizeof *bots);
    const struct draft_bot *marked = NULL;
    struct place place = top_place("bots");
    builder->settings->bots = bots;
    for (size_t i = 0; i < count; i++) {
        struct draft_bot *draft = &drafts[i];
        struct place bot_place = below(&place, draft->entry.name);
        draft->bot.name = draft->entry.name;
        build_models(builder, draft, &bot_place);
        build_money(builder, draft, &bot_place);
        build_bot_tools(builder, draft, &bot_place);
        build_widget(builder, draft, &bot_place);
        build_attachments(builder, draft, &bot_place);
        build_redact(builder, draft, &bot_place);
        build_lead(builder, draft, &bot_place);
        build_handoff(builder, draft, &bot_place);
        build_jwt(builder, draft, &bot_place);
        check_bot(builder, draft, &bot_place);
        if (draft->is_default && marked) {
            struct place option = below(&bot_place, "default");
            errors_add(builder->errors,
                       option_offset(draft->entry.node, "default", draft->entry.offset), &option,
                       "%s is the default bot already", marked->entry.name);
        } else if (draft->is_default) {
            marked = draft;
            builder->settings->default_bot = &bots[i];
        }
        bots[i] = draft->bot;
        /* counted one by one: settings_release destroys the verifiers of those that are */
        builder->settings->bot_count = i + 1;
    }
    if (!marked)
        builder->settings->default_bot = bots;
}

/* --- the process --- */

static void build_process(struct builder *builder) {
    struct config *config = &builder->draft->config;
    const char *path = config->database ? strchr(config->database, ':') + 1 : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (slash) {
        struct place place = top_place("database");
        const char *folder = slash == path
                                 ? "/"
                                 : arena_string(builder->errors->arena,
                                                (struct slice){path, (size_t)(slash - path)});
        struct stat status;
        if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode))
            errors_add(builder->errors, option_offset(builder->root, "database", SIZE_MAX), &place,
                       "the folder of the database does not exist");
        if (!config->pid_file)
            config->pid_file = arena_printf(builder->arena, "%s.pid", path);
    }
    if (config->threads == 0) {
        cpu_set_t set;
        int processors = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
        config->threads = processors > 0 ? (size_t)processors : 1;
    }
}

struct config *build_config(struct draft *draft, const struct yaml_node *root, struct arena *arena,
                            struct error_list *errors) {
    struct builder builder = {.draft = draft, .root = root, .arena = arena, .errors = errors};
    builder.settings = arena_allocate(arena, sizeof *builder.settings);
    atomic_init(&builder.settings->references, 1);
    builder.settings->arena = arena;
    build_providers(&builder);
    build_tools(&builder);
    build_bots(&builder);
    build_webhooks(&builder);
    build_process(&builder);
    if (errors->count > 0) {
        settings_release(builder.settings);
        return NULL;
    }
    struct config *config = arena_allocate(arena, sizeof *config);
    *config = draft->config;
    config->settings = builder.settings;
    config->warnings = builder.warnings;
    config->warning_count = builder.warning_count;
    return config;
}
