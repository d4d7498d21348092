/* Who answers in a conversation, and what operators see of it. */
#include "base/buffer.h"
#include "store/desk.h"
#include "support.h"

struct row {
    const char *id, *bot;
    int64_t created_ms;
};

static bool put(struct store_session *session, void *user, struct fault *fault) {
    const struct row *row = user;
    const struct store_conversation conversation = {.id = slice_of(row->id),
                                                    .bot = slice_of(row->bot),
                                                    .user = SLICE("anon:1"),
                                                    .door = SLICE("widget"),
                                                    .created_ms = row->created_ms};
    const struct store_message message = {.id = slice_of(row->id),
                                          .conversation_id = conversation.id,
                                          .role = SLICE("user"),
                                          .text = SLICE("My parcel is late"),
                                          .status = SLICE("complete"),
                                          .created_ms = row->created_ms};
    return store_conversation_put(session, &conversation, fault) &&
           store_message_add(session, &message, fault);
}

static void must_put(struct store *store, const char *id, const char *bot, int64_t created_ms) {
    struct fault fault = {0};
    struct row row = {id, bot, created_ms};
    support_must(support_write(store, put, &row, &fault), &fault);
}

static bool set(struct store_session *session, void *user, struct fault *fault) {
    return store_handoff_set(session, user, fault);
}

static bool try_set(struct store *store, const char *id, int64_t epoch, const char *mode,
                    const char *operator_id, int64_t now_ms, struct fault *fault) {
    struct store_handoff handoff = {.conversation_id = slice_of(id),
                                    .epoch = epoch,
                                    .mode = slice_of(mode),
                                    .cause = SLICE("operator"),
                                    .operator_id = slice_of(operator_id),
                                    .reason = SLICE("angry"),
                                    .summary = SLICE("The parcel is late."),
                                    .now_ms = now_ms};
    return support_write(store, set, &handoff, fault);
}

static void must_set(struct store *store, const char *id, int64_t epoch, const char *mode,
                     const char *operator_id, int64_t now_ms) {
    struct fault fault = {0};
    support_must(try_set(store, id, epoch, mode, operator_id, now_ms, &fault), &fault);
}

struct looking {
    const char *id, *bots;
    bool found, in_bots;
    struct store_standing standing;
    struct store_desk_entry entry;
    int64_t place;
    struct arena *arena;
};

static bool look(struct store_session *session, void *user, struct fault *fault) {
    struct looking *it = user;
    return store_standing_get(session, slice_of(it->id), it->arena, &it->found, &it->standing,
                              fault) &&
           store_desk_get(session, slice_of(it->id), slice_of(it->bots), it->arena, &it->in_bots,
                          &it->entry, fault) &&
           store_handoff_place(session, slice_of(it->id), &it->place, fault);
}

static struct looking seen(struct store *store, struct arena *arena, const char *id,
                           const char *bots) {
    struct fault fault = {0};
    struct looking it = {.id = id, .bots = bots, .arena = arena};
    support_must(support_read(store, look, &it, &fault), &fault);
    return it;
}

static void an_epoch_is_left_once(void **state) {
    struct store *store = support_place_store(state);
    struct arena *arena = arena_create(1024);
    struct fault fault = {0};
    must_put(store, "C1", "shop", 1000);
    struct looking it = seen(store, arena, "C1", "");
    assert_true(it.found && it.in_bots);
    assert_true(slice_is(it.standing.mode, "bot"));
    assert_int_equal(it.standing.epoch, 0);
    must_set(store, "C1", 0, "waiting", "", 2000);
    assert_false(try_set(store, "C1", 0, "operator", "O1", 2001, &fault));
    assert_int_equal(fault.kind, FAULT_CONFLICT);
    assert_string_equal(fault.code, "conversation_changed");
    assert_false(try_set(store, "C9", 0, "operator", "O1", 2001, &fault));
    it = seen(store, arena, "C1", "");
    assert_true(slice_is(it.standing.mode, "waiting"));
    assert_int_equal(it.standing.waiting_ms, 2000);
    assert_true(slice_is(it.entry.reason, "angry"));
    assert_true(slice_is(it.entry.summary, "The parcel is late."));
    must_set(store, "C1", 1, "operator", "O1", 3000);
    it = seen(store, arena, "C1", "");
    assert_true(slice_is(it.standing.operator_id, "O1"));
    assert_int_equal(it.standing.epoch, 2);
    assert_int_equal(it.standing.waiting_ms, 0);
    must_set(store, "C1", 2, "bot", "O1", 4000);
    it = seen(store, arena, "C1", "");
    assert_int_equal(it.standing.operator_id.size, 0);
    assert_int_equal(it.entry.reason.size, 0);
    assert_int_equal(it.entry.summary.size, 0);
    assert_false(seen(store, arena, "C2", "").found);
    arena_destroy(arena);
}

