/* export and erase: what is kept of a person, on request. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/settings.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "config/config.h"
#include "store/records.h"
#include "store/store.h"

struct request {
    const char *user;
    const char *bot; /* "" for all */
    struct buffer out;
};

static bool export_all(struct store_session *session, void *user, struct fault *fault) {
    struct request *request = user;
    buffer_clear(&request->out);
    return store_user_export(session, slice_of(request->bot), slice_of(request->user),
                             &request->out, fault);
}

static bool erase_all(struct store_session *session, void *user, struct fault *fault) {
    struct request *request = user;
    struct store_erased erased;
    char alias[64];
    const struct id id = id_create(); /* random: it leads to nobody */
    snprintf(alias, sizeof alias, "erased:%s", id.text);
    if (!store_user_erase(session, slice_of(request->bot), slice_of(request->user), slice_of(alias),
                          &erased, fault))
        return false;
    struct json_writer json = json_writer_start(&request->out);
    buffer_clear(&request->out);
    json_begin_object(&json);
    json_member_string(&json, "user", slice_of(request->user));
    json_key(&json, "deleted");
    store_erased_write(&erased, &json);
    json_end_object(&json);
    return true;
}

/* A name that the configuration has not is a mistake, not a bot without conversations. */
static bool bot_exists(const struct config *config, const char *command, const char *bot) {
    if (!bot[0] || settings_bot(config->settings, slice_of(bot)))
        return true;
    fprintf(stderr, "switchboard %s: there is no bot of the name \"%s\"\n", command, bot);
    return false;
}

static int run(const char *command, const char *path, struct request *request,
               bool (*what)(struct store_session *, void *, struct fault *)) {
    struct config *config = service_load_config(path);
    if (!config)
        return 1;
    struct fault fault;
    struct store *store = NULL;
    const struct store_options options = {.url = config->database, .readers = 1};
    bool ok = bot_exists(config, command, request->bot);
    if (ok) {
        ok = store_open(&options, &store, &fault) && store_run_now(store, what, request, &fault);
        if (ok)
            printf("%.*s\n", SLICE_ARG(buffer_slice(&request->out)));
        else
            fprintf(stderr, "switchboard %s: %s%s%s\n", command, fault.message,
                    fault.detail[0] ? ": " : "", fault.detail);
    }
    store_close(store);
    config_destroy(config);
    return ok ? 0 : 1;
}

static void print_help(const char *command) {
    bool erases = strcmp(command, "erase") == 0;
    printf(
        "Usage: switchboard %s -c FILE --user USER [--bot NAME]%s\n\n%s"
        "USER is as the log has it: \"user:ID\" for somebody whom the site names, \"anon:ID\" for "
        "a\nvisitor, \"key:ID\" for an API key.\n\n"
        "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
        "      --user USER     whose\n"
        "      --bot NAME      only with this bot (default: all)\n%s",
        command, erases ? " --yes" : "",
        erases ? "Erases all that is kept of a person, with what is derived from it, and prints "
                 "what was\nerased. What calls of models cost is kept, under a name that leads "
                 "to nobody.\n\n"
               : "Prints all that is kept of a person, as JSON.\n\n",
        erases ? "      --yes           really\n" : "");
}

static int personal(int argc, char **argv, bool erases) {
    const char *command = erases ? "erase" : "export";
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--user", 0, false, ""},
                                 {"--bot", 0, false, ""},
                                 {"--yes", 0, true, NULL}};
    struct arguments arguments = {.options = options, .option_count = erases ? 4 : 3};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help(command);
        return 0;
    }
    struct request request = {.user = options[1].value, .bot = options[2].value};
    if (arguments.word_count > 0 || !strchr(request.user, ':')) {
        fprintf(stderr, "switchboard %s: say whose, as in --user user:anna; try --help\n", command);
        return 2;
    }
    if (erases && !options[3].value) {
        fputs("switchboard erase: this cannot be undone; add --yes\n", stderr);
        return 2;
    }
    int status = run(command, options[0].value, &request, erases ? erase_all : export_all);
    buffer_finish(&request.out);
    return status;
}

int command_export(int argc, char **argv) {
    return personal(argc, argv, false);
}

int command_erase(int argc, char **argv) {
    return personal(argc, argv, true);
}
