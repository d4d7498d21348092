#include "command/replay.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "config/config.h"
#include "store/store.h"

enum { TURNS_MAX = 100000, SYSTEM_MAX = 1 << 20, SHOWN = 300 };

static void print_help(void) {
    puts("Usage: switchboard replay -c FILE --model MODEL[,MODEL]... [--bot NAME] [--last N]\n"
         "                          [--system FILE] [--price-only] [--format table|json]\n\n"
         "What if: runs the bot's logged turns on other models, or with other instructions, and\n"
         "prints cost, tokens, length and the answers beside what was logged. Nothing of it is\n"
         "written: conversations, limits and the ledger stay as they are. It costs what the\n"
         "calls cost, unless --price-only.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --model LIST    PROVIDER/MODEL of the configuration, at most 8, with commas\n"
         "      --bot NAME      whose turns (default: the default bot)\n"
         "      --last N        so many (default: 100)\n"
         "      --system FILE   these instructions instead of the bot's\n"
         "      --price-only    only price the logged tokens; calls no model\n"
         "      --format FORM   table (default) or json");
}

/* --- what to try --- */

static bool add_model(struct replay *replay, struct slice name) {
    struct slice rest = name, provider;
    slice_split(&rest, '/', &provider);
    if (replay->model_count == REPLAY_MODELS_MAX) {
        fprintf(stderr, "switchboard replay: at most %d models\n", REPLAY_MODELS_MAX);
        return false;
    }
    for (size_t i = 0; i < replay->settings->provider_count; i++) {
        const struct provider_settings *it = &replay->settings->providers[i];
        if (!slice_is(provider, it->name) || rest.size == 0)
            continue;
        if (it->off) {
            fprintf(stderr, "switchboard replay: the provider %s is off: its key is empty\n",
                    it->name);
            return false;
        }
        const char *model = arena_string(replay->arena, rest);
        replay->models[replay->model_count++] = (struct model_choice){
            .provider = it, .model = model, .info = config_model_info(it, model)};
        return true;
    }
    fprintf(stderr,
            "switchboard replay: %.*s names no model of the configuration's providers: write "
            "PROVIDER/MODEL\n",
            SLICE_ARG(name));
    return false;
}

static bool add_models(struct replay *replay, const char *list) {
    struct slice rest = slice_of(list), one;
    while (slice_split(&rest, ',', &one))
        if (!add_model(replay, slice_trim(one)))
            return false;
    return replay->model_count > 0;
}

static bool read_system(struct replay *replay, const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "switchboard replay: cannot read %s\n", path);
        return false;
    }
    char *text = arena_allocate(replay->arena, SYSTEM_MAX);
    size_t size = fread(text, 1, SYSTEM_MAX, file);
    fclose(file);
    replay->system = (struct slice){text, size};
    return true;
}

struct reading {
    struct replay *replay;
    size_t limit;
};

static bool read_turns(struct store_session *session, void *user, struct fault *fault) {
    const struct reading *it = user;
    struct replay *replay = it->replay;
    return store_logged_turns(session, slice_of(replay->bot->name), it->limit, replay->arena,
                              &replay->turns, &replay->turn_count, fault);
}

/* --- what came of it --- */

struct sums {
    int64_t microdollars, tokens_in, tokens_out, answer_bytes, unpriced, failed;
};

static struct sums sum_of(const struct replay *replay, size_t model) {
    struct sums sums = {0};
    for (size_t i = 0; i < replay->turn_count; i++) {
        const struct replay_result *it = &replay->results[i * replay->model_count + model];
        sums.microdollars += it->microdollars > 0 ? it->microdollars : 0;
        sums.unpriced += it->microdollars < 0 && !it->error;
        sums.failed += it->error != NULL;
        sums.tokens_in += it->tokens_in;
        sums.tokens_out += it->tokens_out;
        sums.answer_bytes += (int64_t)it->answer.size;
    }
    return sums;
}

