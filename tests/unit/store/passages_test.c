/* What every driver must do with the knowledge of bots. How good the answers are:
 * search_quality_test.c. */
#include "base/memory.h"
#include "support.h"

struct passage_use {
    const char *bot, *source, *digest;
    const struct store_passage *passages;
    size_t count;
    const struct slice *sources;
    struct slice question;
    size_t limit;
    struct arena *arena;
    struct store_passage *found;
    size_t found_count;
};

static bool replace(struct store_session *session, void *user, struct fault *fault) {
    struct passage_use *use = user;
    return store_passages_replace(session, slice_of(use->bot), slice_of(use->source),
                                  slice_of(use->digest), use->passages, use->count, fault);
}
static bool retain(struct store_session *session, void *user, struct fault *fault) {
    struct passage_use *use = user;
    return store_passages_retain(session, slice_of(use->bot), use->sources, use->count, fault);
}
static bool search(struct store_session *session, void *user, struct fault *fault) {
    struct passage_use *use = user;
    return store_passages_search(session, slice_of(use->bot), use->question, use->limit, use->arena,
                                 &use->found, &use->found_count, fault);
}

static void learn(struct store *store, const char *bot, const char *source, const char *digest,
                  const char *text) {
    struct fault fault = {0};
    struct store_passage passages[2] = {{.title = SLICE("First"), .text = slice_of(text)},
                                        {.title = SLICE("Second"), .text = SLICE("Other things")}};
    struct passage_use use = {
        .bot = bot, .source = source, .digest = digest, .passages = passages, .count = 2};
    support_must(support_write(store, replace, &use, &fault), &fault);
}

static size_t search_count(struct store *store, const char *bot, struct slice question) {
    struct fault fault = {0};
    struct passage_use use = {
        .bot = bot, .question = question, .limit = 10, .arena = arena_create(1024)};
    support_must(support_read(store, search, &use, &fault), &fault);
    for (size_t i = 0; i < use.found_count; i++) {
        assert_string_equal(use.found[i].bot.data, bot);
        assert_true(use.found[i].score > 0);
        assert_true(use.found[i].coverage > 0 && use.found[i].coverage <= 1);
        if (i > 0)
            assert_true(use.found[i].score <= use.found[i - 1].score);
    }
    arena_destroy(use.arena);
    return use.found_count;
}

static void test_passages_are_replaced_by_digest(void **state) {
    struct store *store = support_place_store(state);
    learn(store, "support", "faq.md", "1", "apples");
    learn(store, "support", "faq.md", "1", "pears"); /* the same digest: not looked at */
    assert_int_equal(search_count(store, "support", SLICE("apples")), 1);
    assert_int_equal(search_count(store, "support", SLICE("pears")), 0);
    learn(store, "support", "faq.md", "2", "pears");
    assert_int_equal(search_count(store, "support", SLICE("apples")), 0);
    assert_int_equal(search_count(store, "support", SLICE("pears")), 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM passages"), 2);
}

static void test_bots_do_not_see_each_other(void **state) {
    struct store *store = support_place_store(state);
    learn(store, "support", "faq.md", "1", "apples");
    learn(store, "sales", "faq.md", "1", "apples and pears");
    assert_int_equal(search_count(store, "support", SLICE("apples")), 1);
    assert_int_equal(search_count(store, "support", SLICE("pears")), 0);
    assert_int_equal(search_count(store, "sales", SLICE("pears")), 1);
    assert_int_equal(search_count(store, "unknown", SLICE("apples")), 0);
}

static void test_sources_that_are_gone_are_removed(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    learn(store, "support", "a.md", "1", "apples");
    learn(store, "support", "b.md", "1", "pears");
    learn(store, "sales", "a.md", "1", "apples");
    struct slice kept = SLICE("b.md");
    struct passage_use use = {.bot = "support", .sources = &kept, .count = 1};
    support_must(support_write(store, retain, &use, &fault), &fault);
    assert_int_equal(search_count(store, "support", SLICE("apples")), 0);
    assert_int_equal(search_count(store, "support", SLICE("pears")), 1);
    assert_int_equal(search_count(store, "sales", SLICE("apples")), 1);
    use = (struct passage_use){.bot = "support"};
    support_must(support_write(store, retain, &use, &fault), &fault);
    assert_int_equal(search_count(store, "support", SLICE("pears")), 0);
    use.bot = "unknown";
    support_must(support_write(store, retain, &use, &fault), &fault);
    learn(store, "support", "a.md", "1", "apples"); /* forgotten with its digest */
    assert_int_equal(search_count(store, "support", SLICE("apples")), 1);
}

static void test_words_match_by_stem_prefix_and_without_accents(void **state) {
    struct store *store = support_place_store(state);
    learn(store, "support", "a.md", "1",
          "Shipping with DHL. Caf\xC3\xA9 Z\xC3\xBCrich. Versandkosten.");
    assert_int_equal(search_count(store, "support", SLICE("SHIPPED?")), 1);
    assert_int_equal(search_count(store, "support", SLICE("cafe")), 1);
    assert_int_equal(search_count(store, "support", SLICE("Zurich")), 1);
    assert_int_equal(search_count(store, "support", SLICE("Versand")), 1);
    assert_int_equal(search_count(store, "support", SLICE("caf")), 0); /* too short for a prefix */
    assert_int_equal(search_count(store, "support", SLICE("where is the car")), 0);
}

static void test_nothing_in_a_question_is_syntax(void **state) {
    struct store *store = support_place_store(state);
    learn(store, "support", "a.md", "1", "apples NEAR pears");
    const struct slice questions[] = {
        SLICE("\"apples"),
        SLICE("apples\""),
        SLICE("apples AND NOT pears"),
        SLICE("title:apples"),
        SLICE("NEAR(apples, 2)"),
        SLICE("apples*"),
        SLICE("^apples"),
        SLICE("{apples} -pears"),
        SLICE("(apples"),
        SLICE("apples\0\"pears"),
        SLICE("apples \xFF\xC3'"),
        SLICE("apples'; DROP TABLE passages"),
        SLICE("\xF0\x9F\x98\x80 apples \xCC\x81 \xE2\x82\xAC"),
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        assert_int_equal(search_count(store, "support", questions[i]), 1);
    const struct slice empty[] = {{NULL, 0},         SLICE("?!\"*"),    SLICE("\0\0"),
                                  SLICE("\xFF\xFE"), SLICE("\xCC\x81"), SLICE("\xF0\x9F\x98\x80")};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        assert_int_equal(search_count(store, "support", empty[i]), 0);
    char *large = memory_allocate(100000);
    for (size_t i = 0; i < 100000; i++)
        large[i] = i % 7 ? (char)('a' + i * i % 26) : ' ';
    search_count(store, "support", (struct slice){large, 100000});
    memset(large, 'x', 100000);
    search_count(store, "support", (struct slice){large, 100000});
    free(large);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(test_passages_are_replaced_by_digest),
        SUPPORT_TEST(test_bots_do_not_see_each_other),
        SUPPORT_TEST(test_sources_that_are_gone_are_removed),
        SUPPORT_TEST(test_words_match_by_stem_prefix_and_without_accents),
        SUPPORT_TEST(test_nothing_in_a_question_is_syntax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
