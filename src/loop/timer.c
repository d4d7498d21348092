#include "loop/timer.h"
#include "base/memory.h"
#include "loop/loop.h"
#include <assert.h>
#include <uv.h>

#define DELAY_MAX (INT64_MAX / 4) /* "never", without overflow */
enum { SLOTS = 1024 }; /* a round is 16.4 s; later deadlines wait in their slot for another round */

struct timer_wheel {
    struct loop *loop;
    uv_timer_t *alarm;  /* outlives the wheel until its close callback */
    int64_t tick;       /* the last tick that was served */
    int64_t alarm_tick; /* when the alarm rings; INT64_MAX when it does not, -1 while it does */
    size_t count;       /* linked timers */
    struct timer *slots[SLOTS];
    uint64_t used[SLOTS / 64]; /* which slots have timers */
};

static void ring(uv_timer_t *alarm);

struct timer_wheel *timer_wheel_create(struct loop *loop) {
    struct timer_wheel *wheel = memory_zeroed(1, sizeof *wheel);
    wheel->loop = loop;
    wheel->alarm = memory_zeroed(1, sizeof *wheel->alarm);
    wheel->alarm_tick = INT64_MAX;
    wheel->tick = loop_now_ms(loop) / TIMER_TICK_MS;
    uv_timer_init(loop_uv(loop), wheel->alarm);
    wheel->alarm->data = wheel;
    return wheel;
}

static void free_handle(uv_handle_t *handle) {
    free(handle);
}

void timer_wheel_destroy(struct timer_wheel *wheel) {
    assert(wheel->count == 0);
    uv_close((uv_handle_t *)wheel->alarm, free_handle);
    free(wheel);
}

static void set_alarm(struct timer_wheel *wheel, int64_t tick) {
    if (tick >= wheel->alarm_tick)
        return;
    wheel->alarm_tick = tick;
    int64_t wait = tick * TIMER_TICK_MS - loop_now_ms(wheel->loop);
    uv_timer_start(wheel->alarm, ring, (uint64_t)(wait > 0 ? wait : 0), 0);
}

static void link_timer(struct timer_wheel *wheel, struct timer *timer) {
    /* Rounded up, so that it is never early; at least the next tick. */
    int64_t tick = (timer->deadline_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
    if (tick <= wheel->tick)
        tick = wheel->tick + 1;
    int64_t look_at = tick < wheel->tick + SLOTS ? tick : wheel->tick + SLOTS - 1;
    int32_t slot = (int32_t)(look_at % SLOTS);
    timer->slot = slot;
    timer->previous = NULL;
    timer->next = wheel->slots[slot];
    if (timer->next)
        timer->next->previous = timer;
    wheel->slots[slot] = timer;
    wheel->used[slot / 64] |= UINT64_C(1) << (slot % 64);
    wheel->count++;
    set_alarm(wheel, look_at);
}

static void unlink_timer(struct timer_wheel *wheel, struct timer *timer) {
    size_t slot = (size_t)timer->slot;
    assert(slot < SLOTS);
    if (timer->next)
        timer->next->previous = timer->previous;
    if (timer->previous)
        timer->previous->next = timer->next;
    else
        wheel->slots[slot] = timer->next;
    if (!wheel->slots[slot])
        wheel->used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    timer->slot = -1;
    timer->next = timer->previous = NULL;
    wheel->count--;
}

/* The next tick after `wheel->tick` whose slot is in use. */
static int64_t next_used_tick(const struct timer_wheel *wheel) {
    for (int64_t tick = wheel->tick + 1; tick <= wheel->tick + SLOTS;) {
        size_t slot = (size_t)(tick % SLOTS);
        uint64_t bits = wheel->used[slot / 64] >> (slot % 64);
        if (bits)
            return tick + __builtin_ctzll(bits);
        tick += 64 - (int64_t)(slot % 64);
    }
    return INT64_MAX;
}

static void serve_slot(struct timer_wheel *wheel, size_t slot, int64_t now_ms) {
    /* Taken from the head each time, because a callback may stop or set any timer of this slot.
     * What is not due yet is linked where its deadline belongs, which is never this slot. */
    for (struct timer *timer; (timer = wheel->slots[slot]);) {
        unlink_timer(wheel, timer);
        if (timer->deadline_ms > now_ms) {
            link_timer(wheel, timer);
        } else {
            timer->deadline_ms = 0;
            timer->fire(timer->user);
        }
    }
}

static void ring(uv_timer_t *alarm) {
    struct timer_wheel *wheel = alarm->data;
    int64_t now_ms = loop_now_ms(wheel->loop);
    int64_t now_tick = now_ms / TIMER_TICK_MS;
    if (now_tick - wheel->tick > SLOTS)
        wheel->tick = now_tick - SLOTS; /* the process slept: one round covers every slot */
    wheel->alarm_tick = -1; /* set once, at the end, whatever the callbacks set and stop */
    int64_t tick;
    while ((tick = next_used_tick(wheel)) <= now_tick) {
        wheel->tick = tick;
        serve_slot(wheel, (size_t)(tick % SLOTS), now_ms);
    }
    if (wheel->tick < now_tick)
        wheel->tick = now_tick;
    wheel->alarm_tick = INT64_MAX;
    if (tick != INT64_MAX)
        set_alarm(wheel, tick);
}

void timer_init(struct timer *timer, struct loop *loop, void (*fire)(void *user), void *user) {
    *timer = (struct timer){.loop = loop, .fire = fire, .user = user, .slot = -1};
}

void timer_set(struct timer *timer, int64_t delay_ms) {
    struct timer_wheel *wheel = loop_timers(timer->loop);
    if (delay_ms > DELAY_MAX)
        delay_ms = DELAY_MAX;
    int64_t now = loop_now_ms(timer->loop);
    int64_t deadline = now + (delay_ms > 0 ? delay_ms : 0);
    bool later = timer->slot >= 0 && deadline >= timer->deadline_ms;
    timer->deadline_ms = deadline;
    if (later)
        return; /* found when its slot comes round, and moved then */
    if (timer->slot >= 0)
        unlink_timer(wheel, timer);
    if (wheel->count == 0 && wheel->tick < now / TIMER_TICK_MS)
        wheel->tick = now / TIMER_TICK_MS; /* nothing to serve since: as if it had been */
    link_timer(wheel, timer);
}

void timer_stop(struct timer *timer) {
    timer->deadline_ms = 0;
    if (timer->slot >= 0)
        unlink_timer(loop_timers(timer->loop), timer);
}

bool timer_active(const struct timer *timer) {
    return timer->slot >= 0;
}
