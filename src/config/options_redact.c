/* The rows of what is taken out of texts. */
#include "chat/redact.h"
#include "config/draft.h"
#include "config/rows.h"

static const struct choice places[] = {
    {"log", REDACT_LOG, "what the database and the application's log keep"},
    {"model", REDACT_MODEL, "what is sent to a provider"},
    {"answer", REDACT_ANSWER, "what the visitor or the client sees of an answer"},
    {NULL, 0, NULL}};

static const struct option redact_options[] = {
    ROW("pattern", OPTION_STRING, struct draft_redact, pattern, RANGE(1, REDACT_PATTERN_MAX),
        .help = "A regular expression (PCRE2). `card`, `email` and `phone` need none.",
        .fallback_text = "the built-in one"),
    ROW("from", OPTION_CHOICE, struct draft_redact, from, LIST(struct draft_redact, from_count, 3),
        .flags = OPTION_LIST, .choices = places, .help = "Out of what it is taken.",
        .fallback_text = "`log` and `model`"),
    ROW("keep", OPTION_STRING, struct draft_redact, keep, LIST(struct draft_redact, keep_count, 64),
        RANGE(1, 200), .flags = OPTION_LIST,
        .help = "Matches that stay, such as the shop's own addresses; `*` stands for anything.",
        .fallback_text = "none"),
};
const struct section redact_section = {
    .name = "redact",
    .help = "What is taken out of texts: `card`, `email`, `phone`, or any other name with a "
            "pattern. The name in brackets stands in its place: `[card]`.",
    .size = sizeof(struct draft_redact),
    ROWS(redact_options)};
