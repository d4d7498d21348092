/* webhooks: what was posted to the site, what waits, and what was given up. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "store/records.h"

enum { RECENT_MAX = 100, DEAD_MAX = 10000 };

struct request {
    const char *verb; /* "list", "retry", "remove" */
    const char *bot;  /* "" for all */
    const char *id;   /* "" for all */
    bool dead, json;
    int64_t count;
    struct buffer out;
};

/* --- listing --- */

static void append_time(struct buffer *out, int64_t wall_ms) {
    char text[25];
    clock_format(wall_ms, text);
    buffer_printf(out, "%.19sZ", text);
}

static void append_text(struct buffer *out, const struct store_delivery *delivery) {
    bool waits = slice_is(delivery->state, "waiting");
    buffer_printf(out, "%.*s  %-16.*s %-20.*s %-8.*s %2lld  ", SLICE_ARG(delivery->id),
                  SLICE_ARG(delivery->kind), SLICE_ARG(delivery->bot), SLICE_ARG(delivery->state),
                  (long long)delivery->attempts);
    append_time(out, waits ? delivery->next_ms
                           : (delivery->sent_ms ? delivery->sent_ms : delivery->created_ms));
    if (delivery->status > 0)
        buffer_printf(out, "  %lld", (long long)delivery->status);
    if (delivery->error.size > 0)
        buffer_printf(out, "  %.*s", SLICE_ARG(delivery->error));
    buffer_append_byte(out, '\n');
}

static void append_json(struct buffer *out, const struct store_delivery *delivery) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "id", delivery->id);
    json_member_string(&json, "type", delivery->kind);
    json_member_string(&json, "bot", delivery->bot);
    json_member_string(&json, "state", delivery->state);
    json_member_int(&json, "attempts", delivery->attempts);
    json_member_int(&json, "status", delivery->status);
    json_member_string(&json, "error", delivery->error);
    json_member_int(&json, "created_at", delivery->created_ms / 1000);
    if (slice_is(delivery->state, "waiting"))
        json_member_int(&json, "next_at", delivery->next_ms / 1000);
    if (delivery->sent_ms > 0)
        json_member_int(&json, "sent_at", delivery->sent_ms / 1000);
    json_end_object(&json);
    buffer_append_byte(out, '\n');
}

static bool append_those(struct store_session *session, struct request *request, const char *state,
                         size_t limit, bool but_dead, struct fault *fault) {
    struct arena *arena = arena_create(4096);
    struct store_delivery *rows;
    size_t count;
    bool ok = store_deliveries_list(session, slice_of(request->bot), slice_of(state), limit, arena,
                                    &rows, &count, fault);
    for (size_t i = 0; ok && i < count; i++)
        if (!but_dead || !slice_is(rows[i].state, "dead"))
            (request->json ? append_json : append_text)(&request->out, &rows[i]);
    arena_destroy(arena);
    return ok;
}

/* The dead ones first, however old: they wait for the owner. */
static bool list(struct store_session *session, struct request *request, struct fault *fault) {
    buffer_clear(&request->out);
    return append_those(session, request, "dead", DEAD_MAX, false, fault) &&
           (request->dead || append_those(session, request, "", RECENT_MAX, true, fault));
}

/* --- the whole --- */

static bool run(struct store_session *session, void *user, struct fault *fault) {
    struct request *request = user;
    struct slice bot = slice_of(request->bot), id = slice_of(request->id);
    if (strcmp(request->verb, "retry") == 0)
        return store_deliveries_retry(session, bot, id, clock_wall_ms(), &request->count, fault);
    if (strcmp(request->verb, "remove") == 0)
        return store_deliveries_remove(session, bot, id, &request->count, fault);
    return list(session, request, fault);
}

static void print_help(void) {
    puts("Usage: switchboard webhooks -c FILE [--dead] [--bot NAME] [--format text|json]\n"
         "       switchboard webhooks retry  -c FILE ID|--dead [--bot NAME]\n"
         "       switchboard webhooks remove -c FILE ID|--dead [--bot NAME]\n\n"
         "Lists what is posted to your site: the dead ones, which were given up, and the newest "
         "100\n"
         "others, each with its id, type, bot, state, attempts, time (of the next attempt, of "
         "being\n"
         "taken, or of the event), and the last status and error. `retry` tries dead ones again; "
         "the\n"
         "running server sends them within seconds. `remove` forgets them.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --dead          only the dead ones; for retry and remove: all of them\n"
         "      --bot NAME      only of this bot (default: all)\n"
         "      --format F      text (default), or json: one object a line");
}

static int refuse(const char *why) {
    fprintf(stderr, "switchboard webhooks: %s; try --help\n", why);
    return 2;
}

int command_webhooks(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--bot", 0, false, ""},
                                 {"--format", 0, false, "text"},
                                 {"--dead", 0, true, NULL}};
    struct arguments arguments = {.options = options, .option_count = 4};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    struct request request = {.verb = arguments.word_count > 0 ? arguments.words[0] : "list",
                              .bot = options[1].value,
                              .id = arguments.word_count > 1 ? arguments.words[1] : "",
                              .dead = options[3].value,
                              .json = strcmp(options[2].value, "json") == 0};
    bool lists = strcmp(request.verb, "list") == 0;
    if (!request.json && strcmp(options[2].value, "text") != 0)
        return refuse("--format takes text or json");
    if (!lists && strcmp(request.verb, "retry") != 0 && strcmp(request.verb, "remove") != 0)
        return refuse("there are list, retry and remove");
    if (arguments.word_count > 2 || (lists && request.id[0]))
        return refuse("too many arguments");
    if (!lists && request.dead == (request.id[0] != '\0'))
        return refuse("give an id, or --dead for all that were given up");
    bool ok = service_in_store("webhooks", options[0].value, request.bot, run, &request);
    if (ok && lists)
        fwrite(request.out.data, 1, request.out.size, stdout);
    else if (ok)
        printf("%lld %s\n", (long long)request.count,
               strcmp(request.verb, "retry") == 0 ? "will be tried again" : "removed");
    buffer_finish(&request.out);
    return ok ? 0 : 1;
}
