/* The wheel alone, on a clock that the test turns: hours pass in no time, and what must fire when
 * is known to the millisecond. This program has a loop and libuv's timer calls of its own and links
 * timer.c only. */
#include "loop/loop.h"
#include "loop/timer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <uv.h>

#include <cmocka.h>

struct loop {
    int64_t now_ms;
    struct timer_wheel *wheel;
    uv_timer_t *alarm;
    uv_timer_cb ring;
    int64_t rings_at; /* INT64_MAX when not set */
    int64_t rings;    /* how often it rang */
};

static struct loop the_loop;

int64_t loop_now_ms(const struct loop *loop) {
    return loop->now_ms;
}

struct timer_wheel *loop_timers(struct loop *loop) {
    return loop->wheel;
}

void *loop_uv(struct loop *loop) {
    (void)loop;
    return NULL;
}

int uv_timer_init(uv_loop_t *uv, uv_timer_t *alarm) {
    (void)uv;
    the_loop.alarm = alarm;
    return 0;
}

int uv_timer_start(uv_timer_t *alarm, uv_timer_cb ring, uint64_t timeout, uint64_t repeat) {
    assert_ptr_equal(alarm, the_loop.alarm);
    assert_int_equal(repeat, 0);
    the_loop.ring = ring;
    the_loop.rings_at = the_loop.now_ms + (int64_t)timeout;
    return 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb closed) {
    closed(handle);
}

static int start(void **state) {
    (void)state;
    the_loop = (struct loop){.now_ms = 123456789, .rings_at = INT64_MAX};
    the_loop.wheel = timer_wheel_create(&the_loop);
    return 0;
}

static int end(void **state) {
    (void)state;
    timer_wheel_destroy(the_loop.wheel);
    return 0;
}

/* Everything due rings at the clock's present time, as after a sleep. */
static void ring_what_is_due(void) {
    for (int round = 0; the_loop.rings_at <= the_loop.now_ms; round++) {
        assert_true(round < 10); /* it must come to rest without the clock moving on */
        the_loop.rings_at = INT64_MAX;
        the_loop.rings++;
        the_loop.ring(the_loop.alarm);
    }
}

/* Time passes and the alarm rings on the millisecond. */
static void advance(int64_t ms) {
    int64_t until = the_loop.now_ms + ms;
    while (the_loop.rings_at <= until) {
        if (the_loop.rings_at > the_loop.now_ms)
            the_loop.now_ms = the_loop.rings_at;
        ring_what_is_due();
    }
    the_loop.now_ms = until;
}

struct probe {
    struct timer timer;
    int64_t due_ms, fired_ms;
    int fired;
    int64_t again_ms; /* sets itself anew with this delay; -1: not */
};

static void on_fire(void *user) {
    struct probe *probe = user;
    probe->fired++;
    probe->fired_ms = the_loop.now_ms;
    assert_true(the_loop.now_ms >= probe->due_ms);
    if (probe->again_ms >= 0) {
        probe->due_ms = the_loop.now_ms + probe->again_ms;
        timer_set(&probe->timer, probe->again_ms);
    }
}

static void probe_set(struct probe *probe, int64_t delay_ms) {
    if (!probe->timer.fire) {
        timer_init(&probe->timer, &the_loop, on_fire, probe);
        probe->again_ms = -1;
    }
    probe->due_ms = delay_ms < INT64_MAX / 2 ? the_loop.now_ms + delay_ms : INT64_MAX;
    timer_set(&probe->timer, delay_ms);
}

static void fires_within_a_tick(void **state) {
    (void)state;
    for (int64_t delay = 0; delay < 40000; delay += delay < 100 ? 1 : 97) {
        struct probe probe = {0};
        probe_set(&probe, delay);
        advance(delay + 2 * TIMER_TICK_MS);
        assert_int_equal(probe.fired, 1);
        assert_in_range(probe.fired_ms, probe.due_ms, probe.due_ms + TIMER_TICK_MS);
        advance(100000);
        assert_int_equal(probe.fired, 1);
    }
}

static void outlasts_many_rounds(void **state) {
    (void)state;
    static const int64_t delays[] = {16368, 16383, 16384, 16385, 16400, 32768, 3600000, 86400000};
    enum { COUNT = sizeof delays / sizeof delays[0] };
    struct probe probes[COUNT] = {0}, never = {0};
    probe_set(&never, INT64_MAX);
    for (int i = 0; i < COUNT; i++)
        probe_set(&probes[i], delays[i]);
    advance(2 * delays[COUNT - 1]);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(probes[i].fired, 1);
        assert_in_range(probes[i].fired_ms, probes[i].due_ms, probes[i].due_ms + TIMER_TICK_MS);
    }
    assert_true(timer_active(&never.timer));
    timer_stop(&never.timer);
    /* One look a round per timer, not one a tick. */
    assert_true(the_loop.rings < 4 * (2 * delays[COUNT - 1] / 16368) + 100);
}

