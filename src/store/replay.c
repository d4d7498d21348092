#include "store/replay.h"
#include "base/buffer.h"
#include "store/session.h"

static struct store_logged_turn read_turn(const struct session_query *query, struct arena *arena) {
    return (struct store_logged_turn){
        .conversation_id = session_column_bytes(query, 0, arena),
        .question = session_column_bytes(query, 1, arena),
        .answer = session_column_bytes(query, 2, arena),
        .position = session_column_integer(query, 3),
        .provider = session_column_bytes(query, 4, arena),
        .model = session_column_bytes(query, 5, arena),
        .input_tokens = session_column_integer(query, 6),
        .cache_read_tokens = session_column_integer(query, 7),
        .cache_write_tokens = session_column_integer(query, 8),
        .cache_write_1h_tokens = session_column_integer(query, 9),
        .output_tokens = session_column_integer(query, 10),
        .reasoning_tokens = session_column_integer(query, 11),
        .microdollars = session_column_integer(query, 12),
        .duration_ms = session_column_integer(query, 13),
    };
}

bool store_logged_turns(struct store_session *session, struct slice bot, size_t limit,
                        struct arena *arena, struct store_logged_turn **ret_turns,
                        size_t *ret_count, struct fault *fault) {
    static const char sql[] =
        "SELECT c.conversation_id, q.text, a.text, q.position, c.provider, c.model,"
        " c.input_tokens, c.cache_read_tokens, c.cache_write_tokens, c.cache_write_1h_tokens,"
        " c.output_tokens, c.reasoning_tokens, c.cost_microdollars, c.duration_ms"
        " FROM calls c"
        " JOIN messages q ON q.conversation_id = c.conversation_id AND q.turn_id = c.turn_id"
        " AND q.role = 'user'"
        " JOIN messages a ON a.conversation_id = c.conversation_id AND a.turn_id = c.turn_id"
        " AND a.role = 'assistant' AND a.status = 'complete'"
        " WHERE c.bot = $1 AND c.purpose = 'answer' AND c.state = 'settled' AND c.error_kind = ''"
        " AND c.model <> '' ORDER BY c.id DESC LIMIT $2";
    struct session_query query;
    if (!session_query(session, sql,
                       SESSION_VALUES(session_text(bot), session_integer((int64_t)limit)), &query,
                       fault))
        return false;
    struct buffer turns = {0};
    while (session_next(&query, fault)) {
        const struct store_logged_turn turn = read_turn(&query, arena);
        session_rows_add(&turns, &turn, sizeof turn);
    }
    void *all;
    if (!session_rows_end(&query, &turns, sizeof **ret_turns, arena, &all, ret_count))
        return false;
    *ret_turns = all;
    return true;
}
