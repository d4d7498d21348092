/* The table of options: to add one, add a row. */
#include "base/log.h"
#include "chat/redact.h"
#include "config/draft.h"
#include "config/rows.h"

/* --- http --- */

static const struct option http_options[] = {
    ROW("connections_max", OPTION_COUNT, struct draft, config.connections_max, RANGE(1, 1000000),
        .flags = OPTION_RESTART, .fallback = "10000",
        .help = "Connections open at once; one more is answered with 503."),
    ROW("header_max", OPTION_SIZE, struct draft, config.header_max, RANGE(1 * KIB, 1 * MIB),
        .flags = OPTION_RESTART, .fallback = "16KiB",
        .help = "Bytes of a request's line and headers; above it 431."),
    ROW("body_max", OPTION_SIZE, struct draft, config.body_max, RANGE(1 * KIB, 256 * MIB),
        .flags = OPTION_RESTART, .fallback = "1MiB",
        .help = "Bytes of a request's body; above it 413."),
    ROW("header_timeout", OPTION_DURATION, struct draft, config.header_timeout_ms,
        RANGE(100, 1 * HOUR), .flags = OPTION_RESTART, .fallback = "10s",
        .help = "Until a request's headers must have come."),
    ROW("body_timeout", OPTION_DURATION, struct draft, config.body_timeout_ms, RANGE(100, 1 * HOUR),
        .flags = OPTION_RESTART, .fallback = "30s",
        .help = "Until a request's body must have come."),
    ROW("idle_timeout", OPTION_DURATION, struct draft, config.idle_timeout_ms,
        RANGE(100, 24 * HOUR), .flags = OPTION_RESTART, .fallback = "75s",
        .help = "How long a connection may wait for its next request."),
    ROW("trusted_proxies", OPTION_STRING, struct draft, config.trusted_proxies,
        LIST(struct draft, config.trusted_proxy_count, 64), RANGE(2, 45),
        .flags = OPTION_LIST | OPTION_RESTART,
        .help = "Addresses of your own proxies: behind them limits count the address that they put "
                "at the end of `X-Forwarded-For`."),
};
static const struct section http_section = {
    .name = "http", .help = "Limits of the HTTP server.", ROWS(http_options)};

/* --- log --- */

static const struct choice log_levels[] = {
    {"debug", LOG_DEBUG, NULL}, {"info", LOG_INFO, NULL},     {"warning", LOG_WARNING, NULL},
    {"error", LOG_ERROR, NULL}, {"silent", LOG_SILENT, NULL}, {NULL, 0, NULL},
};
static const struct choice log_formats[] = {
    {"text", LOG_TEXT, NULL}, {"json", LOG_JSON, NULL}, {NULL, 0, NULL}};
static const struct option log_options[] = {
    ROW("level", OPTION_CHOICE, struct draft, config.log_level, .choices = log_levels,
        .flags = OPTION_RESTART, .fallback = "info",
        .help = "The least severe records that are written. No level writes keys or messages."),
    ROW("format", OPTION_CHOICE, struct draft, config.log_format, .choices = log_formats,
        .flags = OPTION_RESTART, .fallback = "text",
        .help = "Text to read or a JSON object a line, on standard error."),
};
static const struct section log_section = {
    .name = "log", .help = "The application's log.", ROWS(log_options)};

/* --- providers --- */

#define PROVIDER(name, type, member, ...)                                                          \
    ROW(name, type, struct draft_provider, settings.member, __VA_ARGS__)

/* Most that may be spent; `base` is what stands before the members, with its dot. */
#define SPEND(structure, base, who)                                                                \
    ROW("cost_per_day", OPTION_MONEY, structure, base cost_per_day, RANGE(0, 1e9),                 \
        .flags = OPTION_NONE, .fallback = "none",                                                  \
        .help = "Dollars that " who " may cost in a day."),                                        \
        ROW("cost_per_month", OPTION_MONEY, structure, base cost_per_month, RANGE(0, 1e9),         \
            .flags = OPTION_NONE, .fallback = "none",                                              \
            .help = "Dollars that " who " may cost in a month."),                                  \
        ROW("tokens_per_day", OPTION_INTEGER, structure, base tokens_per_day, RANGE(0, 1e15),      \
            .flags = OPTION_NONE, .fallback = "none",                                              \
            .help = "Tokens that " who " may use in a day, in and out."),                          \
        ROW("tokens_per_month", OPTION_INTEGER, structure, base tokens_per_month, RANGE(0, 1e15),  \
            .flags = OPTION_NONE, .fallback = "none",                                              \
            .help = "Tokens that " who " may use in a month, in and out.")

