/* Appointments: a slot is never given to more visitors than it takes. */
#include "support.h"
#include <pthread.h>

enum { SIDES = 4, SLOTS = 20, CAPACITY = 3, TRIES = SLOTS * 2 };

struct attempt {
    const char *calendar, *id;
    int64_t start_ms, capacity;
    bool taken;
    int64_t count; /* of that slot, seen in the same job */
};

static bool take(struct store_session *session, void *user, struct fault *fault) {
    struct attempt *attempt = user;
    const struct store_booking booking = {
        .calendar = slice_of(attempt->calendar),
        .start_ms = attempt->start_ms,
        .id = slice_of(attempt->id),
        .bot = SLICE("support"),
        .conversation_id = SLICE("V"),
        .user = SLICE("user:1"),
        .topic = SLICE("headphones"),
        .created_ms = 1000,
    };
    return store_booking_take(session, &booking, attempt->capacity, &attempt->taken, fault) &&
           store_booking_count(session, booking.calendar, attempt->start_ms, &attempt->count,
                               fault);
}

static struct attempt taken(struct store *store, const char *calendar, int64_t start_ms,
                            int64_t capacity) {
    struct attempt attempt = {
        .calendar = calendar, .id = "I", .start_ms = start_ms, .capacity = capacity};
    struct fault fault = {0};
    support_must(support_write(store, take, &attempt, &fault), &fault);
    return attempt;
}

static void a_slot_has_so_many_seats(void **state) {
    struct store *store = support_place_store(state);
    for (int64_t i = 1; i <= 3; i++) {
        struct attempt attempt = taken(store, "advice", 5000, 3);
        assert_true(attempt.taken);
        assert_int_equal(attempt.count, i);
    }
    struct attempt late = taken(store, "advice", 5000, 3);
    assert_false(late.taken);
    assert_int_equal(late.count, 3);
    assert_true(taken(store, "advice", 5001, 3).taken);  /* another time */
    assert_true(taken(store, "repairs", 5000, 3).taken); /* another calendar */
    assert_false(taken(store, "advice", 5000, 2).taken); /* made smaller since */
    assert_true(taken(store, "advice", 5000, 4).taken);  /* made larger */
}

static void a_calendar_without_seats(void **state) {
    struct store *store = support_place_store(state);
    assert_false(taken(store, "advice", 5000, 0).taken);
    assert_int_equal(support_count(store, "SELECT count(*) FROM bookings"), 0);
}

static void what_is_booked_is_kept(void **state) {
    taken(support_place_store(state), "advice", 5000, 1);
    support_place_reopen(state);
    assert_false(taken(support_place_store(state), "advice", 5000, 1).taken);
    assert_int_equal(support_count(support_place_store(state),
                                   "SELECT count(*) FROM bookings WHERE calendar = 'advice' AND "
                                   "start_ms = 5000 AND seat = 0 AND id = 'I' AND bot = 'support' "
                                   "AND conversation_id = 'V' AND user_id = 'user:1' AND topic = "
                                   "'headphones' AND created_ms = 1000"),
                     1);
}

static bool take_and_fail(struct store_session *session, void *user, struct fault *fault) {
    return take(session, user, fault) && fault_set(fault, FAULT_STORE, "changed my mind");
}

static void a_job_that_fails_takes_no_seat(void **state) {
    struct store *store = support_place_store(state);
    struct attempt attempt = {"advice", "I", 5000, 1, false, 0};
    struct fault fault = {0};
    assert_false(support_write(store, take_and_fail, &attempt, &fault));
    assert_true(taken(store, "advice", 5000, 1).taken);
}

/* --- who comes first --- */

/* Wants each slot twice, in an order of its own. With a store of its own it stands for another
 * process. */
struct side {
    struct store *store;
    pthread_t thread;
    int number, got, failures;
};

static void *want_all(void *user) {
    struct side *side = user;
    for (int i = 0; i < TRIES; i++) {
        struct attempt attempt = {.calendar = "advice",
                                  .id = "I",
                                  .start_ms = (i * 7 + side->number * 3) % SLOTS,
                                  .capacity = CAPACITY};
        side->failures += !support_write(side->store, take, &attempt, NULL);
        side->failures += attempt.count > CAPACITY;
        side->got += attempt.taken;
    }
    return NULL;
}

static void race(struct store *const stores[SIDES]) {
    struct side sides[SIDES] = {0};
    int got = 0;
    for (int i = 0; i < SIDES; i++) {
        sides[i].store = stores[i];
        sides[i].number = i;
        assert_int_equal(pthread_create(&sides[i].thread, NULL, want_all, &sides[i]), 0);
    }
    for (int i = 0; i < SIDES; i++) {
        pthread_join(sides[i].thread, NULL);
        assert_int_equal(sides[i].failures, 0);
        got += sides[i].got;
    }
    /* Wanted eight times, each slot was given exactly as often as it may be. */
    assert_int_equal(got, SLOTS * CAPACITY);
    assert_int_equal(support_count(stores[0], "SELECT count(*) FROM bookings"), SLOTS * CAPACITY);
    assert_int_equal(support_count(stores[0], "SELECT max(seat) FROM bookings"), CAPACITY - 1);
}

static void visitors_race_for_the_last_seat(void **state) {
    struct store *store = support_place_store(state);
    struct store *const stores[SIDES] = {store, store, store, store};
    race(stores);
}

static void processes_race_for_the_last_seat(void **state) {
    (void)state;
    char *folder = support_folder(), *url = support_url(folder, "race.db");
    struct store *stores[SIDES];
    for (int i = 0; i < SIDES; i++)
        stores[i] = support_open(url, 1);
    race(stores);
    for (int i = 0; i < SIDES; i++)
        store_close(stores[i]);
    free(url);
    support_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_slot_has_so_many_seats),
        SUPPORT_TEST(a_calendar_without_seats),
        SUPPORT_TEST(what_is_booked_is_kept),
        SUPPORT_TEST(a_job_that_fails_takes_no_seat),
        SUPPORT_TEST(visitors_race_for_the_last_seat),
        cmocka_unit_test(processes_race_for_the_last_seat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
