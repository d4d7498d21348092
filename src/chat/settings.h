/* What the owner configured, as one immutable snapshot. config/ fills it; a reload makes a new one,
 * and turns in flight keep theirs: it is counted by references, the only thing that is. */
#pragma once
#include "base/slice.h"
#include <stdatomic.h>
struct arena;
struct jwt_verifier;
struct provider;

/* One of a provider's keys. */
struct provider_key {
    const char *name; /* for reports; never the key itself */
    struct slice key;
    int64_t weight;              /* share of the calls */
    int64_t requests_per_minute; /* -1: no limit */
};

/* A provider as configured: a name, the API it speaks and where. */
struct provider_settings {
    const char *name;                  /* "openai": what models are prefixed with */
    const struct provider *translator; /* by `api:` */
    const char *url;  /* base URL without trailing slash; NULL for the vendor's own */
    struct slice key; /* as configured; keys holds it too */
    const struct provider_key *keys; /* those that are not empty */
    size_t key_count;
    const char *api_version;                              /* NULL: the translator's default */
    bool off;                                             /* its key is empty though it needs one */
    int64_t connect_ms, first_byte_ms, idle_ms, total_ms; /* deadlines of a call */
};

/* One entry of a bot's `models`. */
struct model_choice {
    const struct provider_settings *provider;
    const char *model; /* as the vendor names it; "" for offline */
};

struct limit_settings { /* -1: no limit */
    int64_t messages_per_minute, messages_per_day;
};

struct access_settings {
    bool anonymous;
    const char *const
        *origins; /* "https://shop.example.com", or "*"; for CORS and the visitor doors */
    size_t origin_count;
    struct jwt_verifier *jwt;      /* NULL when not configured; owned by the snapshot */
    struct slice user_hash_secret; /* empty when not configured */
    int64_t session_max_age_ms;
};

struct bot {
    const char *name;
    const struct model_choice
        *models; /* in order of preference; providers that are off are left out */
    size_t model_count;
    struct slice system;
    int64_t max_tokens;        /* -1 not set */
    double temperature, top_p; /* NaN not set */
    const char *const *stop;
    size_t stop_count;
    const char *const *knowledge; /* absolute paths of the files */
    size_t knowledge_count;
    size_t history_max;        /* earlier messages of the conversation sent along */
    int64_t retries;           /* of one model after a failure that may pass */
    int64_t retry_deadline_ms; /* for all attempts of a turn until the first token */
    size_t message_max;        /* bytes of one visitor message */
    struct access_settings access;
    struct limit_settings user_limits, address_limits, bot_limits;
};

struct settings {
    atomic_size_t references;
    struct arena *arena; /* holds everything below */
    const struct provider_settings *providers;
    size_t provider_count;
    const struct bot *bots;
    size_t bot_count;
    const struct bot *default_bot; /* the first one, or the one marked `default: true` */
};

struct settings *settings_reference(struct settings *settings); /* returns it */
void settings_release(struct settings *settings); /* frees with the last one; NULL is fine */
const struct bot *settings_bot(const struct settings *settings,
                               struct slice name); /* NULL if unknown */
/* True if the origin may use the bot from a browser. */
bool bot_allows_origin(const struct bot *bot, struct slice origin);
