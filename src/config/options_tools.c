/* The rows of tools and of the databases that they ask. */
#include "config/draft.h"
#include "config/rows.h"

/* --- databases --- */

static const struct option database_options[] = {
    ROW("url", OPTION_SITE_DATABASE, struct draft_database, url, .flags = OPTION_REQUIRED,
        .help = "`sqlite:` and a path, or `postgres://USER:PASSWORD@HOST:5432/DATABASE`, with "
                "PostgreSQL's own parameters behind `?`. Special characters of the password are "
                "written as `%XX`; it is never shown."),
};
const struct section database_section = {
    .name = "site_database",
    .help = "The site's own databases, which tools ask by these names.",
    .size = sizeof(struct draft_database),
    ROWS(database_options)};

/* --- kinds --- */

#define TOOL(name, type, member, ...) ROW(name, type, struct draft_tool, member, __VA_ARGS__)

static const struct option sql_options[] = {
    TOOL("database", OPTION_STRING, database, RANGE(1, 64), .flags = OPTION_REQUIRED,
         .help = "Which of `databases`."),
    TOOL("query", OPTION_TEXT, sql.query, RANGE(1, 64 * KIB), .flags = OPTION_REQUIRED,
         .help = "One statement. `:name` stands for a parameter, `:user.id`, `:user.CLAIM`, "
                 "`:conversation.id`, `:visitor.language` and `:call.key` for what the server "
                 "knows; all are bound, none "
                 "is put into the text."),
    TOOL("write", OPTION_BOOLEAN, sql.write, .fallback = "false",
         .help = "Whether it may change something. The same call is then done once."),
    TOOL("rows", OPTION_COUNT, sql.rows_max, RANGE(1, 10000), .fallback = "20",
         .help = "Rows that the model gets."),
    TOOL("bytes", OPTION_SIZE, sql.bytes_max, RANGE(100, 16 * MIB), .fallback = "64KiB",
         .help = "Bytes of a result."),
};
static const struct section sql_section = {.name = "sql",
                                           .help = "Asks a database.",
                                           .node = offsetof(struct draft_tool, sql_node),
                                           ROWS(sql_options)};

static const struct choice methods[] = {{"GET", 0, NULL},   {"POST", 1, NULL},   {"PUT", 2, NULL},
                                        {"PATCH", 3, NULL}, {"DELETE", 4, NULL}, {NULL, 0, NULL}};
static const struct option http_tool_options[] = {
    TOOL("method", OPTION_CHOICE, method, .choices = methods, .fallback = "GET",
         .help = "With another than `GET` the same call is done once."),
    TOOL("url", OPTION_TEXT, http.url, LENGTH, .flags = OPTION_REQUIRED,
         .help = "`{name}` stands for a parameter, encoded as one part of the path or the query; "
                 "`{user.id}` and so on for what the server knows."),
    TOOL("headers", OPTION_TREE, http_headers, .flags = OPTION_HIDDEN, .form = "name: value",
         .help = "Placeholders work here, too."),
    TOOL("body", OPTION_TREE, http_body, .form = "any JSON, or the text of a form",
         .help = "JSON, in which `\"{name}\"` becomes the parameter in its own type. Or, with the "
                 "header `Content-Type: application/x-www-form-urlencoded`, a text such as "
                 "`order={order}&lang=en`, whose parameters are encoded.",
         .fallback_text = "the parameters as JSON"),
    TOOL("select", OPTION_TEXT, http.pointer, RANGE(1, KIB),
         .help = "JSON pointer to what of the answer is the result.", .fallback_text = "all of it"),
    TOOL("allow_private", OPTION_BOOLEAN, http.allow_private, .fallback = "false",
         .help = "Whether the host may be an address of the inner network."),
    TOOL("bytes", OPTION_SIZE, http.bytes_max, RANGE(100, 64 * MIB), .fallback = "1MiB",
         .help = "Bytes of an answer; one that is larger is refused."),
};
static const struct section http_tool_section = {
    .name = "http_tool",
    .help = "Asks an HTTP server. Redirects are not followed.",
    .node = offsetof(struct draft_tool, http_node),
    ROWS(http_tool_options)};

static const struct option mcp_options[] = {
    TOOL("url", OPTION_URL, mcp.url, .flags = OPTION_REQUIRED,
         .help = "Where it speaks the protocol over streamable HTTP."),
    TOOL("headers", OPTION_TREE, mcp_headers, .flags = OPTION_HIDDEN, .form = "name: value",
         .help = "Sent with each request, such as `Authorization`."),
    TOOL("tools", OPTION_STRING, mcp.tools, LIST(struct draft_tool, mcp.tool_count, 128),
         RANGE(1, 128), .flags = OPTION_LIST, .help = "Those that are used, by the server's names.",
         .fallback_text = "all"),
    TOOL("allow_private", OPTION_BOOLEAN, mcp.allow_private, .fallback = "false",
         .help = "Whether the host may be an address of the inner network."),
    TOOL("bytes", OPTION_SIZE, mcp.bytes_max, RANGE(100, 64 * MIB), .fallback = "1MiB",
         .help = "Bytes of an answer; one that is larger is refused."),
};
static const struct section mcp_section = {
    .name = "mcp",
    .help =
        "A server of the Model Context Protocol. Its tools are named after this entry: the tool "
        "`add` of the entry `docs` is `docs_add` for models.",
    .node = offsetof(struct draft_tool, mcp_node),
    ROWS(mcp_options)};

