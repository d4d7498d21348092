/* operator: who may sign in at the desk. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "gate/password.h"
#include "store/desk.h"
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 100, DISPLAY_MAX = 60 };

struct operator_command {
    char name[NAME_MAX_BYTES + 1];
    char hash[PASSWORD_HASH_SIZE];
    struct store_operator operator;
};

/* --- in the store --- */

static bool note(struct store_session *session, const char *action, struct slice name,
                 struct arena *arena, struct fault *fault) {
    struct store_operator operator;
    bool found;
    if (!store_operator_find(session, name, arena, &found, &operator, fault))
        return false;
    const struct store_audit entry = {
        .action = slice_of(action), .subject = found ? operator.id : name, .detail = name };
    return store_audit_add(session, &entry, clock_wall_ms(), fault);
}

static bool add(struct store_session *session, void *user, struct fault *fault) {
    const struct operator_command *command = user;
    struct arena *arena = arena_create(512);
    bool ok = store_operator_add(session, &command->operator, fault) &&
              note(session, "operator.add", command->operator.name, arena, fault);
    arena_destroy(arena);
    return ok;
}

static bool reset(struct store_session *session, void *user, struct fault *fault) {
    const struct operator_command *command = user;
    struct arena *arena = arena_create(512);
    bool ok =
        store_operator_reset(session, command->operator.name, command->operator.password, fault) &&
        note(session, "operator.reset", command->operator.name, arena, fault);
    arena_destroy(arena);
    return ok;
}

static bool drop(struct store_session *session, void *user, struct fault *fault) {
    const struct operator_command *command = user;
    struct arena *arena = arena_create(512);
    bool ok = note(session, "operator.remove", command->operator.name, arena, fault) &&
              store_operator_remove(session, command->operator.name, clock_wall_ms(), fault);
    arena_destroy(arena);
    return ok;
}

static bool list(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    struct arena *arena = arena_create(4096);
    struct store_operator *operators;
    size_t count;
    bool ok = store_operators_list(session, arena, &operators, &count, fault);
    if (ok)
        printf("%-30s  %-20s  %-8s  %-20s  %s\n", "NAME", "DISPLAY", "ROLE", "CREATED (UTC)",
               "BOTS");
    for (size_t i = 0; ok && i < count; i++) {
        char date[25];
        clock_format(operators[i].created_ms, date);
        printf("%-30.*s  %-20.*s  %-8.*s  %.10s %.8s   %.*s\n", SLICE_ARG(operators[i].name),
               SLICE_ARG(operators[i].display), SLICE_ARG(operators[i].role), date, date + 11,
               SLICE_ARG(operators[i].bots.size ? operators[i].bots : SLICE("all")));
    }
    arena_destroy(arena);
    return ok;
}

/* --- what is given --- */

static int wrong(const char *what) {
    fprintf(stderr, "switchboard operator: %s\n", what);
    return 2;
}

static bool take_name(struct operator_command *command, const char *name) {
    size_t size = strlen(name);
    if (size == 0 || size > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-@+", c)))
            return false;
        command->name[i] = c;
    }
    command->operator.name = slice_of(command->name);
    return true;
}

static bool is_display(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 32 || text.data[i] == 127)
            return false;
    return text.size > 0 && text.size <= DISPLAY_MAX && utf8_valid(text);
}

/* A line; without what ends it. False where there is none, or it is too long. */
static bool read_line(char *text, size_t size) {
    if (!fgets(text, (int)size, stdin))
        return false;
    size_t length = strlen(text);
    if (length + 1 == size && text[length - 1] != '\n')
        return false;
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        text[--length] = 0;
    return true;
}

/* At a terminal: unseen, and twice. */
static bool read_secretly(char *first, size_t size) {
    struct termios seen, unseen;
    char second[PASSWORD_MAX + 3];
    if (tcgetattr(STDIN_FILENO, &seen) != 0)
        return read_line(first, size);
    unseen = seen;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
    fputs("Password: ", stderr);
    bool ok = read_line(first, size);
    fputs("\nAgain: ", stderr);
    ok = ok && read_line(second, sizeof second) && strcmp(first, second) == 0;
    fputs("\n", stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &seen);
    sodium_memzero(second, sizeof second);
    return ok;
}

