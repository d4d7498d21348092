/* What the owner configured, as one immutable snapshot. config/ fills it; a reload makes a new one,
 * and turns in flight keep theirs: it is counted by references, the only thing that is. */
#pragma once
#include "base/slice.h"
#include "chat/local_time.h"
#include <stdatomic.h>
struct arena;
struct jwt_verifier;
struct model_choice;
struct model_info;
struct provider;
struct redact;
struct tool;
struct tool_text;
struct zone;

/* Most that may be spent in a day or a month of the bot's time zone; -1: no limit. */
struct spend_settings {
    int64_t cost_per_day, cost_per_month; /* microdollars */
    int64_t tokens_per_day, tokens_per_month;
};

/* One of a provider's keys. */
struct provider_key {
    const char *name; /* for reports; never the key itself */
    struct slice key;
    int64_t weight;              /* share of the calls */
    int64_t requests_per_minute; /* -1: no limit */
    struct spend_settings spend; /* in days and months of UTC */
};

/* A provider as configured: a name, the API it speaks and where. */
struct provider_settings {
    const char *name;                  /* "openai": what models are prefixed with */
    const struct provider *translator; /* by `api:` */
    const char *url;  /* base URL without trailing slash; NULL for the vendor's own */
    struct slice key; /* as configured; keys holds it too */
    const struct provider_key *keys; /* those that are not empty */
    size_t key_count;
    const char *api_version;           /* NULL: the translator's default */
    const struct model_choice *models; /* that the configuration tells of */
    size_t model_count;
    bool off;                                             /* its key is empty though it needs one */
    int64_t connect_ms, first_byte_ms, idle_ms, total_ms; /* deadlines of a call */
};

/* One entry of a bot's `models`. */
struct model_choice {
    const struct provider_settings *provider;
    const char *model; /* as the vendor names it; "" for offline */
    /* By the catalogue and the configuration; NULL when nothing is known, and for offline. */
    const struct model_info *info;
};

struct limit_settings { /* -1: no limit */
    int64_t messages_per_minute, messages_per_day;
    int64_t streams; /* at once */
    int64_t pages;   /* of one address: with an open widget, at once */
    struct spend_settings spend;
};

enum context_strategy { CONTEXT_WINDOW, CONTEXT_TOKENS, CONTEXT_SUMMARY };

/* What of a long conversation the model is given. */
struct context_settings {
    int strategy;                       /* enum context_strategy */
    int64_t tokens_max;                 /* of a prompt; -1: what the model takes */
    size_t summary_after, summary_keep; /* messages */
    struct model_choice summary_model;  /* provider NULL: the bot's first model */
    int64_t summary_tokens;             /* most of a summary */
};

/* Where events are posted. */
struct webhook_settings {
    const char *url;          /* NULL: nowhere */
    struct slice secret;      /* as configured */
    const struct slice *keys; /* the same, read: they sign what is posted; none: unsigned */
    size_t key_count;
};

enum budget_end { BUDGET_OFFLINE, BUDGET_REFUSE };

