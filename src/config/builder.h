/* What the files that tie the configuration's parts together share. Private to config/. */
#pragma once
#include "config/draft.h"
#include "config/errors.h"
#include "config/yaml.h"

struct builder {
    struct draft *draft;
    const struct yaml_node *root;
    struct arena *arena;
    struct error_list *errors;
    struct settings *settings;
    const char **warnings;
    size_t warning_count;
};

static inline struct place top_place(const char *name) {
    return (struct place){.name = slice_of(name)};
}

static inline struct place below(const struct place *parent, const char *name) {
    return (struct place){.parent = parent, .name = slice_of(name)};
}

/* Where the option stands, or `otherwise` when it is not in the file. */
static inline size_t option_offset(const struct yaml_node *section, const char *name,
                                   size_t otherwise) {
    const struct yaml_pair *pair = yaml_pair(section, name);
    return pair ? pair->key->start : otherwise;
}

/* Nothing to connect to: the translator answers by itself, and there is no choice of models. */
bool answers_itself(const struct provider_settings *provider);
/* False with the mistake reported. A provider without a translator is reported elsewhere. */
bool resolve_model(struct builder *builder, const char *text, const struct yaml_node *node,
                   const struct place *place, struct model_choice *ret_choice);

/* build_models.c */
/* Those that the configuration tells of. */
void build_own_models(struct builder *builder, const struct draft_provider *draft,
                      struct provider_settings *provider);

/* build_tools.c */
/* The tools, once; and which of them a bot names. */
void build_tools(struct builder *builder);
void build_bot_tools(struct builder *builder, struct draft_bot *draft,
                     const struct place *bot_place);
/* One that a section at `place` brings along, unless the bot has one that does the same. */
void bring_tool(struct builder *builder, struct draft_bot *draft, const struct place *place,
                struct tool *tool);

/* build_texts.c */
/* What visitors read: a text, or a mapping of languages. NULL when it is absent or wrong, which is
 * reported. `section` is the node that has the option, `value` what stands there. */
const struct tool_text *build_texts(struct builder *builder, const struct place *place,
                                    const struct yaml_node *section, const char *option,
                                    const struct yaml_node *value, size_t *ret_count);
/* The same of lists; languages in their order, each as often as it has texts. */
const struct tool_text *build_text_lists(struct builder *builder, const struct place *place,
                                         const struct yaml_node *section, const char *option,
                                         const struct yaml_node *value, size_t *ret_count);
void build_widget(struct builder *builder, struct draft_bot *draft, const struct place *bot_place);

/* build_attachments.c */
void build_attachments(struct builder *builder, struct draft_bot *draft,
                       const struct place *bot_place);
/* build_redact.c */
void build_redact(struct builder *builder, struct draft_bot *draft, const struct place *bot_place);
/* build_lead.c */
/* After build_bot_tools: it may add one. */
void build_lead(struct builder *builder, struct draft_bot *draft, const struct place *bot_place);
/* build_handoff.c */
/* After build_money and build_bot_tools: it may add a tool. */
void build_handoff(struct builder *builder, struct draft_bot *draft, const struct place *bot_place);
/* A section's `webhook_secret`, and whether it is missing. */
void build_webhook(struct builder *builder, const struct draft_bot *draft,
                   const struct place *bot_place, const char *section,
                   struct webhook_settings *webhook);
/* When they are tried again. */
void build_webhooks(struct builder *builder);

/* build_money.c */
/* A bot's context and budget, and that limits on cost have prices to go by. */
void build_money(struct builder *builder, struct draft_bot *draft, const struct place *bot_place);
