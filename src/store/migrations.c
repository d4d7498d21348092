#include "store/migrations.h"

/* Times are wall-clock ms, money microdollars; ids are ULIDs, which sort by time.
 *
 * A table whose rows are small and found by their key alone is WITHOUT ROWID: one tree to write
 * instead of two. Messages are not small, so they have a tree of their own and the key beside it.
 */
static const char sqlite_1[] =
    "CREATE TABLE conversations ("
    "  id TEXT PRIMARY KEY,"
    "  bot TEXT NOT NULL,"
    "  user_id TEXT NOT NULL,"
    "  door TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  updated_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    /* `position` counts from 1 in each conversation: clocks jump and ids of one ms do not sort. */
    "CREATE TABLE messages ("
    "  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,"
    "  position INTEGER NOT NULL,"
    "  id TEXT NOT NULL,"
    "  turn_id TEXT NOT NULL,"
    "  role TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  status TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (conversation_id, position)"
    ") STRICT;"

    /* No reference to the conversation: what was paid for outlives it. */
    "CREATE TABLE calls ("
    "  id TEXT PRIMARY KEY,"
    "  turn_id TEXT NOT NULL,"
    "  conversation_id TEXT NOT NULL,"
    "  bot TEXT NOT NULL,"
    "  user_id TEXT NOT NULL,"
    "  provider TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  started_ms INTEGER NOT NULL,"
    "  duration_ms INTEGER NOT NULL,"
    "  first_token_ms INTEGER NOT NULL,"
    "  input_tokens INTEGER NOT NULL,"
    "  cache_read_tokens INTEGER NOT NULL,"
    "  cache_write_tokens INTEGER NOT NULL,"
    "  output_tokens INTEGER NOT NULL,"
    "  reasoning_tokens INTEGER NOT NULL,"
    "  cost_microdollars INTEGER NOT NULL,"
    "  finish_reason TEXT NOT NULL,"
    "  error_kind TEXT NOT NULL,"
    "  error_detail TEXT NOT NULL,"
    "  upstream_status INTEGER NOT NULL,"
    "  upstream_request_id TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE api_keys ("
    "  id TEXT PRIMARY KEY,"
    "  name TEXT NOT NULL,"
    "  hash BLOB NOT NULL,"
    "  bots TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  last_used_ms INTEGER NOT NULL,"
    "  expires_ms INTEGER NOT NULL,"
    "  revoked_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE counters ("
    "  subject TEXT NOT NULL,"
    "  window_ms INTEGER NOT NULL,"
    "  window_start_ms INTEGER NOT NULL,"
    "  total INTEGER NOT NULL,"
    "  PRIMARY KEY (subject, window_ms, window_start_ms)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE secrets ("
    "  name TEXT PRIMARY KEY,"
    "  value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    /* Each bot's passages have ids of their own range, bot id * 2^32 + 1 and up: a search looks at
     * that range of the index only. */
    "CREATE TABLE passage_bots ("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE"
    ") STRICT;"
    "CREATE TABLE passage_sources ("
    "  bot_id INTEGER NOT NULL REFERENCES passage_bots (id) ON DELETE CASCADE,"
    "  source TEXT NOT NULL,"
    "  digest BLOB NOT NULL,"
    "  PRIMARY KEY (bot_id, source)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE passages ("
    "  id INTEGER PRIMARY KEY,"
    "  bot_id INTEGER NOT NULL,"
    "  source TEXT NOT NULL,"
    "  title TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  FOREIGN KEY (bot_id, source) REFERENCES passage_sources (bot_id, source) ON DELETE CASCADE"
    ") STRICT;"
    "CREATE INDEX passages_by_source ON passages (bot_id, source);"
    "CREATE VIRTUAL TABLE passages_text USING fts5 ("
    "  title, text, content = 'passages', content_rowid = 'id',"
    "  tokenize = 'porter unicode61 remove_diacritics 2'"
    ");"
    "CREATE TRIGGER passages_inserted AFTER INSERT ON passages BEGIN"
    "  INSERT INTO passages_text (rowid, title, text) VALUES (new.id, new.title, new.text);"
    "END;"
    "CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN"
    "  INSERT INTO passages_text (passages_text, rowid, title, text)"
    "  VALUES ('delete', old.id, old.title, old.text);"
    "END;";

