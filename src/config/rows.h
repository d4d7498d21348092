/* What the tables of options have in common. Private to config/options*.c. */
#pragma once
#include "config/option.h"
#include <stddef.h>

/* What the rows below have in common, so that each reads as: name, type, where, and the rest. */
#define ROW(name_, type_, structure, member, ...)                                                  \
    { .name = (name_), .type = (type_), .offset = offsetof(structure, member), __VA_ARGS__ }
#define LIST(structure, member, most_) .count = offsetof(structure, member), .length_max = (most_)
#define RANGE(least_, most_)           .least = (least_), .most = (most_)
#define ROWS(table)                    .options = (table), .count = sizeof(table) / sizeof(table)[0]

enum { KIB = 1024, MIB = 1024 * KIB, SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY    (24.0 * HOUR)
#define GIB    (1024.0 * MIB)
#define MANY   1e9
#define LENGTH RANGE(1, 4 * KIB) /* of a text on one line */

#define WEBHOOK_SECRET_HELP                                                                        \
    "Signs what is posted, as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in Base64; "   \
    "while it changes, the new one and the old one with a blank between them."

/* options_widget.c */
extern const struct section widget_section, lead_section, attachment_section, handoff_section;
/* options_redact.c */
extern const struct section redact_section;
/* options_tools.c */
extern const struct section database_section, tool_section, tool_limit_section;
