/* Timers for deadlines and heartbeats: tens of thousands of them, moved on every event and seldom
 * fired. Setting one later than it stands is a store of the new deadline and nothing else; the
 * wheel looks at a timer only when its old slot comes round. Resolution: TIMER_TICK_MS; never
 * early. Loop's thread only. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct loop;
enum { TIMER_TICK_MS = 16 };

/* Embedded in its owner. The fields are private to timer.c. */
struct timer {
    struct timer *next, *previous; /* in its slot */
    struct loop *loop;
    void (*fire)(void *user);
    void *user;
    int64_t deadline_ms; /* monotonic; 0 when stopped */
    int32_t slot;        /* where it is linked, -1 when not */
};

/* The owner must call timer_stop before its memory goes away. `fire` may set the timer again or
 * free its owner (after timer_stop). */
void timer_init(struct timer *timer, struct loop *loop, void (*fire)(void *user), void *user);
/* Fires once, `delay_ms` from loop_now_ms; replaces an earlier setting. Any delay will do,
 * INT64_MAX too. */
void timer_set(struct timer *timer, int64_t delay_ms);
void timer_stop(struct timer *timer);
bool timer_active(const struct timer *timer);

/* For loop.c. */
struct timer_wheel;
struct timer_wheel *timer_wheel_create(struct loop *loop);
void timer_wheel_destroy(struct timer_wheel *wheel);
