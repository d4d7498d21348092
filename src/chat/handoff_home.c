#include "chat/handoff_home.h"
#include "chat/desk.h"
#include "chat/settings.h"

static bool has_room(struct store_session *session, struct desk *desk, const struct bot *bot,
                     struct arena *arena, bool *ret_room, struct fault *fault) {
    struct slice *ids;
    size_t count = desk_present(desk, slice_of(bot->name), arena, &ids);
    int64_t waiting, chats;
    *ret_room = count > 0 && bot->handoff.chats == 0;
    for (size_t i = 0; i < count && !*ret_room; i++) {
        if (!store_desk_count(session, SLICE(""), ids[i], &waiting, &chats, fault))
            return false;
        *ret_room = (size_t)chats < bot->handoff.chats;
    }
    return true;
}

bool handoff_home(struct store_session *session, struct desk *desk, const struct bot *bot,
                  int64_t now_ms, struct arena *arena, struct handoff_home *ret_home,
                  struct fault *fault) {
    struct handoff_home home = {0};
    bool open =
        bot->handoff.enabled && desk && hours_are_open(&bot->handoff.hours, now_ms, &home.opens_ms);
    home.somebody = open && bot->handoff.waits;
    if (open && !home.somebody && !has_room(session, desk, bot, arena, &home.somebody, fault))
        return false;
    *ret_home = home;
    return true;
}
