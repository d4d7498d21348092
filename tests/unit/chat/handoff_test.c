/* Who may change who answers: the table of handoff.h, cell by cell. */
#include "chat/handoff.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const enum handoff_cause causes[] = {HANDOFF_BY_VISITOR, HANDOFF_BY_BOT, HANDOFF_BY_RULE,
                                            HANDOFF_BY_OPERATOR};

/* What each cell has: v, b, r, o. */
static const char *const expected[4][4] = {
    {"", "vbro", "o", "o"},
    {"vro", "", "o", "ro"},
    {"o", "ro", "o", "o"},
    {"v", "v", "o", ""},
};

static void each_cell_has_its_causes(void **state) {
    (void)state;
    for (int from = 0; from < 4; from++)
        for (int to = 0; to < 4; to++)
            for (size_t i = 0; i < 4; i++) {
                const struct store_standing now = {
                    .mode = slice_of(handoff_mode_name((enum handoff_mode)from)),
                    .operator_id = SLICE("A")};
                const struct handoff_actor actor = {.cause = causes[i], .operator_id = SLICE("A")};
                struct fault fault = {0};
                bool may = handoff_may(&now, (enum handoff_mode)to, SLICE("B"), &actor, &fault);
                assert_int_equal(may, strchr(expected[from][to], "vbro"[i]) != NULL);
                if (!may)
                    assert_string_equal(fault.code, "conversation_changed");
            }
}

static void assert_refused(const struct store_standing *now, enum handoff_mode to,
                           struct slice to_operator, const struct handoff_actor *actor,
                           const char *code) {
    struct fault fault = {0};
    assert_false(handoff_may(now, to, to_operator, actor, &fault));
    assert_int_equal(fault.kind, FAULT_CONFLICT);
    assert_string_equal(fault.code, code);
}

static void what_another_has_is_theirs(void **state) {
    (void)state;
    struct fault fault;
    const struct store_standing now = {.mode = SLICE("operator"), .operator_id = SLICE("A")};
    struct handoff_actor other = {.cause = HANDOFF_BY_OPERATOR, .operator_id = SLICE("B")};
    assert_refused(&now, HANDOFF_OPERATOR, SLICE("B"), &other, "taken");
    assert_refused(&now, HANDOFF_OPERATOR, SLICE("C"), &other, "not_yours");
    assert_refused(&now, HANDOFF_BOT, SLICE(""), &other, "not_yours");
    assert_refused(&now, HANDOFF_WAITING, SLICE(""), &other, "not_yours");
    assert_refused(&now, HANDOFF_CLOSED, SLICE(""), &other, "not_yours");
    other.force = true; /* which is for those who lead */
    assert_refused(&now, HANDOFF_OPERATOR, SLICE("B"), &other, "taken");
    other.leads = true;
    assert_true(handoff_may(&now, HANDOFF_OPERATOR, SLICE("B"), &other, &fault));
    other.force = false; /* nobody takes over by a press too many */
    assert_refused(&now, HANDOFF_OPERATOR, SLICE("B"), &other, "taken");
    assert_true(handoff_may(&now, HANDOFF_OPERATOR, SLICE("C"), &other, &fault));
    assert_true(handoff_may(&now, HANDOFF_CLOSED, SLICE(""), &other, &fault));
}

static void modes_have_names(void **state) {
    (void)state;
    for (int mode = 0; mode < 4; mode++)
        assert_int_equal(handoff_mode_of(slice_of(handoff_mode_name((enum handoff_mode)mode))),
                         mode);
    assert_int_equal(handoff_mode_of(SLICE("")), HANDOFF_BOT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_has_its_causes),
        cmocka_unit_test(what_another_has_is_theirs),
        cmocka_unit_test(modes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
