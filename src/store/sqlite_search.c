/* Full text with FTS5: which passages hold words of the question, how well, and how much of the
 * question they cover. FTS5's own bm25() is not used: in a knowledge of a few passages its weights
 * sink to nothing, and it counts the passages of all bots. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "store/question.h"
#include "store/session.h"
#include "store/sqlite.h"
#include <math.h>

enum { PHRASES_MAX = 2 * QUESTION_WORDS_MAX, COLUMN_TITLE = 0 };

/* BM25's usual constants, and how much more a word in a title says than one in the text. */
static const double SATURATION = 1.2, LENGTH_SHARE = 0.75, TITLE_WEIGHT = 3.0;
/* What finding only a longer word is worth ("ship" in "shipbuilding"). */
static const double PREFIX_SHARE = 0.5;

/* The expression has one phrase per word, and behind that of a long word another one for its
 * prefix. `kinds` says which is which: 'w' and 'p'. */
struct rank {
    size_t word_count;
    int word_of[PHRASES_MAX];
    bool is_prefix[PHRASES_MAX];
    double weight[QUESTION_WORDS_MAX]; /* of a word: the rarer the more (idf) */
    double weight_total;
    double mean_size;
};

struct tally {
    sqlite3_int64 first, last; /* ids of the bot's passages */
    int64_t rows;
};

static int count_row(const Fts5ExtensionApi *api, Fts5Context *context, void *user) {
    struct tally *tally = user;
    sqlite3_int64 id = api->xRowid(context);
    tally->rows += id >= tally->first && id <= tally->last;
    return SQLITE_OK;
}

/* A word that no passage has weighs as much as the rarest one that some passage has, not more. */
static double weight_of(int64_t rows, int64_t all) {
    double with = (double)(rows > 0 ? rows : 1), total = (double)(all > 0 ? all : 1);
    return log(1 + (total - with + 0.5) / (with + 0.5));
}

static int weigh(const Fts5ExtensionApi *api, Fts5Context *context, sqlite3_value **values,
                 struct rank *rank) {
    const char *kinds = (const char *)sqlite3_value_text(values[0]);
    struct tally tally = {sqlite3_value_int64(values[1]), sqlite3_value_int64(values[2]), 0};
    int64_t all = sqlite3_value_int64(values[3]);
    int phrases = api->xPhraseCount(context);
    if (!kinds || phrases > PHRASES_MAX || (size_t)phrases != strlen(kinds))
        return SQLITE_ERROR;
    for (int i = 0; i < phrases; i++) {
        rank->is_prefix[i] = kinds[i] == 'p';
        rank->word_count += !rank->is_prefix[i];
        size_t word = rank->word_count - 1;
        rank->word_of[i] = (int)word;
        tally.rows = 0;
        int code = api->xQueryPhrase(context, i, &tally, count_row);
        if (code != SQLITE_OK)
            return code;
        rank->weight[word] =
            weight_of(tally.rows, all); /* the prefix' own count, where it has one */
    }
    for (size_t i = 0; i < rank->word_count; i++)
        rank->weight_total += rank->weight[i];
    sqlite3_int64 rows = 0, size = 0;
    int code = api->xRowCount(context, &rows);
    if (code == SQLITE_OK)
        code = api->xColumnTotalSize(context, -1, &size);
    rank->mean_size = rows > 0 ? (double)size / (double)rows : 1;
    return code;
}

static int get_rank(const Fts5ExtensionApi *api, Fts5Context *context, sqlite3_value **values,
                    struct rank **ret_rank) {
    struct rank *rank = api->xGetAuxdata(context, 0);
    if (!rank) {
        rank = memory_zeroed(1, sizeof *rank);
        int code = weigh(api, context, values, rank);
        if (code == SQLITE_OK)
            code = api->xSetAuxdata(context, rank, free); /* frees it where it fails */
        else
            free(rank);
        if (code != SQLITE_OK)
            return code;
    }
    *ret_rank = rank;
    return SQLITE_OK;
}

/* How often each word occurs in this row: as such, and only as the beginning of a longer one. */
static int count_words(const Fts5ExtensionApi *api, Fts5Context *context, const struct rank *rank,
                       double ret_exact[QUESTION_WORDS_MAX],
                       double ret_prefix[QUESTION_WORDS_MAX]) {
    int count;
    int code = api->xInstCount(context, &count);
    for (int i = 0; code == SQLITE_OK && i < count; i++) {
        int phrase, column, offset;
        code = api->xInst(context, i, &phrase, &column, &offset);
        if (code != SQLITE_OK)
            break;
        double *counts = rank->is_prefix[phrase] ? ret_prefix : ret_exact;
        counts[rank->word_of[phrase]] += column == COLUMN_TITLE ? TITLE_WEIGHT : 1;
    }
    for (size_t i = 0; i < rank->word_count; i++) /* the prefix finds the whole word as well */
        ret_prefix[i] = ret_prefix[i] > ret_exact[i] ? ret_prefix[i] - ret_exact[i] : 0;
    return code;
}

