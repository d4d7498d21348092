/* A tool: something that the bot can do for the visitor, as the owner configured it. All of this is
 * part of the settings' snapshot and never changes.
 *
 * The folder translates and checks; it opens no socket, keeps no globals and never logs. What asks
 * over the network is sent by chat/ (tool_run.c); what blocks (SQL) runs on a worker thread. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct builtin_tool; /* tool/builtin.h */
struct http_tool;    /* tool/http_tool.h */
struct mcp_server;   /* tool/mcp.h */
struct schema;       /* tool/schema.h */
struct sql_tool;     /* tool/sql_tool.h */

enum tool_kind { TOOL_SQL, TOOL_HTTP, TOOL_MCP, TOOL_BUILTIN };

/* A text per language, the first one where none fits. */
struct tool_text {
    struct slice language; /* BCP 47: "en", "pt-BR" */
    struct slice text;
};

struct tool {
    const char *name; /* legal for every vendor: TOOL_NAME_PATTERN */
    struct slice description;
    struct slice parameters;     /* JSON Schema of the arguments, an object, as models get it */
    const struct schema *schema; /* the same, compiled */
    enum tool_kind kind;
    union {
        const struct sql_tool *sql;
        const struct http_tool *http;
        const struct mcp_server *mcp; /* not one tool but those that the server lists */
        const struct builtin_tool *builtin;
    };
    bool write;                       /* changes something: run once for the same call of a turn */
    bool confirm;                     /* the visitor is asked first */
    int64_t confirm_ms;               /* how long they can answer */
    const struct tool_text *question; /* what they are asked; `{name}` stands for a parameter */
    size_t question_count;
    int64_t timeout_ms;              /* of one call */
    int64_t output_max;              /* tokens of a result */
    int64_t per_turn;                /* calls in one turn */
    const struct tool_text *visible; /* what the visitor reads while it runs */
    size_t visible_count;
    const char *const *redact; /* names of arguments whose values the log does not keep */
    size_t redact_count;
};

#define TOOL_NAME_PATTERN "^[a-z][a-z0-9_-]{0,63}$"

/* A value that the server knows and no model can choose: "user.id", "user.email" (a claim of the
 * verified token), "conversation.id", "visitor.key" (who it is,
 * signed in or not), "visitor.language" (BCP 47), "bot.name", "call.key" (the same
 * for the same call, for Idempotency-Key). Absent ones are empty: SQL's NULL, nothing in a URL. */
struct tool_binding {
    struct slice name;
    struct slice value;
};

/* One call, as the kinds get it. */
struct tool_input {
    struct slice arguments; /* a JSON object that fits the schema */
    const struct tool_binding *bindings;
    size_t binding_count;
};
/* The value of a binding; an empty slice where there is none. */
struct slice tool_binding_get(const struct tool_input *input, struct slice name);
/* True for names that bindings have: with "user." and so on before the dot. */
bool tool_binding_legal(struct slice name);

/* The text for that language ("de-AT" takes "de"), else the first; empty when there is none. */
struct slice tool_text_for(const struct tool_text *texts, size_t count, struct slice language);
/* True for an argument whose value the configuration keeps out of the log. */
bool tool_redacts(const struct tool *tool, struct slice argument);
