/* Conversations as their owners see them. */
#include "support.h"

static struct store_conversation conversation_of(const char *id, const char *bot,
                                                 const char *user) {
    return (struct store_conversation){.id = slice_of(id),
                                       .bot = slice_of(bot),
                                       .user = slice_of(user),
                                       .door = SLICE("api"),
                                       .created_ms = 1700000000000};
}

static bool put(struct store_session *session, void *user, struct fault *fault) {
    return store_conversation_put(session, user, fault);
}

static void put_conversation(struct store *store, const char *id, const char *bot,
                             const char *user) {
    struct store_conversation conversation = conversation_of(id, bot, user);
    struct fault fault = {0};
    support_must(support_write(store, put, &conversation, &fault), &fault);
}

static bool add(struct store_session *session, void *user, struct fault *fault) {
    return store_message_add(session, user, fault);
}

static struct store_message message_of(const char *conversation, const char *role,
                                       const char *text) {
    return (struct store_message){.id = SLICE("M"),
                                  .conversation_id = slice_of(conversation),
                                  .turn_id = SLICE("T"),
                                  .role = slice_of(role),
                                  .text = slice_of(text),
                                  .status = SLICE("complete"),
                                  .created_ms = 42};
}

static void add_text(struct store *store, const char *conversation, const char *role,
                     const char *text) {
    struct store_message message = message_of(conversation, role, text);
    struct fault fault = {0};
    support_must(support_write(store, add, &message, &fault), &fault);
}

/* --- lists --- */

struct listing {
    const char *bot, *user, *before;
    size_t limit;
    struct arena *arena;
    struct store_entry *entries;
    size_t count;
    bool more;
};

static bool list(struct store_session *session, void *user, struct fault *fault) {
    struct listing *listing = user;
    return store_conversations_list(session, slice_of(listing->bot), slice_of(listing->user),
                                    slice_of(listing->before), listing->limit, listing->arena,
                                    &listing->entries, &listing->count, &listing->more, fault);
}

/* `wanted`: the ids in order, one letter each. */
static void assert_listed(struct store *store, const char *bot, const char *user,
                          const char *before, size_t limit, const char *wanted, bool more) {
    struct listing listing = {bot, user, before, limit, arena_create(512), NULL, 99, false};
    struct fault fault = {0};
    support_must(support_read(store, list, &listing, &fault), &fault);
    assert_int_equal(listing.count, strlen(wanted));
    for (size_t i = 0; i < listing.count; i++)
        assert_true(slice_equal(listing.entries[i].id, (struct slice){wanted + i, 1}));
    assert_int_equal(listing.more, more);
    arena_destroy(listing.arena);
}

static void test_a_list_has_the_owners_own_newest_first(void **state) {
    struct store *store = support_place_store(state);
    put_conversation(store, "B", "support", "user:ann");
    put_conversation(store, "A", "support", "user:ann");
    put_conversation(store, "C", "support", "user:bob");
    put_conversation(store, "D", "sales", "user:ann");
    put_conversation(store, "E", "support", "user:ann");
    assert_listed(store, "support", "user:ann", "", 10, "EBA", false);
    assert_listed(store, "support", "user:bob", "", 10, "C", false);
    assert_listed(store, "sales", "user:ann", "", 10, "D", false);
    assert_listed(store, "sales", "user:bob", "", 10, "", false);
    assert_listed(store, "support", "user:an", "", 10, "", false);
}

static void test_a_list_is_read_page_by_page(void **state) {
    struct store *store = support_place_store(state);
    put_conversation(store, "A", "support", "user:ann");
    put_conversation(store, "B", "support", "user:ann");
    put_conversation(store, "C", "support", "user:ann");
    assert_listed(store, "support", "user:ann", "", 2, "CB", true);
    assert_listed(store, "support", "user:ann", "B", 2, "A", false);
    assert_listed(store, "support", "user:ann", "A", 2, "", false);
    assert_listed(store, "support", "user:ann", "", 3, "CBA", false);
    /* A cursor need not exist: what it stood for may have been deleted. */
    assert_listed(store, "support", "user:ann", "BB", 2, "BA", false);
}

