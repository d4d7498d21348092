#include "chat/lead.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "chat/webhook.h"
#include "store/records.h"

static void write_time(struct json_writer *json, const char *name, int64_t wall_ms) {
    char text[25];
    clock_format(wall_ms, text);
    json_member_string(json, name, slice_of(text));
}

static void write_data(const struct store_lead *lead, struct slice language, struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "id", lead->id);
    json_member_string(&json, "bot", lead->bot);
    json_member_string(&json, "user", lead->user);
    json_member_string(&json, "conversation", lead->conversation_id);
    json_member_raw(&json, "fields", lead->fields);
    json_member_string(&json, "consent", lead->consent);
    if (language.size > 0)
        json_member_string(&json, "language", language);
    write_time(&json, "created_at", lead->created_ms);
    write_time(&json, "updated_at", lead->updated_ms);
    json_end_object(&json);
}

bool lead_put(struct store_session *session, const struct store_lead *lead, bool told,
              struct slice language, struct fault *fault) {
    if (!told)
        return store_lead_put(session, lead, fault);
    struct arena *arena = arena_create(1024);
    struct buffer data = {0};
    struct store_lead kept; /* with what they said before */
    bool ok = store_lead_put(session, lead, fault) &&
              store_lead_get(session, lead->bot, lead->user, arena, &kept, fault);
    if (ok) {
        write_data(&kept, language, &data);
        const struct webhook_event event = {
            .type = slice_equal(kept.id, lead->id) ? "lead.created" : "lead.updated",
            .target = WEBHOOK_LEAD,
            .bot = lead->bot,
            .user = lead->user,
            .data = buffer_slice(&data),
        };
        ok = webhook_add(session, &event, fault);
    }
    buffer_finish(&data);
    arena_destroy(arena);
    return ok;
}