static const struct option key_options[] = {
    ROW("key", OPTION_SECRET, struct draft_key, key.key, RANGE(1, 4 * KIB),
        .flags = OPTION_REQUIRED,
        .help = "The API key, best as a variable; an empty one is left out."),
    ROW("weight", OPTION_INTEGER, struct draft_key, key.weight, RANGE(1, 1000), .fallback = "1",
        .help = "Its share of the calls."),
    ROW("requests_per_minute", OPTION_INTEGER, struct draft_key, key.requests_per_minute,
        RANGE(1, MANY), .flags = OPTION_NONE, .fallback = "none",
        .help = "Calls that it is used for in a minute; then the others are."),
    SPEND(struct draft_key, key.spend., "it"),
};
static const struct section key_section = {
    .name = "key",
    .help =
        "Several keys of one provider, each under a name for reports. One that is refused is taken "
        "out for ten minutes.",
    .size = sizeof(struct draft_key),
    ROWS(key_options)};

#define PRICE(name, member, what)                                                                  \
    ROW(name, OPTION_MONEY, struct draft_model, member, RANGE(0, 1e6), .flags = OPTION_NONE,       \
        .fallback = "none", .help = "Dollars for a million tokens " what ".",                      \
        .fallback_text = "the catalogue's")
#define SIZE_OF_MODEL(name, member, what)                                                          \
    ROW(name, OPTION_INTEGER, struct draft_model, member, RANGE(1, 1e9), .flags = OPTION_NONE,     \
        .fallback = "none", .help = what, .fallback_text = "the catalogue's")
#define ABILITY(name, member, what)                                                                \
    ROW(name, OPTION_BOOLEAN, struct draft_model, member, .fallback = "false", .help = what,       \
        .fallback_text = "the catalogue's")

static const struct option model_options[] = {
    SIZE_OF_MODEL("context_window", context_window, "Tokens that it takes, the answer included."),
    SIZE_OF_MODEL("output_max", output_max, "Tokens of its longest answer."),
    PRICE("input_price", input_price, "of the prompt"),
    PRICE("cached_price", cached_price, "of the prompt that the vendor has in its cache"),
    PRICE("cache_write_price", cache_write_price, "that the vendor writes into its cache"),
    PRICE("output_price", output_price, "of the answer, reasoning included"),
    ABILITY("images", images, "Whether it sees images."),
    ABILITY("tools", tools, "Whether it calls tools."),
    ABILITY("reasoning", reasoning, "Whether it is a reasoning model, with their parameters."),
};
static const struct section model_section = {
    .name = "model",
    .help = "What is known of a model, where the catalogue (`switchboard models`) knows none or "
            "another.",
    .size = sizeof(struct draft_model),
    ROWS(model_options)};

