/* What visitors read, in as many languages as the owner writes it. */
#include "base/arena.h"
#include "chat/settings.h"
#include "config/builder.h"
#include "tool/tool.h"

enum { LANGUAGES_MAX = 100, TEXTS_MAX = 12, TEXT_MAX = 2000, PAGES_MAX = 50, MATCH_MAX = 200 };

static bool is_language(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(i > 1 && (c == '-' || (c >= '0' && c <= '9'))))
            return false;
    }
    return text.size >= 2 && text.size <= 35;
}

static bool is_text(const struct yaml_node *node) {
    return node->kind == YAML_SCALAR && node->value.size <= TEXT_MAX;
}

static void refuse(struct builder *builder, const struct place *place,
                   const struct yaml_node *section, const char *option,
                   const struct yaml_node *value, const char *expected) {
    struct place at = below(place, option);
    errors_add(builder->errors, option_offset(section, option, value->start), &at, "expected %s",
               expected);
}

const struct tool_text *build_texts(struct builder *builder, const struct place *place,
                                    const struct yaml_node *section, const char *option,
                                    const struct yaml_node *value, size_t *ret_count) {
    if (!value)
        return NULL;
    bool one = value->kind == YAML_SCALAR, good = one || value->kind == YAML_MAPPING;
    size_t count = one ? 1 : value->count;
    struct tool_text *texts = arena_array(builder->arena, count, sizeof *texts);
    good = good && count <= LANGUAGES_MAX;
    for (size_t i = 0; i < count && good; i++) {
        const struct yaml_node *text = one ? value : value->pairs[i].value;
        struct slice language = one ? SLICE("en") : value->pairs[i].key->text;
        good = is_text(text) && is_language(language);
        texts[i] = (struct tool_text){arena_copy(builder->arena, language),
                                      arena_copy(builder->arena, text->value)};
    }
    if (!good) {
        refuse(builder, place, section, option, value,
               "a text, or languages (en, pt-BR) with a text each");
        return NULL;
    }
    *ret_count = count;
    return texts;
}

/* False when it is no list of texts. */
static bool add_list(struct builder *builder, struct slice language, const struct yaml_node *list,
                     struct tool_text *texts, size_t *count) {
    if (list->kind != YAML_SEQUENCE || list->count > TEXTS_MAX)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_text(list->items[i]))
            return false;
        texts[(*count)++] =
            (struct tool_text){language, arena_copy(builder->arena, list->items[i]->value)};
    }
    return true;
}

const struct tool_text *build_text_lists(struct builder *builder, const struct place *place,
                                         const struct yaml_node *section, const char *option,
                                         const struct yaml_node *value, size_t *ret_count) {
    if (!value)
        return NULL;
    bool one = value->kind == YAML_SEQUENCE, good = one || value->kind == YAML_MAPPING;
    size_t languages = one ? 1 : value->count, count = 0;
    good = good && languages <= LANGUAGES_MAX;
    struct tool_text *texts =
        arena_array(builder->arena, good ? languages * TEXTS_MAX : 1, sizeof *texts);
    for (size_t i = 0; i < languages && good; i++) {
        struct slice language = one ? SLICE("en") : value->pairs[i].key->text;
        good =
            is_language(language) && add_list(builder, arena_copy(builder->arena, language),
                                              one ? value : value->pairs[i].value, texts, &count);
    }
    if (!good) {
        refuse(builder, place, section, option, value,
               "a list of at most 12 texts, or languages (en, pt-BR) with a list each");
        return NULL;
    }
    *ret_count = count;
    return texts;
}

/* --- the widget --- */

static bool is_color(const char *text) {
    size_t size = strlen(text);
    if (text[0] != '#' || (size != 4 && size != 7))
        return false;
    return strspn(text + 1, "0123456789abcdefABCDEF") == size - 1;
}

/* "cdn.example.com", or with a port. */
static bool is_host(const char *text) {
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:");
    return size > 0 && text[size] == '\0';
}

