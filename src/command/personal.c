/* export and erase: what is kept of a person, on request. */
#include "base/buffer.h"
#include "base/json.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "store/records.h"

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
    if (!store_user_erase(session, slice_of(request->bot), slice_of(request->user), &erased, fault))
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
    bool ok = service_in_store(command, options[0].value, request.bot,
                               erases ? erase_all : export_all, &request);
    if (ok)
        printf("%.*s\n", SLICE_ARG(buffer_slice(&request.out)));
    buffer_finish(&request.out);
    return ok ? 0 : 1;
}

int command_export(int argc, char **argv) {
    return personal(argc, argv, false);
}

int command_erase(int argc, char **argv) {
    return personal(argc, argv, true);
}
