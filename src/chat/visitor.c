#include "chat/visitor.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "hub/hub.h"

struct slice visitor_channel(struct slice bot, struct slice user, struct arena *arena) {
    return slice_of(arena_printf(arena, "%.*s/%.*s", SLICE_ARG(bot), SLICE_ARG(user)));
}

void visitor_publish_status(struct hub *hub, struct slice channel,
                            const struct visitor_status *status) {
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", status->conversation_id);
    json_member_string(&json, "mode", status->mode);
    if (status->operator_name.size > 0)
        json_member_string(&json, "operator", status->operator_name);
    if (status->position > 0)
        json_member_int(&json, "position", status->position);
    if (status->typing)
        json_member_bool(&json, "typing", true);
    json_end_object(&json);
    hub_publish(hub, channel, &(struct hub_event){.name = "status", .data = buffer_slice(&out)},
                clock_wall_ms());
    hub_wake(hub, channel);
    buffer_finish(&out);
}