/* Money. The calls are the ledger: a call's row is written as "open" with what is reserved for it
 * before it is made, and becomes "settled" with what it cost; sums over them are what was spent. */
static const char sqlite_2[] =
    "ALTER TABLE calls ADD COLUMN state TEXT NOT NULL DEFAULT 'settled';"
    "ALTER TABLE calls ADD COLUMN purpose TEXT NOT NULL DEFAULT 'answer';"
    "ALTER TABLE calls ADD COLUMN provider_key TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE calls ADD COLUMN cache_write_1h_tokens INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE calls ADD COLUMN counted_tokens INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE calls ADD COLUMN reserved_microdollars INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE calls ADD COLUMN reserved_tokens INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE calls ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE calls ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;"
    /* No index on the time: ids begin with it. Every index is one more page to write a turn. */
    "CREATE INDEX calls_by_conversation ON calls (conversation_id);"
    "CREATE INDEX conversations_by_user ON conversations (user_id);"
    /* The summary stands for the messages up to that position. */
    "ALTER TABLE conversations ADD COLUMN summary TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE conversations ADD COLUMN summary_position INTEGER NOT NULL DEFAULT 0;"

    /* What is learnt of how a model counts; see model/tokens_estimate.h. */
    "CREATE TABLE estimates ("
    "  model TEXT PRIMARY KEY,"
    "  state TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    /* Answers given before: to the same question, by the same version of the bot. */
    "CREATE TABLE answers ("
    "  bot TEXT NOT NULL,"
    "  digest BLOB NOT NULL,"
    "  text TEXT NOT NULL,"
    "  finish_reason TEXT NOT NULL,"
    "  provider TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  expires_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (bot, digest)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX answers_by_end ON answers (expires_ms);";

/* Tools. */
static const char sqlite_3[] =
    /* What the bot did; results are not kept. */
    "CREATE TABLE tool_calls ("
    "  id TEXT PRIMARY KEY,"
    "  turn_id TEXT NOT NULL,"
    "  conversation_id TEXT NOT NULL,"
    "  bot TEXT NOT NULL,"
    "  user_id TEXT NOT NULL,"
    "  tool TEXT NOT NULL,"
    "  arguments TEXT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  detail TEXT NOT NULL,"
    "  result_bytes INTEGER NOT NULL,"
    "  started_ms INTEGER NOT NULL,"
    "  duration_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX tool_calls_by_conversation ON tool_calls (conversation_id);"

    /* Calls that change something: each key is run once. */
    "CREATE TABLE tool_writes ("
    "  key TEXT PRIMARY KEY,"
    "  state TEXT NOT NULL," /* begun, done */
    "  result TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    /* Appointments: as many seats of a slot as its calendar has. */
    "CREATE TABLE bookings ("
    "  calendar TEXT NOT NULL,"
    "  start_ms INTEGER NOT NULL,"
    "  seat INTEGER NOT NULL,"
    "  id TEXT NOT NULL,"
    "  bot TEXT NOT NULL,"
    "  conversation_id TEXT NOT NULL,"
    "  user_id TEXT NOT NULL,"
    "  topic TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (calendar, start_ms, seat)"
    ") STRICT, WITHOUT ROWID;";

