/* The pieces of a statement: text as it stands, and placeholders. Private to tool/. */
#pragma once
#include "base/slice.h"

enum sql_piece {
    SQL_PIECE_NONE, /* the end of the text */
    SQL_PIECE_TEXT,
    SQL_PIECE_PLACEHOLDER, /* its name, without the colon */
    SQL_PIECE_END,         /* a semicolon */
};

struct sql_scan {
    struct slice text;
    size_t at;
    bool postgres; /* else SQLite: what quotes, escapes and comments are differs */
};
enum sql_piece sql_scan(struct sql_scan *scan, struct slice *ret_text);
