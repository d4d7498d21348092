#include "chat/splice.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Feeds the continuation in pieces of `piece` bytes; NULL when it cannot be joined. */
static bool join(const char *said, const char *continuation, size_t piece, struct buffer *out) {
    struct splice splice;
    struct slice rest = slice_of(continuation);
    bool ok = true;
    splice_init(&splice, slice_of(said));
    buffer_clear(out);
    while (ok && rest.size > 0) {
        ok = splice_feed(&splice, slice_first(rest, piece), out);
        rest = slice_from(rest, piece);
    }
    ok = ok && splice_end(&splice, out);
    splice_finish(&splice);
    return ok;
}

static const char said[] =
    "You can return goods within 30 days. Please keep the original packaging and the rec";

static const struct {
    const char *name, *continuation, *fresh; /* NULL: cannot be joined */
} rows[] = {
    {"goes on", "eipt. We pay the money back within a week.",
     "eipt. We pay the money back within a week."},
    {"nothing", "", ""},
    {"repeats the last words", "the original packaging and the receipt. Done.", "eipt. Done."},
    {"repeats its last sentence",
     "Please keep the original packaging and the receipt. We pay back within a week, always.",
     "eipt. We pay back within a week, always."},
    {"starts again",
     "You can return goods within 30 days. Please keep the original packaging and the receipt. "
     "Then "
     "write to us, and we send a label.",
     "eipt. Then write to us, and we send a label."},
    {"starts again and ends sooner", "You can return goods within 30 days.", ""},
    {"starts again and says something else",
     "You can return goods within 14 days, and not a single day later, whatever you may say about "
     "it "
     "to us or to others.",
     NULL},
    {"a short likeness is chance", "rec rec rec", "rec rec rec"},
};

static void test_joins(void **state) {
    (void)state;
    struct buffer out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t piece = 1; piece < 200; piece++) {
            bool joined = join(said, rows[i].continuation, piece, &out);
            if (joined != (rows[i].fresh != NULL))
                fail_msg("%s, pieces of %zu: %s", rows[i].name, piece, joined ? "joined" : "not");
            if (joined && !slice_is(buffer_slice(&out), rows[i].fresh))
                fail_msg("%s, pieces of %zu: %s", rows[i].name, piece, buffer_string(&out));
        }
    buffer_finish(&out);
}

static void test_a_very_short_beginning(void **state) {
    (void)state;
    struct buffer out = {0};
    assert_true(join("Yes",
                     "Yes, we ship to Germany, France and all other countries of the union; it "
                     "takes three to five days.",
                     5, &out));
    assert_memory_equal(out.data, ", we ship", 9);
    assert_true(join("Yes", ", we do.", 3, &out));
    assert_true(slice_is(buffer_slice(&out), ", we do."));
    buffer_finish(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_a_very_short_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
