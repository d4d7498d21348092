#include "tool/tool.h"

struct slice tool_binding_get(const struct tool_input *input, struct slice name) {
    for (size_t i = 0; i < input->binding_count; i++)
        if (slice_equal(input->bindings[i].name, name))
            return input->bindings[i].value;
    return (struct slice){NULL, 0};
}

bool tool_binding_legal(struct slice name) {
    static const char *const fixed[] = {"conversation.id", "visitor.language", "bot.name",
                                        "call.key"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (slice_is(name, fixed[i]))
            return true;
    return slice_starts_with(name, SLICE("user.")) && name.size > 5;
}

static struct slice primary(struct slice language) {
    size_t size = 0;
    while (size < language.size && language.data[size] != '-' && language.data[size] != '_')
        size++;
    return slice_first(language, size);
}

struct slice tool_text_for(const struct tool_text *texts, size_t count, struct slice language) {
    for (size_t i = 0; i < count; i++)
        if (slice_equal_nocase(texts[i].language, language))
            return texts[i].text;
    for (size_t i = 0; i < count; i++)
        if (slice_equal_nocase(primary(texts[i].language), primary(language)))
            return texts[i].text;
    return count > 0 ? texts[0].text : (struct slice){NULL, 0};
}

bool tool_redacts(const struct tool *tool, struct slice argument) {
    for (size_t i = 0; i < tool->redact_count; i++)
        if (slice_is(argument, tool->redact[i]))
            return true;
    return false;
}
