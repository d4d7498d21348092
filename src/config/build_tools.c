/* Tools: of which kind each is, what its parameters are, and that its placeholders have something
 * to stand for. */
#include "base/arena.h"
#include "base/buffer.h"
#include "config/builder.h"
#include "config/calendar.h"
#include "config/tree.h"
#include "tool/schema.h"

enum { NAMES_MAX = 128 };

static void mistake(struct builder *builder, const struct yaml_node *node, const char *option,
                    const struct place *place, size_t otherwise, const char *message) {
    struct place at = below(place, option);
    errors_add(builder->errors, option_offset(node, option, otherwise), &at, "%s", message);
}

/* --- parameters --- */

static bool is_whole_schema(const struct yaml_node *node) {
    const struct yaml_node *type = yaml_get(node, "type");
    return type && type->kind == YAML_SCALAR && slice_is(type->text, "object") &&
           yaml_get(node, "properties");
}

static bool is_optional(const struct yaml_node *property) {
    const struct yaml_node *optional = yaml_get(property, "optional");
    return optional && optional->kind == YAML_SCALAR && slice_is(optional->text, "true");
}

static void write_property(const struct yaml_node *node, struct json_writer *json) {
    json_begin_object(json);
    if (node->kind == YAML_SCALAR)
        json_member_string(json, "type", node->text);
    for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
        if (slice_is(node->pairs[i].key->text, "optional"))
            continue;
        json_key_slice(json, node->pairs[i].key->text);
        tree_write_json(node->pairs[i].value, json);
    }
    json_end_object(json);
}

static void write_short(const struct yaml_node *node, struct json_writer *json) {
    json_begin_object(json);
    json_member_string(json, "type", SLICE("object"));
    json_key(json, "properties");
    json_begin_object(json);
    for (size_t i = 0; node && i < node->count; i++) {
        json_key_slice(json, node->pairs[i].key->text);
        write_property(node->pairs[i].value, json);
    }
    json_end_object(json);
    json_key(json, "required");
    json_begin_array(json);
    for (size_t i = 0; node && i < node->count; i++)
        if (!is_optional(node->pairs[i].value))
            json_string(json, node->pairs[i].key->text);
    json_end_array(json);
    json_member_bool(json, "additionalProperties", false);
    json_end_object(json);
}

static bool build_parameters(struct builder *builder, struct draft_tool *draft,
                             const struct place *place) {
    const struct yaml_node *node = draft->parameters;
    struct tool *tool = &draft->tool;
    struct fault fault;
    struct schema *schema;
    if (node && node->kind != YAML_MAPPING) {
        mistake(builder, draft->entry.node, "parameters", place, draft->entry.offset,
                "expected names with a type each, or a JSON Schema");
        return false;
    }
    struct buffer text = {0};
    struct json_writer json = json_writer_start(&text);
    if (!node && draft->builtin_name)
        buffer_append(&text, builtin_parameters(draft->builtin.kind));
    else if (node && is_whole_schema(node))
        tree_write_json(node, &json);
    else
        write_short(node, &json);
    tool->parameters = arena_copy(builder->arena, buffer_slice(&text));
    buffer_finish(&text);
    if (schema_compile(tool->parameters, builder->arena, &schema, &fault)) {
        tool->schema = schema;
        return true;
    }
    mistake(builder, draft->entry.node, "parameters", place, draft->entry.offset,
            arena_printf(builder->errors->arena, "%s%s%s", fault.param, fault.param[0] ? " " : "",
                         fault.message));
    return false;
}

/* --- placeholders --- */

static const char *nearest_parameter(struct builder *builder, const struct schema *schema,
                                     struct slice name) {
    const char *names[NAMES_MAX + 1];
    size_t count = 0;
    for (; count < NAMES_MAX && schema_property(schema, count).data; count++)
        names[count] = arena_string(builder->errors->arena, schema_property(schema, count));
    names[count] = NULL;
    return nearest_name(name, names);
}

static bool is_parameter(const struct schema *schema, struct slice name) {
    for (size_t i = 0; schema_property(schema, i).data; i++)
        if (slice_equal(schema_property(schema, i), name))
            return true;
    return false;
}