/* passage_rank(passages_text, kinds, first id, last id, passages, what): what is 0 for the score
 * (BM25), 1 for the coverage. */
static void passage_rank(const Fts5ExtensionApi *api, Fts5Context *context, sqlite3_context *result,
                         int count, sqlite3_value **values) {
    struct rank *rank;
    double exact[QUESTION_WORDS_MAX] = {0}, prefix[QUESTION_WORDS_MAX] = {0};
    int size = 0;
    int code = count == 5 ? get_rank(api, context, values, &rank) : SQLITE_ERROR;
    if (code == SQLITE_OK)
        code = count_words(api, context, rank, exact, prefix);
    if (code == SQLITE_OK)
        code = api->xColumnSize(context, -1, &size);
    if (code != SQLITE_OK) {
        sqlite3_result_error_code(result, code);
        return;
    }
    double length = 1 - LENGTH_SHARE + LENGTH_SHARE * size / rank->mean_size;
    double score = 0, covered = 0;
    for (size_t i = 0; i < rank->word_count; i++) {
        double found = exact[i] + PREFIX_SHARE * prefix[i];
        score += rank->weight[i] * found * (SATURATION + 1) / (found + SATURATION * length);
        covered += rank->weight[i] * (exact[i] > 0 ? 1 : prefix[i] > 0 ? PREFIX_SHARE : 0);
    }
    bool wants_score = sqlite3_value_int(values[4]) == 0;
    sqlite3_result_double(result, wants_score ? score : covered / rank->weight_total);
}

bool sqlite_search_register(sqlite3 *handle) {
    fts5_api *api = NULL;
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
    sqlite3_step(statement);
    return sqlite3_finalize(statement) == SQLITE_OK && api &&
           api->xCreateFunction(api, "passage_rank", NULL, passage_rank, NULL) == SQLITE_OK;
}

/* The words hold letters and digits only, so nothing in quotes needs escaping. */
static void write_expression(const struct question *question, struct buffer *expression,
                             struct buffer *kinds) {
    for (size_t i = 0; i < question->count; i++) {
        const struct question_word *word = &question->words[i];
        buffer_printf(expression, "%s\"%.*s\"", i ? " OR " : "", SLICE_ARG(word->text));
        buffer_append_byte(kinds, 'w');
        if (word->prefix) {
            buffer_printf(expression, " OR \"%.*s\"*", SLICE_ARG(word->text));
            buffer_append_byte(kinds, 'p');
        }
    }
}

static const char search_sql[] =
    "SELECT p.source, p.title, p.text, found.score, found.coverage"
    " FROM (SELECT rowid AS id, passage_rank(passages_text, $1, $2, $3, $4, 0) AS score,"
    "  passage_rank(passages_text, $1, $2, $3, $4, 1) AS coverage"
    "  FROM passages_text WHERE passages_text MATCH $5 AND rowid BETWEEN $2 AND $3"
    "  ORDER BY score DESC, rowid LIMIT $6) AS found"
    " JOIN passages p ON p.id = found.id ORDER BY found.score DESC, p.id";

bool sqlite_search(struct store_session *session, struct slice bot, const struct question *question,
                   size_t limit, struct arena *arena, struct store_passage **ret_passages,
                   size_t *ret_count, struct fault *fault) {
    struct session_query query;
    if (!session_query(session,
                       "SELECT b.id, (SELECT count(*) FROM passages p WHERE p.bot_id = b.id)"
                       " FROM passage_bots b WHERE b.name = $1",
                       SESSION_VALUES(session_text(bot)), &query, fault))
        return false;
    int64_t bot_id = 0, all = 0;
    if (session_next(&query, fault)) {
        bot_id = session_column_integer(&query, 0);
        all = session_column_integer(&query, 1);
    }
    if (!session_query_end(&query))
        return false;
    if (limit > (size_t)all)
        limit = (size_t)all;
    struct store_passage *passages = arena_array(arena, limit, sizeof *passages);
    size_t count = 0;
    if (limit > 0 && question->count > 0) {
        struct buffer expression = {0}, kinds = {0};
        write_expression(question, &expression, &kinds);
        int64_t first = bot_id << 32, last = first | 0xFFFFFFFF;
        bool good =
            session_query(session, search_sql,
                          SESSION_VALUES(session_text(buffer_slice(&kinds)), session_integer(first),
                                         session_integer(last), session_integer(all),
                                         session_text(buffer_slice(&expression)),
                                         session_integer((int64_t)limit)),
                          &query, fault);
        struct slice name = arena_copy(arena, bot);
        for (; good && count < limit && session_next(&query, fault); count++)
            passages[count] = (struct store_passage){
                .bot = name,
                .source = session_column_bytes(&query, 0, arena),
                .title = session_column_bytes(&query, 1, arena),
                .text = session_column_bytes(&query, 2, arena),
                .score = session_column_real(&query, 3),
                .coverage = session_column_real(&query, 4),
            };
        good = good && session_query_end(&query);
        buffer_finish(&expression);
        buffer_finish(&kinds);
        if (!good)
            return false;
    }
    *ret_passages = passages;
    *ret_count = count;
    return true;
}
