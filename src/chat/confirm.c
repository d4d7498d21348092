#include "chat/confirm.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/tools_mcp.h"
#include "chat/turn_state.h"
#include "model/offline_texts.h"
#include "store/records.h"
#include "tool/tool.h"

enum { FIELDS_MAX = 24, VALUE_MAX = 400, NAME_MAX = 60 };

/* A yes from so long ago, whose tool never ran: the program ended in between. */
static const int64_t stale_ms = INT64_C(10) * 60 * 1000;

/* --- the card --- */

/* "book_consultation" as "Book consultation". */
static void append_name(struct buffer *out, struct slice name) {
    for (size_t i = 0; i < name.size && i < NAME_MAX; i++) {
        char c = name.data[i];
        c = c == '_' || c == '-' ? ' ' : c;
        buffer_append_byte(out, i == 0 && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    out->size = utf8_valid_prefix(buffer_slice(out));
}

static void append_value(struct buffer *out, struct slice value) {
    struct buffer text = {0};
    if (!json_read_string(value, &text))
        buffer_append(&text, value);
    struct slice whole = buffer_slice(&text);
    buffer_append(out, slice_first(whole, utf8_cut(whole, VALUE_MAX)));
    if (whole.size > VALUE_MAX)
        buffer_append_string(out, "…");
    buffer_finish(&text);
}

/* The owner's text, with `{name}` replaced by arguments. */
static void append_title(struct buffer *out, const struct turn *turn, const struct tool *tool,
                         struct slice name, struct slice arguments) {
    struct slice text = tool_text_for(tool->question, tool->question_count, turn->language);
    if (text.size == 0) {
        append_name(out, name);
        return;
    }
    while (text.size > 0) {
        size_t open = slice_find_byte(text, '{');
        buffer_append(out, slice_first(text, open));
        text = slice_from(text, open < text.size ? open : text.size);
        size_t close = slice_find_byte(text, '}');
        if (close == SIZE_MAX || close >= text.size) {
            buffer_append(out, text);
            return;
        }
        char key[NAME_MAX + 1];
        snprintf(key, sizeof key, "%.*s", (int)(close - 1), text.data + 1);
        struct slice value = json_get(arguments, key);
        if (json_type(value) != JSON_MISSING && json_type(value) != JSON_NULL)
            append_value(out, value);
        text = slice_from(text, close + 1);
    }
}

static void write_fields(struct json_writer *json, const struct tool *tool,
                         struct slice arguments) {
    struct slice key, value;
    size_t cursor = 0, count = 0;
    struct buffer text = {0};
    json_begin_array(json);
    while (count++ < FIELDS_MAX && json_next_member(arguments, &cursor, &key, &value)) {
        if (json_type(value) == JSON_NULL)
            continue;
        json_begin_object(json);
        buffer_clear(&text);
        append_name(&text, key);
        json_member_string(json, "name", buffer_slice(&text));
        buffer_clear(&text);
        if (tool_redacts(tool, key))
            buffer_append_string(&text, "•••");
        else
            append_value(&text, value);
        json_member_string(json, "value", buffer_slice(&text));
        json_end_object(json);
    }
    json_end_array(json);
    buffer_finish(&text);
}

static struct slice make_card(const struct turn *turn, const struct tool *tool, struct slice name,
                              struct slice arguments, struct arena *arena) {
    struct buffer out = {0}, title = {0};
    struct json_writer json = json_writer_start(&out);
    append_title(&title, turn, tool, name, arguments);
    json_begin_object(&json);
    json_member_string(&json, "tool", name);
    json_member_string(&json, "title", buffer_slice(&title));
    json_key(&json, "fields");
    write_fields(&json, tool, arguments);
    json_end_object(&json);
    struct slice card = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&title);
    buffer_finish(&out);
    return card;
}

void confirm_write(const struct turn_confirm *confirm, struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "id", confirm->id);
    json_member_string(&json, "state", confirm->state);
    json_member_int(&json, "expires_at", confirm->expires_ms / 1000);
    buffer_append_byte(out, ',');
    buffer_append(out, slice_from(confirm->card, 1)); /* with its closing brace */
}

static void emit_card(struct turn *turn, const struct turn_confirm *confirm) {
    const struct turn_event event = {.kind = TURN_EVENT_CONFIRM, .confirm = confirm};
    turn_emit(turn, &event);
}

/* --- asking --- */

struct confirm_ask {
    struct store_job job; /* first: the store hands back its address */
    struct chat *chat;
    struct turn *turn;
    struct arena *arena; /* this lies in it */
    struct id id;
    struct store_confirmation row;
    confirm_asked *done; /* NULL once cancelled */
    void *user;
};

static bool keep_card(struct store_session *session, struct store_job *job, struct fault *fault) {
    return store_confirmation_add(session, &((struct confirm_ask *)job)->row, fault);
}

