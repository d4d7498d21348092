/* What redact.c finds without a pattern of the owner's. Private to redact.c. */
#pragma once
#include "base/slice.h"

struct redact_kind {
    const char *name;
    const char *pattern; /* PCRE2; (?C1) asks `accepts` */
    bool (*accepts)(struct slice found);
    bool is_number; /* the way it is grouped means nothing */
};

const struct redact_kind *redact_kind_find(const char *name); /* NULL if unknown */