static const struct option provider_options[] = {
    PROVIDER("api", OPTION_API, translator,
             .help = "The language that it speaks. For a server of the same kind set `url` too.",
             .fallback_text = "the provider's name, where there is an API of that name"),
    PROVIDER("url", OPTION_BASE_URL, url, .help = "Base URL, when it is not the vendor's own.",
             .fallback_text = "the vendor's"),
    PROVIDER("key", OPTION_SECRET, key, RANGE(1, 4 * KIB),
             .help = "The API key, best as a variable. A provider whose key is empty is off; with "
                     "`url` set, leave `key` out if the server wants none."),
    ROW("keys", OPTION_MAP, struct draft_provider, keys, .length_max = 64, .section = &key_section,
        .help = "Several keys instead of one."),
    ROW("models", OPTION_MAP, struct draft_provider, models, .length_max = 1000,
        .flags = OPTION_ANY_NAME, .section = &model_section,
        .help = "Windows and prices of its models, by name as in a bot's `models`."),
    PROVIDER("api_version", OPTION_STRING, api_version, RANGE(1, 64),
             .help = "Version of the API, where the vendor has several.",
             .fallback_text = "the translator's"),
    PROVIDER("connect_timeout", OPTION_DURATION, connect_ms, RANGE(100, 10 * MINUTE),
             .fallback = "10s", .help = "For name, connection and TLS."),
    PROVIDER("first_byte_timeout", OPTION_DURATION, first_byte_ms, RANGE(100, 1 * HOUR),
             .fallback = "60s", .help = "From the call until the reply begins."),
    PROVIDER("idle_timeout", OPTION_DURATION, idle_ms, RANGE(100, 1 * HOUR), .fallback = "60s",
             .help = "Between two pieces of a reply."),
    PROVIDER("total_timeout", OPTION_DURATION, total_ms, RANGE(1 * SECOND, 24 * HOUR),
             .fallback = "10min", .help = "For a whole call."),
};
static const struct section provider_section = {
    .name = "provider",
    .help = "Who answers, under a name of your choice: what a bot's `models` begin with. One named "
            "`offline`, which answers from the knowledge files, is always there.",
    .size = sizeof(struct draft_provider),
    ROWS(provider_options)};

/* --- bots: limits --- */

#define LIMIT(name, structure, member, who)                                                        \
    ROW(name, OPTION_INTEGER, structure, member, RANGE(1, MANY), .flags = OPTION_NONE,             \
        .fallback = "none", .help = who)

#define MESSAGES(structure, base, who)                                                             \
    LIMIT("messages_per_minute", structure, base messages_per_minute,                              \
          "Messages " who "in any minute; above it 429."),                                         \
        LIMIT("messages_per_day", structure, base messages_per_day,                                \
              "Messages " who "in a day (UTC).")

static const struct option address_limit_options[] = {
    MESSAGES(struct limit_settings, , "of one IP address "),
    LIMIT("streams", struct limit_settings, streams, "Answers under way at once."),
    LIMIT("pages", struct limit_settings, pages, "Pages with an open widget at once."),
};
static const struct section address_limit_section = {.name = "address_limits",
                                                     .help = "For one IP address (IPv6: one /64).",
                                                     .size = sizeof(struct limit_settings),
                                                     ROWS(address_limit_options)};
static const struct option bot_limit_options[] = {
    MESSAGES(struct limit_settings, , "of all users "),
    SPEND(struct limit_settings, spend., "the bot"),
};
static const struct section bot_limit_section = {.name = "bot_limits",
                                                 .help = "For all users of the bot together.",
                                                 .size = sizeof(struct limit_settings),
                                                 ROWS(bot_limit_options)};
static const struct option key_limit_options[] = {
    SPEND(struct limit_settings, spend., "an API key"),
};
static const struct section key_limit_section = {.name = "key_limits",
                                                 .help = "For one API key.",
                                                 .size = sizeof(struct limit_settings),
                                                 ROWS(key_limit_options)};
static const struct option conversation_limit_options[] = {
    ROW("cost", OPTION_MONEY, struct draft_bot, bot.conversation_cost, RANGE(0, 1e9),
        .flags = OPTION_NONE, .fallback = "none", .help = "Dollars that it may cost."),
    ROW("tokens", OPTION_INTEGER, struct draft_bot, bot.conversation_tokens, RANGE(0, 1e15),
        .flags = OPTION_NONE, .fallback = "none", .help = "Tokens that it may use, in and out."),
};
static const struct section conversation_limit_section = {.name = "conversation_limits",
                                                          .help = "For one conversation.",
                                                          ROWS(conversation_limit_options)};