static struct sums logged_sums(const struct replay *replay) {
    struct sums sums = {0};
    for (size_t i = 0; i < replay->turn_count; i++) {
        const struct store_logged_turn *it = &replay->turns[i];
        const struct model_usage usage = replay_usage(it);
        sums.tokens_in += model_usage_prompt(&usage);
        sums.tokens_out += model_usage_answer(&usage);
        sums.microdollars += it->microdollars > 0 ? it->microdollars : 0;
        sums.unpriced += it->microdollars < 0;
        sums.answer_bytes += (int64_t)it->answer.size;
    }
    return sums;
}

static void print_sums(const char *name, const struct sums *sums, const struct sums *logged,
                       size_t turns, bool answers) {
    double dollars = (double)sums->microdollars / 1e6;
    printf("%-40s %12lld %12lld %12.6f %12.6f", name, (long long)sums->tokens_in,
           (long long)sums->tokens_out, dollars, turns > 0 ? dollars / (double)turns : 0.0);
    if (logged->microdollars > 0)
        printf(" %8.2f", (double)sums->microdollars / (double)logged->microdollars);
    else
        printf(" %8s", "-");
    if (answers)
        printf(" %8lld", turns > 0 ? (long long)(sums->answer_bytes / (int64_t)turns) : 0LL);
    if (sums->failed > 0)
        printf("  %lld failed", (long long)sums->failed);
    if (sums->unpriced > 0)
        printf("  %lld without a known price", (long long)sums->unpriced);
    putchar('\n');
}

static void model_name(const struct model_choice *choice, char name[200]) {
    snprintf(name, 200, "%s/%s", choice->provider->name, choice->model);
}

static void print_table(const struct replay *replay, bool answers) {
    char name[200];
    printf("%zu turns of %s\n\n", replay->turn_count, replay->bot->name);
    printf("%-40s %12s %12s %12s %12s %8s%s\n", "", "tokens in", "tokens out", "cost in $",
           "$ a turn", "x logged", answers ? "  bytes a turn" : "");
    struct sums logged = logged_sums(replay);
    print_sums("as logged", &logged, &logged, replay->turn_count, answers);
    for (size_t j = 0; j < replay->model_count; j++) {
        struct sums sums = sum_of(replay, j);
        model_name(&replay->models[j], name);
        print_sums(name, &sums, &logged, replay->turn_count, answers);
    }
}

static void print_text(const char *label, struct slice text) {
    printf("  %-38s ", label);
    struct slice shown = slice_first(text, utf8_cut(text, SHOWN));
    for (size_t i = 0; i < shown.size; i++) /* nothing that a terminal would obey */
        putchar((unsigned char)shown.data[i] < ' ' || shown.data[i] == 0x7f ? ' ' : shown.data[i]);
    puts(shown.size < text.size ? " …" : "");
}

static void print_answers(const struct replay *replay) {
    char name[200];
    for (size_t i = 0; i < replay->turn_count; i++) {
        const struct store_logged_turn *turn = &replay->turns[i];
        putchar('\n');
        print_text("question", turn->question);
        print_text("as logged", turn->answer);
        for (size_t j = 0; j < replay->model_count; j++) {
            const struct replay_result *it = &replay->results[i * replay->model_count + j];
            model_name(&replay->models[j], name);
            print_text(name, it->error ? slice_of(it->error) : it->answer);
        }
    }
    putchar('\n');
}

static void write_sums(struct json_writer *json, const char *name, const struct sums *sums) {
    json_begin_object(json);
    json_member_string(json, "model", slice_of(name));
    json_member_int(json, "tokens_in", sums->tokens_in);
    json_member_int(json, "tokens_out", sums->tokens_out);
    json_member_int(json, "cost_microdollars", sums->microdollars);
    json_member_int(json, "unpriced", sums->unpriced);
    json_member_int(json, "failed", sums->failed);
    json_end_object(json);
}

