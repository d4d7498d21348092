#include "base/log.h"
#include "chat/settings.h"
#include "help.h"
#include "model/catalogue.h"
#include "model/provider.h"
#include <limits.h>
#include <math.h>
#include <sys/stat.h>

static const char everything[] =
    "# every option there is\n"
    "listen: \"[::1]:0\"\n"
    "database: sqlite:/tmp/switchboard.db\n"
    "site: site\n"
    "pid_file: ./switchboard.pid\n"
    "threads: 3\n"
    "drain: 5min\n"
    "admin_token: a token of 24 characters\n"
    "http:\n"
    "  connections_max: 500\n"
    "  header_max: 8KiB\n"
    "  body_max: 2MiB\n"
    "  header_timeout: 5s\n"
    "  body_timeout: 500ms\n"
    "  idle_timeout: 1h\n"
    "log: { level: debug, format: json }\n"
    "providers:\n"
    "  openai: { key: sk-one }\n"
    "  local:\n"
    "    api: openai\n"
    "    url: http://127.0.0.1:11434/v1/\n"
    "    connect_timeout: 1s\n"
    "    first_byte_timeout: 2s\n"
    "    idle_timeout: 3s\n"
    "    total_timeout: 4s\n"
    "bots:\n"
    "  sales: { models: [offline] }\n"
    "  support:\n"
    "    default: true\n"
    "    models: [openai/gpt-4o-mini, local/meta/llama-3, offline]\n"
    "    system: |\n"
    "      You are kind.\n"
    "      It costs $5 or $$HOME.\n"
    "    max_tokens: 500\n"
    "    temperature: 0.3\n"
    "    top_p: 1\n"
    "    stop: [END, \"5\"]\n"
    "    knowledge: [faq.md]\n"
    "    history_max: 7\n"
    "    message_max: 1000\n"
    "    access:\n"
    "      anonymous: true\n"
    "      origins: [\"https://Shop.Example.com:443\", http://localhost:3000]\n"
    "      session_max_age: 2d\n"
    "      jwt:\n"
    "        algorithm: HS256\n"
    "        secret: 0123456789abcdef0123456789abcdef\n"
    "        issuer: https://shop.example.com\n"
    "        audience: 12\n"
    "        user_claim: uid\n"
    "        leeway: 5s\n"
    "      user_hash_secret: 0123456789abcdef\n"
    "    limits:\n"
    "      messages_per_minute: 6\n"
    "      messages_per_day: 50\n"
    "      per_address: { messages_per_minute: 60, messages_per_day: none }\n"
    "      per_bot: { messages_per_day: 10000 }\n";

static void assert_path(const char *path, const char *name) {
    char folder[PATH_MAX], expected[PATH_MAX + 64];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(expected, sizeof expected, "%s/%s", folder, name);
    assert_string_equal(path, expected);
}

