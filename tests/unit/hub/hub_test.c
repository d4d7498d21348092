/* Channels of events: what is published, on whatever thread, reaches who watches, in order and
 * once. */
#include "base/buffer.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

static void publish(struct hub *hub, const char *name, const char *data, const char *part,
                    bool passing, bool is_whole, int64_t now_ms) {
    const struct hub_event event = {.name = name,
                                    .data = slice_of(data),
                                    .part_of = slice_of(part),
                                    .passing = passing,
                                    .is_whole = is_whole};
    hub_publish(hub, SLICE("bot/user"), &event, now_ms);
}

static void ignore(void *user) {
    (void)user;
}

static struct hub_subscription *watch(struct hub *hub, struct loop *loop, const char *last_id,
                                      int64_t now_ms, enum hub_found *ret_found) {
    return hub_subscribe(hub, SLICE("bot/user"), slice_of(last_id), loop, ignore, NULL, now_ms,
                         ret_found);
}

/* The events' data, one after the other. */
static void read_data(struct hub_subscription *one, struct buffer *out, bool *ret_lost) {
    struct buffer text = {0};
    while (hub_read(one, &text, 1, ret_lost) && !*ret_lost)
        ;
    struct slice rest = buffer_slice(&text), line;
    while (slice_split(&rest, '\n', &line))
        if (slice_starts_with(line, SLICE("data: ")))
            buffer_append(out, slice_from(line, 6));
    buffer_finish(&text);
}

static void assert_read(struct hub_subscription *one, const char *expected, bool lost) {
    struct buffer data = {0};
    bool was_lost;
    read_data(one, &data, &was_lost);
    assert_string_equal(buffer_string(&data), expected);
    assert_int_equal(was_lost, lost);
    buffer_finish(&data);
}

static char *position(struct hub_subscription *one) {
    struct buffer text = {0};
    hub_position(one, &text);
    char *copy = strdup(buffer_string(&text));
    buffer_finish(&text);
    return copy;
}

struct room {
    struct hub *hub;
    struct loop *loop;
};

static struct room enter(size_t log_max) {
    const struct hub_options options = {log_max, 1000};
    return (struct room){hub_create(&options), loop_create()};
}

static void leave(struct room *room) {
    loop_destroy(room->loop);
    hub_destroy(room->hub);
}

static void what_is_published_is_read_in_order(void **state) {
    (void)state;
    struct room room = enter(10000);
    enum hub_found found;
    publish(room.hub, "turn", "a", "", false, false, 1);
    struct hub_subscription *one = watch(room.hub, room.loop, "", 1, &found);
    assert_int_equal(found, HUB_NEW);
    publish(room.hub, "delta", "b", "t", true, false, 2);
    publish(room.hub, "delta", "c", "t", true, false, 2);
    assert_read(one, "abc", false);
    assert_read(one, "", false);
    publish(room.hub, "delta", "d", "t", true, false, 3);
    assert_read(one, "d", false);
    hub_unsubscribe(one);
    leave(&room);
}

static void an_event_is_one_of_sse(void **state) {
    (void)state;
    struct room room = enter(10000);
    enum hub_found found;
    struct hub_subscription *one = watch(room.hub, room.loop, "", 1, &found);
    char *begin = position(one);
    publish(room.hub, "delta", "{\"text\":\"x\"}", "", false, false, 1);
    struct buffer text = {0}, expected = {0};
    bool lost;
    assert_false(hub_read(one, &text, 1000, &lost));
    char *after = position(one);
    buffer_printf(&expected, "id: %s\nevent: delta\ndata: {\"text\":\"x\"}\n\n", after);
    assert_string_equal(buffer_string(&text), buffer_string(&expected));
    assert_string_not_equal(begin, after);
    free(begin);
    free(after);
    buffer_finish(&text);
    buffer_finish(&expected);
    hub_unsubscribe(one);
    leave(&room);
}

static void who_comes_back_goes_on_where_it_was(void **state) {
    (void)state;
    struct room room = enter(10000);
    enum hub_found found;
    struct hub_subscription *one = watch(room.hub, room.loop, "", 1, &found);
    publish(room.hub, "a", "a", "", false, false, 1);
    assert_read(one, "a", false);
    char *last = position(one);
    hub_unsubscribe(one);
    publish(room.hub, "b", "b", "", false, false, 2);
    one = watch(room.hub, room.loop, last, 2, &found);
    assert_int_equal(found, HUB_RESUMED);
    assert_read(one, "b", false);
    hub_unsubscribe(one);
    /* Ids of nothing that is here: what there is comes, and it is said that some may be missing. */
    for (size_t i = 0; i < 6; i++) {
        const char *wrong[] = {"x", "0123456789ab-1", "-", "-1", "a-b", "0123456789ab-"};
        one = watch(room.hub, room.loop, wrong[i], 2, &found);
        assert_int_equal(found, HUB_LOST);
        assert_read(one, "ab", false);
        hub_unsubscribe(one);
    }
    char future[64];
    snprintf(future, sizeof future, "%.12s-99", last);
    one = watch(room.hub, room.loop, future, 2, &found);
    assert_int_equal(found, HUB_LOST);
    hub_unsubscribe(one);
    free(last);
    leave(&room);
}