static void print_json(const struct replay *replay, bool answers) {
    char name[200];
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "bot", slice_of(replay->bot->name));
    json_member_int(&json, "turns", (int64_t)replay->turn_count);
    json_key(&json, "models");
    json_begin_array(&json);
    struct sums logged = logged_sums(replay);
    write_sums(&json, "as logged", &logged);
    for (size_t j = 0; j < replay->model_count; j++) {
        struct sums sums = sum_of(replay, j);
        model_name(&replay->models[j], name);
        write_sums(&json, name, &sums);
    }
    json_end_array(&json);
    json_key(&json, "answers");
    json_begin_array(&json);
    for (size_t i = 0; answers && i < replay->turn_count; i++) {
        json_begin_object(&json);
        json_member_string(&json, "question", replay->turns[i].question);
        json_member_string(&json, "as logged", replay->turns[i].answer);
        for (size_t j = 0; j < replay->model_count; j++) {
            const struct replay_result *it = &replay->results[i * replay->model_count + j];
            model_name(&replay->models[j], name);
            json_member_string(&json, name, it->error ? slice_of(it->error) : it->answer);
        }
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    printf("%s\n", buffer_string(&out));
    buffer_finish(&out);
}

/* --- the command --- */

static void put_oldest_first(struct replay *replay) {
    for (size_t i = 0; i < replay->turn_count / 2; i++) {
        struct store_logged_turn kept = replay->turns[i];
        replay->turns[i] = replay->turns[replay->turn_count - 1 - i];
        replay->turns[replay->turn_count - 1 - i] = kept;
    }
}

static bool run(struct replay *replay, struct service *service, size_t limit, bool price_only,
                bool json) {
    struct reading reading = {replay, limit};
    struct fault fault;
    if (!store_run_now(service->store, read_turns, &reading, &fault)) {
        fprintf(stderr, "switchboard replay: %s %s\n", fault.message, fault.detail);
        return false;
    }
    put_oldest_first(replay);
    replay->results = arena_array(replay->arena, replay->turn_count * replay->model_count + 1,
                                  sizeof *replay->results);
    if (price_only)
        replay_price(replay, service);
    else
        replay_run(replay, service);
    if (json) {
        print_json(replay, !price_only);
    } else {
        if (!price_only)
            print_answers(replay);
        print_table(replay, !price_only);
    }
    return true;
}

static bool prepare(struct replay *replay, const struct argument *options) {
    const char *bot = options[2].value;
    replay->bot =
        bot ? settings_bot(replay->settings, slice_of(bot)) : replay->settings->default_bot;
    if (!replay->bot) {
        fprintf(stderr, "switchboard replay: there is no bot of the name %s\n", bot);
        return false;
    }
    replay->system = replay->bot->system;
    return add_models(replay, options[1].value) &&
           (!options[4].value || read_system(replay, options[4].value));
}

static bool read_limit(const char *text, size_t *ret_limit) {
    int64_t number = 0;
    if (!slice_to_int64(slice_of(text), &number) || number < 1 || number > TURNS_MAX) {
        fprintf(stderr, "switchboard replay: --last must be between 1 and %d, not %s\n", TURNS_MAX,
                text);
        return false;
    }
    *ret_limit = (size_t)number;
    return true;
}

int command_replay(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--model", 0, false, NULL},
                                 {"--bot", 0, false, NULL},
                                 {"--last", 0, false, "100"},
                                 {"--system", 0, false, NULL},
                                 {"--price-only", 0, true, NULL},
                                 {"--format", 0, false, "table"}};
    struct arguments arguments = {.options = options, .option_count = 7};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    size_t limit;
    bool json = strcmp(options[6].value, "json") == 0;
    if (!options[1].value || (!json && strcmp(options[6].value, "table") != 0)) {
        fputs(options[1].value ? "switchboard replay: --format is table or json\n"
                               : "switchboard replay: which --model? write PROVIDER/MODEL\n",
              stderr);
        return 2;
    }
    if (!read_limit(options[3].value, &limit))
        return 2;
    struct config *config = service_load_config(options[0].value);
    struct service service;
    if (!config)
        return 1;
    config->log_level = LOG_ERROR;
    config->warning_count = 0;
    struct replay replay = {.settings = config->settings, .arena = arena_create(65536)};
    bool good = prepare(&replay, options);
    int status = 2;
    if (!good) {
        config_destroy(config);
    } else if (service_open(&service, config)) {
        status = run(&replay, &service, limit, options[5].value != NULL, json) ? 0 : 1;
        service_close(&service);
    } else {
        status = 1;
    }
    arena_destroy(replay.arena);
    return status;
}
