#include "base/arena.h"
#include "base/clock.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "gate/apikey.h"
#include "store/records.h"
#include "store/store.h"

struct key_command {
    struct apikey apikey;
    struct store_key key;
    struct slice id;
};

static bool add(struct store_session *session, void *user, struct fault *fault) {
    const struct key_command *command = user;
    return store_key_add(session, &command->key, fault);
}

static bool revoke(struct store_session *session, void *user, struct fault *fault) {
    const struct key_command *command = user;
    return store_key_revoke(session, command->id, clock_wall_ms(), fault);
}

static void print_date(int64_t wall_ms) {
    char text[25];
    if (wall_ms <= 0) {
        printf("%-20s  ", "-");
        return;
    }
    clock_format(wall_ms, text);
    printf("%.10s %.8s   ", text, text + 11);
}

static bool list(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    struct arena *arena = arena_create(4096);
    struct store_key *keys;
    size_t count;
    bool ok = store_key_list(session, arena, &keys, &count, fault);
    if (ok)
        printf("%-26s  %-20s  %-20s  %-20s  %-20s  %s\n", "ID", "NAME", "CREATED (UTC)", "EXPIRES",
               "REVOKED", "BOTS");
    for (size_t i = 0; ok && i < count; i++) {
        printf("%-26.*s  %-20.*s  ", SLICE_ARG(keys[i].id), SLICE_ARG(keys[i].name));
        print_date(keys[i].created_ms);
        print_date(keys[i].expires_ms);
        print_date(keys[i].revoked_ms);
        printf("%.*s\n", SLICE_ARG(keys[i].bots.size ? keys[i].bots : SLICE("all")));
    }
    arena_destroy(arena);
    return ok;
}

static int run(const char *path, bool (*what)(struct store_session *, void *, struct fault *),
               struct key_command *command) {
    return service_in_store("key", path, "", what, command) ? 0 : 1;
}

static int create(const char *path, const char *name, const char *bots, const char *days) {
    int64_t lifetime_days = 0;
    if (strlen(name) > 100 || strlen(bots) > 255) {
        fputs("switchboard key: the name or the list of bots is too long\n", stderr);
        return 2;
    }
    if (days && (!slice_to_int64(slice_of(days), &lifetime_days) || lifetime_days < 1 ||
                 lifetime_days > 36500)) {
        fputs("switchboard key: --days takes a number from 1 to 36500\n", stderr);
        return 2;
    }
    if (!service_bots_exist("key", path, bots))
        return 1;
    struct key_command command = {.apikey = apikey_create()};
    int64_t now_ms = clock_wall_ms();
    command.key = (struct store_key){
        .id = id_slice(&command.apikey.id),
        .name = slice_of(name),
        .hash = {(const char *)command.apikey.hash, sizeof command.apikey.hash},
        .bots = slice_of(bots),
        .created_ms = now_ms,
        .expires_ms = lifetime_days ? now_ms + lifetime_days * 24 * 60 * 60 * 1000 : 0,
    };
    int status = run(path, add, &command);
    if (status == 0) {
        puts(command.apikey.text);
        fputs("Keep it safe: it is shown this once, and only a hash of it is stored.\n", stderr);
    }
    return status;
}

static void print_help(void) {
    puts("Usage: switchboard key create -c FILE [--name NAME] [--bots A,B] [--days N]\n"
         "       switchboard key list -c FILE\n"
         "       switchboard key revoke -c FILE ID\n\n"
         "API keys let servers talk to the bots. `create` prints a new key on standard output, "
         "once;\n"
         "the database keeps a hash. A revoked key is refused within five seconds, also by a "
         "running\n"
         "server.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --name NAME     what the key is for\n"
         "      --bots A,B      only for these bots (default: all)\n"
         "      --days N        expires after so many days (default: never)");
}

int command_key(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--name", 0, false, "unnamed"},
                                 {"--bots", 0, false, ""},
                                 {"--days", 0, false, NULL}};
    struct arguments arguments = {.options = options, .option_count = 4};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    const char *what = arguments.word_count > 0 ? arguments.words[0] : "";
    struct key_command command = {0};
    if (strcmp(what, "create") == 0 && arguments.word_count == 1)
        return create(options[0].value, options[1].value, options[2].value, options[3].value);
    if (strcmp(what, "list") == 0 && arguments.word_count == 1)
        return run(options[0].value, list, &command);
    if (strcmp(what, "revoke") == 0 && arguments.word_count == 2) {
        command.id = slice_of(arguments.words[1]);
        return run(options[0].value, revoke, &command);
    }
    fputs("switchboard key: say create, list or revoke ID; try --help\n", stderr);
    return 2;
}
