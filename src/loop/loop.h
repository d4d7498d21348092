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
