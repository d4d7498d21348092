#include "base/buffer.h"
#include "base/json.h"
#include "chat/settings.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "config/config.h"
#include "model/catalogue.h"

enum { FILTERS_MAX = 8 };

struct listing {
    const char *const *filters;
    int filter_count;
    bool json;
    size_t count;
    struct json_writer writer;
};

static void print_help(void) {
    puts("Usage: switchboard models [FILTER]... [-c FILE] [--json]\n\n"
         "Prints what is known of models: context window, longest answer, prices, what they take.\n"
         "A filter is a part of VENDOR/MODEL or of another name of the model, or a whole one with\n"
         "its version; all must fit. With -c it prints the models of the configuration instead, "
         "with\n"
         "what that says of them.\n\n"
         "  -c, --config FILE   the configuration\n"
         "      --json          a JSON array, prices in microdollars for a million tokens");
}

/* --- which --- */

static bool contains(const char *text, const char *part) {
    return text && strcasestr(text, part);
}

static bool fits(const struct listing *listing, const char *provider, const struct model_info *info,
                 const char *id) {
    char name[256];
    snprintf(name, sizeof name, "%s/%s", provider, id);
    for (int i = 0; i < listing->filter_count; i++)
        if (!contains(name, listing->filters[i]) &&
            !(info && contains(info->aliases, listing->filters[i])) &&
            !(info && catalogue_find(NULL, slice_of(listing->filters[i])) == info))
            return false;
    return true;
}

/* --- as a table --- */

static void write_count(int64_t tokens, char text[24]) {
    if (tokens <= 0)
        snprintf(text, 24, "-");
    else if (tokens % 1000000 == 0)
        snprintf(text, 24, "%lldM", (long long)(tokens / 1000000));
    else if (tokens >= 10000)
        snprintf(text, 24, "%lldk", (long long)(tokens / 1000));
    else
        snprintf(text, 24, "%lld", (long long)tokens);
}

/* Dollars without zeros that say nothing: 0.075, 2.50, 15.00. */
static void write_price(int64_t microdollars, char text[24]) {
    if (microdollars < 0) {
        snprintf(text, 24, "-");
        return;
    }
    int length = snprintf(text, 24, "%lld.%06lld", (long long)(microdollars / 1000000),
                          (long long)(microdollars % 1000000));
    while (text[length - 1] == '0' && text[length - 3] != '.')
        text[--length] = '\0';
}

static void write_efforts(const struct model_info *info, struct buffer *out) {
    const char *before = out->size > 0 ? " effort=" : "effort=";
    for (unsigned i = 0; model_effort_name(i); i++)
        if (info->efforts & 1U << i) {
            buffer_printf(out, "%s%s", before, model_effort_name(i));
            before = "|";
        }
}

static void write_abilities(const struct model_info *info, struct buffer *out) {
    static const struct {
        size_t offset;
        bool inverse;
        const char *word;
    } abilities[] = {
        {offsetof(struct model_info, no_images), true, "images"},
        {offsetof(struct model_info, no_tools), true, "tools"},
        {offsetof(struct model_info, no_temperature), true, "temperature"},
        {offsetof(struct model_info, no_stop), true, "stop"},
        {offsetof(struct model_info, reasoning), false, "reasoning"},
        {offsetof(struct model_info, retired), false, "retired"},
    };
    for (size_t i = 0; i < sizeof abilities / sizeof abilities[0]; i++) {
        bool is_set = *((const bool *)info + abilities[i].offset);
        if (is_set != abilities[i].inverse)
            buffer_printf(out, "%s%s", out->size > 0 ? " " : "", abilities[i].word);
    }
    write_efforts(info, out);
    for (size_t i = 0; i < MODEL_TIERS_MAX && info->tiers[i].above > 0; i++) {
        char above[24], input[24], output[24];
        write_count((info->tiers[i].above + 500) / 1000 * 1000, above); /* some are 271999 */
        write_price(info->tiers[i].price.input, input);
        write_price(info->tiers[i].price.output, output);
        buffer_printf(out, "%sabove %s: %s/%s", out->size > 0 ? ", " : "", above, input, output);
    }
}

static void print_row(const char *provider, const struct model_info *info, const char *id) {
    static const struct model_info nothing = {.price = {-1, -1, -1, -1, -1}};
    const struct model_info *it = info ? info : &nothing;
    char name[160], window[24], longest[24], input[24], cached[24], output[24];
    struct buffer abilities = {0};
    snprintf(name, sizeof name, "%s/%s", provider, id);
    write_count(it->context_window, window);
    write_count(it->output_max, longest);
    write_price(it->price.input, input);
    write_price(it->price.cache_read, cached);
    write_price(it->price.output, output);
    if (info)
        write_abilities(info, &abilities);
    else
        buffer_append_string(&abilities, "nothing is known of it");
    printf("%-42s %7s %7s %9s %9s %9s  %s\n", name, window, longest, input, cached, output,
           buffer_string(&abilities));
    buffer_finish(&abilities);
}

/* --- as JSON --- */

static void write_prices(struct json_writer *json, const struct model_price *price) {
    json_member_int(json, "input", price->input);
    json_member_int(json, "cache_read", price->cache_read);
    json_member_int(json, "cache_write", price->cache_write);
    json_member_int(json, "cache_write_1h", price->cache_write_1h);
    json_member_int(json, "output", price->output);
}

