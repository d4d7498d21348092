/* The file as read, row by row, before build.c ties its parts together. */
#pragma once
#include "chat/settings.h"
#include "config/config.h"
#include "config/option.h"

struct draft_key {
    struct entry entry;
    struct provider_key key;
};

struct draft_provider {
    struct entry entry;
    struct provider_settings settings;
    struct entry_list keys, models;
};

/* What the configuration says of a model; NaN, -1 or not given: what the catalogue says. */
struct draft_model {
    struct entry entry;
    int64_t context_window, output_max;
    int64_t input_price, cached_price, cache_write_price, output_price;
    bool images, tools, reasoning;
};

enum jwt_algorithm { JWT_HS256, JWT_RS256, JWT_ES256 };

struct draft_jwt {
    int algorithm;
    const struct yaml_node *node; /* NULL: no such section */
    struct slice secret;
    const char *public_key, *jwks_url, *issuer, *audience, *user_claim;
    int64_t leeway_ms;
};

struct draft_bot {
    struct entry entry;
    bool is_default;
    struct bot bot;
    const char *const *models; /* as written */
    size_t model_count;
    const char *cheaper, *summary_model; /* as written, NULL when not given */
    struct draft_jwt jwt;
};

struct draft {
    struct config config;
    struct entry_list providers, bots;
};
