/* Pieces of SQL that add up columns of `calls`, of which -1 means not known. Private to store/. */
#pragma once

#define SQL_POSITIVE(column) "CASE WHEN " column " > 0 THEN " column " ELSE 0 END"
#define SQL_SUM(value)       "coalesce(sum(" value "), 0)"

/* Of one call: what it cost, or what is reserved for it as long as it is open; … */
#define CALL_COST                                                                                  \
    "CASE WHEN state = 'open' THEN reserved_microdollars"                                          \
    " ELSE " SQL_POSITIVE("cost_microdollars") " END"
/* … its prompt, and of that what was written into a cache; … */
#define CALL_WRITTEN SQL_POSITIVE("cache_write_tokens") " + " SQL_POSITIVE("cache_write_1h_tokens")
#define CALL_PROMPT                                                                                \
    SQL_POSITIVE("input_tokens") " + " SQL_POSITIVE("cache_read_tokens") " + " CALL_WRITTEN
/* … its answer. */
#define CALL_ANSWER SQL_POSITIVE("output_tokens") " + " SQL_POSITIVE("reasoning_tokens")
