/* leads: who wants to be called back, as CSV or JSON. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "store/records.h"

struct listing {
    const char *bot; /* "" for all */
    bool json;
    struct buffer out;
};

static const char *const fields[] = {"name", "email", "phone", "company", "message"};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* Quoted; and what a spreadsheet would take for a formula is made a text, since visitors wrote it.
 */
static void append_cell(struct buffer *out, struct slice text) {
    buffer_append_byte(out, '"');
    if (text.size > 0 && strchr("=+-@\t\r", text.data[0]))
        buffer_append_byte(out, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, text.data[i]);
    }
    buffer_append_byte(out, '"');
}

static void append_csv(struct buffer *out, const struct store_lead *lead) {
    char when[25];
    clock_format(lead->updated_ms, when);
    append_cell(out, lead->id);
    buffer_printf(out, ",%s,", when);
    append_cell(out, lead->bot);
    buffer_append_byte(out, ',');
    append_cell(out, lead->user);
    for (size_t i = 0; i < FIELDS; i++) {
        struct buffer text = {0};
        json_read_string(json_get(lead->fields, fields[i]), &text);
        buffer_append_byte(out, ',');
        append_cell(out, buffer_slice(&text));
        buffer_finish(&text);
    }
    buffer_append_byte(out, ',');
    append_cell(out, lead->consent);
    buffer_append_byte(out, ',');
    append_cell(out, lead->conversation_id);
    buffer_append_string(out, "\r\n");
}

static void append_json(struct buffer *out, const struct store_lead *lead) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "id", lead->id);
    json_member_int(&json, "created_at", lead->created_ms / 1000);
    json_member_int(&json, "updated_at", lead->updated_ms / 1000);
    json_member_string(&json, "bot", lead->bot);
    json_member_string(&json, "user", lead->user);
    json_member_raw(&json, "fields", lead->fields);
    json_member_string(&json, "consent", lead->consent);
    json_member_string(&json, "conversation", lead->conversation_id);
    json_end_object(&json);
    buffer_append_byte(out, '\n');
}

static bool list(struct store_session *session, void *user, struct fault *fault) {
    struct listing *listing = user;
    struct arena *arena = arena_create(4096);
    struct store_lead *leads;
    size_t count;
    bool ok = store_leads_list(session, slice_of(listing->bot), arena, &leads, &count, fault);
    buffer_clear(&listing->out);
    if (ok && !listing->json)
        buffer_append_string(&listing->out, "id,updated,bot,user,name,email,phone,company,message,"
                                            "consent,conversation\r\n");
    for (size_t i = 0; ok && i < count; i++)
        (listing->json ? append_json : append_csv)(&listing->out, &leads[i]);
    arena_destroy(arena);
    return ok;
}

static void print_help(void) {
    puts("Usage: switchboard leads -c FILE [--bot NAME] [--format csv|json]\n\n"
         "Prints who wants to be called back: what visitors filled in before the chat, or had a "
         "bot\n"
         "note with the tool capture_lead.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --bot NAME      only of this bot (default: all)\n"
         "      --format F      csv (default), or json: one object a line");
}

int command_leads(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--bot", 0, false, ""},
                                 {"--format", 0, false, "csv"}};
    struct arguments arguments = {.options = options, .option_count = 3};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    struct listing listing = {.bot = options[1].value,
                              .json = strcmp(options[2].value, "json") == 0};
    if (arguments.word_count > 0 || (!listing.json && strcmp(options[2].value, "csv") != 0)) {
        fputs("switchboard leads: --format takes csv or json; try --help\n", stderr);
        return 2;
    }
    bool ok = service_in_store("leads", options[0].value, listing.bot, list, &listing);
    if (ok)
        fwrite(listing.out.data, 1, listing.out.size, stdout);
    buffer_finish(&listing.out);
    return ok ? 0 : 1;
}
