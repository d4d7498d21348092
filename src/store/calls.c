/* The calls of models, which are the ledger as well. */
#include "base/buffer.h"
#include "base/id.h"
#include "store/call_sums.h"
#include "store/records.h"
#include "store/session.h"

enum { CALL_VALUES = 30 };

/* In the order of the columns below. */
static void values_of(const struct store_call *call, const char *state,
                      struct store_value values[CALL_VALUES]) {
    const struct store_value all[CALL_VALUES] = {
        session_text(call->id),
        session_text(call->turn_id),
        session_text(call->conversation_id),
        session_text(call->bot),
        session_text(call->user),
        session_text(call->provider),
        session_text(call->provider_key),
        session_text(call->model),
        session_text(call->purpose.size ? call->purpose : SLICE("answer")),
        session_integer(call->started_ms),
        session_integer(call->duration_ms),
        session_integer(call->first_token_ms),
        session_integer(call->input_tokens),
        session_integer(call->cache_read_tokens),
        session_integer(call->cache_write_tokens),
        session_integer(call->cache_write_1h_tokens),
        session_integer(call->output_tokens),
        session_integer(call->reasoning_tokens),
        session_integer(call->counted_tokens),
        session_integer(call->left_out),
        session_integer(call->reserved_microdollars),
        session_integer(call->reserved_tokens),
        session_integer(call->cost_microdollars),
        session_integer(call->estimated),
        session_text(call->finish_reason),
        session_text(call->error_kind),
        session_text(call->error_detail),
        session_integer(call->upstream_status),
        session_text(call->upstream_request_id),
        session_text(slice_of(state)),
    };
    memcpy(values, all, sizeof all);
}

#define CALL_INSERT                                                                                \
    "INSERT INTO calls (id, turn_id, conversation_id, bot, user_id, provider, provider_key, "      \
    "model,"                                                                                       \
    " purpose, started_ms, duration_ms, first_token_ms, input_tokens, cache_read_tokens,"          \
    " cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,"                 \
    " counted_tokens, left_out, reserved_microdollars, reserved_tokens, cost_microdollars,"        \
    " estimated, finish_reason, error_kind, error_detail, upstream_status,"                        \
    " upstream_request_id, state)"                                                                 \
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"    \
    " $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)"

bool store_call_open(struct store_session *session, const struct store_call *call,
                     struct fault *fault) {
    struct store_value values[CALL_VALUES];
    values_of(call, "open", values);
    return session_run(session, CALL_INSERT, values, CALL_VALUES, NULL, fault);
}

bool store_call_settle(struct store_session *session, const struct store_call *call,
                       struct fault *fault) {
    static const char sql[] =
        CALL_INSERT " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
                    " duration_ms = excluded.duration_ms, first_token_ms = excluded.first_token_ms,"
                    " input_tokens = excluded.input_tokens,"
                    " cache_read_tokens = excluded.cache_read_tokens,"
                    " cache_write_tokens = excluded.cache_write_tokens,"
                    " cache_write_1h_tokens = excluded.cache_write_1h_tokens,"
                    " output_tokens = excluded.output_tokens,"
                    " reasoning_tokens = excluded.reasoning_tokens,"
                    " cost_microdollars = excluded.cost_microdollars,"
                    " estimated = excluded.estimated, finish_reason = excluded.finish_reason,"
                    " error_kind = excluded.error_kind, error_detail = excluded.error_detail,"
                    " upstream_status = excluded.upstream_status,"
                    " upstream_request_id = excluded.upstream_request_id";
    struct store_value values[CALL_VALUES];
    values_of(call, "settled", values);
    return session_run(session, sql, values, CALL_VALUES, NULL, fault);
}

bool store_calls_close(struct store_session *session, int64_t *ret_count, struct fault *fault) {
    static const char sql[] =
        "UPDATE calls SET state = 'settled', cost_microdollars = reserved_microdollars,"
        " estimated = 1, error_kind = 'crashed', error_detail = 'the server ended during the call'"
        " WHERE state = 'open'";
    return session_run(session, sql, NULL, 0, ret_count, fault);
}

/* --- what was spent --- */

