#include "config/option.h"
#include "config/value.h"
#include "help.h"

/* What every text below ends with, so that nothing but the planted mistake is wrong with it. */
#define BOTS "bots: { b: { models: [offline] } }\n"
#define BOT  "bots:\n  b:\n    models: [offline]\n"
#define JWT  BOT "    access:\n      jwt: "

struct mistake {
    const char *text;
    int line, column;
    const char *path, *message;
};

#define DURATION "expected a duration such as 500ms, 10s, 5min or 1h, found "
#define MONEY    "expected an amount of dollars such as 0.50, with up to six places, found "
#define SIZE     "expected a size such as 16KiB or 1MiB, found "
#define ORIGIN   "expected an origin such as https://shop.example.com, found "
#define LISTEN   "expected an address and port such as 127.0.0.1:8080, found "
#define TOP                                                                                        \
    "listen, database, site, pid_file, threads, drain, admin_token, http, log, providers, "        \
    "databases, tools, webhooks, bots"

static const struct mistake mistakes[] = {
    /* unknown options, at every level */
    {"databse: sqlite:a.db\n" BOTS, 1, 1, "databse", "unknown option; did you mean database?"},
    {"THREADS: 2\n" BOTS, 1, 1, "THREADS", "unknown option; did you mean threads?"},
    {"colour: 1\n" BOTS, 1, 1, "colour", "unknown option; known here: " TOP},
    {"temperature: 1\n" BOTS, 1, 1, "temperature", "unknown option here; it belongs to bots.NAME"},
    {"http: { bodyMax: 1MiB }\n" BOTS, 1, 9, "http.bodyMax",
     "unknown option; did you mean body_max?"},
    {"log:\n  levle: info\n" BOTS, 2, 3, "log.levle", "unknown option; did you mean level?"},
    {"providers: { offline: { ulr: x } }\n" BOTS, 1, 25, "providers.offline.ulr",
     "unknown option; did you mean url?"},
    {BOT "    max_token: 5\n", 4, 5, "bots.b.max_token",
     "unknown option; did you mean max_tokens?"},
    {BOT "    origins: []\n", 4, 5, "bots.b.origins",
     "unknown option here; it belongs to bots.NAME.access"},
    {BOT "    listen: 1\n", 4, 5, "bots.b.listen",
     "unknown option here; it belongs to the top level"},
    {BOT "    access: { anonymus: true }\n", 4, 15, "bots.b.access.anonymus",
     "unknown option; did you mean anonymous?"},
    {JWT "{ algorithm: RS256, jwk_url: \"https://a/b\" }\n", 5, 32, "bots.b.access.jwt.jwk_url",
     "unknown option; did you mean jwks_url?"},
    {BOT "    limits: { per_adress: {} }\n", 4, 15, "bots.b.limits.per_adress",
     "unknown option; did you mean per_address?"},
    {BOT "    limits: { per_bot: { messages: 1 } }\n", 4, 26, "bots.b.limits.per_bot.messages",
     "unknown option; known here: messages_per_minute, messages_per_day, cost_per_day, "
     "cost_per_month, tokens_per_day, tokens_per_month"},
/* what the widget says on some pages */
#define PAGES BOT "    widget:\n      pages: "
#define MATCH "bots.b.widget.pages[0].match"
    {PAGES "{ match: / }\n", 5, 14, "bots.b.widget.pages", "expected a list of at most 50 pages"},
    {PAGES "[/]\n", 5, 15, "bots.b.widget.pages[0]", "expected match, and welcome or suggestions"},
    {PAGES "[{ welcome: Hi }]\n", 5, 15, MATCH, "expected a pattern"},
    {PAGES "[{ match: [/] }]\n", 5, 24, MATCH, "expected a pattern"},
    {PAGES "[{ match: products }]\n", 5, 24, MATCH,
     "expected a path such as /products/*, or an address that begins with https://"},
    {PAGES "[{ match: \"/a b\" }]\n", 5, 24, MATCH, "a pattern has no spaces"},
    {PAGES "[{ match: \"/a?b=*\" }]\n", 5, 24, MATCH,
     "only the path is looked at: ? and # match nothing"},
    {PAGES "[{ match: \"https://shop.example.com\" }]\n", 5, 24, MATCH,
     "an address has a path: add /*"},
    {PAGES "[{ match: \"\" }]\n", 5, 24, MATCH,
     "expected a pattern of at most 200 characters, such as /products/*"},
    {PAGES "[{ match: /, welcom: Hi }]\n", 5, 27, "bots.b.widget.pages[0].welcom",
     "unknown option; known here: match, welcome, suggestions"},
    {PAGES "[{ match: /, suggestions: Hi }]\n", 5, 27, "bots.b.widget.pages[0].suggestions",
     "expected a list of at most 12 texts, or languages (en, pt-BR) with a list each"},
    /* redaction */
    {BOT "    redact: { order: { from: [log] } }\n", 4, 15, "bots.b.redact.order",
     "pattern is missing; only card, email and phone need none"},
    {BOT "    redact: { card: { pattern: x } }\n", 4, 32, "bots.b.redact.card.pattern",
     "card has a pattern already; give yours another name"},
    {BOT "    redact: { order: { pattern: 'K(' } }\n", 4, 33, "bots.b.redact.order.pattern",
     "does not compile: missing closing parenthesis, at byte 3 of it"},
    {BOT "    redact: { order: { pattern: 'K*' } }\n", 4, 33, "bots.b.redact.order.pattern",
     "can match nothing at all, which is everywhere"},
    {BOT "    redact: { card: { from: [] } }\n", 4, 29, "bots.b.redact.card.from",
     "says out of nothing: log, model, answer"},
    /* money and context */
    {BOT "    limits: { cost_per_day: 1e3 }\n", 4, 29, "bots.b.limits.cost_per_day",
     MONEY "\"1e3\""},
    {BOT "    limits: { cost_per_day: 0.0000001 }\n", 4, 29, "bots.b.limits.cost_per_day",
     MONEY "\"0.0000001\""},
    {BOT "    limits: { cost_per_day: \"5\" }\n", 4, 29, "bots.b.limits.cost_per_day",
     "expected an amount of dollars such as 0.50, with up to six places without quotes, found "
     "\"5\""},
    {BOT "    limits: { cost_per_day: -1 }\n", 4, 29, "bots.b.limits.cost_per_day",
     "must be between 0 and 1000000000, found \"-1\""},
    {BOT "    budget: { time_zone: Mars/Olympus }\n", 4, 15, "bots.b.budget.time_zone",
     "There is no time zone \"Mars/Olympus\" (such as Europe/Berlin; the package tzdata has "
     "them)."},
    {BOT "    context: { summary_after: 10, summary_keep: 10 }\n", 4, 35,
     "bots.b.context.summary_keep", "must be less than summary_after (10)"},
    {BOT "    budget: { cheaper_model: nobody/x }\n", 4, 30, "bots.b.budget.cheaper_model",
     "unknown provider \"nobody\""},
    {"providers: { own: { api: openai, url: \"http://a/v1\" } }\n"
     "bots:\n  b:\n    models: [own/mine]\n    limits: { per_bot: { cost_per_month: 5 } }\n",
     4, 5, "bots.b.models",
     "there are limits on cost, but no price is known of own/mine: give its input_price and "
     "output_price under providers.own.models, or set budget.allow_unpriced"},
    {"providers: { own: { api: openai, url: \"http://a/v1\", models: { \"a b\": {} } } }\n" BOTS, 1,
     64, "providers.own.models.\"a b\"",
     "a name is made of 1 to 128 letters, digits and signs, without blanks"},
#define OWN "providers:\n  own:\n    api: openai\n    url: http://a/v1\n    models:\n      m: "
    {OWN "{ input_price: free }\n" BOTS, 6, 25, "providers.own.models.m.input_price",
     MONEY "\"free\""},
    {OWN "{ output_price: -0.5 }\n" BOTS, 6, 26, "providers.own.models.m.output_price",
     "must be between 0 and 1000000, found \"-0.5\""},
    {OWN "{ cached_price: 1000001 }\n" BOTS, 6, 26, "providers.own.models.m.cached_price",
     "must be between 0 and 1000000, found \"1000001\""},
    {OWN "{ context_window: 0 }\n" BOTS, 6, 28, "providers.own.models.m.context_window",
     "must be between 1 and 1000000000, found \"0\""},
    {OWN "{ output_max: 8k }\n" BOTS, 6, 24, "providers.own.models.m.output_max",
     "expected a whole number, found \"8k\""},
    {OWN "{ images: maybe }\n" BOTS, 6, 20, "providers.own.models.m.images",
     "expected true or false, found \"maybe\""},
    {OWN "{ input_prize: 1 }\n" BOTS, 6, 12, "providers.own.models.m.input_prize",
     "unknown option; did you mean input_price?"},
    {OWN "4096\n" BOTS, 6, 10, "providers.own.models.m",
     "expected a section with options, found text"},
    {"providers: { offline: { models: { a: {} } } }\n" BOTS, 1, 25, "providers.offline.models",
     "offline has no models to choose from"},
    /* twice */
    {"threads: 1\nthreads: 2\n" BOTS, 2, 1, "threads", "given twice; the first is on line 1"},
    {BOT "    top_p: 1\n    top_p: 1\n", 5, 5, "bots.b.top_p",
     "given twice; the first is on line 4"},
    {BOT "  b:\n    models: [offline]\n", 4, 3, "bots.b", "given twice; the first is on line 2"},
    /* missing */
    {"threads: 1\n", 1, 1, "", "bots is missing"},
    {"", 1, 1, "", "the file is empty; it needs at least bots"},
    {"bots: {}\n", 1, 1, "bots", "nothing is in it"},
    {"threads: 1\nbots:\n", 2, 1, "bots", "nothing is in it"},
    {"bots:\n  b: { top_p: 1 }\n", 2, 3, "bots.b", "models is missing"},
    {"bots: { b: { models: [] } }\n", 1, 22, "bots.b.models", "the list is empty"},
    {JWT "{ secret: 0123456789abcdef0123456789abcdef }\n", 5, 7, "bots.b.access.jwt",
     "algorithm is missing"},
    {"threads:\n" BOTS, 1, 1, "threads", "has no value: give it one or remove the line"},
    {"threads: ~\n" BOTS, 1, 10, "threads", "has no value: give it one or remove the line"},
    /* the wrong kind of thing */
    {"- a\n", 1, 1, "", "expected a section with options, found a list"},
    {"bots: [b]\n", 1, 7, "bots", "expected names with a section each, found a list"},
    {"bots: { b: offline }\n", 1, 12, "bots.b", "expected a section with options, found text"},
    {"http: 5\n" BOTS, 1, 7, "http", "expected a section with options, found text"},
    {"bots: { b: { models: offline } }\n", 1, 22, "bots.b.models", "expected a list, found text"},
    {"bots: { b: { models: [[offline]] } }\n", 1, 23, "bots.b.models[0]",
     "expected a model such as openai/gpt-4o-mini, or just a provider's name, found a list"},
    {"listen: [1]\n" BOTS, 1, 9, "listen",
     "expected an address and port such as 127.0.0.1:8080, found a list"},
    /* values */
    {"threads: many\n" BOTS, 1, 10, "threads", "expected a whole number, found \"many\""},
    {"threads: 1.5\n" BOTS, 1, 10, "threads", "expected a whole number, found \"1.5\""},
    {"threads: 1_000\n" BOTS, 1, 10, "threads", "expected a whole number, found \"1_000\""},
    {"threads: \"4\"\n" BOTS, 1, 10, "threads",
     "expected a whole number without quotes, found \"4\""},
    {"threads: 257\n" BOTS, 1, 10, "threads", "must be between 0 and 256, found \"257\""},
    {"threads: -1\n" BOTS, 1, 10, "threads", "must be between 0 and 256, found \"-1\""},
    {"threads: 99999999999999999999\n" BOTS, 1, 10, "threads",
     "must be between 0 and 256, found \"99999999999999999999\""},
    {BOT "    max_tokens: 0\n", 4, 17, "bots.b.max_tokens",
     "must be between 1 and 10000000, found \"0\""},
    {BOT "    temperature: 2.1\n", 4, 18, "bots.b.temperature",
     "must be between 0 and 2, found \"2.1\""},
    {BOT "    top_p: .nan\n", 4, 12, "bots.b.top_p", "expected a number, found \".nan\""},
    {BOT "    top_p: 0x1\n", 4, 12, "bots.b.top_p", "expected a number, found \"0x1\""},
    {BOT "    default: yes\n", 4, 14, "bots.b.default", "expected true or false, found \"yes\""},
    {BOT "    default: True\n", 4, 14, "bots.b.default", "expected true or false, found \"True\""},
    {BOT "    default: \"true\"\n", 4, 14, "bots.b.default",
     "expected true or false without quotes, found \"true\""},
    {"drain: 10\n" BOTS, 1, 8, "drain", DURATION "\"10\""},
    {"drain: 1.5h\n" BOTS, 1, 8, "drain", DURATION "\"1.5h\""},
    {"drain: -1s\n" BOTS, 1, 8, "drain", DURATION "\"-1s\""},
    {"drain: 99999999999999999d\n" BOTS, 1, 8, "drain",
     "must be between 0s and 1d, found \"99999999999999999d\""},
    {"http: { body_timeout: 2h }\n" BOTS, 1, 23, "http.body_timeout",
     "must be between 100ms and 1h, found \"2h\""},
    {"http: { body_max: 1MB }\n" BOTS, 1, 19, "http.body_max", SIZE "\"1MB\""},
    {"http: { body_max: 10 }\n" BOTS, 1, 19, "http.body_max",
     "must be between 1KiB and 256MiB, found \"10\""},
    {"http: { connections_max: 0 }\n" BOTS, 1, 26, "http.connections_max",
     "must be between 1 and 1000000, found \"0\""},
    {"log: { level: inf }\n" BOTS, 1, 15, "log.level",
     "expected one of debug, info, warning, error, silent; did you mean info?, found \"inf\""},
    {"log: { format: xml }\n" BOTS, 1, 16, "log.format",
     "expected one of text, json, found \"xml\""},
    {"listen: localhost\n" BOTS, 1, 9, "listen", LISTEN "\"localhost\""},
    {"listen: 127.0.0.1:65536\n" BOTS, 1, 9, "listen", LISTEN "\"127.0.0.1:65536\""},
    {"listen: \"::1:80\"\n" BOTS, 1, 9, "listen", LISTEN "\"::1:80\""},
    {"listen: \"[::1\"\n" BOTS, 1, 9, "listen", LISTEN "\"[::1\""},
    {"listen: http://a:80\n" BOTS, 1, 9, "listen", LISTEN "\"http://a:80\""},
    {"database: postgres://x\n" BOTS, 1, 11, "database",
     "expected sqlite: and a path, such as sqlite:switchboard.db, found \"postgres://x\""},
    {"database: \"sqlite::memory:\"\n" BOTS, 1, 11, "database",
     "the database must be a file, found \"sqlite::memory:\""},
    {"database: sqlite:no/such/a.db\n" BOTS, 1, 1, "database",
     "the folder of the database does not exist"},
    {"site: nowhere\n" BOTS, 1, 7, "site", "no such file, found \"nowhere\""},
    {"site: faq.md\n" BOTS, 1, 7, "site", "this is not a folder, found \"faq.md\""},
    {"pid_file: ''\n" BOTS, 1, 11, "pid_file", "expected the path of a file, found \"\""},
    {BOT "    knowledge: [faq.md, none.md]\n", 4, 25, "bots.b.knowledge[1]",
     "no such file, found \"none.md\""},
    {BOT "    knowledge: [.]\n", 4, 17, "bots.b.knowledge[0]", "this is not a file, found \".\""},
    {BOT "    stop: [a, b, c, d, e]\n", 4, 24, "bots.b.stop", "at most 4 may be listed"},
    {BOT "    stop: [\"\"]\n", 4, 12, "bots.b.stop[0]", "must not be empty"},
    {BOT "    stop: [\"a\\0b\"]\n", 4, 12, "bots.b.stop[0]", "a NUL character is in it"},
    {BOT "    limits: { messages_per_day: 0 }\n", 4, 33, "bots.b.limits.messages_per_day",
     "must be between 1 and 1000000000, found \"0\""},
    {BOT "    message_max: 2MiB\n", 4, 18, "bots.b.message_max",
     "must be between 1 and 1MiB, found \"2MiB\""},
    {"http: { body_max: 4KiB }\n" BOT "    message_max: 8KiB\n", 5, 18, "bots.b.message_max",
     "is larger than http.body_max (4096 bytes), so it would never be reached"},
    {BOT "    access: { origins: [shop.example.com] }\n", 4, 25, "bots.b.access.origins[0]",
     ORIGIN "\"shop.example.com\""},
    {BOT "    access: { origins: [\"https://a.b/\"] }\n", 4, 25, "bots.b.access.origins[0]",
     "an origin is scheme://host[:port] without a path, found \"https://a.b/\""},
    {BOT "    access: { origins: [\"ftp://a.b\"] }\n", 4, 25, "bots.b.access.origins[0]",
     ORIGIN "\"ftp://a.b\""},
    {BOT "    access: { origins: [\"https://a.b:x\"] }\n", 4, 25, "bots.b.access.origins[0]",
     ORIGIN "\"https://a.b:x\""},
    /* secrets are not repeated */
    {"admin_token: hunter2\n" BOTS, 1, 14, "admin_token", "must be at least 16 bytes long"},
    {"admin_token: \" hunter2hunter2hunter2\"\n" BOTS, 1, 14, "admin_token",
     "begins or ends with a blank"},
    {"admin_token: |\n  hunter2hunter2hunter2\n" BOTS, 2, 1, "admin_token",
     "must be one line; a line break or control character is in it"},
    /* providers and models */
    {"providers: { openai: { api: opnai } }\n" BOTS, 1, 29, "providers.openai.api",
     "unknown api; known are " APIS ", found \"opnai\""},
    {"providers:\n  mine: { url: \"https://a\" }\n" BOTS, 2, 3, "providers.mine",
     "api is missing: one of " APIS},
    {"providers: { Open: { api: offline } }\n" BOTS, 1, 14, "providers.Open",
     "a name is made of a-z, 0-9, - and _, at most 64, the first a letter or digit"},
    {"providers: { \"\": { api: offline } }\n" BOTS, 1, 14, "providers.\"\"",
     "a name is made of a-z, 0-9, - and _, at most 64, the first a letter or digit"},
    {"providers: { a: { api: offline, url: example.com } }\n" BOTS, 1, 38, "providers.a.url",
     "expected a URL that begins with https:// or http://, found \"example.com\""},
    {"providers: { a: { api: offline, url: \"https://a/?b\" } }\n" BOTS, 1, 38, "providers.a.url",
     "a base URL must not have a query"},
    {"bots: { b: { models: [opnai/x] } }\n", 1, 23, "bots.b.models[0]",
     "unknown provider \"opnai\""},
    {"providers: { openai: { key: k } }\nbots: { b: { models: [opnai/x] } }\n", 2, 23,
     "bots.b.models[0]", "unknown provider \"opnai\"; did you mean openai?"},
    {"providers: { openai: { key: k } }\nbots: { b: { models: [openai] } }\n", 2, 23,
     "bots.b.models[0]", "which model of openai? write openai/MODEL"},
    {"bots: { b: { models: [offline/x] } }\n", 1, 23, "bots.b.models[0]",
     "offline has no models to choose from: write offline"},
    {"providers: { openai: { key: \"${CONFIG_TEST_UNSET:-}\" } }\n"
     "bots: { b: { models: [openai/x, openai/y] } }\n",
     2, 14, "bots.b.models",
     "none of the models can work: provider openai is off: its key is empty; set "
     "CONFIG_TEST_UNSET"},
    {"bots:\n  a: { models: [offline], default: true }\n  b: { models: [offline], default: true "
     "}\n",
     3, 27, "bots.b.default", "a is the default bot already"},
    /* variables */
    {BOT "    system: |\n      Hello\n      dear $CONFIG_TEST_UNSET\n", 6, 12, "bots.b.system",
     "the environment variable CONFIG_TEST_UNSET is not set (write ${CONFIG_TEST_UNSET:-} if it "
     "may be missing)"},
    {BOT "    system: \"$$ ${A-b}\"\n", 4, 17, "bots.b.system",
     "only ${NAME} and ${NAME:-default} are known; write $$ for a dollar sign"},
    {BOT "    system: ${A\n", 4, 13, "bots.b.system",
     "${ without its }; write $$ for a dollar sign"},
    {"threads: $CONFIG_TEST_WORD\n" BOTS, 1, 10, "threads",
     "expected a whole number, found the value of $CONFIG_TEST_WORD"},
    {"listen: $CONFIG_TEST_LATIN\n" BOTS, 1, 9, "listen",
     "the environment variable CONFIG_TEST_LATIN is not valid UTF-8"},
    /* anchors and merge keys */
    {"listen: *nope\n" BOTS, 1, 9, "",
     "no anchor of this name stands above; put quotes around a text that begins with *"},
    {"x-a: &a [*a]\n" BOTS, 1, 10, "", "this alias is part of what it stands for"},
    {"<<: 3\n" BOTS, 1, 1, "", "<< takes an alias of a section, as in <<: *name"},
    {"threads: !env 4\n" BOTS, 1, 15, "",
     "tags are not used here: remove it, or put quotes around a text that begins with !"},
    {"[a]: b\n" BOTS, 1, 1, "", "a name must be a plain word"},
    /* not YAML */
    {"threads: 1: 2\n" BOTS, 1, 11, "",
     "not YAML: invalid nested block mapping on the same line; put quotes around a value that "
     "holds a colon and a blank"},
    {"http:\n  body_max: 1MiB\n\tbody_timeout: 1s\n" BOTS, 3, 2, "",
     "not YAML: invalid tab used as indentation"},
    {"listen: \"127.0.0.1:1\nthreads: 1\n" BOTS, 1, 10, "",
     "not YAML: double-quoted scalar without closing quote"},
    {"providers: { openai: { key: ${A} } }\n" BOTS, 1, 30, "",
     "not YAML: missing comma in flow mapping; put quotes around ${…}"},
    {BOT "    stop: [a\n    top_p: 1\n", 4, 11, "",
     "this [ is not closed: not YAML from line 6 on"},
    {BOTS "---\na: 1\n", 2, 1, "", "a second document begins here; one file is one document"},
    {"# caf\xE9\n" BOTS, 1, 6, "", "not valid UTF-8 (byte E9); save the file as UTF-8"},
    {"threads: 1\x01\n" BOTS, 1, 11, "", "control character U+0001"},
    {"\xFF\xFE", 0, 0, "", "is UTF-16; save it as UTF-8"},
};

