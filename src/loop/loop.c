#include "loop/loop.h"
#include "base/memory.h"
#include "loop/timer.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <uv.h>

struct letter {
    void (*run)(void *user);
    void *user;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    struct timer_wheel *timers;
    uv_check_t polled;
    size_t pieces; /* passed on since the loop woke, where there are streams enough */
    atomic_bool stopping;
    pthread_mutex_t lock; /* guards the mailbox */
    struct letter *letters;
    size_t letter_count, letter_capacity;
};

/* One round; what a letter posts meanwhile is for the next. False when there was nothing. */
static bool empty_mailbox(struct loop *loop) {
    pthread_mutex_lock(&loop->lock);
    struct letter *letters = loop->letters;
    size_t count = loop->letter_count;
    loop->letters = NULL;
    loop->letter_count = loop->letter_capacity = 0;
    pthread_mutex_unlock(&loop->lock);
    for (size_t i = 0; i < count; i++)
        letters[i].run(letters[i].user);
    free(letters);
    return count > 0;
}

static void on_wake(uv_async_t *wake) {
    struct loop *loop = wake->data;
    empty_mailbox(loop);
    if (atomic_load(&loop->stopping))
        uv_stop(&loop->uv);
}

void loop_relayed(struct loop *loop, size_t streams) {
    if (streams >= LOOP_GATHER_STREAMS)
        loop->pieces++;
}

/* Right after the sockets that were ready have been served. An interrupted wait is as good. */
static void on_polled(uv_check_t *polled) {
    struct loop *loop = polled->data;
    const struct timespec wait = {.tv_nsec = LOOP_GATHER_US * 1000L};
    if (loop->pieces > 0 && loop->pieces < LOOP_GATHER_FULL)
        nanosleep(&wait, NULL);
    loop->pieces = 0;
}

struct loop *loop_create(void) {
    struct loop *loop = memory_zeroed(1, sizeof *loop);
    pthread_mutex_init(&loop->lock, NULL);
    if (uv_loop_init(&loop->uv) != 0 || uv_async_init(&loop->uv, &loop->wake, on_wake) != 0 ||
        uv_check_init(&loop->uv, &loop->polled) != 0) {
        fputs("switchboard: cannot create an event loop (out of file descriptors?)\n", stderr);
        abort();
    }
    loop->wake.data = loop->polled.data = loop;
    uv_check_start(&loop->polled, on_polled);
    loop->timers = timer_wheel_create(loop);
    return loop;
}

void loop_destroy(struct loop *loop) {
    if (!loop)
        return;
    while (empty_mailbox(loop)) {
        /* Letters may post letters. */
    }
    timer_wheel_destroy(loop->timers);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->polled, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* only close callbacks are left */
    int closed = uv_loop_close(&loop->uv);
    assert(closed == 0); /* else somebody left a handle open */
    (void)closed;
    pthread_mutex_destroy(&loop->lock);
    free(loop->letters);
    free(loop);
}

void loop_run(struct loop *loop) {
    uv_update_time(&loop->uv);
    while (!atomic_load(&loop->stopping))
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    atomic_store(&loop->stopping, false);
}

void loop_stop(struct loop *loop) {
    atomic_store(&loop->stopping, true);
    uv_async_send(&loop->wake);
}

void loop_post(struct loop *loop, void (*run)(void *user), void *user) {
    pthread_mutex_lock(&loop->lock);
    if (loop->letter_count == loop->letter_capacity) {
        loop->letter_capacity = loop->letter_capacity ? loop->letter_capacity * 2 : 16;
        loop->letters = memory_resize(loop->letters, loop->letter_capacity * sizeof *loop->letters);
    }
    loop->letters[loop->letter_count++] = (struct letter){run, user};
    bool first = loop->letter_count == 1;
    pthread_mutex_unlock(&loop->lock);
    if (first) /* later ones ride along: one system call for a burst */
        uv_async_send(&loop->wake);
}

int64_t loop_now_ms(const struct loop *loop) {
    return (int64_t)uv_now(&loop->uv);
}

void *loop_uv(struct loop *loop) {
    return &loop->uv;
}

struct timer_wheel *loop_timers(struct loop *loop) {
    return loop->timers;
}