static const struct option calendar_options[] = {
    TOOL("name", OPTION_STRING, builtin.calendar, RANGE(1, 64),
         .help = "Tools with the same name share their slots.", .fallback_text = "the tool's name"),
    TOOL("hours", OPTION_TREE, hours, .flags = OPTION_REQUIRED, .form = "weekday: hours",
         .help = "`monday: \"9:00-12:00\"`, or a list of such."),
    TOOL("slot", OPTION_DURATION, slot_ms, RANGE(5 * MINUTE, 24 * HOUR), .fallback = "30min",
         .help = "Length of a slot."),
    TOOL("capacity", OPTION_INTEGER, capacity, RANGE(1, 1000), .fallback = "1",
         .help = "Visitors per slot."),
    TOOL("days_ahead", OPTION_DURATION, days_ahead_ms, RANGE(DAY, 365 * DAY), .fallback = "30d",
         .help = "How far ahead can be booked."),
    TOOL("notice", OPTION_DURATION, notice_ms, RANGE(0, 30 * DAY), .fallback = "1h",
         .help = "Not sooner than that from now."),
};
static const struct section calendar_section = {
    .name = "calendar",
    .help = "When `book_slot` has slots to give, in the bot's time zone (`budget.time_zone`).",
    .node = offsetof(struct draft_tool, calendar_node),
    ROWS(calendar_options)};

/* --- tools --- */

static const struct option tool_options[] = {
    TOOL("description", OPTION_TEXT, tool.description, RANGE(1, 4 * KIB),
         .help = "What it does and when to use it: the model chooses by it."),
    TOOL("parameters", OPTION_TREE, parameters, .form = "name: type, or JSON Schema",
         .help = "`order: integer`, or `order: { type: integer, description: …, optional: true }`, "
                 "or a whole JSON Schema of type `object`.",
         .fallback_text = "none"),
    TOOL("sql", OPTION_SECTION, entry, .section = &sql_section, .help = "Asks a database."),
    TOOL("http", OPTION_SECTION, entry, .section = &http_tool_section,
         .help = "Asks an HTTP server."),
    TOOL("mcp", OPTION_SECTION, entry, .section = &mcp_section,
         .help = "Takes the tools of an MCP server."),
    TOOL("builtin", OPTION_STRING, builtin_name, RANGE(1, 64),
         .help = "`now`, `search_knowledge`, `book_slot`, `capture_lead`, `quick_replies` or "
                 "`handoff_to_operator`."),
    TOOL("calendar", OPTION_SECTION, entry, .section = &calendar_section,
         .help = "Of `book_slot`."),
    TOOL("visible_text", OPTION_TREE, visible_text, .form = "text, or language: text",
         .help = "What the visitor reads while it runs."),
    TOOL("confirm", OPTION_BOOLEAN, tool.confirm, .fallback = "false",
         .help = "Whether the visitor is shown a card with what will be done, and asked first."),
    TOOL("confirm_text", OPTION_TREE, question, .form = "text, or language: text",
         .help = "What the card asks; `{name}` stands for a parameter.",
         .fallback_text = "the tool's name"),
    TOOL("confirm_within", OPTION_DURATION, tool.confirm_ms, RANGE(MINUTE, 30 * DAY),
         .fallback = "15min", .help = "How long the card can be answered."),
    TOOL("timeout", OPTION_DURATION, tool.timeout_ms, RANGE(100, 10 * MINUTE), .fallback = "10s",
         .help = "How long one call may take."),
    TOOL("max_output", OPTION_INTEGER, tool.output_max, RANGE(50, 100000), .fallback = "2000",
         .help = "Tokens of a result; a longer one is cut, and the model told so."),
    TOOL("per_turn", OPTION_INTEGER, tool.per_turn, RANGE(1, 100), .fallback = "5",
         .help = "Calls for one answer."),
    TOOL("redact", OPTION_STRING, tool.redact, LIST(struct draft_tool, tool.redact_count, 64),
         RANGE(1, 128), .flags = OPTION_LIST,
         .help = "Parameters whose values the log does not keep."),
};
const struct section tool_section = {.name = "tool",
                                     .help = "What bots can do besides talking: each is of one "
                                             "kind, `sql`, `http`, `mcp` or `builtin`.",
                                     .size = sizeof(struct draft_tool),
                                     ROWS(tool_options)};

static const struct option tool_limit_options[] = {
    ROW("rounds", OPTION_INTEGER, struct tool_settings, rounds_max, RANGE(1, 50), .fallback = "8",
        .help = "How often the model may ask for tools; then it must answer."),
    ROW("calls", OPTION_INTEGER, struct tool_settings, calls_max, RANGE(1, 200), .fallback = "24",
        .help = "Calls of all tools."),
    ROW("deadline", OPTION_DURATION, struct tool_settings, deadline_ms, RANGE(100, 10 * MINUTE),
        .fallback = "60s", .help = "Time for all of them, from the first one on."),
};
const struct section tool_limit_section = {.name = "tool_limits",
                                           .help = "How far one answer may go with tools.",
                                           .size = sizeof(struct tool_settings),
                                           ROWS(tool_limit_options)};