/* What visitors confirm before it is done. */
static const char sqlite_4[] =
    "CREATE TABLE confirmations ("
    "  id TEXT PRIMARY KEY,"
    "  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,"
    "  turn_id TEXT NOT NULL,"
    "  tool TEXT NOT NULL,"
    "  arguments TEXT NOT NULL," /* empty once it was answered */
    "  card TEXT NOT NULL,"
    "  state TEXT NOT NULL," /* waiting, yes, no, done, replaced */
    "  created_ms INTEGER NOT NULL,"
    "  expires_ms INTEGER NOT NULL,"
    "  answered_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX confirmations_by_conversation ON confirmations (conversation_id);"

    /* Keys by which a message that is sent twice is known. */
    "CREATE TABLE sent ("
    "  bot TEXT NOT NULL,"
    "  user_id TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,"
    "  turn_id TEXT NOT NULL,"
    "  message_id TEXT NOT NULL,"
    "  answer_id TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (bot, user_id, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX sent_by_conversation ON sent (conversation_id);"

    /* What visitors think of answers and of conversations. */
    "CREATE TABLE feedback ("
    "  message_id TEXT PRIMARY KEY,"
    "  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,"
    "  rating INTEGER NOT NULL," /* 1, -1 */
    "  comment TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX feedback_by_conversation ON feedback (conversation_id);"
    /* Who wants to be called back: one row for a visitor and a bot. */
    "CREATE TABLE leads ("
    "  bot TEXT NOT NULL,"
    "  user_id TEXT NOT NULL,"
    "  id TEXT NOT NULL,"
    "  conversation_id TEXT NOT NULL," /* where it was said; may be empty */
    "  fields TEXT NOT NULL,"          /* a JSON object of texts */
    "  consent TEXT NOT NULL,"         /* what they agreed to, in its words */
    "  created_ms INTEGER NOT NULL,"
    "  updated_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (bot, user_id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE ratings ("
    "  conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,"
    "  stars INTEGER NOT NULL," /* 1 to 5 */
    "  comment TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;";

static const char sqlite_5[] =
    "ALTER TABLE messages ADD COLUMN replies TEXT NOT NULL DEFAULT '';" /* a JSON list */
    "ALTER TABLE messages ADD COLUMN author TEXT NOT NULL DEFAULT '';"  /* of an operator's */

    /* Images that visitors send. Rows with an id of their own, since they are large. */
    "CREATE TABLE attachments ("
    "  id TEXT NOT NULL UNIQUE,"
    "  bot TEXT NOT NULL,"
    "  user_id TEXT NOT NULL,"
    "  conversation_id TEXT REFERENCES conversations (id) ON DELETE CASCADE," /* NULL: not sent */
    "  message_id TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  media_type TEXT NOT NULL,"
    "  size INTEGER NOT NULL,"
    "  width INTEGER NOT NULL,"
    "  height INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  data BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX attachments_by_conversation ON attachments (conversation_id, id);"
    "CREATE INDEX attachments_by_user ON attachments (user_id, bot);"

    /* What is to be posted to the site. URL and secret are the configuration's. */
    "CREATE TABLE deliveries ("
    "  id TEXT PRIMARY KEY," /* the same at every attempt: "msg_" and a ULID */
    "  bot TEXT NOT NULL,"
    "  user_id TEXT NOT NULL," /* whose data the body holds; may be empty */
    "  kind TEXT NOT NULL,"    /* lead.created, lead.updated, budget.warning */
    "  target TEXT NOT NULL,"  /* the bot's section that says where to: lead, budget */
    "  body TEXT NOT NULL,"    /* empty once it was sent */
    "  state TEXT NOT NULL,"   /* waiting, sent, dead */
    "  attempts INTEGER NOT NULL,"
    "  status INTEGER NOT NULL," /* of the last reply; 0: none came */
    "  error TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  next_ms INTEGER NOT NULL," /* waiting: not before; while one sends it, until then */
    "  sent_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX deliveries_waiting ON deliveries (next_ms) WHERE state = 'waiting';"
    "CREATE INDEX deliveries_by_user ON deliveries (user_id);";