/* --- one of them --- */

struct finding {
    struct store_conversation conversation;
    struct arena *arena;
    struct store_entry entry;
};

static bool get(struct store_session *session, void *user, struct fault *fault) {
    struct finding *finding = user;
    return store_conversation_get(session, &finding->conversation, finding->arena, &finding->entry,
                                  fault);
}

static bool is_there(struct store *store, const char *id, const char *bot, const char *user) {
    struct finding finding = {conversation_of(id, bot, user), arena_create(512), {{0}, 0, 0, 0}};
    struct fault fault = {0};
    bool there = support_read(store, get, &finding, &fault);
    if (!there)
        assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    arena_destroy(finding.arena);
    return there;
}

static void test_one_is_found_by_its_owner_only(void **state) {
    struct store *store = support_place_store(state);
    put_conversation(store, "A", "support", "user:ann");
    add_text(store, "A", "user", "one");
    add_text(store, "A", "assistant", "two");
    assert_true(is_there(store, "A", "support", "user:ann"));
    assert_false(is_there(store, "A", "support", "user:bob"));
    assert_false(is_there(store, "A", "sales", "user:ann"));
    assert_false(is_there(store, "B", "support", "user:ann"));
    struct finding finding = {
        conversation_of("A", "support", "user:ann"), arena_create(512), {{0}, 0, 0, 0}};
    struct fault fault = {0};
    support_must(support_read(store, get, &finding, &fault), &fault);
    assert_true(slice_is(finding.entry.id, "A"));
    assert_int_equal(finding.entry.created_ms, 1700000000000);
    assert_int_equal(finding.entry.message_count, 2);
    arena_destroy(finding.arena);
}

/* --- pages of messages --- */

struct page {
    int64_t after;
    size_t limit, bytes_max;
    struct arena *arena;
    struct store_message *messages;
    size_t count;
    bool more;
};

static bool read_page(struct store_session *session, void *user, struct fault *fault) {
    struct page *page = user;
    return store_messages_page(session, SLICE("A"), page->after, page->limit, page->bytes_max,
                               page->arena, &page->messages, &page->count, &page->more, fault);
}

/* `wanted`: the texts, put together; returns the last one's position. */
static int64_t assert_page(struct store *store, int64_t after, size_t limit, size_t bytes_max,
                           const char *wanted, bool more) {
    struct page page = {after, limit, bytes_max, arena_create(512), NULL, 99, false};
    struct fault fault = {0};
    support_must(support_read(store, read_page, &page, &fault), &fault);
    char text[100] = "";
    int64_t last = after;
    for (size_t i = 0; i < page.count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%.*s", SLICE_ARG(page.messages[i].text));
        assert_true(page.messages[i].position > last);
        last = page.messages[i].position;
    }
    assert_string_equal(text, wanted);
    assert_int_equal(page.more, more);
    arena_destroy(page.arena);
    return last;
}

static void test_messages_come_in_order_and_page_by_page(void **state) {
    struct store *store = support_place_store(state);
    put_conversation(store, "A", "support", "user:ann");
    put_conversation(store, "B", "support", "user:ann");
    assert_page(store, 0, 5, 100, "", false);
    add_text(store, "A", "user", "one.");
    add_text(store, "B", "user", "elsewhere.");
    add_text(store, "A", "assistant", "two.");
    add_text(store, "A", "note", "between operators.");
    add_text(store, "A", "tool", "raw.");
    add_text(store, "A", "operator", "three.");
    assert_page(store, 0, 5, 100, "one.two.three.", false);
    assert_page(store, 0, 3, 100, "one.two.three.", false);
    int64_t last = assert_page(store, 0, 2, 100, "one.two.", true);
    assert_page(store, last, 2, 100, "three.", false);
    assert_page(store, 5, 2, 100, "", false);
    assert_page(store, INT64_MAX, 2, 100, "", false);
}