static const struct option limit_options[] = {
    MESSAGES(struct draft_bot, bot.user_limits., "of one user "),
    LIMIT("streams", struct draft_bot, bot.user_limits.streams,
          "Answers of one user under way at once."),
    SPEND(struct draft_bot, bot.user_limits.spend., "a user"),
    ROW("per_address", OPTION_SECTION, struct draft_bot, bot.address_limits,
        .section = &address_limit_section, .help = "For one IP address (IPv6: one /64)."),
    ROW("per_conversation", OPTION_SECTION, struct draft_bot, bot,
        .section = &conversation_limit_section, .help = "For one conversation."),
    ROW("per_key", OPTION_SECTION, struct draft_bot, bot.key_limits, .section = &key_limit_section,
        .help = "For one API key."),
    ROW("per_bot", OPTION_SECTION, struct draft_bot, bot.bot_limits, .section = &bot_limit_section,
        .help = "For all users of the bot together."),
};
static const struct section limit_section = {
    .name = "limits",
    .help = "How much a user may write, use and cost. What was counted survives a restart.",
    ROWS(limit_options)};

/* --- bots: money --- */

#define BUDGET(name, type, member, ...)                                                            \
    ROW(name, type, struct draft_bot, bot.budget.member, __VA_ARGS__)

static const struct choice budget_ends[] = {
    {"offline", BUDGET_OFFLINE, NULL}, {"refuse", BUDGET_REFUSE, NULL}, {NULL, 0, NULL}};
static const struct option budget_options[] = {
    BUDGET("time_zone", OPTION_STRING, time_zone, RANGE(1, 64),
           .help = "Whose midnight begins a day and a month: `Europe/Berlin`.",
           .fallback_text = "UTC"),
    BUDGET("warn_at", OPTION_INTEGER, warn_at, RANGE(0, 100), .fallback = "80",
           .help =
               "Percent of a limit on money or tokens at which a warning is logged, counted and "
               "sent to the webhook; 0 never."),
    BUDGET("webhook", OPTION_URL, webhook.url,
           .help = "Where warnings are posted (see [webhooks](webhooks.md))."),
    BUDGET("webhook_secret", OPTION_SECRET, webhook.secret, RANGE(1, 4 * KIB),
           .help = WEBHOOK_SECRET_HELP),
    ROW("cheaper_model", OPTION_MODEL, struct draft_bot, cheaper,
        .help = "Answers instead of the first model once `cheaper_at` is reached."),
    BUDGET("cheaper_at", OPTION_INTEGER, cheaper_at, RANGE(1, 100), .fallback = "90",
           .help = "Percent of a limit on money or tokens."),
    BUDGET("when_spent", OPTION_CHOICE, end, .choices = budget_ends, .fallback = "offline",
           .help = "What answers when the money is spent: the built-in provider from the knowledge "
                   "files, or a polite refusal (429)."),
    BUDGET("allow_unpriced", OPTION_BOOLEAN, unpriced, .fallback = "false",
           .help = "With limits on cost, models whose price nobody knows are an error; this lets "
                   "them through, counted as free."),
};
static const struct section budget_section = {
    .name = "budget", .help = "What happens when money runs short.", ROWS(budget_options)};

/* --- bots: context --- */

#define CONTEXT(name, type, member, ...)                                                           \
    ROW(name, type, struct draft_bot, bot.context.member, __VA_ARGS__)

static const struct choice context_strategies[] = {{"window", CONTEXT_WINDOW, NULL},
                                                   {"tokens", CONTEXT_TOKENS, NULL},
                                                   {"summary", CONTEXT_SUMMARY, NULL},
                                                   {NULL, 0, NULL}};
static const struct option context_options[] = {
    CONTEXT(
        "strategy", OPTION_CHOICE, strategy, .choices = context_strategies, .fallback = "window",
        .help = "`window`: the last `history_max` messages. `tokens`: as many as fit. `summary`: "
                "the older ones as a summary, the last ones as they are."),
    CONTEXT("tokens_max", OPTION_INTEGER, tokens_max, RANGE(100, 1e9), .flags = OPTION_NONE,
            .fallback = "none", .help = "Tokens of a prompt, for every strategy.",
            .fallback_text = "what the model takes less the answer"),
    CONTEXT("summary_after", OPTION_COUNT, summary_after, RANGE(4, 1000), .fallback = "30",
            .help = "Messages not yet in the summary from which on it is extended."),
    CONTEXT("summary_keep", OPTION_COUNT, summary_keep, RANGE(2, 500), .fallback = "10",
            .help = "Messages that stay as they are."),
    ROW("summary_model", OPTION_MODEL, struct draft_bot, summary_model,
        .help = "Writes the summaries; a cheap one will do.",
        .fallback_text = "the bot's first model"),
    CONTEXT("summary_tokens", OPTION_INTEGER, summary_tokens, RANGE(50, 10000), .fallback = "400",
            .help = "Longest summary."),
};
static const struct section context_section = {
    .name = "context",
    .help = "What of a long conversation the model is given.",
    ROWS(context_options)};