static const char sqlite_6[] =
    /* Who answers. `epoch` counts the changes: what an earlier one said is not taken any more. */
    "ALTER TABLE conversations ADD COLUMN mode TEXT NOT NULL DEFAULT 'bot';"
    "ALTER TABLE conversations ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE conversations ADD COLUMN operator_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE conversations ADD COLUMN waiting_ms INTEGER NOT NULL DEFAULT 0;" /* since then */
    "ALTER TABLE conversations ADD COLUMN reason TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE conversations ADD COLUMN handoff_summary TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE conversations ADD COLUMN language TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX conversations_waiting ON conversations (waiting_ms) WHERE mode = 'waiting';"
    "CREATE INDEX conversations_taken ON conversations (operator_id) WHERE mode = 'operator';"
    "CREATE INDEX conversations_closed ON conversations (updated_ms) WHERE mode = 'closed';"
    "CREATE INDEX conversations_by_update ON conversations (updated_ms);"

    /* What became of who answers, for the figures. */
    "CREATE TABLE handoffs ("
    "  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,"
    "  epoch INTEGER NOT NULL," /* that began */
    "  bot TEXT NOT NULL,"
    "  before TEXT NOT NULL," /* modes */
    "  mode TEXT NOT NULL,"
    "  cause TEXT NOT NULL,"       /* visitor, bot, rule, operator */
    "  operator_id TEXT NOT NULL," /* who has it then, or let go of it */
    "  reason TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (conversation_id, epoch)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE operators ("
    "  id TEXT PRIMARY KEY,"    /* ULID */
    "  name TEXT NOT NULL,"     /* to sign in by, in lower case */
    "  display TEXT NOT NULL,"  /* what visitors see */
    "  role TEXT NOT NULL,"     /* operator, lead, admin */
    "  bots TEXT NOT NULL,"     /* comma-separated names, empty for all */
    "  password TEXT NOT NULL," /* argon2id, as crypto_pwhash_str writes it */
    "  created_ms INTEGER NOT NULL,"
    "  removed_ms INTEGER NOT NULL" /* 0: not */
    ") STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX operators_by_name ON operators (name) WHERE removed_ms = 0;"

    "CREATE TABLE operator_sessions ("
    "  hash BLOB PRIMARY KEY," /* of what the cookie has */
    "  operator_id TEXT NOT NULL REFERENCES operators (id) ON DELETE CASCADE,"
    "  created_ms INTEGER NOT NULL,"
    "  expires_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id);"

    /* What operators and their administrators did. */
    "CREATE TABLE audit ("
    "  id TEXT PRIMARY KEY,"       /* ULID */
    "  operator_id TEXT NOT NULL," /* empty: the command line */
    "  action TEXT NOT NULL,"      /* sign_in, take, operator.add, … */
    "  subject TEXT NOT NULL,"     /* id of a conversation or an operator; may be empty */
    "  detail TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;";

const char *const migrations_sqlite[MIGRATIONS_SQLITE_COUNT] = {sqlite_1, sqlite_2, sqlite_3,
                                                                sqlite_4, sqlite_5, sqlite_6};

static bool apply_next(struct store_session *session, const char *const *migrations, int count,
                       const char *place, int *ret_version, struct fault *fault) {
    const struct store_driver *driver = session->driver;
    int version; /* read again in the transaction: another process may have been quicker */
    if (!driver->version(session->connection, &version, fault))
        return false;
    if (version > count)
        return fault_set(fault, FAULT_CONFIG,
                         "the database '%s' has schema version %d, and this program knows %d at "
                         "most; use a newer switchboard",
                         place, version, count);
    if (version < count) {
        if (!driver->script(session->connection, migrations[version], fault))
            return false;
        version++;
        if (!driver->set_version(session->connection, version, fault))
            return false;
    }
    *ret_version = version;
    return true;
}

bool migrations_apply(struct store_session *session, const char *const *migrations, int count,
                      const char *place, struct fault *fault) {
    const struct store_driver *driver = session->driver;
    int version;
    if (!driver->version(session->connection, &version, fault))
        return false;
    if (version == count) /* nothing to write: another process may hold the lock */
        return true;
    do {
        if (!driver->begin(session->connection, true, fault))
            return false;
        if (!apply_next(session, migrations, count, place, &version, fault) ||
            !driver->commit(session->connection, fault)) {
            driver->rollback(session->connection);
            return false;
        }
    } while (version < count);
    return true;
}
