#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/chat.h"
#include "chat/confirm.h"
#include "chat/settings.h"
#include "chat/turn.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "config/config.h"
#include "loop/loop.h"
#include <unistd.h>

enum { HISTORY_MAX = 200 };

/* A dialogue in the terminal; a single question is one of one turn. */
struct dialogue {
    struct service service;
    struct loop *loop;
    struct chat *chat;
    const struct bot *bot;
    char *history[HISTORY_MAX]; /* visitor, bot, visitor, … */
    size_t count;
    struct id conversation_id;
    struct buffer answer;
    struct buffer card; /* that the visitor is to answer; empty when there is none */
    bool failed;
};

static void on_event(void *user, const struct turn_event *event) {
    struct dialogue *dialogue = user;
    switch (event->kind) {
    case TURN_EVENT_TEXT:
        buffer_append(&dialogue->answer, event->text);
        fwrite(event->text.data, 1, event->text.size, stdout);
        break;
    case TURN_EVENT_TOOL:
        if (event->tool->state == TURN_TOOL_RUNNING && event->tool->text.size > 0)
            fprintf(stderr, "[%.*s]\n", SLICE_ARG(event->tool->text));
        break;
    case TURN_EVENT_CONFIRM:
        if (slice_is(event->confirm->state, "waiting")) {
            buffer_clear(&dialogue->card);
            confirm_write(event->confirm, &dialogue->card);
        }
        break;
    case TURN_EVENT_ERROR:
        dialogue->failed = true;
        fprintf(stderr, "%sswitchboard ask: %s\n", dialogue->answer.size ? "\n" : "",
                event->fault->message);
        break;
    case TURN_EVENT_END:
        if (!dialogue->failed)
            putchar('\n');
        break;
    default:
        break;
    }
}

static void on_flush(void *user) {
    (void)user;
    fflush(stdout);
}

static const struct turn_sink sink = {.event = on_event, .flush = on_flush};

static void on_idle(void *user) {
    loop_stop(user);
}

static void remember(struct dialogue *dialogue, struct slice text) {
    if (dialogue->count == HISTORY_MAX) {
        free(dialogue->history[0]);
        free(dialogue->history[1]);
        dialogue->count -= 2;
        memmove(dialogue->history, dialogue->history + 2,
                dialogue->count * sizeof *dialogue->history);
    }
    dialogue->history[dialogue->count++] = slice_to_string(text);
}

/* With the answer to a card in place of a question, where `confirmation` is not empty. */
static bool ask(struct dialogue *dialogue, struct slice question, struct slice confirmation) {
    remember(dialogue, question);
    struct arena *arena = arena_create(4096);
    struct model_message *messages = arena_array(arena, dialogue->count, sizeof *messages);
    for (size_t i = 0; i < dialogue->count; i++) {
        struct model_part *part = arena_allocate(arena, sizeof *part);
        part->kind = MODEL_PART_TEXT;
        part->text = arena_copy(arena, slice_of(dialogue->history[i]));
        messages[i] = (struct model_message){i % 2 ? MODEL_ASSISTANT : MODEL_USER, part, 1};
    }
    struct identity who = {.kind = IDENTITY_KEY, .user = "cli"};
    struct turn_request request = {
        .settings = chat_settings(dialogue->chat),
        .bot = dialogue->bot,
        .who = &who,
        .address = "127.0.0.1",
        .door = "cli",
        .id = id_create(),
        .conversation_id = id_slice(&dialogue->conversation_id),
        .messages = messages,
        .message_count = dialogue->count,
        .arena = arena,
        .confirmation_id = confirmation,
        .confirmed = slice_equal_nocase(slice_first(question, 1), SLICE("y")),
        .goes_on = confirmation.size > 0,
    };
    buffer_clear(&dialogue->answer);
    dialogue->failed = false;
    turn_start(dialogue->chat, &request, &sink, dialogue);
    chat_when_idle(dialogue->chat, on_idle, dialogue->loop);
    loop_run(dialogue->loop);
    if (dialogue->failed)
        free(dialogue->history[--dialogue->count]);
    else
        remember(dialogue, buffer_slice(&dialogue->answer));
    return !dialogue->failed;
}