static void test_everything(void **state) {
    (void)state;
    write_file("faq.md", "# Shipping\n");
    assert_int_equal(mkdir("site", 0700), 0);
    struct config_result result = load_good(everything);
    const struct config *config = result.config;
    assert_string_equal(config->listen, "[::1]:0");
    assert_string_equal(config->database, "sqlite:/tmp/switchboard.db");
    assert_path(config->site, "site");
    assert_path(config->pid_file, "switchboard.pid");
    assert_int_equal(config->threads, 3);
    assert_int_equal(config->drain_ms, 300000);
    assert_true(slice_is(config->admin_token, "a token of 24 characters"));
    assert_int_equal(config->connections_max, 500);
    assert_int_equal(config->header_max, 8192);
    assert_int_equal(config->body_max, 2 << 20);
    assert_int_equal(config->header_timeout_ms, 5000);
    assert_int_equal(config->body_timeout_ms, 500);
    assert_int_equal(config->idle_timeout_ms, 3600000);
    assert_int_equal(config->log_level, LOG_DEBUG);
    assert_int_equal(config->log_format, LOG_JSON);
    assert_int_equal(config->warning_count, 0);

    const struct settings *settings = config->settings;
    assert_int_equal(settings->provider_count, 3); /* offline is there unasked */
    const struct provider_settings *local = &settings->providers[1];
    assert_string_equal(local->name, "local");
    assert_string_equal(local->url, "http://127.0.0.1:11434/v1");
    assert_ptr_equal(local->translator, provider_find(SLICE("openai")));
    assert_false(local->off); /* a server of one's own may want no key */
    assert_int_equal(local->connect_ms, 1000);
    assert_int_equal(local->first_byte_ms, 2000);
    assert_int_equal(local->idle_ms, 3000);
    assert_int_equal(local->total_ms, 4000);
    assert_true(slice_is(settings->providers[0].key, "sk-one"));

    assert_int_equal(settings->bot_count, 2);
    const struct bot *bot = settings_bot(settings, SLICE("support"));
    assert_ptr_equal(settings->default_bot, bot);
    assert_int_equal(bot->model_count, 3);
    assert_ptr_equal(bot->models[1].provider, local);
    assert_string_equal(bot->models[1].model, "meta/llama-3");
    assert_string_equal(bot->models[2].model, "");
    assert_true(slice_is(bot->system, "You are kind.\nIt costs $5 or $HOME.\n"));
    assert_int_equal(bot->max_tokens, 500);
    assert_true(bot->temperature == 0.3 && bot->top_p == 1.0);
    assert_int_equal(bot->stop_count, 2);
    assert_string_equal(bot->stop[1], "5");
    assert_int_equal(bot->knowledge_count, 1);
    assert_path(bot->knowledge[0], "faq.md");
    assert_int_equal(bot->history_max, 7);
    assert_int_equal(bot->message_max, 1000);
    assert_true(bot->access.anonymous);
    assert_true(bot_allows_origin(bot, SLICE("https://shop.example.com")));
    assert_true(bot_allows_origin(bot, SLICE("http://localhost:3000")));
    assert_false(bot_allows_origin(bot, SLICE("http://localhost")));
    assert_non_null(bot->access.jwt);
    assert_int_equal(bot->access.session_max_age_ms, 172800000);
    assert_true(slice_is(bot->access.user_hash_secret, "0123456789abcdef"));
    assert_int_equal(bot->user_limits.messages_per_minute, 6);
    assert_int_equal(bot->user_limits.messages_per_day, 50);
    assert_int_equal(bot->address_limits.messages_per_minute, 60);
    assert_int_equal(bot->address_limits.messages_per_day, -1);
    assert_int_equal(bot->bot_limits.messages_per_minute, -1);
    assert_int_equal(bot->bot_limits.messages_per_day, 10000);
    config_result_finish(&result);
}

static void test_defaults(void **state) {
    (void)state;
    struct config_result result = load_good("bots: { support: { models: [offline] } }\n");
    const struct config *config = result.config;
    assert_string_equal(config->listen, "127.0.0.1:8080");
    assert_memory_equal(config->database, "sqlite:/", 8);
    assert_path(config->database + 7, "switchboard.db");
    assert_path(config->pid_file, "switchboard.db.pid");
    assert_null(config->site);
    assert_true(config->threads >= 1);
    assert_int_equal(config->header_max, 16384);
    assert_int_equal(config->body_max, 1 << 20);
    assert_int_equal(config->idle_timeout_ms, 75000);
    assert_int_equal(config->drain_ms, 600000);
    assert_int_equal(config->log_level, LOG_INFO);
    assert_int_equal(config->admin_token.size, 0);
    const struct bot *bot = config->settings->default_bot;
    assert_string_equal(bot->name, "support");
    assert_int_equal(bot->max_tokens, -1);
    assert_true(isnan(bot->temperature) && isnan(bot->top_p));
    assert_int_equal(bot->history_max, 20);
    assert_false(bot->access.anonymous);
    assert_null(bot->access.jwt);
    assert_int_equal(bot->user_limits.messages_per_day, -1);
    config_result_finish(&result);
}