/* --- bots: access --- */

static const struct choice jwt_algorithms[] = {{"HS256", JWT_HS256, NULL},
                                               {"RS256", JWT_RS256, NULL},
                                               {"ES256", JWT_ES256, NULL},
                                               {NULL, 0, NULL}};
static const struct option jwt_options_table[] = {
    ROW("algorithm", OPTION_CHOICE, struct draft_jwt, algorithm, .choices = jwt_algorithms,
        .flags = OPTION_REQUIRED, .help = "The only one taken, whatever a token says."),
    ROW("secret", OPTION_SECRET, struct draft_jwt, secret, RANGE(32, 4 * KIB),
        .help = "HS256: what tokens are signed with, at least 32 bytes."),
    ROW("public_key", OPTION_FILE, struct draft_jwt, public_key, .flags = OPTION_EXISTS,
        .help = "RS256, ES256: PEM file of the public key."),
    ROW("jwks_url", OPTION_URL, struct draft_jwt, jwks_url,
        .help = "RS256, ES256: where the key set is fetched from, instead of `public_key`."),
    ROW("issuer", OPTION_STRING, struct draft_jwt, issuer, LENGTH,
        .help = "What `iss` must be; not checked when left out."),
    ROW("audience", OPTION_STRING, struct draft_jwt, audience, LENGTH,
        .help = "What `aud` must be or contain; not checked when left out."),
    ROW("user_claim", OPTION_STRING, struct draft_jwt, user_claim, RANGE(1, 128), .fallback = "sub",
        .help = "The claim that identifies the user."),
    ROW("leeway", OPTION_DURATION, struct draft_jwt, leeway_ms, RANGE(0, 1 * HOUR),
        .fallback = "60s", .help = "How far clocks may differ."),
};
static const struct section jwt_section = {
    .name = "jwt",
    .help = "Users of your site are known by a JSON Web Token that it signs.",
    .size = sizeof(struct draft_jwt),
    .node = offsetof(struct draft_jwt, node),
    ROWS(jwt_options_table)};

#define ACCESS(name, type, member, ...)                                                            \
    ROW(name, type, struct draft_bot, bot.access.member, __VA_ARGS__)

static const struct option access_options[] = {
    ACCESS("anonymous", OPTION_BOOLEAN, anonymous, .fallback = "false",
           .help = "Whether visitors who have not signed in may talk."),
    ACCESS("origins", OPTION_ORIGIN, origins, LIST(struct draft_bot, bot.access.origin_count, 256),
           .flags = OPTION_LIST,
           .help =
               "Web pages that may use the bot: `https://shop.example.com`, or `\"*\"` for all."),
    ACCESS("session_max_age", OPTION_DURATION, session_max_age_ms, RANGE(1 * MINUTE, 3650 * DAY),
           .fallback = "30d", .help = "How long an anonymous visitor is known again."),
    ROW("jwt", OPTION_SECTION, struct draft_bot, jwt, .section = &jwt_section,
        .help = "Users known by a token of your site."),
    ACCESS("user_hash_secret", OPTION_SECRET, user_hash_secret, RANGE(16, 4 * KIB),
           .help = "Users known by an HMAC of their id: what your site makes it with, at least 16 "
                   "bytes."),
};
static const struct section access_section = {
    .name = "access",
    .help = "Who may talk to the bot. API keys (`switchboard key create`) always may.",
    ROWS(access_options)};

/* --- bots --- */

#define BOT(name, type, member, ...) ROW(name, type, struct draft_bot, bot.member, __VA_ARGS__)