static bool names_placeholder(struct slice text, struct slice name) {
    for (size_t at; (at = slice_find(text, name)) != SIZE_MAX; text = slice_from(text, at + 1))
        if (at > 0 && text.data[at - 1] == '{')
            return true;
    return false;
}

static void check_placeholders(struct builder *builder, const struct draft_tool *draft,
                               const struct yaml_node *node, const char *option,
                               const struct place *place, const struct slice *names, size_t count) {
    const struct schema *schema = draft->tool.schema;
    for (size_t i = 0; i < count; i++) {
        if (tool_binding_legal(names[i]) || is_parameter(schema, names[i]))
            continue;
        bool dotted = slice_find_byte(names[i], '.') != SIZE_MAX;
        const char *nearest = dotted ? NULL : nearest_parameter(builder, schema, names[i]);
        /* of a secret with braces in it not even that is repeated */
        if (draft->http_node && !names_placeholder(draft->http.url, names[i]) &&
            !names_placeholder(draft->http.body, names[i])) {
            mistake(builder, node, "headers", place, draft->entry.offset,
                    arena_printf(builder->errors->arena,
                                 "a placeholder in it stands for nothing%s%s%s; write {{ for a "
                                 "brace",
                                 nearest ? ": did you mean {" : "", nearest ? nearest : "",
                                 nearest ? "}?" : ""));
            continue;
        }
        mistake(builder, node, option, place, draft->entry.offset,
                arena_printf(builder->errors->arena,
                             "%s stands for nothing: there is no %s of that name%s%s%s",
                             text_shown(names[i], builder->errors->arena),
                             dotted ? "value of the server" : "parameter",
                             nearest ? "; did you mean " : "", nearest ? nearest : "",
                             nearest ? "?" : ""));
    }
    for (size_t i = 0; schema_property(schema, i).data; i++) {
        bool used = false;
        for (size_t j = 0; j < count; j++)
            used = used || slice_equal(names[j], schema_property(schema, i));
        if (!used && !(draft->http_node && draft->http.body.size == 0 && draft->method != 0)) {
            builder->warnings[builder->warning_count++] =
                arena_printf(builder->arena, "tool %s: the parameter %.*s is used nowhere",
                             draft->tool.name, SLICE_ARG(schema_property(schema, i)));
            return;
        }
    }
}

/* --- kinds --- */

static const char *find_database(struct builder *builder, const struct draft_tool *draft,
                                 const struct place *place) {
    const struct draft_database *databases = builder->draft->databases.entries;
    size_t count = builder->draft->databases.count;
    const char **names = arena_array(builder->errors->arena, count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = databases[i].entry.name;
        if (draft->database && strcmp(names[i], draft->database) == 0)
            return databases[i].url;
    }
    if (!draft->database)
        return NULL;
    const char *nearest = nearest_name(slice_of(draft->database), names);
    mistake(builder, draft->sql_node, "database", place, draft->entry.offset,
            arena_printf(builder->errors->arena, "there is no such database under databases%s%s%s",
                         nearest ? "; did you mean " : "", nearest ? nearest : "",
                         nearest ? "?" : ""));
    return NULL;
}

static void build_sql(struct builder *builder, struct draft_tool *draft,
                      const struct place *tool_place) {
    struct place place = below(tool_place, "sql");
    const struct slice *names;
    size_t count;
    struct fault fault;
    draft->sql.database = find_database(builder, draft, &place);
    draft->tool.write = draft->sql.write;
    if (!draft->sql.database || draft->sql.query.size == 0)
        return;
    if (!sql_placeholders(draft->sql.database, draft->sql.query, builder->arena, &names, &count,
                          &fault)) {
        mistake(builder, draft->sql_node, "query", &place, draft->entry.offset, fault.message);
        return;
    }
    check_placeholders(builder, draft, draft->sql_node, "query", &place, names, count);
    if (sql_tool_check(&draft->sql, &fault))
        return;
    if (fault.kind == FAULT_UNAVAILABLE)
        builder->warnings[builder->warning_count++] =
            arena_printf(builder->arena, "tool %s: its database %s cannot be opened: %s",
                         draft->tool.name, draft->database, fault.detail);
    else
        mistake(builder, draft->sql_node, "query", &place, draft->entry.offset, fault.message);
}