static void the_whole_takes_the_place_of_its_parts(void **state) {
    (void)state;
    struct room room = enter(10000);
    enum hub_found found;
    struct hub_subscription *before = watch(room.hub, room.loop, "", 1, &found);
    publish(room.hub, "delta", "a", "t1", true, false, 1);
    assert_read(before, "a", false);
    publish(room.hub, "delta", "b", "t1", true, false, 1);
    publish(room.hub, "delta", "x", "t2", true, false, 1);
    publish(room.hub, "tool", "y", "t1", false, false, 1);
    publish(room.hub, "message", "[ab]", "t1", false, true, 1);
    assert_read(before, "xy[ab]", false);
    struct hub_subscription *after = watch(room.hub, room.loop, "", 1, &found);
    assert_read(after, "xy[ab]", false);
    hub_unsubscribe(before);
    hub_unsubscribe(after);
    leave(&room);
}

static void the_log_is_bounded_and_says_so(void **state) {
    (void)state;
    struct room room = enter(1000);
    enum hub_found found;
    char text[201];
    memset(text, 'x', 200);
    text[200] = '\0';
    struct hub_subscription *slow = watch(room.hub, room.loop, "", 1, &found);
    char *last = position(slow);
    for (int i = 0; i < 20; i++) {
        text[0] = (char)('a' + i);
        publish(room.hub, "e", text, "", false, false, 1);
    }
    assert_true(hub_figures(room.hub).log_bytes < 3000);
    struct buffer out = {0};
    bool lost;
    hub_read(slow, &out, 100000, &lost);
    assert_true(lost);
    assert_true(slice_find(buffer_slice(&out), SLICE("data: txx")) != SIZE_MAX);
    assert_true(slice_find(buffer_slice(&out), SLICE("data: axx")) == SIZE_MAX);
    buffer_clear(&out);
    hub_read(slow, &out, 100000, &lost);
    assert_false(lost);
    struct hub_subscription *back = watch(room.hub, room.loop, last, 1, &found);
    assert_int_equal(found, HUB_LOST);
    /* What is larger than the log is kept until the next one comes. */
    char *large = calloc(1, 5001);
    memset(large, 'z', 5000);
    publish(room.hub, "e", large, "", false, false, 1);
    buffer_clear(&out);
    hub_read(slow, &out, 100000, &lost);
    assert_true(out.size > 5000 && !lost);
    free(large);
    free(last);
    buffer_finish(&out);
    hub_unsubscribe(slow);
    hub_unsubscribe(back);
    leave(&room);
}

static void what_nobody_uses_is_forgotten(void **state) {
    (void)state;
    struct room room = enter(10000);
    enum hub_found found;
    publish(room.hub, "e", "a", "", false, false, 1000);
    assert_int_equal(hub_figures(room.hub).channels, 1);
    struct hub_subscription *one = watch(room.hub, room.loop, "", 1500, &found);
    char *last = position(one);
    assert_read(one, "a", false);
    hub_unsubscribe(one);
    /* Old events go, also while somebody watches; later the channel itself, with its epoch. */
    one = watch(room.hub, room.loop, "", 2500, &found);
    assert_read(one, "", false);
    hub_unsubscribe(one);
    one = watch(room.hub, room.loop, last, 500000, &found);
    assert_int_equal(found, HUB_LOST);
    assert_int_equal(hub_figures(room.hub).channels, 1);
    hub_unsubscribe(one);
    free(last);
    leave(&room);
}

static void a_channel_has_a_limit_of_watchers(void **state) {
    (void)state;
    struct room room = enter(10000);
    struct hub_subscription *all[HUB_SUBSCRIPTIONS_MAX];
    enum hub_found found;
    for (size_t i = 0; i < HUB_SUBSCRIPTIONS_MAX; i++)
        assert_non_null(all[i] = watch(room.hub, room.loop, "", 1, &found));
    assert_null(watch(room.hub, room.loop, "", 1, &found));
    hub_unsubscribe(all[7]);
    assert_non_null(all[7] = watch(room.hub, room.loop, "", 1, &found));
    for (size_t i = 0; i < HUB_SUBSCRIPTIONS_MAX; i++)
        hub_unsubscribe(all[i]);
    leave(&room);
}

