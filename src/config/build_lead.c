/* How visitors can be reached: what is asked for, when, and where it is posted. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "chat/settings.h"
#include "chat/webhook_sign.h"
#include "config/builder.h"
#include "tool/builtin.h"
#include "tool/schema.h"

/* --- webhooks --- */

void build_webhook(struct builder *builder, const struct draft_bot *draft,
                   const struct place *bot_place, const char *section,
                   struct webhook_settings *webhook) {
    const struct yaml_node *node = yaml_get(draft->entry.node, section);
    struct place place = below(bot_place, section), option = below(&place, "webhook_secret");
    if (webhook->secret.size > 0 &&
        !webhook_secret_read(webhook->secret, builder->arena, &webhook->keys, &webhook->key_count))
        errors_add(builder->errors, option_offset(node, "webhook_secret", draft->entry.offset),
                   &option,
                   "expected whsec_ and 24 to 64 bytes in Base64 (several with blanks between "
                   "them); make one with: echo \"whsec_$(openssl rand -base64 32)\"");
    else if (webhook->url && webhook->secret.size == 0)
        builder->warnings[builder->warning_count++] = arena_printf(
            builder->arena,
            "what bot %s posts to its %s.webhook is not signed: webhook_secret is missing or empty",
            draft->entry.name, section);
}

void build_webhooks(struct builder *builder) {
    /* As the specification of Standard Webhooks advises: three days and some hours together. */
    static const int64_t usual[] = {5000,     300000,   1800000,  7200000, 18000000,
                                    36000000, 50400000, 72000000, 86400000};
    const struct draft *draft = builder->draft;
    builder->settings->webhook_retry_ms = draft->webhook_retry_ms;
    builder->settings->webhook_retry_count = draft->webhook_retry_count;
    if (!yaml_get(yaml_get(builder->root, "webhooks"), "retry")) {
        builder->settings->webhook_retry_ms = usual;
        builder->settings->webhook_retry_count = sizeof usual / sizeof usual[0];
    }
}

/* --- when it is asked for --- */

static bool read_ask(struct slice word, unsigned *ask) {
    static const struct {
        const char *name;
        unsigned flag;
    } known[] = {{"before", LEAD_BEFORE}, {"tool", LEAD_TOOL}, {"offline", LEAD_OFFLINE}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_is(word, known[i].name)) {
            *ask |= known[i].flag;
            return true;
        }
    return false;
}

static void build_ask(struct builder *builder, struct draft_bot *draft,
                      const struct yaml_node *lead_node, const struct place *lead_place) {
    const struct yaml_node *node = draft->lead_ask;
    unsigned ask = 0;
    if (!node) {
        draft->bot.lead.ask = draft->bot.lead.field_count > 0 ? LEAD_BEFORE : 0;
        return;
    }
    bool is_list = node->kind == YAML_SEQUENCE;
    bool good = is_list ? node->count > 0 : node->kind == YAML_SCALAR;
    for (size_t i = 0; good && i < (is_list ? node->count : 1); i++) {
        const struct yaml_node *word = is_list ? node->items[i] : node;
        good = word->kind == YAML_SCALAR && read_ask(word->value, &ask);
    }
    struct place place = below(lead_place, "ask");
    if (!good)
        errors_add(builder->errors, option_offset(lead_node, "ask", node->start), &place,
                   "expected before, tool or offline, or a list of them");
    draft->bot.lead.ask = ask;
}

/* --- the tool that asks --- */

/* The parameters of capture_lead, but only what is asked for. */
static struct slice write_parameters(const struct lead_settings *lead, struct arena *arena) {
    struct slice known = json_get(builtin_parameters(BUILTIN_CAPTURE_LEAD), "properties");
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "type", SLICE("object"));
    json_key(&json, "properties");
    json_begin_object(&json);
    for (size_t i = 0; i < lead->field_count; i++)
        json_member_raw(&json, lead->fields[i], json_get(known, lead->fields[i]));
    json_end_object(&json);
    if (lead->required_count > 0) {
        json_key(&json, "required");
        json_begin_array(&json);
        for (size_t i = 0; i < lead->required_count; i++)
            json_string(&json, slice_of(lead->required[i]));
        json_end_array(&json);
    } else {
        json_member_int(&json, "minProperties", 1);
    }
    json_member_bool(&json, "additionalProperties", false);
    json_end_object(&json);
    struct slice parameters = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return parameters;
}

static struct tool *make_tool(struct builder *builder, const struct lead_settings *lead) {
    struct tool *tool = arena_allocate(builder->arena, sizeof *tool);
    struct builtin_tool *builtin = arena_allocate(builder->arena, sizeof *builtin);
    builtin->kind = BUILTIN_CAPTURE_LEAD;
    /* As if the owner had declared it, with the defaults of tools; the card's question is the
     * consent, which the visitor gives by saying yes. */
    *tool = (struct tool){
        .name = "capture_lead",
        .description = builtin_description(BUILTIN_CAPTURE_LEAD),
        .parameters = write_parameters(lead, builder->arena),
        .kind = TOOL_BUILTIN,
        .builtin = builtin,
        .write = true,
        .confirm = true,
        .confirm_ms = INT64_C(15) * 60 * 1000,
        .question = lead->consent,
        .question_count = lead->consent_count,
        .timeout_ms = 10000,
        .output_max = 2000,
        .per_turn = 5,
    };
    return tool;
}

/* --- the whole --- */

/* False for one that was wrong in itself (NULL), too. */
static bool is_listed(const char *const *list, size_t count, const char *name) {
    for (size_t i = 0; i < count && name; i++)
        if (list[i] && strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* False when one is wrong, which is reported. */
static bool check_fields(struct builder *builder, const struct draft_bot *draft,
                         const struct yaml_node *node, const struct place *place) {
    static const char *const known[] = {"name", "email", "phone", "company", "message"};
    const struct lead_settings *lead = &draft->bot.lead;
    struct place fields = below(place, "fields"), required = below(place, "required");
    bool good = true;
    for (size_t i = 0; i < lead->field_count; i++) {
        bool right = is_listed(known, sizeof known / sizeof known[0], lead->fields[i]);
        good = good && right;
        if (lead->fields[i] && !right)
            errors_add(builder->errors, option_offset(node, "fields", draft->entry.offset), &fields,
                       "\"%s\" is none of " LEAD_FIELDS, lead->fields[i]);
    }
    for (size_t i = 0; i < lead->required_count; i++) {
        bool right = is_listed(lead->fields, lead->field_count, lead->required[i]);
        good = good && right;
        if (lead->required[i] && !right)
            errors_add(builder->errors, option_offset(node, "required", draft->entry.offset),
                       &required, "\"%s\" is none of fields", lead->required[i]);
    }
    return good;
}

void build_lead(struct builder *builder, struct draft_bot *draft, const struct place *bot_place) {
    struct lead_settings *lead = &draft->bot.lead;
    const struct yaml_node *node = yaml_get(draft->entry.node, "lead");
    struct place place = below(bot_place, "lead");
    lead->consent =
        build_texts(builder, &place, node, "consent", draft->lead_consent, &lead->consent_count);
    build_ask(builder, draft, node, &place);
    build_webhook(builder, draft, bot_place, "lead", &lead->webhook);
    if (check_fields(builder, draft, node, &place) && (lead->ask & LEAD_TOOL))
        bring_tool(builder, draft, &place, make_tool(builder, lead));
}