static const struct option bot_options[] = {
    ROW("default", OPTION_BOOLEAN, struct draft_bot, is_default, .fallback = "false",
        .help = "Answers where a request names no bot.", .fallback_text = "the first bot"),
    ROW("models", OPTION_MODEL, struct draft_bot, models, LIST(struct draft_bot, model_count, 16),
        .flags = OPTION_LIST | OPTION_REQUIRED,
        .help = "In order of preference: `provider/model`, or just `offline`."),
    BOT("system", OPTION_TEXT, system, RANGE(0, 256 * KIB),
        .help = "Instructions to the model. They never leave the server but to the provider."),
    BOT("max_tokens", OPTION_INTEGER, max_tokens, RANGE(1, 10000000), .flags = OPTION_NONE,
        .fallback = "none", .help = "Longest answer.", .fallback_text = "the model's"),
    BOT("temperature", OPTION_NUMBER, temperature, RANGE(0, 2), .flags = OPTION_NONE,
        .fallback = "none", .help = "How freely the model chooses its words.",
        .fallback_text = "the model's"),
    BOT("top_p", OPTION_NUMBER, top_p, RANGE(0, 1), .flags = OPTION_NONE, .fallback = "none",
        .help = "Nucleus sampling.", .fallback_text = "the model's"),
    BOT("stop", OPTION_STRING, stop, LIST(struct draft_bot, bot.stop_count, 4), RANGE(1, 256),
        .flags = OPTION_LIST, .help = "Texts at which the model stops."),
    BOT("knowledge", OPTION_FILE, knowledge, LIST(struct draft_bot, bot.knowledge_count, 1000),
        .flags = OPTION_LIST | OPTION_EXISTS,
        .help = "Files that the bot knows (Markdown or text)."),
    BOT("history_max", OPTION_COUNT, history_max, RANGE(0, 1000), .fallback = "20",
        .help = "Earlier messages of the conversation that the model is given."),
    BOT("answer_cache", OPTION_DURATION, answer_cache_ms, RANGE(0, 30 * DAY), .fallback = "0s",
        .help = "How long an answer is given again when a conversation begins with the same "
                "question; 0s never."),
    BOT("retention", OPTION_DURATION, retention_ms, RANGE(0, 3650 * DAY), .fallback = "0s",
        .help = "After which time without a word a conversation is erased, with all that is "
                "derived from it; 0s never."),
    BOT("retries", OPTION_INTEGER, retries, RANGE(0, 10), .fallback = "2",
        .help = "How often a model is tried again after a failure that may pass."),
    BOT("retry_deadline", OPTION_DURATION, retry_deadline_ms, RANGE(0, 10 * MINUTE),
        .fallback = "20s", .help = "Until when a failed call is tried again."),
    BOT("message_max", OPTION_SIZE, message_max, RANGE(1, 1 * MIB), .fallback = "16KiB",
        .help = "Bytes of one message of a visitor."),
    ROW("tools", OPTION_STRING, struct draft_bot, tools, LIST(struct draft_bot, tool_count, 64),
        RANGE(1, 64), .flags = OPTION_LIST, .help = "Names of the tools that it may use."),
    ROW("tool_limits", OPTION_SECTION, struct draft_bot, bot.tool_limits,
        .section = &tool_limit_section, .help = "How far an answer may go with tools."),
    ROW("access", OPTION_SECTION, struct draft_bot, bot.access, .section = &access_section,
        .help = "Who may talk to it."),
    ROW("context", OPTION_SECTION, struct draft_bot, bot, .section = &context_section,
        .help = "What of a long conversation the model is given."),
    ROW("limits", OPTION_SECTION, struct draft_bot, bot.user_limits, .section = &limit_section,
        .help = "How much."),
    ROW("budget", OPTION_SECTION, struct draft_bot, bot.budget, .section = &budget_section,
        .help = "What happens when money runs short."),
    ROW("widget", OPTION_SECTION, struct draft_bot, bot, .section = &widget_section,
        .help = "How it looks on a page."),
    ROW("lead", OPTION_SECTION, struct draft_bot, bot, .section = &lead_section,
        .help = "How visitors can be reached."),
    ROW("attachments", OPTION_SECTION, struct draft_bot, bot, .section = &attachment_section,
        .help = "Images that visitors may send."),
    ROW("handoff", OPTION_SECTION, struct draft_bot, bot, .section = &handoff_section,
        .help = "When a person is called for."),
    ROW("redact", OPTION_MAP, struct draft_bot, redact, .length_max = REDACT_RULES_MAX,
        .section = &redact_section,
        .help = "What is taken out of texts before they are kept or sent on."),
};
static const struct section bot_section = {
    .name = "bot",
    .help = "The assistants, each under a name that requests give.",
    .size = sizeof(struct draft_bot),
    ROWS(bot_options)};