static void one_claim_at_a_time(void **state) {
    (void)state;
    struct room room = enter(10000);
    struct slice channel = SLICE("bot/user"), other = SLICE("bot/other");
    struct hub_claim *first, *second;
    assert_false(hub_is_busy(room.hub, channel));
    assert_true(
        hub_claim(room.hub, channel, SLICE("V"), SLICE("k"), room.loop, ignore, NULL, &first));
    assert_false(
        hub_claim(room.hub, channel, SLICE("V"), SLICE("l"), room.loop, ignore, NULL, &second));
    assert_false(
        hub_claim(room.hub, channel, SLICE("W"), SLICE("k"), room.loop, ignore, NULL, &second));
    assert_true(
        hub_claim(room.hub, channel, SLICE("W"), SLICE(""), room.loop, ignore, NULL, &second));
    hub_release(second);
    assert_true(
        hub_claim(room.hub, other, SLICE("V"), SLICE("k"), room.loop, ignore, NULL, &second));
    assert_true(hub_is_busy(room.hub, channel));
    hub_release(first);
    assert_false(hub_is_busy(room.hub, channel));
    assert_false(hub_stop(room.hub, channel, SLICE("V")));
    hub_release(second);
    leave(&room);
}

/* --- across threads --- */

enum { WRITERS = 3, EACH = 2000 };

struct traffic {
    struct hub *hub;
    struct loop *loop;
    struct hub_subscription *subscription;
    struct hub_claim *claim;
    struct buffer text;
    size_t seen;
    atomic_int writers;
    bool stopped;
};

static void *write_many(void *user) {
    struct traffic *traffic = user;
    int number = atomic_fetch_add(&traffic->writers, 1);
    char data[16];
    for (int i = 0; i < EACH; i++) {
        snprintf(data, sizeof data, "%d:%d", number, i);
        publish(traffic->hub, "e", data, "", false, false, 1);
        hub_wake(traffic->hub, SLICE("bot/user"));
    }
    return NULL;
}

static void end_if_over(struct traffic *traffic) {
    if (traffic->seen == WRITERS * EACH && traffic->stopped)
        loop_stop(traffic->loop);
}

static void on_wake(void *user) {
    struct traffic *traffic = user;
    bool lost = false, more = true;
    while (more) {
        buffer_clear(&traffic->text);
        more = hub_read(traffic->subscription, &traffic->text, 4096, &lost);
        assert_false(lost);
        struct slice rest = buffer_slice(&traffic->text), line;
        while (slice_split(&rest, '\n', &line))
            traffic->seen += slice_starts_with(line, SLICE("data: "));
    }
    end_if_over(traffic);
}

static void on_stop(void *user) {
    struct traffic *traffic = user;
    traffic->stopped = true;
    end_if_over(traffic);
}

static void *stop_it(void *user) {
    struct traffic *traffic = user;
    hub_stop(traffic->hub, SLICE("bot/user"), SLICE("V"));
    return NULL;
}

static void many_threads_publish_to_one(void **state) {
    (void)state;
    struct room room = enter(10 * 1024 * 1024);
    struct traffic traffic = {.hub = room.hub, .loop = room.loop};
    pthread_t threads[WRITERS + 1];
    enum hub_found found;
    traffic.subscription = hub_subscribe(room.hub, SLICE("bot/user"), SLICE(""), room.loop, on_wake,
                                         &traffic, 1, &found);
    assert_true(hub_claim(room.hub, SLICE("bot/user"), SLICE("V"), SLICE(""), room.loop, on_stop,
                          &traffic, &traffic.claim));
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&threads[i], NULL, write_many, &traffic);
    pthread_create(&threads[WRITERS], NULL, stop_it, &traffic);
    loop_run(room.loop);
    for (int i = 0; i <= WRITERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(traffic.seen, WRITERS * EACH);
    hub_wake(room.hub, SLICE("bot/user")); /* a bell that is still on its way when it is let go */
    hub_unsubscribe(traffic.subscription);
    hub_release(traffic.claim);
    buffer_finish(&traffic.text);
    leave(&room);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_read_in_order),
        cmocka_unit_test(an_event_is_one_of_sse),
        cmocka_unit_test(who_comes_back_goes_on_where_it_was),
        cmocka_unit_test(the_whole_takes_the_place_of_its_parts),
        cmocka_unit_test(the_log_is_bounded_and_says_so),
        cmocka_unit_test(what_nobody_uses_is_forgotten),
        cmocka_unit_test(a_channel_has_a_limit_of_watchers),
        cmocka_unit_test(one_claim_at_a_time),
        cmocka_unit_test(many_threads_publish_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
