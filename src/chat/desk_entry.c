/* What operators are told of a conversation. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "chat/desk.h"
#include "chat/state.h"
#include "store/store.h"

enum { TITLE_MAX = 80, LAST_MAX = 160 };

/* One line, as long as a list has room for. */
static struct slice line_of(struct slice text, size_t most) {
    text = slice_trim(text);
    text = slice_first(text, slice_find_byte(text, '\n'));
    return slice_first(text, utf8_cut(text, most));
}

static void write_operator(struct json_writer *json, const struct store_desk_entry *entry) {
    json_key(json, "operator");
    if (entry->operator_id.size == 0) {
        json_null(json);
        return;
    }
    json_begin_object(json);
    json_member_string(json, "id", entry->operator_id);
    json_member_string(json, "display", entry->operator_display);
    json_end_object(json);
}

static void write_last(struct json_writer *json, const struct store_desk_entry *entry) {
    json_key(json, "last");
    if (entry->last_role.size == 0) {
        json_null(json);
        return;
    }
    json_begin_object(json);
    json_member_string(json, "role", entry->last_role);
    json_member_string(json, "text", line_of(entry->last_text, LAST_MAX));
    json_end_object(json);
}

void desk_write_entry(struct json_writer *json, const struct store_desk_entry *entry) {
    json_member_string(json, "id", entry->id);
    json_member_string(json, "bot", entry->bot);
    json_member_string(json, "user", entry->user);
    json_member_string(json, "title", line_of(entry->title, TITLE_MAX));
    json_member_string(json, "mode", entry->mode);
    write_operator(json, entry);
    json_member_string(json, "reason", entry->reason);
    json_member_string(json, "summary", entry->summary);
    json_member_string(json, "language", entry->language);
    json_key(json, "waiting_since");
    if (entry->waiting_ms > 0)
        json_int(json, entry->waiting_ms / 1000);
    else
        json_null(json);
    json_member_int(json, "created_at", entry->created_ms / 1000);
    json_member_int(json, "updated_at", entry->updated_ms / 1000);
    write_last(json, entry);
    json_member_int(json, "message_count", entry->message_count);
    json_member_int(json, "epoch", entry->epoch);
    json_member_bool(json, "reachable", slice_is(entry->door, "widget"));
}

/* --- telling --- */

struct telling {
    struct store_job job; /* first */
    struct chat *chat;
    struct arena *arena;
    struct slice conversation_id;
    enum desk_ring ring;
    bool found;
    struct store_desk_entry entry;
};

static bool run(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct telling *telling = (struct telling *)job;
    return store_desk_get(session, telling->conversation_id, SLICE(""), telling->arena,
                          &telling->found, &telling->entry, fault);
}

static void write_event(struct buffer *out, const struct store_desk_entry *entry, bool ring) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    desk_write_entry(&json, entry);
    json_member_bool(&json, "ring", ring);
    json_end_object(&json);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct telling *telling = (struct telling *)job;
    struct chat *chat = telling->chat;
    struct desk *desk = chat->parts.desk;
    struct buffer quiet = {0}, ringing = {0};
    if (fault)
        log_error("the desk could not be told", LOG_SLICE("conversation", telling->conversation_id),
                  LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
    if (!fault && telling->found) {
        write_event(&quiet, &telling->entry, false);
        write_event(&ringing, &telling->entry, true);
        desk_publish_entry(desk, &telling->entry, buffer_slice(&quiet), buffer_slice(&ringing),
                           telling->ring);
    }
    buffer_finish(&quiet);
    buffer_finish(&ringing);
    arena_destroy(telling->arena);
    chat_let_go(chat);
}

void desk_changed(struct chat *chat, struct slice conversation_id, enum desk_ring ring) {
    if (!chat->parts.desk || desk_is_empty(chat->parts.desk))
        return;
    struct arena *arena = arena_create(1024);
    struct telling *telling = arena_allocate(arena, sizeof *telling);
    *telling = (struct telling){
        .job = {.run = run, .done = on_done, .loop = chat->parts.loop},
        .chat = chat,
        .arena = arena,
        .conversation_id = arena_copy(arena, conversation_id),
        .ring = ring,
    };
    chat_hold(chat);
    store_read(chat->parts.store, &telling->job);
}
