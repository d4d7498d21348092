#include "store/usage.h"
#include "base/buffer.h"
#include "base/id.h"
#include "store/call_sums.h"
#include "store/session.h"

#define IS_DRIFT "counted_tokens >= 0 AND estimated = 0 AND input_tokens >= 0"

/* In the order of read_row. */
/* clang-format off */
#define SUMS \
    ", count(*), count(DISTINCT turn_id)" \
    ", " SQL_SUM("CASE WHEN error_kind <> '' THEN 1 ELSE 0 END") \
    ", " SQL_SUM(SQL_POSITIVE("input_tokens")) \
    ", " SQL_SUM(SQL_POSITIVE("cache_read_tokens")) \
    ", " SQL_SUM(CALL_WRITTEN) \
    ", " SQL_SUM(SQL_POSITIVE("output_tokens")) \
    ", " SQL_SUM(SQL_POSITIVE("reasoning_tokens")) \
    ", " SQL_SUM(CALL_COST) \
    ", " SQL_SUM("CASE WHEN estimated = 1 OR state = 'open' THEN " CALL_COST " ELSE 0 END") \
    ", " SQL_SUM("CASE WHEN state <> 'open' AND cost_microdollars < 0 THEN 1 ELSE 0 END") \
    ", " SQL_SUM("CASE WHEN " IS_DRIFT " THEN counted_tokens ELSE 0 END") \
    ", " SQL_SUM("CASE WHEN " IS_DRIFT " THEN " CALL_PROMPT " ELSE 0 END")
/* clang-format on */

/* Ids begin with the time, which keeps a report of a month from reading all years. */
#define CALLS                                                                                      \
    " FROM calls WHERE id >= $1 AND id < $2 AND started_ms >= $3 AND started_ms < $4"              \
    " AND ($5 = '' OR bot = $5)"
#define GROUPED " GROUP BY 1, 2 ORDER BY 11 DESC, 1"

static const char *sql_of(enum store_usage_by by) {
    switch (by) {
    case STORE_USAGE_BY_USER:
        return "SELECT user_id, ''" SUMS CALLS GROUPED;
    case STORE_USAGE_BY_BOT:
        return "SELECT bot, ''" SUMS CALLS GROUPED;
    case STORE_USAGE_BY_MODEL:
        return "SELECT provider || CASE WHEN model = '' THEN '' ELSE '/' || model END"
               ", ''" SUMS CALLS GROUPED;
    case STORE_USAGE_BY_KEY:
        return "SELECT substr(user_id, 5), coalesce((SELECT name FROM api_keys"
               " WHERE api_keys.id = substr(user_id, 5)), '')" SUMS CALLS
               " AND user_id LIKE 'key:%'" GROUPED;
    case STORE_USAGE_BY_CONVERSATION:
        return "SELECT conversation_id, ''" SUMS CALLS GROUPED;
    default:
        return "SELECT '', ''" SUMS CALLS GROUPED;
    }
}

static struct store_usage read_row(const struct session_query *query, struct arena *arena) {
    struct store_usage row = {.group = session_column_bytes(query, 0, arena),
                              .name = session_column_bytes(query, 1, arena)};
    int64_t *const numbers[] = {&row.calls,
                                &row.turns,
                                &row.errors,
                                &row.input_tokens,
                                &row.cache_read_tokens,
                                &row.cache_write_tokens,
                                &row.output_tokens,
                                &row.reasoning_tokens,
                                &row.microdollars,
                                &row.estimated_microdollars,
                                &row.unpriced,
                                &row.counted_tokens,
                                &row.reported_tokens};
    for (int i = 0; i < (int)(sizeof numbers / sizeof numbers[0]); i++)
        *numbers[i] = session_column_integer(query, i + 2);
    return row;
}

bool store_usage_list(struct store_session *session, const struct store_usage_query *query,
                      struct arena *arena, struct store_usage **ret_rows, size_t *ret_count,
                      struct fault *fault) {
    const int64_t margin_ms = 60000; /* a call's id is made a moment before it starts */
    const struct id first = id_first(query->from_ms - margin_ms),
                    last = id_first(query->to_ms + margin_ms);
    struct session_query rows;
    if (!session_query(session, sql_of(query->by),
                       SESSION_VALUES(session_text(id_slice(&first)), session_text(id_slice(&last)),
                                      session_integer(query->from_ms),
                                      session_integer(query->to_ms), session_text(query->bot)),
                       &rows, fault))
        return false;
    struct buffer found = {0};
    while (session_next(&rows, fault)) {
        const struct store_usage row = read_row(&rows, arena);
        session_rows_add(&found, &row, sizeof row);
    }
    void *all;
    if (!session_rows_end(&rows, &found, sizeof **ret_rows, arena, &all, ret_count))
        return false;
    *ret_rows = all;
    return true;
}
