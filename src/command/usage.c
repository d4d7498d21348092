#include "chat/usage.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "config/config.h"
#include "store/store.h"

static void print_help(void) {
    puts("Usage: switchboard usage -c FILE [--by GROUP] [--from DAY] [--to DAY] [--bot NAME]\n"
         "                         [--format table|csv|json]\n\n"
         "Prints what was used and what it cost, by day, user, bot, model, key or conversation.\n"
         "Days are those of the bot's time zone; both are in the report.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --by GROUP      day (default), user, bot, model, key, conversation\n"
         "      --from DAY      2026-11-01 (default: 30 days up to --to)\n"
         "      --to DAY        2026-11-30 (default: today)\n"
         "      --bot NAME      of one bot only\n"
         "      --format FORM   table (default), csv, json");
}

struct reporting {
    const struct settings *settings;
    struct usage_options options;
    struct arena *arena;
    struct usage_report report;
};

static bool make_report(struct store_session *session, void *user, struct fault *fault) {
    struct reporting *it = user;
    return usage_report_make(session, it->settings, &it->options, clock_wall_ms(), it->arena,
                             &it->report, fault);
}

static void print_report(const struct usage_report *report, const char *format) {
    struct buffer out = {0};
    if (strcmp(format, "csv") == 0)
        usage_write_csv(report, &out);
    else if (strcmp(format, "json") == 0)
        usage_write_json(report, &out);
    else
        usage_write_table(report, &out);
    fwrite(out.data, 1, out.size, stdout);
    buffer_finish(&out);
}

static struct slice given(const struct argument *option) {
    return slice_of(option->value ? option->value : "");
}

int command_usage(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--by", 0, false, NULL},
                                 {"--from", 0, false, NULL},
                                 {"--to", 0, false, NULL},
                                 {"--bot", 0, false, NULL},
                                 {"--format", 0, false, "table"}};
    struct arguments arguments = {.options = options, .option_count = 6};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    const char *format = options[5].value;
    if (strcmp(format, "table") != 0 && strcmp(format, "csv") != 0 && strcmp(format, "json") != 0) {
        fprintf(stderr, "switchboard usage: there is no format %s, only table, csv and json\n",
                format);
        return 2;
    }
    struct config *config = service_load_config(options[0].value);
    struct store *store = NULL;
    struct fault fault;
    if (!config)
        return 1;
    struct reporting it = {
        .settings = config->settings,
        .options = {given(&options[1]), given(&options[2]), given(&options[3]), given(&options[4])},
        .arena = arena_create(4096)};
    const struct store_options place = {.url = config->database, .readers = 1};
    bool ok = store_open(&place, &store, &fault) && store_run_now(store, make_report, &it, &fault);
    if (ok)
        print_report(&it.report, format);
    else
        fprintf(stderr, "switchboard usage: %s%s%s\n", fault.message, fault.detail[0] ? " " : "",
                fault.detail);
    store_close(store);
    arena_destroy(it.arena);
    config_destroy(config);
    return ok ? 0 : fault.kind == FAULT_BAD_INPUT ? 2 : 1;
}
