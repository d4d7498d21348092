#include "chat/desk.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "hub/hub.h"
#include <pthread.h>
#include <stdatomic.h>

/* Somebody who left is still told for so long: longer than the hub keeps what they were told. */
enum { KEEP_MS = 10 * 60 * 1000 };

struct seat {
    struct seat *next;
    char *id, *bots, *channel;
    size_t pages;
    bool away;
    int64_t left_ms;
};

struct desk {
    struct hub *hub;
    pthread_mutex_t lock;
    struct seat *seats;
    atomic_size_t count; /* of them: nobody there is told by a glance */
};

struct desk *desk_create(struct hub *hub) {
    struct desk *desk = memory_zeroed(1, sizeof *desk);
    desk->hub = hub;
    pthread_mutex_init(&desk->lock, NULL);
    return desk;
}

static void seat_destroy(struct seat *seat) {
    free(seat->id);
    free(seat->bots);
    free(seat->channel);
    free(seat);
}

void desk_destroy(struct desk *desk) {
    if (!desk)
        return;
    for (struct seat *seat = desk->seats, *next; seat; seat = next) {
        next = seat->next;
        seat_destroy(seat);
    }
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

bool desk_sees(struct slice bots, struct slice bot) {
    struct slice name;
    bool sees = bots.size == 0;
    while (!sees && slice_split(&bots, ',', &name))
        sees = slice_equal(name, bot);
    return sees;
}

struct slice desk_channel(struct slice operator_id, struct arena *arena) {
    return slice_of(arena_printf(arena, "desk/%.*s", SLICE_ARG(operator_id)));
}

/* --- seats: under the lock --- */

static struct seat *find(struct desk *desk, struct slice id) {
    struct seat *seat = desk->seats;
    while (seat && !slice_is(id, seat->id))
        seat = seat->next;
    return seat;
}

static char *copy(struct slice text) {
    char *bytes = memory_allocate(text.size + 1);
    if (text.size > 0)
        memcpy(bytes, text.data, text.size);
    bytes[text.size] = 0;
    return bytes;
}

static void forget_old(struct desk *desk, int64_t now_ms) {
    for (struct seat **place = &desk->seats; *place;) {
        struct seat *seat = *place;
        if (seat->pages > 0 || seat->left_ms + KEEP_MS > now_ms) {
            place = &seat->next;
            continue;
        }
        *place = seat->next;
        atomic_fetch_sub(&desk->count, 1);
        seat_destroy(seat);
    }
}

static struct seat *add(struct desk *desk, struct slice id) {
    struct seat *seat = memory_zeroed(1, sizeof *seat);
    struct arena *arena = arena_create(128);
    seat->id = copy(id);
    seat->channel = copy(desk_channel(id, arena));
    arena_destroy(arena);
    seat->next = desk->seats;
    desk->seats = seat;
    atomic_fetch_add(&desk->count, 1);
    return seat;
}

void desk_join(struct desk *desk, const struct store_operator *operator) {
    pthread_mutex_lock(&desk->lock);
    forget_old(desk, clock_wall_ms());
    struct seat *seat = find(desk, operator->id);
    if (!seat)
        seat = add(desk, operator->id);
    free(seat->bots); /* they may be others than the last time */
    seat->bots = copy(operator->bots);
    bool first = seat->pages++ == 0;
    pthread_mutex_unlock(&desk->lock);
    if (first)
        desk_publish(desk, SLICE(""), "operators", SLICE("{}"));
}

void desk_leave(struct desk *desk, struct slice operator_id) {
    pthread_mutex_lock(&desk->lock);
    struct seat *seat = find(desk, operator_id);
    bool last = seat && seat->pages > 0 && --seat->pages == 0;
    if (last)
        seat->left_ms = clock_wall_ms();
    pthread_mutex_unlock(&desk->lock);
    if (last)
        desk_publish(desk, SLICE(""), "operators", SLICE("{}"));
}

void desk_set_away(struct desk *desk, struct slice operator_id, bool away) {
    pthread_mutex_lock(&desk->lock);
    struct seat *seat = find(desk, operator_id);
    if (!seat) {
        seat = add(desk, operator_id);
        seat->bots = copy(SLICE(","));
        seat->left_ms = clock_wall_ms();
    }
    bool changed = seat->away != away;
    seat->away = away;
    pthread_mutex_unlock(&desk->lock);
    if (changed)
        desk_publish(desk, SLICE(""), "operators", SLICE("{}"));
}

struct desk_presence desk_presence(struct desk *desk, struct slice operator_id) {
    pthread_mutex_lock(&desk->lock);
    const struct seat *seat = find(desk, operator_id);
    struct desk_presence presence = {seat && seat->pages > 0, seat && seat->away};
    pthread_mutex_unlock(&desk->lock);
    return presence;
}

size_t desk_present(struct desk *desk, struct slice bot, struct arena *arena,
                    struct slice **ret_ids) {
    size_t count = 0;
    pthread_mutex_lock(&desk->lock);
    struct slice *ids = arena_array(arena, atomic_load(&desk->count), sizeof *ids);
    for (const struct seat *seat = desk->seats; seat; seat = seat->next)
        if (seat->pages > 0 && !seat->away && desk_sees(slice_of(seat->bots), bot))
            ids[count++] = arena_copy(arena, slice_of(seat->id));
    pthread_mutex_unlock(&desk->lock);
    *ret_ids = ids;
    return count;
}

/* --- telling --- */

/* `except` and `only` are ids of operators, or empty. */
static void publish(struct desk *desk, struct slice bot, struct slice only, struct slice except,
                    const char *name, struct slice data) {
    const struct hub_event event = {.name = name, .data = data};
    int64_t now_ms = clock_wall_ms();
    pthread_mutex_lock(&desk->lock);
    for (const struct seat *seat = desk->seats; seat; seat = seat->next) {
        if ((bot.size > 0 && !desk_sees(slice_of(seat->bots), bot)) ||
            (only.size > 0 && !slice_is(only, seat->id)) ||
            (except.size > 0 && slice_is(except, seat->id)))
            continue;
        hub_publish(desk->hub, slice_of(seat->channel), &event, now_ms);
        hub_wake(desk->hub, slice_of(seat->channel));
    }
    pthread_mutex_unlock(&desk->lock);
}

void desk_publish(struct desk *desk, struct slice bot, const char *name, struct slice data) {
    publish(desk, bot, (struct slice){NULL, 0}, (struct slice){NULL, 0}, name, data);
}

bool desk_is_empty(struct desk *desk) {
    return atomic_load(&desk->count) == 0;
}

void desk_publish_entry(struct desk *desk, const struct store_desk_entry *entry, struct slice quiet,
                        struct slice ringing, enum desk_ring ring) {
    struct slice nobody = {NULL, 0}, owner = entry->operator_id;
    if (ring == DESK_RING_OPERATOR && owner.size > 0) {
        publish(desk, entry->bot, nobody, owner, "conversation", quiet);
        publish(desk, entry->bot, owner, nobody, "conversation", ringing);
    } else {
        publish(desk, entry->bot, nobody, nobody, "conversation",
                ring == DESK_RING_ALL ? ringing : quiet);
    }
}