/* What happens when money runs short. */
struct budget_settings {
    int64_t warn_at, cheaper_at; /* percent of a limit; 0: never */
    struct webhook_settings webhook;
    struct model_choice cheaper; /* provider NULL: none */
    int end;                     /* enum budget_end */
    bool unpriced;               /* models without a price may be used all the same */
    const char *time_zone;       /* as configured, NULL for UTC */
    struct zone *zone;           /* NULL for UTC; owned by the snapshot */
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

/* How far a turn may go with tools. */
struct tool_settings {
    int64_t rounds_max;  /* calls of the model that ask for tools; then it must answer */
    int64_t calls_max;   /* of all tools in one turn */
    int64_t deadline_ms; /* for all of a turn's tools together */
};

/* What the widget says on some pages of the site in place of what it says on all. */
struct widget_page {
    struct slice match; /* "/products/…", or with an origin; an asterisk is any text */
    const struct tool_text *welcome; /* NULL: the bot's own */
    size_t welcome_count;
    const struct tool_text *suggestions; /* the same */
    size_t suggestion_count;
};

/* How the widget looks and what it says by itself. */
struct widget_settings {
    const char *title; /* NULL: the bot's name */
    const char *color; /* "#2563eb"; NULL: the widget's own */
    int left;          /* in the lower left corner, else right */
    bool sound;        /* when something was said that nobody sees */
    const struct tool_text *welcome;
    size_t welcome_count;
    const struct tool_text *suggestions; /* one after the other, each language's together */
    size_t suggestion_count;
    const struct widget_page *pages; /* the first that matches counts */
    size_t page_count;
    const char *const *image_hosts; /* from which images in answers are loaded */
    size_t image_host_count;
};

enum lead_ask {
    LEAD_BEFORE = 1,  /* the widget, before the chat */
    LEAD_TOOL = 2,    /* the bot, which has the tool capture_lead for it */
    LEAD_OFFLINE = 4, /* the widget, when nobody can answer */
};

/* Whom the owner may contact: what they are asked for. */
struct lead_settings {
    unsigned ask;              /* enum lead_ask, any of them; 0: nothing is asked */
    const char *const *fields; /* of LEAD_FIELDS; none: nothing is asked */
    size_t field_count;
    const char *const *required;
    size_t required_count;
    const struct tool_text *consent; /* what the visitor must agree to; none: nothing */
    size_t consent_count;
    struct webhook_settings webhook;
};
#define LEAD_FIELDS "name, email, phone, company, message"

/* When a person is called for. */
struct handoff_settings {
    bool enabled;
    bool tool;          /* the bot may do it */
    int waits;          /* where nobody is there: they wait all the same, else they are told */
    size_t chats;       /* most of one operator at once; 0: any number */
    int64_t wait_ms;    /* how long somebody waits at most; 0: for ever */
    struct hours hours; /* when somebody is there, in the bot's time zone */
    const char *const *keywords; /* by which a visitor calls for a person */
    size_t keyword_count;
    struct webhook_settings webhook; /* who is told of each change */
};

/* Images that visitors may send. */
struct attachment_settings {
    size_t images;            /* most in one message; 0: none are taken */
    size_t size_max;          /* bytes of one */
    const char *const *types; /* "image/png", … */
    size_t type_count;
};

#define ATTACHMENT_TYPES "image/jpeg, image/png, image/webp, image/gif"

struct bot {
    const char *name;
    const struct tool *const *tools; /* that it may use */
    size_t tool_count;
    struct tool_settings tool_limits;
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
    int64_t answer_cache_ms;   /* how long an answer is given again; 0: never */
    int64_t retries;           /* of one model after a failure that may pass */
    int64_t retry_deadline_ms; /* for all attempts of a turn until the first token */
    size_t message_max;        /* bytes of one visitor message */
    struct access_settings access;
    struct limit_settings user_limits, address_limits, bot_limits, key_limits;
    int64_t conversation_cost, conversation_tokens; /* most of one; -1: no limit */
    struct context_settings context;
    struct budget_settings budget;
    struct widget_settings widget;
    struct lead_settings lead;
    struct handoff_settings handoff;
    struct attachment_settings attachments;
    int64_t retention_ms;        /* after which a conversation is erased; 0: never */
    const struct redact *redact; /* NULL: nothing is taken out */
};

struct settings {
    atomic_size_t references;
    struct arena *arena; /* holds everything below */
    const struct provider_settings *providers;
    size_t provider_count;
    const struct tool *tools;
    size_t tool_count;
    const struct bot *bots;
    size_t bot_count;
    const int64_t *webhook_retry_ms; /* how long after each attempt that failed the next one is */
    size_t webhook_retry_count;
    const struct bot *default_bot; /* the first one, or the one marked `default: true` */
};

struct settings *settings_reference(struct settings *settings); /* returns it */
void settings_release(struct settings *settings); /* frees with the last one; NULL is fine */
const struct bot *settings_bot(const struct settings *settings,
                               struct slice name); /* NULL if unknown */
/* True if the origin may use the bot from a browser. */
bool bot_allows_origin(const struct bot *bot, struct slice origin);
