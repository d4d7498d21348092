/* What of images a bot takes. */
#include "base/arena.h"
#include "chat/settings.h"
#include "config/builder.h"
#include "model/catalogue.h"
#include "model/provider.h"

static const char *const known_types[] = {"image/jpeg", "image/png", "image/webp", "image/gif"};
enum { KNOWN_TYPES = sizeof known_types / sizeof known_types[0] };

static bool is_known(const char *type) {
    for (size_t i = 0; i < KNOWN_TYPES; i++)
        if (strcmp(known_types[i], type) == 0)
            return true;
    return false;
}

/* One that nobody knows anything of may see them. */
static bool sees_images(const struct bot *bot) {
    for (size_t i = 0; i < bot->model_count; i++)
        if (bot->models[i].provider && !answers_itself(bot->models[i].provider) &&
            (!bot->models[i].info || !bot->models[i].info->no_images))
            return true;
    return false;
}

void build_attachments(struct builder *builder, struct draft_bot *draft,
                       const struct place *bot_place) {
    struct attachment_settings *attachments = &draft->bot.attachments;
    const struct yaml_node *node = yaml_get(draft->entry.node, "attachments");
    const size_t body_max = builder->draft->config.body_max;
    struct place place = below(bot_place, "attachments");
    struct place images = below(&place, "images"), size = below(&place, "size");
    struct place types = below(&place, "types");
    size_t otherwise = draft->entry.offset;
    for (size_t i = 0; i < attachments->type_count; i++)
        if (attachments->types[i] && !is_known(attachments->types[i])) /* else reported */
            errors_add(builder->errors, option_offset(node, "types", otherwise), &types,
                       "\"%s\" is none of " ATTACHMENT_TYPES, attachments->types[i]);
    if (attachments->type_count == 0) {
        attachments->types = known_types;
        attachments->type_count = KNOWN_TYPES;
    }
    if (attachments->size_max > body_max && yaml_get(node, "size"))
        errors_add(builder->errors, option_offset(node, "size", otherwise), &size,
                   "is larger than http.body_max (%zu bytes), so it would never be reached",
                   body_max);
    if (attachments->size_max > body_max)
        attachments->size_max = body_max;
    if (attachments->images > 0 && draft->bot.model_count > 0 && !sees_images(&draft->bot))
        errors_add(builder->errors, option_offset(node, "images", otherwise), &images,
                   "none of the bot's models sees images");
}