/* Names and values, both kinds of headers alike. */
static bool build_headers(struct builder *builder, const struct yaml_node *node,
                          const struct yaml_node *section, size_t otherwise,
                          const struct place *place, const struct http_tool_header **ret_headers,
                          size_t *ret_count) {
    bool good = !node || node->kind == YAML_MAPPING;
    struct http_tool_header *headers =
        arena_array(builder->arena, node ? node->count : 0, sizeof *headers);
    for (size_t i = 0; good && node && i < node->count; i++) {
        const struct yaml_pair *pair = &node->pairs[i];
        good = pair->value->kind == YAML_SCALAR && pair->key->text.size > 0;
        for (size_t j = 0; j < pair->key->text.size; j++)
            good = good && strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                  pair->key->text.data[j]);
        headers[i] = (struct http_tool_header){arena_string(builder->arena, pair->key->text),
                                               arena_copy(builder->arena, pair->value->value)};
    }
    *ret_headers = headers;
    *ret_count = node ? node->count : 0;
    if (!good)
        mistake(builder, section, "headers", place, otherwise,
                "expected names of headers with a text each");
    return good;
}

static void build_mcp(struct builder *builder, struct draft_tool *draft,
                      const struct place *tool_place) {
    struct place place = below(tool_place, "mcp");
    const struct http_tool_header *headers;
    size_t count;
    if (!build_headers(builder, draft->mcp_headers, draft->mcp_node, draft->entry.offset, &place,
                       &headers, &count))
        return;
    struct mcp_header *own = arena_array(builder->arena, count, sizeof *own);
    for (size_t i = 0; i < count; i++)
        own[i] = (struct mcp_header){headers[i].name, headers[i].value};
    draft->mcp.name = draft->entry.name;
    draft->mcp.headers = own;
    draft->mcp.header_count = count;
}

static void build_body(struct builder *builder, struct draft_tool *draft) {
    const struct yaml_node *node = draft->http_body;
    struct buffer text = {0};
    struct json_writer json = json_writer_start(&text);
    if (!node)
        return;
    if (node->kind == YAML_SCALAR)
        buffer_append(&text, node->value);
    else
        tree_write_json(node, &json);
    draft->http.body = arena_copy(builder->arena, buffer_slice(&text));
    buffer_finish(&text);
}

static void build_http(struct builder *builder, struct draft_tool *draft,
                       const struct place *tool_place) {
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    struct place place = below(tool_place, "http");
    const struct slice *names;
    size_t count;
    struct fault fault;
    draft->http.method = methods[draft->method];
    draft->tool.write = draft->method != 0;
    if (!build_headers(builder, draft->http_headers, draft->http_node, draft->entry.offset, &place,
                       &draft->http.headers, &draft->http.header_count) ||
        draft->http.url.size == 0)
        return;
    build_body(builder, draft);
    if (http_tool_placeholders(&draft->http, builder->arena, &names, &count, &fault))
        check_placeholders(builder, draft, draft->http_node, "url", &place, names, count);
    else
        mistake(builder, draft->http_node, fault.param, &place, draft->entry.offset, fault.message);
}

static void build_builtin(struct builder *builder, struct draft_tool *draft,
                          const struct place *place) {
    struct builtin_tool *builtin = &draft->builtin;
    bool books = builtin->kind == BUILTIN_BOOK_SLOT;
    bool notes = builtin->kind == BUILTIN_CAPTURE_LEAD;
    draft->tool.write = books || notes;
    if (books && !draft->calendar_node) {
        errors_add(builder->errors, draft->entry.offset, place, "calendar is missing");
    } else if (!books && draft->calendar_node) {
        mistake(builder, draft->entry.node, "calendar", place, draft->entry.offset,
                "is for book_slot only");
    } else if (books) {
        if (!builtin->calendar)
            builtin->calendar = draft->entry.name;
        builtin->slot_minutes = (int)(draft->slot_ms / 60000);
        builtin->notice_minutes = (int)(draft->notice_ms / 60000);
        builtin->days_ahead = (int)(draft->days_ahead_ms / 86400000);
        builtin->capacity = (int)draft->capacity;
        struct place calendar = below(place, "calendar");
        build_hours(builder, draft->hours, &calendar, &builtin->openings, &builtin->opening_count);
    }
}