/* From the file's own folder, not from the working directory; also when named without one. */
static void test_from_file(void **state) {
    (void)state;
    write_file("faq.md", "x");
    write_file("switchboard.yaml",
               "\xEF\xBB\xBF# with a byte order mark\r\n"
               "bots:\r\n  support:\r\n    models: [offline]\r\n    knowledge: [faq.md]\r\n");
    char folder[PATH_MAX], path[PATH_MAX + 64];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/switchboard.yaml", folder);
    assert_int_equal(chdir("/"), 0);
    struct config_result result = config_load(path);
    assert_int_equal(chdir(folder), 0);
    assert_non_null(result.config);
    assert_path(result.config->settings->default_bot->knowledge[0], "faq.md");
    config_result_finish(&result);
    result = config_load("switchboard.yaml");
    assert_non_null(result.config);
    assert_path(result.config->database + 7, "switchboard.db");
    config_result_finish(&result);
}

static void test_json(void **state) {
    (void)state;
    struct config_result result =
        load_good("{\"threads\":2,\"bots\":{\"support\":{\"models\":[\"offline\"]}}}");
    assert_int_equal(result.config->threads, 2);
    config_result_finish(&result);
}

static void test_environment(void **state) {
    (void)state;
    setenv("CONFIG_TEST_TEXT", "a: b # {c}, [d] *e", 1);
    setenv("CONFIG_TEST_NUMBER", "12", 1);
    setenv("CONFIG_TEST_EMPTY", "", 1);
    unsetenv("CONFIG_TEST_UNSET");
    struct config_result result =
        load_good("bots:\n"
                  "  support:\n"
                  "    models: [offline]\n"
                  "    system: <$CONFIG_TEST_TEXT|${CONFIG_TEST_UNSET:-a $5 b}|"
                  "${CONFIG_TEST_EMPTY:-c}|$CONFIG_TEST_EMPTY|${CONFIG_TEST_UNSET:-}|$$X|$|$1>\n"
                  "    max_tokens: \"${CONFIG_TEST_NUMBER}\"\n"
                  "    history_max: $CONFIG_TEST_NUMBER\n"
                  "    temperature: ${CONFIG_TEST_UNSET:-0.5}\n"
                  "    stop: ['${CONFIG_TEST_NUMBER}0']\n");
    const struct bot *bot = result.config->settings->default_bot;
    assert_true(slice_is(bot->system, "<a: b # {c}, [d] *e|a $5 b|c|||$X|$|$1>"));
    assert_int_equal(bot->max_tokens, 12);
    assert_int_equal(bot->history_max, 12);
    assert_true(bot->temperature == 0.5);
    assert_string_equal(bot->stop[0], "120");
    config_result_finish(&result);
}

static void test_provider_off(void **state) {
    (void)state;
    unsetenv("CONFIG_TEST_KEY");
    struct config_result result = load_good(
        "providers:\n"
        "  openai: { key: \"${CONFIG_TEST_KEY:-}\" }\n"
        "  plain: { api: openai, key: '' }\n"
        "  bare: { api: openai }\n"
        "  groq: { api: openai, url: https://api.example.com, key: \"${CONFIG_TEST_KEY:-}\" }\n"
        "  keyless: { api: openai, url: https://api.example.com }\n"
        "bots: { b: { models: [openai/a, plain/b, groq/c, keyless/d, offline] } }\n");
    const struct config *config = result.config;
    assert_int_equal(config->warning_count, 4);
    assert_string_equal(config->warnings[0],
                        "provider openai is off: its key is empty; set CONFIG_TEST_KEY");
    assert_string_equal(config->warnings[1], "provider plain is off: its key is empty");
    assert_string_equal(config->warnings[2], "provider bare is off: it has no key");
    assert_string_equal(config->warnings[3],
                        "provider groq is off: its key is empty; set CONFIG_TEST_KEY");
    const struct bot *bot = config->settings->default_bot;
    assert_int_equal(bot->model_count, 2);
    assert_string_equal(bot->models[0].model, "d");
    assert_string_equal(bot->models[1].provider->name, "offline");
    config_result_finish(&result);
}

static void test_anchors(void **state) {
    (void)state;
    struct config_result result = load_good("x-common: &common\n"
                                            "  models: &models [offline]\n"
                                            "  max_tokens: 5\n"
                                            "  limits: { messages_per_day: 3 }\n"
                                            "x-more: &more { max_tokens: 6, top_p: 0.5 }\n"
                                            "bots:\n"
                                            "  one: *common\n"
                                            "  two: { <<: *common, max_tokens: 7 }\n"
                                            "  three: { models: *models, <<: [*more, *common] }\n");
    const struct bot *bots = result.config->settings->bots;
    assert_int_equal(bots[0].max_tokens, 5);
    assert_int_equal(bots[1].max_tokens, 7);
    assert_int_equal(bots[1].user_limits.messages_per_day, 3);
    assert_int_equal(bots[2].max_tokens, 6);
    assert_int_equal(bots[2].user_limits.messages_per_day, 3);
    config_result_finish(&result);
}

