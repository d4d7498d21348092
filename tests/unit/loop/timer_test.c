#include "loop/loop.h"
#include "loop/timer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* Nothing here is timed: "early" is judged by the loop's own clock, "never" by timers that would
 * fire first. */

struct probe {
    struct timer timer;
    struct loop *loop;
    int64_t deadline_ms;
    int fired;
    int *order, position; /* counts up over all probes of a test */
    void (*then)(struct probe *probe);
    struct probe *other;
};

static void on_fire(void *user) {
    struct probe *probe = user;
    assert_false(timer_active(&probe->timer));
    assert_true(loop_now_ms(probe->loop) >= probe->deadline_ms);
    probe->fired++;
    if (probe->order)
        probe->position = ++*probe->order;
    if (probe->then)
        probe->then(probe);
}

static void probe_init(struct probe *probe, struct loop *loop) {
    *probe = (struct probe){.loop = loop};
    timer_init(&probe->timer, loop, on_fire, probe);
}

static void probe_set(struct probe *probe, int64_t delay_ms) {
    probe->deadline_ms = loop_now_ms(probe->loop) + (delay_ms > 0 ? delay_ms : 0);
    timer_set(&probe->timer, delay_ms);
    assert_true(timer_active(&probe->timer));
}

static void stop_loop(struct probe *probe) {
    loop_stop(probe->loop);
}

/* Runs the loop until `delay_ms` from now. */
static void run_for(struct loop *loop, int64_t delay_ms) {
    struct probe end;
    probe_init(&end, loop);
    end.then = stop_loop;
    probe_set(&end, delay_ms);
    loop_run(loop);
    assert_int_equal(end.fired, 1);
}

static void fires_in_order(void **state) {
    (void)state;
    static const int delays[] = {200, 0, 90, -5, 17, 130, 50};
    enum { COUNT = sizeof delays / sizeof delays[0] };
    struct loop *loop = loop_create();
    struct probe probes[COUNT];
    int order = 0;
    for (int i = 0; i < COUNT; i++) {
        probe_init(&probes[i], loop);
        assert_false(timer_active(&probes[i].timer));
        probes[i].order = &order;
        probe_set(&probes[i], delays[i]);
    }
    run_for(loop, 300);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(probes[i].fired, 1);
        /* Those whose deadlines are more than a tick apart keep their order. */
        for (int k = 0; k < COUNT; k++)
            if (probes[i].deadline_ms + TIMER_TICK_MS < probes[k].deadline_ms)
                assert_true(probes[i].position < probes[k].position);
    }
    loop_destroy(loop);
}

static void moves_and_stops(void **state) {
    (void)state;
    struct loop *loop = loop_create();
    struct probe later, earlier, stopped, again;
    probe_init(&later, loop);
    probe_init(&earlier, loop);
    probe_init(&stopped, loop);
    probe_init(&again, loop);
    int order = 0;
    later.order = earlier.order = again.order = &order;
    probe_set(&later, 20);
    probe_set(&later, 120); /* only the deadline is stored */
    probe_set(&earlier, 100000);
    probe_set(&earlier, 40); /* found although its old slot is far away */
    probe_set(&stopped, 30);
    timer_stop(&stopped.timer);
    timer_stop(&stopped.timer);
    assert_false(timer_active(&stopped.timer));
    probe_set(&again, 30);
    timer_stop(&again.timer);
    probe_set(&again, 80);
    run_for(loop, 200);
    assert_int_equal(later.fired, 1);
    assert_int_equal(earlier.fired, 1);
    assert_int_equal(again.fired, 1);
    assert_int_equal(stopped.fired, 0);
    assert_true(earlier.position < again.position && again.position < later.position);
    loop_destroy(loop);
}

static void set_again(struct probe *probe) {
    if (probe->fired < 5)
        probe_set(probe, probe->fired % 2 ? 0 : 20);
}

static void stop_other(struct probe *probe) {
    timer_stop(&probe->other->timer);
}

static void move_other(struct probe *probe) {
    probe_set(probe->other, 60);
}

static void free_itself(struct probe *probe) {
    timer_stop(&probe->timer);
    free(probe);
}

