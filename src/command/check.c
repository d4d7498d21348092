#include "chat/settings.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/pid_file.h"
#include "command/service.h"
#include "config/config.h"
#include <errno.h>
#include <signal.h>

static void print_check_help(void) {
    puts("Usage: switchboard check -c FILE\n\n"
         "Reads the configuration and tells every mistake with its line. Exits with 0 when there "
         "is\n"
         "none, else with 1. Starts nothing and writes nothing.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)");
}

int command_check(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"}};
    struct arguments arguments = {.options = options, .option_count = 1};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_check_help();
        return 0;
    }
    const char *path = arguments.word_count > 0 ? arguments.words[0] : options[0].value;
    struct config *config = service_load_config(path);
    if (!config)
        return 1;
    for (size_t i = 0; i < config->warning_count; i++)
        fprintf(stderr, "%s: warning: %s\n", path, config->warnings[i]);
    printf("%s: ok, %zu bot%s\n", path, config->settings->bot_count,
           config->settings->bot_count == 1 ? "" : "s");
    config_destroy(config);
    return 0;
}

static void print_reload_help(void) {
    puts("Usage: switchboard reload -c FILE\n\n"
         "Checks the configuration and, if it is good, tells the running server to take it. No "
         "stream\n"
         "is dropped; answers under way end with the settings they began with.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)");
}

int command_reload(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"}};
    struct arguments arguments = {.options = options, .option_count = 1};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_reload_help();
        return 0;
    }
    struct config *config = service_load_config(options[0].value);
    if (!config)
        return 1;
    int status = 1;
    long pid = pid_file_read(config->pid_file);
    if (pid <= 0)
        fprintf(stderr, "switchboard reload: no server runs with this configuration (%s)\n",
                config->pid_file);
    else if (kill((pid_t)pid, SIGHUP) != 0)
        fprintf(stderr, "switchboard reload: cannot signal process %ld: %s\n", pid,
                strerror(errno));
    else {
        printf("told process %ld to reload\n", pid);
        status = 0;
    }
    config_destroy(config);
    return status;
}

int command_version(int argc, char **argv) {
    (void)argc;
    (void)argv;
    puts("switchboard " SWITCHBOARD_VERSION);
    return 0;
}
