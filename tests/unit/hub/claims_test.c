/* Claims: who may answer, and who takes over. */
#include "base/buffer.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CHANNEL SLICE("bot/user")

static void ignore(void *user) {
    (void)user;
}

static void count(void *user) {
    ++*(int *)user;
}

static struct hub_event event_of(const char *name) {
    return (struct hub_event){.name = name, .data = SLICE("{}")};
}

/* Lets what was posted come. */
static void on_stop(void *user) {
    loop_stop(user);
}
static void turn_of(struct loop *loop) {
    loop_post(loop, on_stop, loop);
    loop_run(loop);
}

static void nobody_to_take_over_from(void **state) {
    (void)state;
    struct hub_options options = hub_options_default();
    struct hub *hub = hub_create(&options);
    struct loop *loop = loop_create();
    struct hub_claim *claim, *other;
    int ready = 0;
    assert_true(hub_seize(hub, CHANNEL, SLICE("V"), loop, count, &ready, &claim));
    assert_int_equal(ready, 0); /* never from inside */
    assert_false(hub_seize(hub, CHANNEL, SLICE("V"), loop, count, &ready, &other));
    assert_false(hub_claim(hub, CHANNEL, SLICE("V"), SLICE("k"), loop, ignore, NULL, &other));
    assert_true(hub_claim(hub, CHANNEL, SLICE("W"), SLICE("k"), loop, ignore, NULL, &other));
    turn_of(loop);
    assert_int_equal(ready, 1);
    assert_false(hub_stop(hub, CHANNEL, SLICE("V"))); /* there is nobody to stop */
    hub_release(claim);
    hub_release(other);
    assert_true(hub_claim(hub, CHANNEL, SLICE("V"), SLICE("k"), loop, ignore, NULL, &claim));
    hub_release(claim);
    assert_int_equal(hub_figures(hub).claims, 0);
    hub_destroy(hub);
    loop_destroy(loop);
}

static void who_is_taken_over_from_is_silent(void **state) {
    (void)state;
    struct hub_options options = hub_options_default();
    struct hub *hub = hub_create(&options);
    struct loop *loop = loop_create();
    struct hub_claim *bot, *other, *operator;
    int stopped = 0, others = 0, ready = 0;
    struct hub_event event = event_of("delta");
    assert_true(hub_claim(hub, CHANNEL, SLICE("V"), SLICE("k"), loop, count, &stopped, &bot));
    assert_true(hub_claim(hub, CHANNEL, SLICE("W"), SLICE("l"), loop, count, &others, &other));
    assert_true(hub_publish_as(bot, &event, 1));
    assert_false(hub_is_seized(bot));
    assert_true(hub_seize(hub, CHANNEL, SLICE("V"), loop, count, &ready, &operator));
    assert_true(hub_is_seized(bot));
    assert_false(hub_publish_as(bot, &event, 1));
    assert_true(hub_publish_as(other, &event, 1));
    turn_of(loop);
    assert_int_equal(stopped, 1);
    assert_int_equal(others, 0);
    assert_int_equal(ready, 0);
    hub_release(bot);
    turn_of(loop);
    assert_int_equal(ready, 1);
    /* One that gives up before it had its turn is not told. */
    hub_release(operator);
    assert_true(hub_claim(hub, CHANNEL, SLICE("V"), SLICE("k"), loop, count, &stopped, &bot));
    assert_true(hub_seize(hub, CHANNEL, SLICE("V"), loop, count, &ready, &operator));
    hub_release(operator);
    hub_release(bot);
    turn_of(loop);
    assert_int_equal(ready, 1);
    hub_release(other);
    hub_destroy(hub);
    loop_destroy(loop);
}

/* --- across threads --- */

struct bot {
    struct hub *hub;
    struct loop *loop;
    struct hub_claim *claim;
    pthread_barrier_t *start;
};

static void on_bot_stop(void *user) {
    struct bot *bot = user;
    hub_release(bot->claim);
    loop_stop(bot->loop);
}

static void *talk(void *user) {
    struct bot *bot = user;
    const struct hub_event event = event_of("delta");
    pthread_barrier_wait(bot->start);
    while (hub_publish_as(bot->claim, &event, 1)) {
    }
    loop_run(bot->loop);
    return NULL;
}

static void nothing_comes_behind_a_takeover(void **state) {
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct hub_options options = hub_options_default();
        struct hub *hub = hub_create(&options);
        struct loop *loop = loop_create();
        pthread_barrier_t start;
        pthread_t thread;
        pthread_barrier_init(&start, NULL, 2);
        struct bot bot = {hub, loop_create(), NULL, &start};
        struct hub_claim *operator;
        enum hub_found found;
        bool lost;
        struct buffer log = {0};
        const struct hub_event taken = event_of("status");
        assert_true(hub_claim(hub, CHANNEL, SLICE("V"), SLICE("k"), bot.loop, on_bot_stop, &bot,
                              &bot.claim));
        pthread_create(&thread, NULL, talk, &bot);
        pthread_barrier_wait(&start);
        assert_true(hub_seize(hub, CHANNEL, SLICE("V"), loop, on_stop, loop, &operator));
        hub_publish(hub, CHANNEL, &taken, 1);
        loop_run(loop); /* until the bot has let go */
        pthread_join(thread, NULL);
        struct hub_subscription *all =
            hub_subscribe(hub, CHANNEL, SLICE(""), loop, ignore, NULL, 1, &found);
        while (hub_read(all, &log, 1 << 20, &lost)) {
        }
        size_t at = slice_find(buffer_slice(&log), SLICE("event: status"));
        assert_true(at != SIZE_MAX);
        assert_true(slice_find(slice_from(buffer_slice(&log), at), SLICE("event: delta")) ==
                    SIZE_MAX);
        buffer_finish(&log);
        hub_unsubscribe(all);
        hub_release(operator);
        pthread_barrier_destroy(&start);
        loop_destroy(bot.loop);
        loop_destroy(loop);
        hub_destroy(hub);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_to_take_over_from),
        cmocka_unit_test(who_is_taken_over_from_is_silent),
        cmocka_unit_test(nothing_comes_behind_a_takeover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