static void on_kept(struct store_job *job, const struct fault *fault) {
    struct confirm_ask *ask = (struct confirm_ask *)job;
    struct chat *chat = ask->chat;
    if (fault)
        log_error("a confirmation could not be kept", LOG_SLICE("tool", ask->row.tool),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    if (ask->done) {
        const struct turn_confirm card = {.id = ask->row.id,
                                          .card = ask->row.card,
                                          .state = ask->row.state,
                                          .expires_ms = ask->row.expires_ms};
        if (!fault)
            emit_card(ask->turn, &card);
        ask->done(ask->user, fault);
    }
    arena_destroy(ask->arena);
    chat_let_go(chat);
}

struct confirm_ask *confirm_ask_start(struct turn *turn, const struct tool *tool, struct slice name,
                                      struct slice arguments, confirm_asked *done, void *user) {
    struct arena *arena = arena_create(1024);
    struct confirm_ask *ask = arena_allocate(arena, sizeof *ask);
    int64_t now_ms = clock_wall_ms();
    ask->job = (struct store_job){
        .run = keep_card, .done = on_kept, .loop = turn->chat->parts.loop, .urgent = true};
    ask->chat = turn->chat;
    ask->turn = turn;
    ask->arena = arena;
    ask->id = id_create();
    ask->done = done;
    ask->user = user;
    ask->row = (struct store_confirmation){
        .id = id_slice(&ask->id),
        .conversation_id = arena_copy(arena, id_slice(&turn->conversation_id)),
        .turn_id = arena_copy(arena, id_slice(&turn->id)),
        .tool = arena_copy(arena, name),
        .arguments = arena_copy(arena, arguments),
        .card = make_card(turn, tool, name, arguments, arena),
        .state = SLICE("waiting"),
        .created_ms = now_ms,
        .expires_ms = now_ms + tool->confirm_ms,
    };
    chat_hold(turn->chat);
    store_write(turn->chat->parts.store, &ask->job);
    return ask;
}

void confirm_ask_cancel(struct confirm_ask *ask) {
    ask->done = NULL;
}

/* --- the answer --- */

struct slice confirm_words(bool yes, struct slice language) {
    const struct offline_texts *texts = offline_texts_for(language);
    return slice_of(yes ? texts->yes : texts->no);
}

void confirm_begin(struct turn *turn, const struct turn_request *request) {
    struct confirmation *confirmation = arena_allocate(turn->arena, sizeof *confirmation);
    struct model_message *message = arena_allocate(turn->arena, sizeof *message);
    struct model_part *part = arena_allocate(turn->arena, sizeof *part);
    memcpy(confirmation->id.text, request->confirmation_id.data, ID_SIZE);
    confirmation->yes = request->confirmed;
    confirmation->arena = arena_create(1024);
    part->kind = MODEL_PART_TEXT;
    part->text = confirm_words(request->confirmed, turn->language);
    *message = (struct model_message){MODEL_USER, part, 1};
    turn->confirmation = confirmation;
    turn->messages = message;
    turn->message_count = 1;
    turn->user_text = part->text;
}

bool confirm_take(struct store_session *session, struct turn *turn, struct fault *fault) {
    struct confirmation *confirmation = turn->confirmation;
    struct store_confirmation row;
    int64_t now_ms = clock_wall_ms();
    if (!store_confirmation_answer(session, id_slice(&confirmation->id),
                                   id_slice(&turn->conversation_id), confirmation->yes, now_ms,
                                   now_ms - stale_ms, confirmation->arena, &row, fault))
        return false;
    confirmation->tool = row.tool;
    confirmation->arguments = row.arguments;
    confirmation->card = row.card;
    confirmation->expires_ms = row.expires_ms;
    return true;
}

void confirm_taken(struct turn *turn, const struct fault *fault) {
    struct confirmation *confirmation = turn->confirmation;
    confirmation->taken = !fault;
    if (fault) {
        turn_refuse(turn, turn->stopped ? turn->stopped : fault);
        return;
    }
    if (turn->stopped) {
        turn_fail(turn, turn->stopped);
        return;
    }
    const struct turn_confirm card = {.id = id_slice(&confirmation->id),
                                      .card = confirmation->card,
                                      .state = confirmation->yes ? SLICE("yes") : SLICE("no"),
                                      .expires_ms = confirmation->expires_ms};
    turn_accept(turn);
    emit_card(turn, &card);
    turn_advance(turn, tools_mcp_load(turn));
}

bool confirm_record(struct store_session *session, const struct turn *turn, bool ran,
                    struct fault *fault) {
    const struct confirmation *confirmation = turn->confirmation;
    if (!confirmation || !confirmation->taken)
        return true;
    return store_confirmation_end(session, id_slice(&confirmation->id),
                                  !confirmation->yes ? SLICE("no")
                                  : ran              ? SLICE("done")
                                                     : SLICE("waiting"),
                                  fault);
}

void confirm_release(struct turn *turn) {
    if (turn->confirmation)
        arena_destroy(turn->confirmation->arena);
}