/* What is wrong with a pattern of pages, or NULL. One that could match nothing is a mistake. */
static const char *pattern_problem(struct slice match) {
    bool https = slice_starts_with(match, SLICE("https://")),
         http = slice_starts_with(match, SLICE("http://"));
    struct slice rest = slice_from(match, https ? 8 : http ? 7 : 0);
    if (match.size == 0 || match.size > MATCH_MAX)
        return "expected a pattern of at most 200 characters, such as /products/*";
    for (size_t i = 0; i < match.size; i++)
        if ((unsigned char)match.data[i] <= ' ')
            return "a pattern has no spaces";
    if (slice_find_byte(match, '?') != SIZE_MAX || slice_find_byte(match, '#') != SIZE_MAX)
        return "only the path is looked at: ? and # match nothing";
    if (!https && !http && match.data[0] != '/' && match.data[0] != '*')
        return "expected a path such as /products/*, or an address that begins with https://";
    if ((https || http) && slice_find_byte(rest, '/') == SIZE_MAX &&
        slice_find_byte(rest, '*') == SIZE_MAX)
        return "an address has a path: add /*";
    return NULL;
}

static bool is_known_pair(const struct yaml_pair *pair) {
    const struct slice name = pair->key->text;
    return slice_is(name, "match") || slice_is(name, "welcome") || slice_is(name, "suggestions");
}

static void build_page(struct builder *builder, const struct yaml_node *node,
                       const struct place *place, struct widget_page *page) {
    if (node->kind != YAML_MAPPING) {
        errors_add(builder->errors, node->start, place,
                   "expected match, and welcome or suggestions");
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->pairs[i].key;
        struct place option = {.parent = place, .name = key->text};
        if (!is_known_pair(&node->pairs[i]))
            errors_add(builder->errors, key->start, &option,
                       "unknown option; known here: match, welcome, suggestions");
    }
    const struct yaml_node *match = yaml_get(node, "match");
    bool is_scalar = match && match->kind == YAML_SCALAR;
    struct place match_place = below(place, "match");
    const char *problem = is_scalar ? pattern_problem(match->value) : "expected a pattern";
    if (problem)
        errors_add(builder->errors, match ? match->start : node->start, &match_place, "%s",
                   problem);
    else
        page->match = arena_copy(builder->arena, match->value);
    page->welcome = build_texts(builder, place, node, "welcome", yaml_get(node, "welcome"),
                                &page->welcome_count);
    page->suggestions = build_text_lists(builder, place, node, "suggestions",
                                         yaml_get(node, "suggestions"), &page->suggestion_count);
}

static void build_pages(struct builder *builder, struct draft_bot *draft,
                        const struct place *widget_place) {
    const struct yaml_node *list = draft->pages;
    struct place pages = below(widget_place, "pages");
    if (!list)
        return;
    if (list->kind != YAML_SEQUENCE || list->count > PAGES_MAX) {
        errors_add(builder->errors, list->start, &pages, "expected a list of at most %d pages",
                   PAGES_MAX);
        return;
    }
    struct widget_page *built = arena_array(builder->arena, list->count, sizeof *built);
    for (size_t i = 0; i < list->count; i++) {
        struct place place = {.parent = &pages, .index = i};
        build_page(builder, list->items[i], &place, &built[i]);
    }
    draft->bot.widget.pages = built;
    draft->bot.widget.page_count = list->count;
}

void build_widget(struct builder *builder, struct draft_bot *draft, const struct place *bot_place) {
    struct widget_settings *widget = &draft->bot.widget;
    struct place place = below(bot_place, "widget");
    const struct yaml_node *node = yaml_get(draft->entry.node, "widget");
    widget->welcome =
        build_texts(builder, &place, node, "welcome", draft->welcome, &widget->welcome_count);
    widget->suggestions = build_text_lists(builder, &place, node, "suggestions", draft->suggestions,
                                           &widget->suggestion_count);
    build_pages(builder, draft, &place);
    struct place color = below(&place, "color"), hosts = below(&place, "image_hosts");
    if (widget->color && !is_color(widget->color))
        errors_add(builder->errors, option_offset(node, "color", draft->entry.offset), &color,
                   "expected a color like \"#2563eb\"");
    for (size_t i = 0; i < widget->image_host_count; i++)
        if (widget->image_hosts[i] && !is_host(widget->image_hosts[i])) /* else reported */
            errors_add(builder->errors, option_offset(node, "image_hosts", draft->entry.offset),
                       &hosts, "expected names of hosts, such as cdn.example.com");
}