/* All in one slot, so that each callback meddles with the list that is being served. */
static void survives_meddling_callbacks(void **state) {
    (void)state;
    struct loop *loop = loop_create();
    struct probe first, second, mover, moved, repeated;
    probe_init(&first, loop);
    probe_init(&second, loop);
    probe_init(&mover, loop);
    probe_init(&moved, loop);
    probe_init(&repeated, loop);
    first.then = second.then = stop_other;
    first.other = &second;
    second.other = &first;
    mover.then = move_other;
    mover.other = &moved;
    repeated.then = set_again;
    struct probe *freed = malloc(sizeof *freed);
    probe_init(freed, loop);
    freed->then = free_itself;
    probe_set(&first, 30);
    probe_set(&mover, 30);
    probe_set(&repeated, 30);
    probe_set(&moved, 30);
    probe_set(freed, 30);
    probe_set(&second, 30);
    run_for(loop, 300);
    assert_int_equal(first.fired + second.fired, 1); /* whichever came first stopped the other */
    assert_int_equal(mover.fired, 1);
    assert_in_range(moved.fired, 1, 2); /* twice if it had fired before it was moved */
    assert_int_equal(repeated.fired, 5);
    loop_destroy(loop);
}

enum { MANY = 20000 };

struct crowd {
    struct loop *loop;
    struct probe *probes;
    uint32_t seed;
    int moves, live;
};

static uint32_t draw(struct crowd *crowd) {
    crowd->seed = crowd->seed * 1664525 + 1013904223;
    return crowd->seed >> 8;
}

static struct crowd *the_crowd(struct probe *probe) {
    return (struct crowd *)(void *)probe->other;
}

/* Each that fires sets, moves or stops some others, until all the moves are spent. */
static void stir(struct probe *probe) {
    struct crowd *crowd = the_crowd(probe);
    for (int i = 0; i < 3 && crowd->moves > 0; i++, crowd->moves--) {
        struct probe *other = &crowd->probes[draw(crowd) % MANY];
        if (draw(crowd) % 4 == 0)
            timer_stop(&other->timer);
        else
            probe_set(other, (int64_t)(draw(crowd) % 200));
    }
}

static void serves_a_crowd(void **state) {
    (void)state;
    struct crowd crowd = {.loop = loop_create(), .seed = 7, .moves = 100000};
    crowd.probes = calloc(MANY, sizeof *crowd.probes);
    for (int i = 0; i < MANY; i++) {
        probe_init(&crowd.probes[i], crowd.loop);
        crowd.probes[i].then = stir;
        crowd.probes[i].other = (struct probe *)(void *)&crowd;
        probe_set(&crowd.probes[i], (int64_t)(draw(&crowd) % 400));
    }
    /* Whatever was set last lies at most 200 ms after the last that fired. */
    bool left = true;
    for (int round = 0; left && round < 50; round++) {
        run_for(crowd.loop, 250);
        left = false;
        for (int i = 0; i < MANY; i++)
            left = left || timer_active(&crowd.probes[i].timer);
    }
    assert_false(left);
    assert_int_equal(crowd.moves, 0);
    int fired = 0;
    for (int i = 0; i < MANY; i++)
        fired += crowd.probes[i].fired;
    assert_true(fired > MANY / 2);
    loop_destroy(crowd.loop);
    free(crowd.probes);
}

/* Longer than a round of the wheel (16.4 s), then nearer again (timer_wheel_test.c lets the rounds
 * pass). */
static void keeps_long_deadlines(void **state) {
    (void)state;
    static const int64_t delays[] = {16368, 16384, 16400, 20000, 3600000, 86400000, INT64_MAX};
    enum { COUNT = sizeof delays / sizeof delays[0] };
    struct loop *loop = loop_create();
    struct probe probes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        probe_init(&probes[i], loop);
        timer_set(&probes[i].timer, delays[i]);
        probes[i].deadline_ms = INT64_MAX; /* on_fire fails if it comes */
    }
    run_for(loop, 100);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(probes[i].fired, 0);
        assert_true(timer_active(&probes[i].timer));
        probe_set(&probes[i], 20 + i);
    }
    run_for(loop, 100);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(probes[i].fired, 1);
    loop_destroy(loop);
}

static void block(struct probe *probe) {
    (void)probe;
    usleep(150000); /* what a stopped process or a busy callback looks like to the loop */
}

static void catches_up_after_sleep(void **state) {
    (void)state;
    enum { COUNT = 10 };
    struct loop *loop = loop_create();
    struct probe sleeper, missed[COUNT];
    int order = 0;
    probe_init(&sleeper, loop);
    sleeper.then = block;
    probe_set(&sleeper, 0);
    for (int i = 0; i < COUNT; i++) {
        probe_init(&missed[i], loop);
        missed[i].order = &order;
        probe_set(&missed[i], 20 + 10 * (COUNT - i));
    }
    run_for(loop, 200);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(missed[i].fired, 1);
    assert_true(missed[COUNT - 1].position < missed[0].position);
    loop_destroy(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_in_order),
        cmocka_unit_test(moves_and_stops),
        cmocka_unit_test(survives_meddling_callbacks),
        cmocka_unit_test(serves_a_crowd),
        cmocka_unit_test(keeps_long_deadlines),
        cmocka_unit_test(catches_up_after_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
