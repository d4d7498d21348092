/* What was used and what it cost: the report behind `switchboard usage` and GET /admin/usage. */
#pragma once
#include "store/usage.h"
struct arena;
struct buffer;
struct settings;

/* As the caller wrote them; empty: the default. */
struct usage_options {
    struct slice by;       /* day, user, bot, model, key, conversation */
    struct slice from, to; /* "2026-11-01": both days are in it; the last 30 days */
    struct slice bot;      /* all */
};

struct usage_report {
    const char *by;
    const char *time_zone; /* of the bot, or of the only one; "UTC" */
    char from[12], to[12];
    struct store_usage *rows; /* by day: in order; else the dearest first */
    size_t count;
    struct store_usage total;
};

/* Blocking, inside a store job. BAD_INPUT with the option's name as param. */
bool usage_report_make(struct store_session *session, const struct settings *settings,
                       const struct usage_options *options, int64_t now_ms, struct arena *arena,
                       struct usage_report *ret_report, struct fault *fault);
void usage_write_json(const struct usage_report *report, struct buffer *out);
/* RFC 4180, with a head. Texts that a spreadsheet would take for formulas are defused. */
void usage_write_csv(const struct usage_report *report, struct buffer *out);
void usage_write_table(const struct usage_report *report, struct buffer *out);
