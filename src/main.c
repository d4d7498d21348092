/* The command line: picks a subcommand. */
#include "command/command.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct command commands[] = {
    {"serve", command_serve, "run the server"},
    {"check", command_check, "check a configuration, telling each mistake with its line"},
    {"doctor", command_doctor, "look whether everything works that the configuration needs"},
    {"reload", command_reload, "make the running server read its configuration again"},
    {"ask", command_ask, "ask a bot in the terminal"},
    {"key", command_key, "create, list and revoke API keys"},
    {"operator", command_operator, "add, list and remove who may sign in at the desk"},
    {"models", command_models, "print what is known of models: windows, prices, abilities"},
    {"tokens", command_tokens, "count the tokens of texts"},
    {"tool", command_tool, "list the tools of a configuration, and try one"},
    {"replay", command_replay, "run logged turns on other models, or only price them"},
    {"usage", command_usage, "report what was used and what it cost"},
    {"leads", command_leads, "print who wants to be called back"},
    {"webhooks", command_webhooks, "list what is posted to your site, and retry what failed"},
    {"export", command_export, "print all that is kept of a person"},
    {"erase", command_erase, "erase all that is kept of a person"},
    {"version", command_version, "print the version"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out) {
    fputs("Switchboard puts an AI assistant on a website.\n\n"
          "Usage: switchboard COMMAND [OPTIONS]\n\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs("\nswitchboard COMMAND --help tells the options of a command.\n", out);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (name[0])
        fprintf(stderr, "switchboard: there is no command %s\n\n", name);
    print_help(stderr);
    return 2;
}