/* --- the card that asks the visitor --- */

static void check_question(struct builder *builder, const struct draft_tool *draft,
                           const struct place *place) {
    for (size_t i = 0; i < draft->tool.question_count && !draft->mcp_node; i++) {
        struct slice text = draft->tool.question[i].text;
        size_t open;
        while ((open = slice_find_byte(text, '{')) != SIZE_MAX) {
            text = slice_from(text, open + 1);
            struct slice name = slice_first(text, slice_find_byte(text, '}'));
            if (!is_parameter(draft->tool.schema, name))
                mistake(builder, draft->entry.node, "confirm_text", place, draft->entry.offset,
                        arena_printf(builder->errors->arena,
                                     "%s stands for nothing: there is no parameter of that name",
                                     text_shown(name, builder->errors->arena)));
        }
    }
    if (draft->tool.question_count > 0 && !draft->tool.confirm)
        mistake(builder, draft->entry.node, "confirm_text", place, draft->entry.offset,
                "has no use without confirm: true");
}

/* --- the whole --- */

static bool find_kind(struct builder *builder, struct draft_tool *draft,
                      const struct place *place) {
    int kinds = (draft->sql_node != NULL) + (draft->http_node != NULL) + (draft->mcp_node != NULL) +
                (draft->builtin_name != NULL);
    if (kinds != 1) {
        errors_add(builder->errors, draft->entry.offset, place,
                   kinds == 0 ? "sql, http, mcp or builtin is missing"
                              : "must be of one kind: sql, http, mcp or builtin");
        return false;
    }
    if (draft->builtin_name && !builtin_find(slice_of(draft->builtin_name), &draft->builtin.kind)) {
        mistake(builder, draft->entry.node, "builtin", place, draft->entry.offset,
                "expected one of now, search_knowledge, book_slot, capture_lead, quick_replies");
        return false;
    }
    return true;
}

static void build_tool(struct builder *builder, struct draft_tool *draft, struct tool *ret_tool) {
    struct place tools = top_place("tools"), place = below(&tools, draft->entry.name);
    struct tool *tool = &draft->tool;
    tool->name = draft->entry.name;
    if (tool->name[0] < 'a' || tool->name[0] > 'z')
        errors_add(builder->errors, draft->entry.offset, &place,
                   "the name of a tool begins with a letter: not every model takes another");
    tool->visible = build_texts(builder, &place, draft->entry.node, "visible_text",
                                draft->visible_text, &tool->visible_count);
    tool->question = build_texts(builder, &place, draft->entry.node, "confirm_text",
                                 draft->question, &tool->question_count);
    if (!find_kind(builder, draft, &place))
        return;
    if (draft->mcp_node && (draft->parameters || draft->tool.description.size > 0))
        errors_add(builder->errors, draft->entry.offset, &place,
                   "an MCP server describes its tools itself: no description and no parameters");
    else if (!draft->mcp_node && !build_parameters(builder, draft, &place))
        return;
    if (tool->description.size == 0 && draft->builtin_name)
        tool->description = builtin_description(draft->builtin.kind);
    else if (tool->description.size == 0 && !draft->mcp_node)
        errors_add(builder->errors, draft->entry.offset, &place,
                   "description is missing: the model chooses by it");
    /* The visitor sees what is noted of them. */
    if (draft->builtin_name && draft->builtin.kind == BUILTIN_CAPTURE_LEAD)
        tool->confirm = true;
    check_question(builder, draft, &place);
    if (draft->sql_node)
        build_sql(builder, draft, &place);
    else if (draft->http_node)
        build_http(builder, draft, &place);
    else if (draft->mcp_node)
        build_mcp(builder, draft, &place);
    else
        build_builtin(builder, draft, &place);
    *ret_tool = *tool;
    if (draft->sql_node) {
        ret_tool->kind = TOOL_SQL;
        ret_tool->sql = memcpy(arena_allocate(builder->arena, sizeof draft->sql), &draft->sql,
                               sizeof draft->sql);
    } else if (draft->http_node) {
        ret_tool->kind = TOOL_HTTP;
        ret_tool->http = memcpy(arena_allocate(builder->arena, sizeof draft->http), &draft->http,
                                sizeof draft->http);
    } else if (draft->mcp_node) {
        ret_tool->kind = TOOL_MCP;
        ret_tool->mcp = memcpy(arena_allocate(builder->arena, sizeof draft->mcp), &draft->mcp,
                               sizeof draft->mcp);
    } else {
        ret_tool->kind = TOOL_BUILTIN;
        ret_tool->builtin = memcpy(arena_allocate(builder->arena, sizeof draft->builtin),
                                   &draft->builtin, sizeof draft->builtin);
    }
}