static void test_mistakes(void **state) {
    (void)state;
    write_file("faq.md", "x");
    unsetenv("CONFIG_TEST_UNSET");
    setenv("CONFIG_TEST_WORD", "secretword", 1);
    setenv("CONFIG_TEST_LATIN", "caf\xE9", 1);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const struct mistake *mistake = &mistakes[i];
        struct config_result result = load(mistake->text);
        const struct config_error *error = result.errors;
        struct buffer out = printed(&result);
        bool right = !result.config && result.error_count == 1 && error->line == mistake->line &&
                     error->column == mistake->column && strcmp(error->path, mistake->path) == 0 &&
                     strcmp(error->message, mistake->message) == 0 &&
                     slice_find(buffer_slice(&out), SLICE("hunter2")) == SIZE_MAX &&
                     slice_find(buffer_slice(&out), SLICE("secretword")) == SIZE_MAX;
        if (!right)
            print_error("%s\n  expected %d:%d: %s: %s\n  got\n%s\n", mistake->text, mistake->line,
                        mistake->column, mistake->path, mistake->message, buffer_string(&out));
        wrong += !right;
        buffer_finish(&out);
        config_result_finish(&result);
    }
    assert_int_equal(wrong, 0);
}

/* What the verifier itself refuses is told at its section or option; the words are the verifier's.
 */
