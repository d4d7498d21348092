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
    struct entry_list keys;
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
    struct draft_jwt jwt;
};

struct draft {
    struct config config;
    struct entry_list providers, bots;
};
