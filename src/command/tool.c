/* Tries a tool out, without a model: `switchboard tool run`. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "chat/tool_run.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "config/config.h"
#include "loop/loop.h"
#include "tool/schema.h"

struct trial {
    struct service service;
    struct loop *loop;
    struct chat *chat;
    const struct bot *bot;
    const struct tool *tool;
    struct slice mcp_name; /* of an MCP server: which of its tools */
    bool ok;
};

static void print_help(void) {
    puts("Usage: switchboard tool list -c FILE\n"
         "       switchboard tool run -c FILE [--bot NAME] [--as USER] TOOL ['{\"argument\": "
         "…}']\n\n"
         "list shows the tools of the configuration. run calls one, as a model would, and prints\n"
         "its result. What changes something is really changed.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --bot NAME      whose knowledge and time zone (default: the default bot)\n"
         "      --as USER       the id of the user who asks: `user.id` (default: nobody)");
}

static const char *kind_name(const struct tool *tool) {
    static const char *const names[] = {
        [TOOL_SQL] = "sql", [TOOL_HTTP] = "http", [TOOL_MCP] = "mcp", [TOOL_BUILTIN] = "builtin"};
    return names[tool->kind];
}

static int list(const struct settings *settings) {
    for (size_t i = 0; i < settings->tool_count; i++) {
        const struct tool *tool = &settings->tools[i];
        printf("%-24s %-8s %s%.*s\n", tool->name, kind_name(tool), tool->write ? "writes; " : "",
               SLICE_ARG(tool->description));
    }
    return 0;
}

/* --- run --- */

/* A tool of an MCP server is named as models name it: SERVER_TOOL. */
static const struct tool *find_tool(const struct settings *settings, const char *name,
                                    struct slice *ret_mcp_name) {
    for (size_t i = 0; i < settings->tool_count; i++) {
        const struct tool *tool = &settings->tools[i];
        size_t size = strlen(tool->name);
        bool begins = strncmp(tool->name, name, size) == 0;
        if (tool->kind == TOOL_MCP && begins && name[size] == '_' && name[size + 1])
            *ret_mcp_name = slice_of(name + size + 1);
        else if (tool->kind == TOOL_MCP || !begins || name[size])
            continue;
        return tool;
    }
    fprintf(stderr, "switchboard tool: there is no tool %s; `switchboard tool list` shows them\n",
            name);
    return NULL;
}

static bool fits(const struct tool *tool, struct slice arguments) {
    size_t error_at = 0;
    struct buffer complaints = {0};
    if (!json_validate(arguments, &error_at) || json_type(arguments) != JSON_OBJECT) {
        fprintf(stderr, "switchboard tool: the arguments are not a JSON object (byte %zu)\n",
                error_at);
        return false;
    }
    bool good = !tool->schema || schema_check(tool->schema, arguments, &complaints);
    if (!good)
        fprintf(stderr, "switchboard tool: the arguments do not fit:\n%s\n",
                buffer_string(&complaints));
    buffer_finish(&complaints);
    return good;
}

static void on_result(void *user, struct slice result, const struct fault *fault) {
    struct trial *trial = user;
    trial->ok = !fault;
    if (fault)
        fprintf(stderr, "switchboard tool: %s%s%s%s\n", fault->message,
                fault->detail[0] ? " (" : "", fault->detail, fault->detail[0] ? ")" : "");
    else
        printf("%.*s\n", SLICE_ARG(result));
}

static void on_idle(void *user) {
    loop_stop(user);
}

static void run(struct trial *trial, struct slice arguments, const char *user) {
    struct id key = id_create(), conversation = id_create();
    const struct tool_binding bindings[] = {
        {SLICE("conversation.id"), id_slice(&conversation)},
        {SLICE("bot.name"), slice_of(trial->bot->name)},
        {SLICE("call.key"), id_slice(&key)},
        {SLICE("user.id"), slice_of(user)},
    };
    const struct tool_run_request request = {
        .settings = chat_settings(trial->chat),
        .bot = trial->bot,
        .tool = trial->tool,
        .mcp_name = trial->mcp_name,
        .arguments = arguments,
        .bindings = bindings,
        .binding_count = user ? 4 : 3,
        .timeout_ms = trial->tool->timeout_ms,
    };
    tool_run_start(trial->chat, &request, on_result, trial);
    chat_when_idle(trial->chat, on_idle, trial->loop);
    loop_run(trial->loop);
}

static bool open_trial(struct trial *trial, struct config *config, const char *bot) {
    const struct settings *settings = config->settings;
    trial->bot = bot ? settings_bot(settings, slice_of(bot)) : settings->default_bot;
    if (!trial->bot) {
        fprintf(stderr, "switchboard tool: there is no bot of the name %s\n", bot);
        config_destroy(config);
        return false;
    }
    if (config->log_level < LOG_WARNING)
        config->log_level = LOG_WARNING;
    if (!service_open(&trial->service, config))
        return false;
    service_learn(trial->service.store, settings);
    trial->loop = loop_create();
    struct chat_parts parts = service_parts(&trial->service, trial->loop);
    trial->chat = chat_create(&parts, trial->service.config->settings);
    return true;
}

static int try_tool(struct config *config, const struct arguments *arguments, const char *bot,
                    const char *user) {
    struct trial trial = {0};
    trial.tool = find_tool(config->settings, arguments->words[1], &trial.mcp_name);
    struct slice text = slice_of(arguments->word_count > 2 ? arguments->words[2] : "{}");
    if (!trial.tool || !fits(trial.tool, text)) {
        config_destroy(config);
        return 1;
    }
    if (!open_trial(&trial, config, bot))
        return 1;
    run(&trial, text, user);
    chat_destroy(trial.chat);
    loop_destroy(trial.loop);
    service_close(&trial.service);
    return trial.ok ? 0 : 1;
}

int command_tool(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--bot", 0, false, NULL},
                                 {"--as", 0, false, NULL}};
    struct arguments arguments = {.options = options, .option_count = 3};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    const char *what = arguments.word_count > 0 ? arguments.words[0] : "";
    bool lists = strcmp(what, "list") == 0 && arguments.word_count == 1;
    bool runs = strcmp(what, "run") == 0 && arguments.word_count >= 2 && arguments.word_count <= 3;
    if (!lists && !runs) {
        fputs("switchboard tool: give `list`, or `run`, a tool and its arguments in quotes\n",
              stderr);
        return 2;
    }
    struct config *config = service_load_config(options[0].value);
    if (!config)
        return 1;
    if (runs)
        return try_tool(config, &arguments, options[1].value, options[2].value);
    int status = list(config->settings);
    config_destroy(config);
    return status;
}