#define SPENT SQL_SUM(CALL_COST)
/* Tokens of a call that reported none are those reserved for it while it is open or crashed. */
#define TOKENS                                                                                     \
    SQL_SUM("CASE WHEN state = 'open' OR error_kind = 'crashed' THEN reserved_tokens"              \
            " ELSE " CALL_PROMPT " + " CALL_ANSWER " END")

static const char *spending_sql(enum store_spender by) {
    switch (by) {
    case STORE_BY_USER:
        return "SELECT bot, user_id, " SPENT ", " TOKENS
               " FROM calls WHERE id >= $3 AND bot = $1 AND started_ms >= $2 GROUP BY user_id";
    case STORE_BY_BOT:
        return "SELECT bot, '', " SPENT ", " TOKENS
               " FROM calls WHERE id >= $3 AND bot = $1 AND started_ms >= $2 GROUP BY bot";
    default:
        return "SELECT '', provider || '/' || provider_key, " SPENT ", " TOKENS
               " FROM calls WHERE id >= $3 AND $1 = '' AND started_ms >= $2"
               " GROUP BY provider, provider_key";
    }
}

bool store_spending_list(struct store_session *session, enum store_spender by, struct slice bot,
                         int64_t since_ms, struct arena *arena,
                         struct store_spending **ret_spending, size_t *ret_count,
                         struct fault *fault) {
    /* Ids begin with the time; a call's is made a moment before it starts. */
    const struct id first = id_first(since_ms - INT64_C(60000));
    struct session_query query;
    if (!session_query(session, spending_sql(by),
                       SESSION_VALUES(session_text(bot), session_integer(since_ms),
                                      session_text(id_slice(&first))),
                       &query, fault))
        return false;
    struct buffer rows = {0};
    while (session_next(&query, fault)) {
        const struct store_spending row = {
            .bot = session_column_bytes(&query, 0, arena),
            .subject = session_column_bytes(&query, 1, arena),
            .microdollars = session_column_integer(&query, 2),
            .tokens = session_column_integer(&query, 3),
        };
        session_rows_add(&rows, &row, sizeof row);
    }
    void *all;
    if (!session_rows_end(&query, &rows, sizeof **ret_spending, arena, &all, ret_count))
        return false;
    *ret_spending = all;
    return true;
}

bool store_conversation_spent(struct store_session *session, struct slice conversation_id,
                              struct store_spending *ret_spending, struct fault *fault) {
    static const char sql[] = "SELECT " SPENT ", " TOKENS " FROM calls WHERE conversation_id = $1";
    struct session_query query;
    if (!session_query(session, sql, SESSION_VALUES(session_text(conversation_id)), &query, fault))
        return false;
    struct store_spending spending = {0};
    if (session_next(&query, fault)) {
        spending.microdollars = session_column_integer(&query, 0);
        spending.tokens = session_column_integer(&query, 1);
    }
    if (!session_query_end(&query))
        return false;
    *ret_spending = spending;
    return true;
}

/* --- how models count --- */

bool store_estimate_put(struct store_session *session, const struct store_estimate *estimate,
                        struct fault *fault) {
    return session_run(session,
                       "INSERT INTO estimates (model, state) VALUES ($1, $2)"
                       " ON CONFLICT (model) DO UPDATE SET state = excluded.state",
                       SESSION_VALUES(session_text(estimate->model), session_text(estimate->state)),
                       NULL, fault);
}

bool store_estimates_list(struct store_session *session, struct arena *arena,
                          struct store_estimate **ret_estimates, size_t *ret_count,
                          struct fault *fault) {
    struct session_query query;
    if (!session_query(session, "SELECT model, state FROM estimates ORDER BY model", NULL, 0,
                       &query, fault))
        return false;
    struct buffer rows = {0};
    while (session_next(&query, fault)) {
        const struct store_estimate row = {session_column_bytes(&query, 0, arena),
                                           session_column_bytes(&query, 1, arena)};
        session_rows_add(&rows, &row, sizeof row);
    }
    void *all;
    if (!session_rows_end(&query, &rows, sizeof **ret_estimates, arena, &all, ret_count))
        return false;
    *ret_estimates = all;
    return true;
}