static void test_a_page_ends_where_enough_text_is_in_it(void **state) {
    struct store *store = support_place_store(state);
    put_conversation(store, "A", "support", "user:ann");
    add_text(store, "A", "user", "twelve bytes");
    add_text(store, "A", "assistant", "two.");
    assert_int_equal(assert_page(store, 0, 5, 1, "twelve bytes", true), 1);
    assert_page(store, 1, 5, 1, "two.", false);
    assert_page(store, 0, 5, 13, "twelve bytestwo.", false);
}

/* --- deleting --- */

static bool delete (struct store_session *session, void *user, struct fault *fault) {
    return store_conversation_delete(session, user, fault);
}

static bool delete_conversation(struct store *store, const char *id, const char *bot,
                                const char *user) {
    struct store_conversation conversation = conversation_of(id, bot, user);
    struct fault fault = {0};
    bool good = support_write(store, delete, &conversation, &fault);
    if (!good)
        assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    return good;
}

static bool open_call(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    return store_call_open(session,
                           &(struct store_call){.id = SLICE("C1"),
                                                .conversation_id = SLICE("A"),
                                                .bot = SLICE("support"),
                                                .user = SLICE("user:ann")},
                           fault);
}

static void test_deleting_takes_the_text_and_leaves_the_calls(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    put_conversation(store, "A", "support", "user:ann");
    put_conversation(store, "B", "support", "user:ann");
    add_text(store, "A", "user", "one");
    add_text(store, "B", "user", "kept");
    support_must(support_write(store, open_call, NULL, &fault), &fault);
    assert_false(delete_conversation(store, "A", "support", "user:bob"));
    assert_false(delete_conversation(store, "A", "sales", "user:ann"));
    assert_int_equal(support_count(store, "SELECT count(*) FROM messages"), 2);
    assert_true(delete_conversation(store, "A", "support", "user:ann"));
    assert_false(delete_conversation(store, "A", "support", "user:ann"));
    assert_int_equal(support_count(store, "SELECT count(*) FROM conversations"), 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM messages"), 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), 1);
}

struct late {
    struct store_message message;
    enum fault_kind kind;
};

/* As chat/record.c does it: the message is refused, and the job goes on. */
static bool add_late(struct store_session *session, void *user, struct fault *fault) {
    struct late *late = user;
    struct fault refused = {0};
    if (store_message_add(session, &late->message, &refused))
        return fault_set(fault, FAULT_INTERNAL, "it was added");
    late->kind = refused.kind;
    return open_call(session, NULL, fault);
}

static void test_a_message_that_comes_too_late_is_refused_and_the_job_goes_on(void **state) {
    struct store *store = support_place_store(state);
    struct late late = {message_of("A", "assistant", "too late"), FAULT_NONE};
    struct fault fault = {0};
    put_conversation(store, "A", "support", "user:ann");
    assert_true(delete_conversation(store, "A", "support", "user:ann"));
    support_must(support_write(store, add_late, &late, &fault), &fault);
    assert_int_equal(late.kind, FAULT_NOT_FOUND);
    assert_int_equal(support_count(store, "SELECT count(*) FROM messages"), 0);
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(test_a_list_has_the_owners_own_newest_first),
        SUPPORT_TEST(test_a_list_is_read_page_by_page),
        SUPPORT_TEST(test_one_is_found_by_its_owner_only),
        SUPPORT_TEST(test_messages_come_in_order_and_page_by_page),
        SUPPORT_TEST(test_a_page_ends_where_enough_text_is_in_it),
        SUPPORT_TEST(test_deleting_takes_the_text_and_leaves_the_calls),
        SUPPORT_TEST(test_a_message_that_comes_too_late_is_refused_and_the_job_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