static void the_longest_wait_is_first(void **state) {
    struct store *store = support_place_store(state);
    struct arena *arena = arena_create(1024);
    must_put(store, "C1", "shop", 1000);
    must_put(store, "C2", "shop", 1000);
    must_put(store, "C3", "shop", 1000);
    must_put(store, "D1", "club", 1000);
    must_set(store, "C2", 0, "waiting", "", 2000);
    must_set(store, "D1", 0, "waiting", "", 2000);
    must_set(store, "C1", 0, "waiting", "", 3000);
    must_set(store, "C3", 0, "waiting", "", 2000); /* as long as C2 */
    assert_int_equal(seen(store, arena, "C2", "").place, 1);
    assert_int_equal(seen(store, arena, "C3", "").place, 2);
    assert_int_equal(seen(store, arena, "C1", "").place, 3);
    assert_int_equal(seen(store, arena, "D1", "").place, 1);
    must_set(store, "C2", 1, "operator", "O1", 4000);
    assert_int_equal(seen(store, arena, "C2", "").place, 0);
    assert_int_equal(seen(store, arena, "C1", "").place, 2);
    arena_destroy(arena);
}

struct listing {
    struct store_desk_list list;
    struct arena *arena;
    struct store_desk_entry *entries;
    size_t count;
    bool more;
    int64_t waiting, mine;
};

static bool list_them(struct store_session *session, void *user, struct fault *fault) {
    struct listing *it = user;
    return store_desk_list(session, &it->list, it->arena, &it->entries, &it->count, &it->more,
                           fault) &&
           store_desk_count(session, it->list.bots, it->list.operator_id, &it->waiting, &it->mine,
                            fault);
}

/* The ids on one page, joined. */
static void assert_page(struct store *store, struct listing *it, const char *expected, bool more) {
    struct fault fault = {0};
    struct buffer ids = {0};
    support_must(support_read(store, list_them, it, &fault), &fault);
    for (size_t i = 0; i < it->count; i++)
        buffer_printf(&ids, "%.*s ", SLICE_ARG(it->entries[i].id));
    assert_string_equal(buffer_string(&ids), expected);
    assert_int_equal(it->more, more);
    buffer_finish(&ids);
}

static void boxes_and_pages(void **state) {
    struct store *store = support_place_store(state);
    struct arena *arena = arena_create(1024);
    must_put(store, "C1", "shop", 1000);
    must_put(store, "C2", "shop", 1001);
    must_put(store, "C3", "shop", 1002);
    must_put(store, "C4", "shop", 1003);
    must_put(store, "D1", "a_b", 1004);
    must_set(store, "C2", 0, "waiting", "", 2001);
    must_set(store, "C1", 0, "waiting", "", 2002);
    must_set(store, "C3", 0, "operator", "O1", 2003);
    must_set(store, "C4", 0, "closed", "O1", 2004);
    struct listing it = {.arena = arena, .list = {.operator_id = SLICE("O1"), .limit = 10}};
    assert_page(store, &it, "C2 C1 ", false);
    assert_int_equal(it.waiting, 2);
    assert_int_equal(it.mine, 1);
    assert_true(slice_is(it.entries[0].title, "My parcel is late"));
    assert_true(slice_is(it.entries[0].last_role, "user"));
    assert_int_equal(it.entries[0].message_count, 1);
    it.list.box = STORE_BOX_MINE;
    assert_page(store, &it, "C3 ", false);
    it.list.operator_id = SLICE("O2");
    assert_page(store, &it, "", false);
    assert_int_equal(it.mine, 0);
    it.list.box = STORE_BOX_CLOSED;
    assert_page(store, &it, "C4 ", false);
    it.list.box = STORE_BOX_ALL;
    it.list.limit = 2;
    assert_page(store, &it, "C4 C3 ", true);
    it.list.after_ms = it.entries[1].updated_ms;
    it.list.after_id = it.entries[1].id;
    assert_page(store, &it, "C1 C2 ", true);
    it.list.after_ms = it.entries[1].updated_ms;
    it.list.after_id = it.entries[1].id;
    assert_page(store, &it, "D1 ", false);
    arena_destroy(arena);
}

