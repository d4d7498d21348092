#include "loop/loop.h"
#include "loop/timer.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <uv.h>

#include <cmocka.h>

enum { THREADS = 4, EACH = 20000 };

struct letter {
    struct post_office *office;
    int thread, number;
};

struct post_office {
    struct loop *loop;
    pthread_t runs_on;
    int next[THREADS]; /* the number expected from each thread */
    int received;
    struct letter letters[THREADS][EACH];
};

static void receive(void *user) {
    struct letter *letter = user;
    struct post_office *office = letter->office;
    assert_true(pthread_equal(pthread_self(), office->runs_on));
    assert_int_equal(letter->number, office->next[letter->thread]);
    office->next[letter->thread]++;
    if (++office->received == THREADS * EACH)
        loop_stop(office->loop);
}

static void *post_all(void *letters) {
    struct letter *letter = letters;
    for (int i = 0; i < EACH; i++)
        loop_post(letter->office->loop, receive, &letter[i]);
    return NULL;
}

struct gathering {
    struct loop *loop;
    uv_pipe_t ends[2];
    int received;
};

static void allocate(uv_handle_t *handle, size_t size, uv_buf_t *ret_buffer) {
    static char bytes[64]; /* more than comes, or libuv would read on within one waking */
    (void)handle, (void)size;
    *ret_buffer = uv_buf_init(bytes, sizeof bytes);
}

/* Each byte read is passed on, and answered by the next one written. */
static void pass_on(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    struct gathering *gathering = stream->data;
    (void)buffer;
    assert_int_equal(count, 1);
    loop_relayed(gathering->loop, LOOP_GATHER_STREAMS);
    uv_buf_t byte = uv_buf_init((char[]){'x'}, 1);
    if (++gathering->received == 20)
        loop_stop(gathering->loop);
    else
        assert_int_equal(uv_try_write((uv_stream_t *)&gathering->ends[1], &byte, 1), 1);
}

/* It waits between the pieces, and loses none. */
static void gathers_pieces_of_many_streams(void **state) {
    (void)state;
    struct gathering gathering = {.loop = loop_create()};
    uv_file ends[2];
    assert_int_equal(uv_pipe(ends, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(uv_pipe_init(loop_uv(gathering.loop), &gathering.ends[i], 0), 0);
        assert_int_equal(uv_pipe_open(&gathering.ends[i], ends[i]), 0);
        gathering.ends[i].data = &gathering;
    }
    assert_int_equal(uv_read_start((uv_stream_t *)&gathering.ends[0], allocate, pass_on), 0);
    uv_buf_t byte = uv_buf_init((char[]){'x'}, 1);
    assert_int_equal(uv_try_write((uv_stream_t *)&gathering.ends[1], &byte, 1), 1);
    uint64_t start = uv_hrtime();
    loop_run(gathering.loop);
    /* Not how fast it is: it cannot have been faster, for it waited each time. */
    assert_true(uv_hrtime() - start >= UINT64_C(19) * LOOP_GATHER_US * 1000);
    assert_int_equal(gathering.received, 20);
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&gathering.ends[i], NULL);
    loop_destroy(gathering.loop);
}

static void takes_letters_from_threads(void **state) {
    (void)state;
    struct post_office *office = calloc(1, sizeof *office);
    office->loop = loop_create();
    office->runs_on = pthread_self();
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        for (int i = 0; i < EACH; i++)
            office->letters[t][i] = (struct letter){office, t, i};
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, post_all, office->letters[t]), 0);
    loop_run(office->loop);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    assert_int_equal(office->received, THREADS * EACH);
    loop_destroy(office->loop);
    free(office);
}

struct chain {
    struct loop *loop;
    int left;
    bool stop;
};

static void post_next(void *user) {
    struct chain *chain = user;
    if (--chain->left > 0)
        loop_post(chain->loop, post_next, chain);
    else if (chain->stop)
        loop_stop(chain->loop);
}

static void letters_may_post_letters(void **state) {
    (void)state;
    struct chain chain = {loop_create(), 1000, true};
    loop_post(chain.loop, post_next, &chain);
    loop_run(chain.loop);
    assert_int_equal(chain.left, 0);
    loop_destroy(chain.loop);
}

/* What is in the mailbox owns memory: it must be run even if the loop never is again. */
static void empties_the_mailbox_at_the_end(void **state) {
    (void)state;
    struct chain chain = {loop_create(), 10, false};
    loop_post(chain.loop, post_next, &chain);
    loop_destroy(chain.loop);
    assert_int_equal(chain.left, 0);
    loop_destroy(NULL);
}

static void stop_now(void *user) {
    loop_stop(user);
}

static void runs_again_after_a_stop(void **state) {
    (void)state;
    struct loop *loop = loop_create();
    loop_stop(loop); /* before it runs: it returns at once */
    loop_run(loop);
    for (int i = 0; i < 100; i++) {
        struct chain chain = {loop, 3, true};
        loop_post(loop, post_next, &chain);
        loop_run(loop);
        assert_int_equal(chain.left, 0);
    }
    struct timer timer;
    timer_init(&timer, loop, stop_now, loop);
    timer_set(&timer, 20);
    loop_run(loop);
    assert_false(timer_active(&timer));
    loop_destroy(loop);
}

static void *run_it(void *loop) {
    loop_run(loop);
    return NULL;
}

static void is_stopped_from_another_thread(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct loop *loop = loop_create();
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_it, loop), 0);
        loop_stop(loop); /* before, while or after it begins to wait */
        pthread_join(thread, NULL);
        loop_destroy(loop);
    }
}

static void note_time(void *user) {
    struct chain *chain = user;
    int64_t now = loop_now_ms(chain->loop);
    assert_true(now > 0);
    assert_ptr_equal(((uv_loop_t *)loop_uv(chain->loop))->data, NULL);
    assert_true(now == (int64_t)uv_now(loop_uv(chain->loop)));
    loop_stop(chain->loop);
}

static void shows_what_is_underneath(void **state) {
    (void)state;
    struct chain chain = {.loop = loop_create()};
    loop_post(chain.loop, note_time, &chain);
    loop_run(chain.loop);
    assert_non_null(loop_timers(chain.loop));
    loop_destroy(chain.loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_pieces_of_many_streams),
        cmocka_unit_test(takes_letters_from_threads),
        cmocka_unit_test(letters_may_post_letters),
        cmocka_unit_test(empties_the_mailbox_at_the_end),
        cmocka_unit_test(runs_again_after_a_stop),
        cmocka_unit_test(is_stopped_from_another_thread),
        cmocka_unit_test(shows_what_is_underneath),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