static void write_tiers(struct json_writer *json, const struct model_info *info) {
    json_key(json, "tiers");
    json_begin_array(json);
    for (size_t i = 0; i < MODEL_TIERS_MAX && info->tiers[i].above > 0; i++) {
        json_begin_object(json);
        json_member_int(json, "above", info->tiers[i].above);
        write_prices(json, &info->tiers[i].price);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_effort_list(struct json_writer *json, const struct model_info *info) {
    json_key(json, "efforts");
    json_begin_array(json);
    for (unsigned i = 0; model_effort_name(i); i++)
        if (info->efforts & 1U << i)
            json_string(json, slice_of(model_effort_name(i)));
    json_end_array(json);
}

static void write_json(struct json_writer *json, const char *provider,
                       const struct model_info *info, const char *id) {
    json_begin_object(json);
    json_member_string(json, "provider", slice_of(provider));
    json_member_string(json, "model", slice_of(id));
    json_member_bool(json, "known", info != NULL);
    if (info) {
        json_member_string(json, "aliases", slice_of(info->aliases ? info->aliases : ""));
        json_member_string(json, "released", slice_of(info->released ? info->released : ""));
        json_member_string(json, "tokenizer", slice_of(info->tokenizer ? info->tokenizer : ""));
        json_member_int(json, "context_window", info->context_window);
        json_member_int(json, "output_max", info->output_max);
        json_key(json, "price");
        json_begin_object(json);
        write_prices(json, &info->price);
        json_end_object(json);
        write_tiers(json, info);
        json_member_bool(json, "images", !info->no_images);
        json_member_bool(json, "tools", !info->no_tools);
        json_member_bool(json, "reasoning", info->reasoning);
        write_effort_list(json, info);
        json_member_bool(json, "temperature", !info->no_temperature);
        json_member_bool(json, "stop", !info->no_stop);
        json_member_bool(json, "retired", info->retired);
    }
    json_end_object(json);
}

static void add(struct listing *listing, const char *provider, const struct model_info *info,
                const char *id) {
    if (!fits(listing, provider, info, id))
        return;
    if (listing->json)
        write_json(&listing->writer, provider, info, id);
    else if (listing->count == 0)
        printf("%-42s %7s %7s %9s %9s %9s  %s\n", "model", "window", "answer", "in $/M", "cached",
               "out $/M", "takes");
    if (!listing->json)
        print_row(provider, info, id);
    listing->count++;
}

static bool is_earlier(const struct settings *settings, size_t bot, size_t at,
                       const struct model_choice *choice) {
    for (size_t i = 0; i <= bot; i++)
        for (size_t j = 0; j < (i < bot ? settings->bots[i].model_count : at); j++) {
            const struct model_choice *other = &settings->bots[i].models[j];
            if (other->provider == choice->provider && strcmp(other->model, choice->model) == 0)
                return true;
        }
    return false;
}

static bool is_own(const struct model_choice *choice) {
    for (size_t i = 0; i < choice->provider->model_count; i++)
        if (strcmp(choice->provider->models[i].model, choice->model) == 0)
            return true;
    return false;
}

/* Those that the configuration tells of, then those that bots use; each once. */
static bool list_configured(struct listing *listing, const char *path) {
    struct config *config = service_load_config(path);
    if (!config)
        return false;
    const struct settings *settings = config->settings;
    for (size_t i = 0; i < settings->provider_count; i++) {
        const struct provider_settings *provider = &settings->providers[i];
        for (size_t j = 0; j < provider->model_count; j++)
            add(listing, provider->name, provider->models[j].info, provider->models[j].model);
    }
    for (size_t i = 0; i < settings->bot_count; i++)
        for (size_t j = 0; j < settings->bots[i].model_count; j++) {
            const struct model_choice *choice = &settings->bots[i].models[j];
            if (choice->model[0] && !is_own(choice) && !is_earlier(settings, i, j, choice))
                add(listing, choice->provider->name, choice->info, choice->model);
        }
    config_destroy(config);
    return true;
}

int command_models(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, NULL}, {"--json", 0, true, NULL}};
    struct arguments arguments = {.options = options, .option_count = 2};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    struct buffer out = {0};
    struct listing listing = {.filters = arguments.words,
                              .filter_count = arguments.word_count,
                              .json = options[1].value != NULL,
                              .writer = json_writer_start(&out)};
    if (listing.json)
        json_begin_array(&listing.writer);
    bool good = true;
    const struct model_info *info;
    if (options[0].value)
        good = list_configured(&listing, options[0].value);
    for (size_t i = 0; !options[0].value && (info = catalogue_at(i)) != NULL; i++)
        add(&listing, info->vendor, info, info->id);
    if (listing.json && good) {
        json_end_array(&listing.writer);
        printf("%s\n", buffer_string(&out));
    } else if (good && listing.count > 0) {
        printf("%zu model%s; the catalogue is of %s\n", listing.count,
               listing.count == 1 ? "" : "s", catalogue_date());
    } else if (good) {
        fputs("switchboard models: no model of that name is known\n", stderr);
    }
    buffer_finish(&out);
    return good && (listing.json || listing.count > 0) ? 0 : 1;
}