static void test_unusable_jwt(void **state) {
    (void)state;
    write_file("key.pem", "no key at all\n");
    static const char *const sections[] = {
        "{ algorithm: RS256 }",
        "{ algorithm: ES256 }",
        "{ algorithm: HS256 }",
        "{ algorithm: RS256, public_key: key.pem }",
    };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        struct buffer text = {0};
        buffer_printf(&text, JWT "%s\n", sections[i]);
        struct config_result result = config_load_text("a.yaml", buffer_slice(&text));
        if (result.config)
            fail_msg("%s was taken", sections[i]);
        assert_int_equal(result.error_count, 1);
        assert_int_equal(result.errors[0].line, 5);
        assert_memory_equal(result.errors[0].path, "bots.b.access.jwt", 17);
        config_result_finish(&result);
        buffer_finish(&text);
    }
}

/* --- every option of the table, given what it cannot take --- */

struct prober {
    size_t options, wrong;
};

static void probe(struct prober *prober, const char *path, const char *before, const char *value,
                  bool in_bot) {
    struct buffer text = {0};
    if (!in_bot)
        buffer_append_string(&text, BOTS);
    buffer_printf(&text, "%s%s\n", before, value);
    struct config_result result = config_load_text("switchboard.yaml", buffer_slice(&text));
    bool found = false;
    int line = in_bot ? 1 : 2;
    for (size_t i = 0; i < result.error_count; i++)
        found = found || (slice_starts_with(slice_of(result.errors[i].path), slice_of(path)) &&
                          result.errors[i].line == line &&
                          slice_find(slice_of(result.errors[i].message), SLICE("unknown option")) ==
                              SIZE_MAX);
    if (!found || result.config) {
        struct buffer out = printed(&result);
        print_error("%s: %s was taken\n%s", path, buffer_string(&text), buffer_string(&out));
        buffer_finish(&out);
        prober->wrong++;
    }
    config_result_finish(&result);
    buffer_finish(&text);
}