void build_tools(struct builder *builder) {
    struct draft_tool *drafts = builder->draft->tools.entries;
    size_t count = builder->draft->tools.count;
    struct tool *tools = arena_array(builder->arena, count, sizeof *tools);
    for (size_t i = 0; i < count; i++)
        build_tool(builder, &drafts[i], &tools[i]);
    builder->settings->tools = tools;
    builder->settings->tool_count = count;
}

static const struct tool *find_tool(const struct builder *builder, const char *name,
                                    const char **names) {
    const struct draft_tool *drafts = builder->draft->tools.entries;
    for (size_t i = 0; i < builder->draft->tools.count; i++) {
        names[i] = drafts[i].entry.name;
        if (strcmp(names[i], name) == 0)
            return &builder->settings->tools[i];
    }
    return NULL;
}

void build_bot_tools(struct builder *builder, struct draft_bot *draft,
                     const struct place *bot_place) {
    const struct yaml_node *list = yaml_get(draft->entry.node, "tools");
    struct place place = below(bot_place, "tools");
    const struct tool **tools = arena_array(builder->arena, draft->tool_count, sizeof(void *));
    const char **names =
        arena_array(builder->errors->arena, builder->draft->tools.count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < draft->tool_count; i++) {
        struct place element = {.parent = &place, .index = i};
        if (!draft->tools[i])
            continue;
        const struct tool *tool = find_tool(builder, draft->tools[i], names);
        bool twice = false;
        for (size_t j = 0; j < count; j++)
            twice = twice || tools[j] == tool;
        if (!tool) {
            const char *nearest = nearest_name(slice_of(draft->tools[i]), names);
            errors_add(builder->errors, list->items[i]->start, &element,
                       "there is no tool of this name%s%s%s", nearest ? "; did you mean " : "",
                       nearest ? nearest : "", nearest ? "?" : "");
        } else if (twice) {
            errors_add(builder->errors, list->items[i]->start, &element, "stands here twice");
        } else {
            tools[count++] = tool;
        }
    }
    draft->bot.tools = tools;
    draft->bot.tool_count = count;
}

/* --- tools that a section of the bot brings along --- */

static bool does(const struct tool *tool, enum builtin_kind kind) {
    return tool->kind == TOOL_BUILTIN && tool->builtin && tool->builtin->kind == kind;
}

void bring_tool(struct builder *builder, struct draft_bot *draft, const struct place *place,
                struct tool *tool) {
    struct bot *bot = &draft->bot;
    const struct tool **tools = arena_array(builder->arena, bot->tool_count + 1, sizeof(void *));
    struct schema *schema;
    struct fault fault;
    for (size_t i = 0; i < bot->tool_count; i++) {
        if (does(bot->tools[i], tool->builtin->kind))
            return; /* the owner's own does it */
        if (strcmp(bot->tools[i]->name, tool->name) == 0)
            errors_add(builder->errors, draft->entry.offset, place,
                       "brings a tool %s along, and the bot has another one of this name",
                       tool->name);
        tools[i] = bot->tools[i];
    }
    if (!schema_compile(tool->parameters, builder->arena, &schema, &fault)) {
        errors_add(builder->errors, draft->entry.offset, place, "%s", fault.message);
        return;
    }
    tool->schema = schema;
    tools[bot->tool_count++] = tool;
    bot->tools = tools;
}