/* --- webhooks --- */

static const struct option webhook_options[] = {
    ROW("retry", OPTION_DURATION, struct draft, webhook_retry_ms,
        LIST(struct draft, webhook_retry_count, 20), RANGE(100, 30 * DAY), .flags = OPTION_LIST,
        .help = "How long after each attempt that failed the next one is made, up to a tenth more; "
                "behind the last a webhook is dead (`switchboard webhooks`).",
        .fallback_text = "`[5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 24h]`"),
};
static const struct section webhook_section = {
    .name = "webhooks",
    .help = "How what is posted to your site is tried again (see [webhooks](webhooks.md)).",
    ROWS(webhook_options)};

/* --- the top --- */

static const struct option top_options[] = {
    ROW("listen", OPTION_ADDRESS, struct draft, config.listen, .flags = OPTION_RESTART,
        .fallback = "127.0.0.1:8080", .help = "Address and port; port 0 takes a free one."),
    ROW("database", OPTION_DATABASE, struct draft, config.database, .flags = OPTION_RESTART,
        .fallback = "sqlite:switchboard.db",
        .help = "Where everything is kept: `sqlite:` and a path. Created where absent."),
    ROW("site", OPTION_FOLDER, struct draft, config.site, .flags = OPTION_RESTART | OPTION_EXISTS,
        .help = "Folder of static pages, served at `/`."),
    ROW("pid_file", OPTION_FILE, struct draft, config.pid_file, .flags = OPTION_RESTART,
        .help = "Holds the process id while the server runs.",
        .fallback_text = "the database's path with `.pid`"),
    ROW("threads", OPTION_COUNT, struct draft, config.threads, RANGE(0, 256),
        .flags = OPTION_RESTART, .fallback = "0",
        .help = "Event loops; 0 means one for each processor."),
    ROW("drain", OPTION_DURATION, struct draft, config.drain_ms, RANGE(0, 24 * HOUR),
        .flags = OPTION_RESTART, .fallback = "10min",
        .help = "How long answers under way may go on after a stop was asked for."),
    ROW("admin_token", OPTION_SECRET, struct draft, config.admin_token, RANGE(16, 4 * KIB),
        .flags = OPTION_RESTART,
        .help = "Opens `/metrics` to other machines than this one, at least 16 bytes."),
    ROW("http", OPTION_SECTION, struct draft, config, .section = &http_section,
        .help = "Limits of the HTTP server."),
    ROW("log", OPTION_SECTION, struct draft, config, .section = &log_section,
        .help = "The application's log."),
    ROW("providers", OPTION_MAP, struct draft, providers, .length_max = 64,
        .section = &provider_section, .help = "Who answers."),
    ROW("databases", OPTION_MAP, struct draft, databases, .length_max = 64,
        .section = &database_section, .help = "The site's own databases, for tools."),
    ROW("tools", OPTION_MAP, struct draft, tools, .length_max = 256, .section = &tool_section,
        .help = "What bots can do besides talking."),
    ROW("webhooks", OPTION_SECTION, struct draft, webhook_retry_ms, .section = &webhook_section,
        .help = "How what is posted to your site is tried again."),
    ROW("bots", OPTION_MAP, struct draft, bots, .length_max = 256, .flags = OPTION_REQUIRED,
        .section = &bot_section, .help = "The assistants."),
};

const struct section config_section = {.name = "configuration",
                                       .help = "The configuration of Switchboard.",
                                       .size = sizeof(struct draft),
                                       ROWS(top_options)};
