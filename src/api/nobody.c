#include "api/nobody.h"
#include "api/web_files.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/settings.h"
#include "chat/visitor.h"
#include "hub/hub.h"

struct slice nobody_text(const struct bot *bot, struct slice language, int64_t opens_ms,
                         struct arena *arena) {
    struct slice texts;
    struct buffer text = {0};
    char opens[LOCAL_TEXT_SIZE];
    widget_texts(language, &texts);
    json_read_string(json_get(texts, opens_ms > 0 ? "nobody_until" : "nobody"), &text);
    struct slice result = arena_copy(arena, buffer_slice(&text));
    size_t at = slice_find(result, SLICE("{time}"));
    buffer_finish(&text);
    if (opens_ms <= 0 || at == SIZE_MAX)
        return result;
    local_write(bot->handoff.hours.zone, opens_ms, opens);
    return slice_of(arena_printf(arena, "%.*s%s%.*s", (int)at, result.data, opens,
                                 SLICE_ARG(slice_from(result, at + strlen("{time}")))));
}

bool nobody_keep(struct store_session *session, const struct nobody *nobody, int64_t now_ms,
                 struct fault *fault) {
    const struct store_message message = {.id = id_slice(&nobody->message_id),
                                          .conversation_id = nobody->conversation_id,
                                          .role = SLICE("assistant"),
                                          .text = nobody->text,
                                          .status = SLICE("complete"),
                                          .created_ms = now_ms};
    return store_message_add(session, &message, fault);
}

static void publish(struct hub *hub, struct slice channel, const struct nobody *nobody,
                    const char *name) {
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", nobody->conversation_id);
    json_member_string(&json, "turn", id_slice(&nobody->message_id));
    if (strcmp(name, "message") == 0) {
        json_member_string(&json, "id", id_slice(&nobody->message_id));
        json_member_string(&json, "role", SLICE("assistant"));
        json_member_string(&json, "content", nobody->text);
        json_member_string(&json, "status", SLICE("complete"));
        json_member_int(&json, "created_at", clock_wall_ms() / 1000);
    }
    json_end_object(&json);
    hub_publish(hub, channel, &(struct hub_event){.name = name, .data = buffer_slice(&out)},
                clock_wall_ms());
    buffer_finish(&out);
}

void nobody_publish(struct chat *chat, const struct nobody *nobody) {
    struct hub *hub = chat_parts(chat)->hub;
    struct arena *arena = arena_create(256);
    struct slice channel = visitor_channel(nobody->bot, nobody->user, arena);
    publish(hub, channel, nobody, "message");
    publish(hub, channel, nobody, "lead");
    hub_wake(hub, channel);
    desk_changed(chat, nobody->conversation_id, DESK_RING_NONE);
    arena_destroy(arena);
}