static void probe_section(struct prober *prober, const struct section *section, const char *path,
                          const char *before, const char *after) {
    for (size_t i = 0; i < section->count; i++) {
        const struct option *option = &section->options[i];
        if (option->type == OPTION_TREE) /* takes any form; see tools_test.c */
            continue;
        char below[256], start[1024], value[512];
        bool is_map = option->type == OPTION_MAP;
        bool in_bot = slice_starts_with(slice_of(path), SLICE("bots")) ||
                      slice_is(slice_of(option->name), "bots");
        bool nested = is_map || option->type == OPTION_SECTION;
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", option->name);
        snprintf(start, sizeof start, "%s%s: ", before, option->name);
        prober->options++;
        const char *const wrong[] = {
            nested ? "word" : "{ a: b }",
            nested || !(option->flags & OPTION_LIST) ? "[word]" : "word",
            option->flags & OPTION_LIST ? "[[a], {b: c}]" : "[a, b]",
            nested ? "7" : "\"a\\0b\"",
        };
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++) {
            snprintf(value, sizeof value, "%s%s", wrong[j], after);
            probe(prober, below, start, value, in_bot);
        }
        if (!nested)
            continue;
        char inner_path[300], inner_before[1100], inner_after[64];
        snprintf(inner_path, sizeof inner_path, "%s%s", below, is_map ? ".n" : "");
        snprintf(inner_before, sizeof inner_before, "%s{ %s", start, is_map ? "n: { " : "");
        snprintf(inner_after, sizeof inner_after, " }%s%s", is_map ? " }" : "", after);
        probe_section(prober, option->section, inner_path, inner_before, inner_after);
    }
}

