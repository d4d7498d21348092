#include "model/catalogue.h"
#include "model/provider.h"

static const struct model_info models[] = {
#include "model/catalogue_data.inc"
};
enum { MODEL_COUNT = sizeof models / sizeof models[0], FORMS_MAX = 4, VENDORS_MAX_SIZE = 32 };

const char *catalogue_date(void) {
    return CATALOGUE_DATE;
}

const struct model_info *catalogue_at(size_t index) {
    return index < MODEL_COUNT ? &models[index] : NULL;
}

struct model_info model_info_unknown(const char *vendor, const char *id) {
    const struct model_price price = {-1, -1, -1, -1, -1};
    return (struct model_info){.vendor = vendor, .id = id, .price = price, .no_images = true};
}

/* --- names: the same forms as in script/catalogue.d/names.mjs --- */

static bool digits(struct slice text, size_t at, size_t count) {
    if (at + count > text.size)
        return false;
    for (size_t i = at; i < at + count; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* "9" stands for a digit; everything else for itself. */
static bool ends_like(struct slice text, const char *pattern, size_t *ret_rest) {
    size_t size = strlen(pattern);
    if (text.size <= size)
        return false;
    size_t from = text.size - size;
    for (size_t i = 0; i < size; i++)
        if (pattern[i] == '9' ? !digits(text, from + i, 1) : text.data[from + i] != pattern[i])
            return false;
    *ret_rest = from;
    return true;
}

static bool cut_version(const char *vendor, struct slice *id) {
    static const char *const everyones[] = {"-9999-99-99", "-99999999", "@99999999", "-latest"};
    static const char *const googles[] = {"-999",           "-preview",         "-exp",
                                          "-preview-99-99", "-preview-99-9999", "-exp-9999"};
    size_t rest;
    for (size_t i = 0; i < sizeof everyones / sizeof everyones[0]; i++)
        if (ends_like(*id, everyones[i], &rest)) {
            *id = slice_first(*id, rest);
            return true;
        }
    for (size_t i = 0; strcmp(vendor, "google") == 0 && i < sizeof googles / sizeof googles[0]; i++)
        if (ends_like(*id, googles[i], &rest)) {
            *id = slice_first(*id, rest);
            return true;
        }
    return false;
}

static bool is_same_char(const char *vendor, char a, char b) {
    return a == b || (strcmp(vendor, "anthropic") == 0 && a == '.' && b == '-');
}

static bool is_name(const char *vendor, struct slice id, struct slice name) {
    if (id.size != name.size)
        return false;
    for (size_t i = 0; i < id.size; i++)
        if (!is_same_char(vendor, id.data[i], name.data[i]))
            return false;
    return true;
}

static bool is_named(const struct model_info *info, struct slice id) {
    if (is_name(info->vendor, id, slice_of(info->id)))
        return true;
    struct slice aliases = slice_of(info->aliases ? info->aliases : "");
    while (aliases.size > 0) {
        size_t end = slice_find_byte(aliases, ' ');
        struct slice one = slice_first(aliases, end == SIZE_MAX ? aliases.size : end);
        if (is_name(info->vendor, id, one))
            return true;
        aliases = slice_from(aliases, one.size + 1);
    }
    return false;
}

bool catalogue_matches(const struct model_info *info, struct slice model) {
    for (int form = 0; form < FORMS_MAX; form++) {
        if (is_named(info, model))
            return true;
        if (!cut_version(info->vendor, &model))
            return false;
    }
    return false;
}

/* --- finding --- */

static const char *vendor_of_api(const char *name) {
    return strcmp(name, "gemini") == 0 ? "google" : name;
}

bool catalogue_has_vendor(struct slice name) {
    for (size_t i = 0; i < MODEL_COUNT; i++)
        if (slice_is(name, models[i].vendor))
            return true;
    return false;
}

/* The least cut form that names a model wins over one that is cut more, whatever their order. */
static const struct model_info *find_among(const char *vendor, struct slice id) {
    for (int form = 0; form < FORMS_MAX; form++) {
        bool cut = false;
        for (size_t i = 0; i < MODEL_COUNT; i++) {
            if (vendor && strcmp(models[i].vendor, vendor) != 0)
                continue;
            struct slice rest = id;
            int done = 0;
            while (done < form && cut_version(models[i].vendor, &rest))
                done++;
            if (done < form)
                continue;
            cut = true;
            if (is_named(&models[i], rest))
                return &models[i];
        }
        if (!cut)
            break;
    }
    return NULL;
}

static const struct model_info *find(const char *vendor, struct slice id) {
    const struct model_info *info = vendor ? find_among(vendor, id) : NULL;
    bool everywhere = !vendor || strcmp(vendor, "openai") == 0;
    return info || !everywhere ? info : find_among(NULL, id);
}

const struct model_info *catalogue_find(const char *vendor, struct slice model) {
    if (vendor) {
        vendor = vendor_of_api(vendor);
        if (!catalogue_has_vendor(slice_of(vendor)))
            vendor = NULL;
    }
    const struct model_info *info = find(vendor, model);
    if (info)
        return info;
    size_t slash = SIZE_MAX;
    for (size_t i = 0; i < model.size; i++)
        if (model.data[i] == '/')
            slash = i;
    if (slash == SIZE_MAX)
        return NULL;
    /* "google/gemini-…" names its vendor, "models/…" does not. */
    struct slice before = slice_first(model, slash), rest = slice_from(model, slash + 1);
    if (slice_is(before, "models"))
        return find(vendor, rest);
    char name[VENDORS_MAX_SIZE];
    if (!catalogue_has_vendor(before) || before.size >= sizeof name)
        return NULL;
    memcpy(name, before.data, before.size);
    name[before.size] = '\0';
    return find_among(name, rest);
}

/* --- efforts --- */

static const char *const effort_names[MODEL_EFFORTS] = {"none", "minimal", "low", "medium",
                                                        "high", "xhigh",   "max"};

unsigned model_effort_of(struct slice name) {
    for (unsigned i = 0; i < MODEL_EFFORTS; i++)
        if (slice_is(name, effort_names[i]))
            return 1U << i;
    return 0;
}

const char *model_effort_name(unsigned index) {
    return index < MODEL_EFFORTS ? effort_names[index] : NULL;
}

/* --- what a call costs --- */

static int64_t at_least_0(int64_t tokens) {
    return tokens > 0 ? tokens : 0;
}

static const struct model_price *price_for(const struct model_info *info, __int128 prompt) {
    const struct model_price *price = &info->price;
    for (size_t i = 0; i < MODEL_TIERS_MAX && info->tiers[i].above > 0; i++)
        if (prompt > info->tiers[i].above)
            price = &info->tiers[i].price;
    return price;
}

static int64_t or_else(int64_t price, int64_t other) {
    return price >= 0 ? price : other;
}

int64_t catalogue_cost_microdollars(const struct model_info *info,
                                    const struct model_usage *usage) {
    if (usage->input < 0 && usage->output < 0)
        return -1;
    const int64_t input = at_least_0(usage->input), read = at_least_0(usage->cache_read),
                  write = at_least_0(usage->cache_write), hour = at_least_0(usage->cache_write_1h);
    const __int128 output = (__int128)at_least_0(usage->output) + at_least_0(usage->reasoning);
    const struct model_price *price = price_for(info, (__int128)input + read + write + hour);
    const struct {
        __int128 tokens;
        int64_t price;
    } classes[] = {
        {input, price->input},
        {read, or_else(price->cache_read, price->input)},
        {write, or_else(price->cache_write, price->input)},
        {hour, or_else(price->cache_write_1h, or_else(price->cache_write, price->input))},
        {output, price->output},
    };
    const __int128 most = (__int128)INT64_MAX * 1000000;
    __int128 sum = 0;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].tokens == 0)
            continue;
        if (classes[i].price < 0 ||
            (classes[i].price > 0 && classes[i].tokens > (most - sum) / classes[i].price))
            return -1;
        sum += classes[i].tokens * classes[i].price;
    }
    sum = (sum + 500000) / 1000000;
    return sum > INT64_MAX ? -1 : (int64_t)sum;
}
