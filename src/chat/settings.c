#include "chat/settings.h"
#include "base/arena.h"
#include "gate/jwt.h"
#include "gate/zone.h"

struct settings *settings_reference(struct settings *settings) {
    atomic_fetch_add_explicit(&settings->references, 1, memory_order_relaxed);
    return settings;
}

void settings_release(struct settings *settings) {
    if (!settings || atomic_fetch_sub_explicit(&settings->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < settings->bot_count; i++) {
        jwt_verifier_destroy(settings->bots[i].access.jwt);
        zone_destroy(settings->bots[i].budget.zone);
    }
    arena_destroy(settings->arena); /* the snapshot itself lies in it */
}

const struct bot *settings_bot(const struct settings *settings, struct slice name) {
    for (size_t i = 0; i < settings->bot_count; i++)
        if (slice_is(name, settings->bots[i].name))
            return &settings->bots[i];
    return NULL;
}

bool bot_allows_origin(const struct bot *bot, struct slice origin) {
    for (size_t i = 0; i < bot->access.origin_count; i++)
        if (slice_is(origin, bot->access.origins[i]) || strcmp(bot->access.origins[i], "*") == 0)
            return true;
    return false;
}