static void test_every_option(void **state) {
    (void)state;
    struct prober prober = {0};
    probe_section(&prober, &config_section, "", "", "");
    assert_true(prober.options > 50);
    assert_int_equal(prober.wrong, 0);
}

/* --- many mistakes --- */

static void test_ten_mistakes(void **state) {
    (void)state;
    static const struct {
        int line;
        const char *message;
    } expected[] = {
        {3, "expected an address and port such as 127.0.0.1:8080, found \"127.0.0.1\""},
        {4, "unknown option; did you mean database?"},
        {6, "expected a size such as 16KiB or 1MiB, found \"1 megabyte\""},
        {8, "unknown api; known are " APIS ", found \"opnai\""},
        {11, "unknown provider \"antropic\""},
        {13, "the environment variable SHOP_NAME_THAT_IS_NOT_SET is not set (write "
             "${SHOP_NAME_THAT_IS_NOT_SET:-} if it may be missing)"},
        {14, "must be between 0 and 2, found \"3.5\""},
        {15, "unknown option; did you mean max_tokens?"},
        {16, "no such file, found \"missing.md\""},
        {18, "given twice; the first is on line 17"},
    };
    struct config_result result = config_load(SOURCE_ROOT "/tests/fixtures/ten-mistakes.yaml");
    assert_null(result.config);
    assert_int_equal(result.error_count, 10);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(result.errors[i].line, expected[i].line);
        assert_string_equal(result.errors[i].message, expected[i].message);
    }
    config_result_finish(&result);
}