/* A turn keeps the snapshot that it began with, whatever becomes of the config. */
static void test_reload(void **state) {
    (void)state;
    struct config_result first = load_good("bots: { b: { models: [offline], max_tokens: 1 } }");
    struct config *old = config_take(&first);
    config_result_finish(&first);
    struct settings *kept = settings_reference(old->settings);
    struct config_result second = load_good("bots: { b: { models: [offline], max_tokens: 2 } }");
    struct config *new = config_take(&second);
    config_result_finish(&second);
    config_destroy(old);
    assert_int_equal(kept->default_bot->max_tokens, 1);
    assert_string_equal(kept->default_bot->models[0].provider->name, "offline");
    assert_int_equal(new->settings->default_bot->max_tokens, 2);
    settings_release(kept);
    config_destroy(new);
    config_destroy(NULL);
}

static void test_restart(void **state) {
    (void)state;
    struct config_result first = load_good("bots: { b: { models: [offline] } }");
    struct config_result same = load_good("listen: 127.0.0.1:8080\n"
                                          "bots: { c: { models: [offline], top_p: 1 } }");
    struct config_result other = load_good("listen: 127.0.0.1:8081\nhttp: { body_max: 2MiB }\n"
                                           "admin_token: 0123456789abcdef\n"
                                           "bots: { b: { models: [offline] } }");
    struct buffer out = {0};
    assert_false(config_needs_restart(first.config, same.config, &out));
    assert_int_equal(out.size, 0);
    assert_true(config_needs_restart(first.config, other.config, &out));
    assert_string_equal(buffer_string(&out), "listen, admin_token, http.body_max");
    buffer_finish(&out);
    config_result_finish(&first);
    config_result_finish(&same);
    config_result_finish(&other);
}

static void test_money_and_models(void **state) {
    (void)state;
    static const char text[] =
        "providers:\n"
        "  openai: { keys: { a: { key: sk-one, cost_per_day: 2 } } }\n"
        "  local:\n"
        "    api: openai\n"
        "    url: http://127.0.0.1:11434/v1\n"
        "    models:\n"
        "      llama3.2:3b: { context_window: 8192, input_price: 0.05, output_price: 0 }\n"
        "      gpt-4o: { input_price: 1.000001, images: false }\n"
        "bots:\n"
        "  b:\n"
        "    models: [openai/gpt-4o, local/llama3.2:3b, local/gpt-4o, local/unknown, offline]\n"
        "    limits:\n"
        "      cost_per_day: 0.5\n"
        "      tokens_per_month: 0\n"
        "      streams: 2\n"
        "      per_conversation: { cost: 12.345678 }\n"
        "      per_bot: { cost_per_month: 0, messages_per_day: 9 }\n"
        "    budget: { time_zone: Europe/Berlin, cheaper_model: openai/gpt-4o-mini, "
        "allow_unpriced: true }\n"
        "    context: { strategy: summary, summary_model: openai/gpt-4o-mini }\n";
    struct config_result result = config_load_text("switchboard.yaml", slice_of(text));
    assert_int_equal(result.error_count, 0);
    const struct bot *bot = result.config->settings->default_bot;
    assert_int_equal(bot->user_limits.spend.cost_per_day, 500000);
    assert_int_equal(bot->user_limits.spend.cost_per_month, -1);
    assert_int_equal(bot->user_limits.spend.tokens_per_month, 0);
    assert_int_equal(bot->user_limits.streams, 2);
    assert_int_equal(bot->address_limits.spend.cost_per_day, -1);
    assert_int_equal(bot->address_limits.streams, -1);
    assert_int_equal(bot->conversation_cost, 12345678);
    assert_int_equal(bot->bot_limits.spend.cost_per_month, 0);
    assert_int_equal(bot->key_limits.spend.cost_per_day, -1);
    assert_int_equal(bot->models[0].provider->keys[0].spend.cost_per_day, 2000000);
    assert_non_null(bot->budget.zone);
    assert_string_equal(bot->budget.cheaper.model, "gpt-4o-mini");
    assert_int_equal(bot->context.strategy, CONTEXT_SUMMARY);
    const struct model_info *openai = bot->models[0].info, *llama = bot->models[1].info,
                            *own = bot->models[2].info;
    assert_int_equal(openai->price.input, 2500000);
    assert_false(openai->no_images);
    assert_int_equal(llama->context_window, 8192);
    assert_int_equal(llama->price.input, 50000);
    assert_int_equal(llama->price.output, 0);
    assert_int_equal(own->price.input, 1000001);
    assert_int_equal(own->price.output, openai->price.output);
    assert_true(own->no_images);
    assert_null(bot->models[3].info);
    assert_null(bot->models[4].info);
    config_result_finish(&result);
}

