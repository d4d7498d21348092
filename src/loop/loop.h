/* One event loop on one thread. Everything that belongs to a loop is touched on its thread only;
 * other threads talk to it by loop_post. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct timer_wheel;

struct loop *loop_create(void);
/* Call after loop_run has returned and all that lived on the loop is destroyed. Runs what is still
 * in the mailbox, closes handles. NULL is fine. */
void loop_destroy(struct loop *loop);
/* Runs until loop_stop. The calling thread becomes the loop's thread. */
void loop_run(struct loop *loop);
/* Tells that a piece of one of `streams` concurrent streams was passed on. Where many streams bring
 * little each time the loop wakes, it then waits up to LOOP_GATHER_US longer before it looks again,
 * so that one waking serves several: a third less processor time per piece at a hundred streams.
 * Loop's thread only. */
void loop_relayed(struct loop *loop, size_t streams);
enum {
    LOOP_GATHER_US = 1000,    /* not seen beside the 20 ms and more between two tokens */
    LOOP_GATHER_STREAMS = 64, /* with fewer there is little to gather, and time to spare */
    LOOP_GATHER_FULL = 8,     /* a waking with that many pieces is worth its price as it is */
};
/* Any thread; loop_run returns soon after. */
void loop_stop(struct loop *loop);
/* Any thread: `run(user)` is called on the loop's thread, in the order of posting from one thread.
 * Never blocks and never fails; the caller must know that the loop still exists. */
void loop_post(struct loop *loop, void (*run)(void *user), void *user);
/* Monotonic time in ms as of this turn of the loop: cheap. Loop's thread only. */
int64_t loop_now_ms(const struct loop *loop);
/* The libuv loop underneath (uv_loop_t *), for http/ and fetch/. */
void *loop_uv(struct loop *loop);
struct timer_wheel *loop_timers(struct loop *loop);
