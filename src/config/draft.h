/* The file as read, row by row, before build.c ties its parts together. */
#pragma once
#include "chat/settings.h"
#include "config/config.h"
#include "config/option.h"
#include "tool/builtin.h"
#include "tool/http_tool.h"
#include "tool/mcp.h"
#include "tool/sql_tool.h"

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

struct draft_database {
    struct entry entry;
    const char *url;
};

struct draft_tool {
    struct entry entry;
    struct tool tool;
    struct sql_tool sql;
    struct http_tool http;
    struct mcp_server mcp;
    struct builtin_tool builtin;
    /* the sections' own nodes, NULL when not given */
    const struct yaml_node *sql_node, *http_node, *mcp_node, *calendar_node;
    const char *database, *builtin_name; /* as written */
    const struct yaml_node *parameters, *visible_text, *question, *http_headers, *http_body,
        *mcp_headers, *hours;
    int64_t slot_ms, days_ahead_ms, notice_ms, capacity;
    int method;
};

struct draft_redact {
    struct entry entry;
    const char *pattern; /* as written; NULL: not given */
    const int *from;     /* enum redact_place */
    size_t from_count;
    const char *const *keep;
    size_t keep_count;
};

struct draft_bot {
    struct entry entry;
    const char *const *tools; /* as written */
    size_t tool_count;
    bool is_default;
    struct bot bot;
    const struct yaml_node *welcome, *suggestions, *pages, *lead_consent, *lead_ask,
        *handoff_hours;        /* NULL when not given */
    const char *const *models; /* as written */
    size_t model_count;
    const char *cheaper, *summary_model; /* as written, NULL when not given */
    struct draft_jwt jwt;
    struct entry_list redact;
};

struct draft {
    struct config config;
    const int64_t *webhook_retry_ms; /* not given: see build_webhooks */
    size_t webhook_retry_count;
    struct entry_list providers, databases, tools, bots;
};
