#include "chat/usage.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "chat/settings.h"
#include "gate/zone.h"
#include <time.h>

static const int64_t days_default = 30, days_max = 3660, noon_s = 43200;
static const int64_t hour_ms = 3600000;

/* --- options --- */

static const struct {
    const char *name;
    enum store_usage_by by;
} groups[] = {
    {"day", STORE_USAGE_ALL},    {"user", STORE_USAGE_BY_USER},
    {"bot", STORE_USAGE_BY_BOT}, {"model", STORE_USAGE_BY_MODEL},
    {"key", STORE_USAGE_BY_KEY}, {"conversation", STORE_USAGE_BY_CONVERSATION},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

static bool find_group(struct slice name, size_t *ret_group, struct fault *fault) {
    *ret_group = 0;
    if (name.size == 0)
        return true;
    for (size_t i = 0; i < GROUPS; i++)
        if (slice_is(name, groups[i].name)) {
            *ret_group = i;
            return true;
        }
    fault_set(fault, FAULT_BAD_INPUT,
              "by must be day, user, bot, model, key or conversation, not \"%.*s\".",
              SLICE_ARG(slice_first(name, 40)));
    return fault_param(fault, "by");
}

static bool find_bot(const struct settings *settings, struct slice name, const struct bot **ret_bot,
                     struct fault *fault) {
    *ret_bot = settings->bot_count == 1 ? settings->default_bot : NULL;
    if (name.size == 0)
        return true;
    *ret_bot = settings_bot(settings, name);
    if (*ret_bot)
        return true;
    fault_set(fault, FAULT_BAD_INPUT, "There is no bot of the name \"%.*s\".",
              SLICE_ARG(slice_first(name, 64)));
    return fault_param(fault, "bot");
}

/* Noon of that day, so that an hour more or less stays in it. */
static bool read_date(struct slice text, const char *param, const struct zone *zone,
                      int64_t *ret_noon_ms, struct fault *fault) {
    struct tm date = {0};
    char copy[11] = "";
    if (text.size == 10) {
        memcpy(copy, text.data, 10);
        const char *end = strptime(copy, "%Y-%m-%d", &date);
        struct tm given = date;
        if (end && *end == '\0') {
            time_t noon = timegm(&date) + noon_s;
            if (date.tm_mday == given.tm_mday && date.tm_mon == given.tm_mon) {
                int64_t local_ms = (int64_t)noon * 1000;
                *ret_noon_ms = local_ms - zone_offset_s(zone, local_ms) * 1000;
                return true;
            }
        }
    }
    fault_set(fault, FAULT_BAD_INPUT, "%s must be a day such as 2026-11-30, not \"%.*s\".", param,
              SLICE_ARG(slice_first(text, 40)));
    return fault_param(fault, "%s", param);
}

static void write_date(const struct zone *zone, int64_t ms, char text[12]) {
    time_t local = (time_t)(ms / 1000 + zone_offset_s(zone, ms));
    struct tm date;
    gmtime_r(&local, &date);
    if (strftime(text, 12, "%Y-%m-%d", &date) == 0)
        text[0] = '\0';
}

/* --- rows --- */

static void sum_up(struct store_usage *sum, const struct store_usage *row) {
    sum->calls += row->calls;
    sum->turns += row->turns;
    sum->errors += row->errors;
    sum->input_tokens += row->input_tokens;
    sum->cache_read_tokens += row->cache_read_tokens;
    sum->cache_write_tokens += row->cache_write_tokens;
    sum->output_tokens += row->output_tokens;
    sum->reasoning_tokens += row->reasoning_tokens;
    sum->microdollars += row->microdollars;
    sum->estimated_microdollars += row->estimated_microdollars;
    sum->unpriced += row->unpriced;
    sum->counted_tokens += row->counted_tokens;
    sum->reported_tokens += row->reported_tokens;
}

/* Days have no rows of their own in the database: their length depends on the time zone. */
static bool list_days(struct store_session *session, const struct zone *zone,
                      struct store_usage_query query, struct arena *arena,
                      struct usage_report *report, struct fault *fault) {
    size_t most = (size_t)((query.to_ms - query.from_ms) / (20 * hour_ms)) + 2;
    report->rows = arena_array(arena, most, sizeof *report->rows);
    for (int64_t at = query.from_ms; at < query.to_ms && report->count < most;) {
        struct zone_window day = zone_day(zone, at + hour_ms);
        struct store_usage *rows;
        size_t count;
        struct store_usage_query one = query;
        one.from_ms = day.start_ms;
        one.to_ms = day.end_ms;
        if (!store_usage_list(session, &one, arena, &rows, &count, fault))
            return false;
        if (count > 0) {
            char *date = arena_allocate(arena, 12);
            write_date(zone, day.start_ms + 12 * hour_ms, date);
            rows[0].group = slice_of(date);
            report->rows[report->count++] = rows[0];
        }
        at = day.end_ms;
    }
    return true;
}

bool usage_report_make(struct store_session *session, const struct settings *settings,
                       const struct usage_options *options, int64_t now_ms, struct arena *arena,
                       struct usage_report *ret_report, struct fault *fault) {
    size_t group;
    const struct bot *bot;
    if (!find_group(options->by, &group, fault) || !find_bot(settings, options->bot, &bot, fault))
        return false;
    const struct zone *zone = bot ? bot->budget.zone : NULL;
    int64_t to_ms = now_ms, from_ms = now_ms - (days_default - 1) * 24 * hour_ms;
    if (options->to.size > 0) {
        if (!read_date(options->to, "to", zone, &to_ms, fault))
            return false;
        from_ms = to_ms - (days_default - 1) * 24 * hour_ms;
    }
    if (options->from.size > 0 && !read_date(options->from, "from", zone, &from_ms, fault))
        return false;
    struct store_usage_query query = {.by = groups[group].by,
                                      .bot = options->bot,
                                      .from_ms = zone_day(zone, from_ms).start_ms,
                                      .to_ms = zone_day(zone, to_ms).end_ms};
    if (query.from_ms >= query.to_ms || query.to_ms - query.from_ms > days_max * 24 * hour_ms) {
        fault_set(fault, FAULT_BAD_INPUT,
                  "from must not be after to, and at most ten years before.");
        return fault_param(fault, "from");
    }
    struct usage_report report = {.by = groups[group].name,
                                  .time_zone = zone ? bot->budget.time_zone : "UTC"};
    write_date(zone, query.from_ms + 12 * hour_ms, report.from);
    write_date(zone, query.to_ms - 12 * hour_ms, report.to);
    bool ok = group == 0
                  ? list_days(session, zone, query, arena, &report, fault)
                  : store_usage_list(session, &query, arena, &report.rows, &report.count, fault);
    for (size_t i = 0; ok && i < report.count; i++)
        sum_up(&report.total, &report.rows[i]);
    if (ok)
        *ret_report = report;
    return ok;
}
