/* Tools that come with the program. What is here only computes; what they store and search is
 * chat/'s. */
#pragma once
#include "tool/tool.h"
struct arena;
struct buffer;
struct schema;

enum builtin_kind {
    BUILTIN_NOW,
    BUILTIN_SEARCH_KNOWLEDGE,
    BUILTIN_BOOK_SLOT,
    BUILTIN_CAPTURE_LEAD,
    BUILTIN_QUICK_REPLIES,
    BUILTIN_HANDOFF
};

/* From an hour to an hour of a day of the week, in minutes from midnight, local time. */
struct opening {
    int weekday; /* 0 Sunday … 6 Saturday */
    int from, to;
};

struct builtin_tool {
    enum builtin_kind kind;
    /* BOOK_SLOT */
    const char *calendar; /* slots of the same calendar are never taken twice */
    const struct opening *openings;
    size_t opening_count;
    int slot_minutes;
    int capacity;       /* visitors per slot */
    int days_ahead;     /* how far ahead can be booked */
    int notice_minutes; /* not sooner than that from now */
};

/* "now", "search_knowledge", "book_slot", "capture_lead", "quick_replies",
 * "handoff_to_operator": false for others. */
bool builtin_find(struct slice name, enum builtin_kind *ret_kind);
/* The description and the parameters that a model gets where the configuration gives none. */
struct slice builtin_description(enum builtin_kind kind);
struct slice builtin_parameters(enum builtin_kind kind);