static bool take_password(struct operator_command *command) {
    char password[PASSWORD_MAX + 3];
    struct fault fault;
    bool terminal = isatty(STDIN_FILENO);
    bool ok =
        terminal ? read_secretly(password, sizeof password) : read_line(password, sizeof password);
    if (!ok)
        fputs(terminal ? "switchboard operator: the two are not the same\n"
                       : "switchboard operator: the password is to be a line of standard input, of "
                         "at most 1024 bytes\n",
              stderr);
    if (ok && !password_hash(slice_of(password), command->hash, &fault)) {
        fprintf(stderr, "switchboard operator: %s\n", fault.message);
        ok = false;
    }
    sodium_memzero(password, sizeof password);
    command->operator.password = slice_of(command->hash);
    return ok;
}

/* --- the subcommands --- */

static int run(const char *path, bool (*what)(struct store_session *, void *, struct fault *),
               struct operator_command *command) {
    return service_in_store("operator", path, "", what, command) ? 0 : 1;
}

static int add_operator(const char *path, struct operator_command *command, const char *display,
                        const char *role, const char *bots) {
    struct slice name = command->operator.name, shown = slice_trim(slice_of(display));
    const struct id id = id_create();
    if (shown.size == 0)
        shown = slice_first(name, slice_find_byte(name, '@'));
    if (!is_display(shown))
        return wrong("--display takes a name of at most 60 bytes, without control characters");
    if (strcmp(role, "operator") != 0 && strcmp(role, "lead") != 0 && strcmp(role, "admin") != 0)
        return wrong("--role takes operator, lead or admin");
    if (strlen(bots) > 255)
        return wrong("the list of bots is too long");
    if (!service_bots_exist("operator", path, bots) || !take_password(command))
        return 1;
    command->operator.id = id_slice(&id);
    command->operator.display = shown;
    command->operator.role = slice_of(role);
    command->operator.bots = slice_of(bots);
    command->operator.created_ms = clock_wall_ms();
    return run(path, add, command);
}

static void print_help(void) {
    puts(
        "Usage: switchboard operator add -c FILE NAME [--display NAME] [--role ROLE] [--bots A,B]\n"
        "       switchboard operator list -c FILE\n"
        "       switchboard operator reset -c FILE NAME\n"
        "       switchboard operator remove -c FILE NAME\n\n"
        "Operators sign in at /desk by NAME (an e-mail address, for one) and a password, which is "
        "asked\n"
        "for, or read as a line of standard input: at least 10 characters. `reset` gives a new "
        "one and\n"
        "signs them out; `remove` does so too, and their conversations wait for somebody else. A "
        "running\n"
        "server needs no restart.\n\n"
        "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
        "      --display NAME  what visitors see (default: NAME up to its @)\n"
        "      --role ROLE     operator (default); lead: also what other operators have; admin\n"
        "      --bots A,B      only these bots' conversations (default: all)");
}

int command_operator(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--display", 0, false, ""},
                                 {"--role", 0, false, "operator"},
                                 {"--bots", 0, false, ""}};
    struct arguments arguments = {.options = options, .option_count = 4};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    const char *what = arguments.word_count > 0 ? arguments.words[0] : "";
    const char *path = options[0].value;
    struct operator_command command = {0};
    if (strcmp(what, "list") == 0 && arguments.word_count == 1)
        return run(path, list, &command);
    bool adds = strcmp(what, "add") == 0, resets = strcmp(what, "reset") == 0;
    if (arguments.word_count != 2 || (!adds && !resets && strcmp(what, "remove") != 0))
        return wrong("say add NAME, list, reset NAME or remove NAME; try --help");
    if (!take_name(&command, arguments.words[1]))
        return wrong("NAME must be 1 to 100 of a-z, 0-9 and . _ - @ +");
    if (adds)
        return add_operator(path, &command, options[1].value, options[2].value, options[3].value);
    if (resets)
        return take_password(&command) ? run(path, reset, &command) : 1;
    return run(path, drop, &command);
}
