/* Takes out of a text what rules find in it (numbers of cards, addresses, what the owner has a
 * pattern for) and puts the rule's name there: "[card]".
 *
 * Rules are compiled once, with the configuration, and read by any thread. A text may come in
 * pieces: what could still become a match is held back until it is decided, and the output is the
 * same however the text is cut. At each place the rules are asked in their order; a match begins as
 * early as possible and is REDACT_WINDOW bytes at most. */
#pragma once
#include "base/buffer.h"
#include <stdbool.h>
struct arena;
struct fault;
struct redact; /* the rules of a bot */

enum redact_place {
    REDACT_LOG = 1,    /* what the server keeps and writes down */
    REDACT_MODEL = 2,  /* what is sent to a provider */
    REDACT_ANSWER = 4, /* what the client is shown */
};

enum {
    REDACT_RULES_MAX = 16,
    REDACT_PATTERN_MAX = 1024, /* bytes */
    REDACT_WINDOW = 320,       /* bytes: the longest match, and the most that is held back */
};

struct redact_rule_settings {
    const char *name;        /* "card", "email", "phone", or any other with a pattern */
    struct slice pattern;    /* PCRE2; empty for those that are built in */
    unsigned from;           /* enum redact_place */
    const char *const *keep; /* matches that stay; `*` stands for anything, case is ignored */
    size_t keep_count;
};

/* True for the names that need no pattern. */
bool redact_is_built_in(const char *name);

/* Lives in the arena, without rules. */
struct redact *redact_create(struct arena *arena);
/* False when the pattern does not compile or cannot be used; `fault` says why. At most
 * REDACT_RULES_MAX. The settings' texts are not copied. */
bool redact_add(struct redact *redact, const struct redact_rule_settings *rule,
                struct fault *fault);
/* True if a rule is about that place. NULL has no rules. */
bool redact_has(const struct redact *redact, enum redact_place place);
/* All that makes a difference to what is taken out, as bytes. */
void redact_describe(const struct redact *redact, struct buffer *out);
/* A rule whose pattern took too many steps and was passed over there; each once, then NULL. */
const char *redact_take_costly(const struct redact *redact);

/* A text in one piece: itself when nothing is found (or there are no rules), else in the arena. */
struct slice redact_text(const struct redact *redact, enum redact_place place, struct slice text,
                         struct arena *arena);
/* A JSON value: in its strings, its keys and, as a string then, its numbers. Any other text as
 * redact_text. */
struct slice redact_json(const struct redact *redact, enum redact_place place, struct slice text,
                         struct arena *arena);

/* A text in pieces. */
struct redactor {
    const struct redact *redact;
    enum redact_place place;
    struct buffer text; /* what is held back, and before it what lookbehinds may see */
    size_t at;          /* where what is held back begins */
    void *matches;      /* of PCRE2 */
    bool changed;
    unsigned char failures[REDACT_RULES_MAX]; /* attempts that were given up */
};

void redactor_init(struct redactor *redactor, const struct redact *redact, enum redact_place place);
void redactor_feed(struct redactor *redactor, struct slice text, struct buffer *out);
/* The text is over: appends what was held back. The next one may begin. */
void redactor_end(struct redactor *redactor, struct buffer *out);
void redactor_finish(struct redactor *redactor);
