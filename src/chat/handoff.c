#include "chat/handoff.h"

enum {
    VISITOR = 1 << HANDOFF_BY_VISITOR,
    BOT = 1 << HANDOFF_BY_BOT,
    RULE = 1 << HANDOFF_BY_RULE,
    OPERATOR = 1 << HANDOFF_BY_OPERATOR,
    MODES = 4
};

static const char *const names[MODES] = {"bot", "waiting", "operator", "closed"};

/* The table of handoff.h: from, to, who. */
static const unsigned char table[MODES][MODES] = {
    [HANDOFF_BOT] = {[HANDOFF_WAITING] = VISITOR | BOT | RULE | OPERATOR,
                     [HANDOFF_OPERATOR] = OPERATOR,
                     [HANDOFF_CLOSED] = OPERATOR},
    [HANDOFF_WAITING] = {[HANDOFF_BOT] = VISITOR | RULE | OPERATOR,
                         [HANDOFF_OPERATOR] = OPERATOR,
                         [HANDOFF_CLOSED] = OPERATOR | RULE},
    [HANDOFF_OPERATOR] = {[HANDOFF_BOT] = OPERATOR,
                          [HANDOFF_WAITING] = OPERATOR | RULE,
                          [HANDOFF_OPERATOR] = OPERATOR,
                          [HANDOFF_CLOSED] = OPERATOR},
    [HANDOFF_CLOSED] =
        {[HANDOFF_BOT] = VISITOR, [HANDOFF_WAITING] = VISITOR, [HANDOFF_OPERATOR] = OPERATOR},
};

const char *handoff_mode_name(enum handoff_mode mode) {
    return names[mode];
}

enum handoff_mode handoff_mode_of(struct slice name) {
    for (int mode = HANDOFF_WAITING; mode < MODES; mode++)
        if (slice_is(name, names[mode]))
            return (enum handoff_mode)mode;
    return HANDOFF_BOT;
}

static bool refuse(struct fault *fault, const char *code, const char *words) {
    fault_set(fault, FAULT_CONFLICT, "%s", words);
    snprintf(fault->code, sizeof fault->code, "%s", code);
    return false;
}

bool handoff_may(const struct store_standing *now, enum handoff_mode to, struct slice to_operator,
                 const struct handoff_actor *actor, struct fault *fault) {
    enum handoff_mode from = handoff_mode_of(now->mode);
    if (!(table[from][to] & 1 << actor->cause))
        return refuse(fault, "conversation_changed",
                      "The conversation is not what it was: look at it again.");
    if (actor->cause != HANDOFF_BY_OPERATOR || from != HANDOFF_OPERATOR ||
        slice_equal(now->operator_id, actor->operator_id))
        return true;
    bool takes = to == HANDOFF_OPERATOR && slice_equal(to_operator, actor->operator_id);
    if (actor->leads && (!takes || actor->force))
        return true;
    return takes ? refuse(fault, "taken", "Another operator has this conversation.")
                 : refuse(fault, "not_yours", "This conversation is another operator's.");
}