/* What is asked before a tool is run; what is said to it is the next line. */
static void show_card(const struct dialogue *dialogue) {
    struct slice card = buffer_slice(&dialogue->card), field;
    struct slice fields = json_get(card, "fields");
    struct buffer text = {0};
    size_t cursor = 0;
    json_read_string(json_get(card, "title"), &text);
    while (json_next_element(fields, &cursor, &field)) {
        buffer_append_string(&text, "\n  ");
        json_read_string(json_get(field, "name"), &text);
        buffer_append_string(&text, ": ");
        json_read_string(json_get(field, "value"), &text);
    }
    printf("%s\nyes or no? ", buffer_string(&text));
    fflush(stdout);
    buffer_finish(&text);
}

static bool answer_card(struct dialogue *dialogue, struct slice line) {
    struct buffer id = {0};
    json_read_string(json_get(buffer_slice(&dialogue->card), "id"), &id);
    buffer_clear(&dialogue->card);
    bool ok = ask(dialogue, line, buffer_slice(&id));
    buffer_finish(&id);
    return ok;
}

static bool converse(struct dialogue *dialogue) {
    char *line = NULL;
    size_t capacity = 0;
    bool ok = true;
    for (;;) {
        if (dialogue->card.size > 0) {
            show_card(dialogue);
        } else if (isatty(STDIN_FILENO)) {
            fputs("> ", stdout);
            fflush(stdout);
        }
        ssize_t size = getline(&line, &capacity, stdin);
        if (size < 0)
            break;
        struct slice said = slice_trim((struct slice){line, (size_t)size});
        if (said.size > 0)
            ok = (dialogue->card.size > 0 ? answer_card(dialogue, said)
                                          : ask(dialogue, said, (struct slice){NULL, 0})) &&
                 ok;
    }
    free(line);
    return ok;
}

static bool open_dialogue(struct dialogue *dialogue, const char *path, const char *bot) {
    struct config *config = service_load_config(path);
    if (!config)
        return false;
    const struct settings *settings = config->settings;
    dialogue->bot = bot ? settings_bot(settings, slice_of(bot)) : settings->default_bot;
    if (!dialogue->bot) {
        fprintf(stderr, "switchboard ask: there is no bot of the name %s in %s\n", bot, path);
        config_destroy(config);
        return false;
    }
    /* The terminal is for the answer: only what went wrong is logged beside it. */
    if (config->log_level < LOG_WARNING)
        config->log_level = LOG_WARNING;
    if (!service_open(&dialogue->service, config))
        return false;
    service_learn(dialogue->service.store, settings);
    dialogue->loop = loop_create();
    struct chat_parts parts = service_parts(&dialogue->service, dialogue->loop);
    dialogue->chat = chat_create(&parts, dialogue->service.config->settings);
    dialogue->conversation_id = id_create();
    return true;
}

static void close_dialogue(struct dialogue *dialogue) {
    chat_destroy(dialogue->chat);
    loop_destroy(dialogue->loop);
    service_close(&dialogue->service);
    for (size_t i = 0; i < dialogue->count; i++)
        free(dialogue->history[i]);
    buffer_finish(&dialogue->answer);
    buffer_finish(&dialogue->card);
}

static void print_help(void) {
    puts("Usage: switchboard ask -c FILE [--bot NAME] \"text\"\n"
         "       switchboard ask -c FILE [--bot NAME] -i\n\n"
         "Asks a bot of the configuration and prints its answer as it comes. With -i it reads\n"
         "questions line by line and remembers the dialogue. Limits do not count here, but the\n"
         "conversation is logged (user \"cli\").\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --bot NAME      which bot (default: the default bot)\n"
         "  -i, --interactive   a dialogue");
}

int command_ask(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--bot", 0, false, NULL},
                                 {"--interactive", 'i', true, NULL}};
    struct arguments arguments = {.options = options, .option_count = 3};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    bool interactive = options[2].value != NULL;
    if (interactive == (arguments.word_count > 0) || arguments.word_count > 1) {
        fputs("switchboard ask: give one question in quotes, or -i for a dialogue\n", stderr);
        return 2;
    }
    if (!interactive && slice_trim(slice_of(arguments.words[0])).size == 0) {
        fputs("switchboard ask: the question is empty\n", stderr);
        return 2;
    }
    struct dialogue dialogue = {0};
    if (!open_dialogue(&dialogue, options[0].value, options[1].value))
        return 1;
    bool ok = interactive ? converse(&dialogue)
                          : ask(&dialogue, slice_of(arguments.words[0]), (struct slice){NULL, 0});
    if (dialogue.card.size > 0)
        fputs("switchboard ask: this waits for a yes or no, which -i takes\n", stderr);
    close_dialogue(&dialogue);
    return ok ? 0 : 1;
}