/* The model of that bot, as the configuration leaves it. */
static const struct model_info *info_of(const struct config_result *result, size_t index) {
    assert_non_null(result->config);
    const struct bot *bot = result->config->settings->default_bot;
    assert_true(index < bot->model_count);
    return bot->models[index].info;
}

static void test_models_of_ones_own(void **state) {
    (void)state;
    static const char text[] =
        "providers:\n"
        "  openai:\n"
        "    key: sk-one\n"
        "    models:\n"
        "      gpt-5.4: { input_price: 9, cache_write_price: 0.5 }\n"
        "      mine: { reasoning: true, tools: false, output_max: 4096 }\n"
        "  groq: { api: openai, key: sk-two, url: \"http://127.0.0.1:1\" }\n"
        "  cerebras: { api: openai, key: sk-three, url: \"http://127.0.0.1:2\" }\n"
        "bots:\n"
        "  b:\n"
        "    models: [openai/gpt-5.4, openai/mine, groq/openai/gpt-oss-120b, "
        "cerebras/gpt-oss-120b]\n";
    struct config_result result = config_load_text("switchboard.yaml", slice_of(text));
    const struct model_info *known = catalogue_find("openai", SLICE("gpt-5.4"));
    assert_true(known->tiers[0].above > 0);
    const struct model_info *gpt = info_of(&result, 0), *mine = info_of(&result, 1);
    assert_int_equal(gpt->price.input, 9000000);
    assert_int_equal(gpt->price.cache_write, 500000);
    assert_int_equal(gpt->price.output, known->price.output);
    assert_int_equal(gpt->context_window, known->context_window);
    assert_int_equal(gpt->efforts, known->efforts);
    assert_int_equal(gpt->tiers[0].above, 0); /* whose prices nobody gave */
    assert_string_equal(mine->vendor, "openai");
    assert_string_equal(mine->id, "mine");
    assert_true(mine->reasoning && mine->no_temperature && mine->max_completion_tokens);
    assert_int_equal(mine->efforts, MODEL_EFFORT_LOW | MODEL_EFFORT_MEDIUM | MODEL_EFFORT_HIGH);
    assert_true(mine->no_tools && !mine->no_images);
    assert_int_equal(mine->output_max, 4096);
    assert_int_equal(mine->context_window, 0);
    assert_int_equal(mine->price.input, -1);
    /* the same model at two vendors */
    assert_string_equal(info_of(&result, 2)->vendor, "groq");
    assert_string_equal(info_of(&result, 3)->vendor, "cerebras");
    const struct provider_settings *openai = &result.config->settings->providers[0];
    assert_int_equal(openai->model_count, 2);
    assert_string_equal(openai->models[1].model, "mine");
    assert_ptr_equal(openai->models[1].info, mine);
    assert_ptr_equal(openai->models[1].provider, openai);
    config_result_finish(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money_and_models), cmocka_unit_test(test_models_of_ones_own),
        cmocka_unit_test(test_everything),       cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_from_file),        cmocka_unit_test(test_json),
        cmocka_unit_test(test_environment),      cmocka_unit_test(test_provider_off),
        cmocka_unit_test(test_anchors),          cmocka_unit_test(test_reload),
        cmocka_unit_test(test_restart),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