/* The common case: a deadline that each event moves on costs nothing until the events end. */
static void moves_on_without_work(void **state) {
    (void)state;
    struct probe idle = {0};
    probe_set(&idle, 1000);
    int64_t rings = the_loop.rings;
    for (int i = 0; i < 10000; i++) {
        advance(10);
        probe_set(&idle, 1000);
    }
    assert_int_equal(idle.fired, 0);
    assert_true(the_loop.rings - rings <= 100000 / 900);
    advance(1000 + TIMER_TICK_MS);
    assert_int_equal(idle.fired, 1);
}

static void catches_up_after_sleep(void **state) {
    (void)state;
    static const int64_t sleeps[] = {100, 16384, 16400, 20000, 10000000};
    for (size_t k = 0; k < sizeof sleeps / sizeof sleeps[0]; k++) {
        enum { COUNT = 2000 };
        static struct probe probes[COUNT];
        memset(probes, 0, sizeof probes);
        for (int i = 0; i < COUNT; i++)
            probe_set(&probes[i], 20 * i);
        the_loop.now_ms += sleeps[k];
        ring_what_is_due();
        for (int i = 0; i < COUNT; i++)
            if (probes[i].due_ms + TIMER_TICK_MS <= the_loop.now_ms)
                assert_int_equal(probes[i].fired, 1);
        advance(50000);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(probes[i].fired, 1);
    }
}

/* After a long time without any timer the next one is served by one ring, not by going round first.
 */
static void starts_again_after_idleness(void **state) {
    (void)state;
    struct probe probe = {0};
    probe_set(&probe, 10);
    advance(1000);
    advance(1000000);
    int64_t rings = the_loop.rings;
    probe_set(&probe, 5000);
    advance(6000);
    assert_int_equal(probe.fired, 2);
    assert_int_equal(the_loop.rings - rings, 1);
}

static void never_spins(void **state) {
    (void)state;
    struct probe busy = {0};
    probe_set(&busy, 0);
    busy.again_ms = 0;
    advance(1600);
    assert_in_range(busy.fired, 90, 101); /* once a tick */
    busy.again_ms = -1;
    advance(100);
    int fired = busy.fired;
    /* After a sleep of many rounds it is called once, not once per tick slept through. */
    probe_set(&busy, 0);
    busy.again_ms = 0;
    the_loop.now_ms += 1000000;
    ring_what_is_due();
    assert_in_range(busy.fired - fired, 1, 1024);
    timer_stop(&busy.timer);
}

enum { MANY = 3000 };

/* Against a plain list of deadlines: random settings, moves, stops, pauses and sleeps. */
static void agrees_with_a_plain_list(void **state) {
    (void)state;
    static struct probe probes[MANY];
    static bool pending[MANY];
    memset(probes, 0, sizeof probes);
    memset(pending, 0, sizeof pending);
    uint32_t seed = 42;
    static const int64_t ranges[] = {1, 20, 500, 5000, 17000, 60000};
    for (int step = 0; step < 60000; step++) {
        seed = seed * 1664525 + 1013904223;
        int i = (int)((seed >> 8) % MANY);
        int64_t range = ranges[(seed >> 20) % 6];
        int64_t amount = (int64_t)((seed >> 4) % (uint32_t)range);
        probes[i].fired = 0;
        if (seed >> 28 == 0 && probes[i].timer.fire) {
            timer_stop(&probes[i].timer);
            pending[i] = false;
        } else {
            probe_set(&probes[i], amount);
            pending[i] = true;
        }
        if (step % 7 == 0)
            advance((int64_t)(seed >> 24) / 4);
        bool slept = step % 1000 == 999;
        if (slept) {
            the_loop.now_ms += amount * 3;
            ring_what_is_due();
        }
        if (step % 100 != 99)
            continue;
        for (int k = 0; k < MANY; k++) {
            if (!probes[k].timer.fire)
                continue;
            bool late = probes[k].due_ms + TIMER_TICK_MS <= the_loop.now_ms;
            bool early = probes[k].due_ms > the_loop.now_ms;
            assert_int_equal(probes[k].fired + timer_active(&probes[k].timer), pending[k]);
            assert_false(pending[k] && late && !probes[k].fired);
            assert_false(early && probes[k].fired);
        }
    }
    advance(100000);
    for (int k = 0; k < MANY; k++) {
        assert_false(timer_active(&probes[k].timer));
        assert_int_equal(probes[k].fired, pending[k]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fires_within_a_tick, start, end),
        cmocka_unit_test_setup_teardown(outlasts_many_rounds, start, end),
        cmocka_unit_test_setup_teardown(moves_on_without_work, start, end),
        cmocka_unit_test_setup_teardown(catches_up_after_sleep, start, end),
        cmocka_unit_test_setup_teardown(starts_again_after_idleness, start, end),
        cmocka_unit_test_setup_teardown(never_spins, start, end),
        cmocka_unit_test_setup_teardown(agrees_with_a_plain_list, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