/* Sorted by line, a hundred at most. */
static void test_hundred(void **state) {
    (void)state;
    struct buffer text = {0};
    for (int i = 0; i < 1500; i++)
        buffer_printf(&text, "option%d: 1\n", i);
    struct config_result result = config_load_text("a.yaml", buffer_slice(&text));
    assert_int_equal(result.error_count, 100);
    for (size_t i = 1; i < result.error_count; i++)
        assert_true(result.errors[i].line >= result.errors[i - 1].line);
    assert_int_equal(result.errors[0].line, 1);
    config_result_finish(&result);
    buffer_finish(&text);
}

/* A line that is not YAML does not hide the mistakes above and below it. */
static void test_behind_syntax_error(void **state) {
    (void)state;
    struct config_result result = load("thread: 1\n"
                                       "log: { level: loud }\n"
                                       "listen: a: b\n"
                                       "databse: x\n"
                                       "bots:\n"
                                       "  b:\n"
                                       "    models: [offline\n"
                                       "    top_p: 2\n");
    const int lines[] = {1, 2, 3, 4, 7, 8};
    assert_int_equal(result.error_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(result.errors[i].line, lines[i]);
    config_result_finish(&result);
}

static void test_whole_file(void **state) {
    (void)state;
    struct config_result result = config_load("absent.yaml");
    assert_null(result.config);
    assert_int_equal(result.error_count, 1);
    struct buffer out = printed(&result);
    assert_string_equal(buffer_string(&out),
                        "absent.yaml: cannot be read: No such file or directory\n");
    buffer_finish(&out);
    config_result_finish(&result);
    result = config_load(".");
    assert_string_equal(result.errors[0].message, "cannot be read: this is not a file");
    config_result_finish(&result);

    struct buffer text = {0};
    while (text.size <= 4u << 20)
        buffer_append_string(&text,
                             "# a comment that goes on and on and on and on and on and on\n");
    result = config_load_text("a.yaml", buffer_slice(&text));
    assert_int_equal(result.error_count, 1);
    assert_int_equal(result.errors[0].line, 0);
    assert_string_equal(result.errors[0].message, "is larger than 4 MiB");
    config_result_finish(&result);
    buffer_finish(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),     cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_unusable_jwt), cmocka_unit_test(test_ten_mistakes),
        cmocka_unit_test(test_hundred),      cmocka_unit_test(test_behind_syntax_error),
        cmocka_unit_test(test_whole_file),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