static void other_bots_are_not_there(void **state) {
    struct store *store = support_place_store(state);
    struct arena *arena = arena_create(1024);
    must_put(store, "C1", "axb", 1000);
    must_put(store, "C2", "a_b", 1001);
    must_put(store, "C3", "shop", 1002);
    struct listing it = {.arena = arena,
                         .list = {.box = STORE_BOX_ALL, .bots = SLICE("a_b,shop"), .limit = 10}};
    assert_page(store, &it, "C3 C2 ", false);
    it.list.bot = SLICE("shop");
    assert_page(store, &it, "C3 ", false);
    it.list.bot = SLICE("axb");
    assert_page(store, &it, "", false);
    assert_true(seen(store, arena, "C1", "shop,axb").in_bots);
    assert_false(seen(store, arena, "C1", "shop,a_b").in_bots);
    assert_false(seen(store, arena, "C1", "ax").in_bots);
    assert_false(seen(store, arena, "C1", "axb2,xaxb").in_bots);
    arena_destroy(arena);
}

struct page {
    struct arena *arena;
    struct store_message *messages;
    size_t count;
};

static bool read_desk(struct store_session *session, void *user, struct fault *fault) {
    struct page *page = user;
    bool more;
    return store_desk_messages(session, SLICE("C1"), 0, 10, 1000, page->arena, &page->messages,
                               &page->count, &more, fault);
}

static bool read_visitor(struct store_session *session, void *user, struct fault *fault) {
    struct page *page = user;
    bool more;
    return store_messages_page(session, SLICE("C1"), 0, 10, 1000, page->arena, &page->messages,
                               &page->count, &more, fault);
}

static bool add_note(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    const struct store_message note = {.id = SLICE("N1"),
                                       .conversation_id = SLICE("C1"),
                                       .role = SLICE("note"),
                                       .text = SLICE("He is angry."),
                                       .status = SLICE("complete"),
                                       .author = SLICE("Anna")};
    return store_message_add(session, &note, fault);
}

static void notes_are_for_operators(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct page page = {.arena = arena_create(1024)};
    must_put(store, "C1", "shop", 1000);
    support_must(support_write(store, add_note, NULL, &fault), &fault);
    support_must(support_read(store, read_desk, &page, &fault), &fault);
    assert_int_equal(page.count, 2);
    assert_true(slice_is(page.messages[1].author, "Anna"));
    support_must(support_read(store, read_visitor, &page, &fault), &fault);
    assert_int_equal(page.count, 1);
    assert_true(slice_is(seen(store, page.arena, "C1", "").entry.last_role, "user"));
    arena_destroy(page.arena);
}

static bool reopen(struct store_session *session, void *user, struct fault *fault) {
    return store_handoff_reopen(session, SLICE("C1"), 5000, user, fault);
}

static void what_was_closed_opens_once(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct arena *arena = arena_create(1024);
    bool reopened = true;
    must_put(store, "C1", "shop", 1000);
    support_must(support_write(store, reopen, &reopened, &fault), &fault);
    assert_false(reopened);
    must_set(store, "C1", 0, "closed", "O1", 2000);
    support_must(support_write(store, reopen, &reopened, &fault), &fault);
    assert_true(reopened);
    assert_true(slice_is(seen(store, arena, "C1", "").standing.mode, "bot"));
    assert_int_equal(seen(store, arena, "C1", "").standing.epoch, 2);
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(an_epoch_is_left_once),   SUPPORT_TEST(the_longest_wait_is_first),
        SUPPORT_TEST(boxes_and_pages),         SUPPORT_TEST(other_bots_are_not_there),
        SUPPORT_TEST(notes_are_for_operators), SUPPORT_TEST(what_was_closed_opens_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
