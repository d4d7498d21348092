/* The reference page. The words around the tables are here; what is in them comes from the options
 * table. */
#include "base/buffer.h"
#include "config/config.h"
#include "config/value.h"
#include "model/provider.h"

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "<!-- Made from the options table by script/docs: do not edit. -->\n"
    "\n"
    "One YAML 1.2 file (JSON is YAML too). `switchboard check -c FILE` checks it and shows every "
    "mistake\n"
    "with its line. For completion in an editor, begin the file with\n"
    "`# yaml-language-server: $schema=switchboard.schema.json`; the schema lies beside this page.\n"
    "\n"
    "```yaml\n"
    "listen: 127.0.0.1:8080\n"
    "database: sqlite:switchboard.db\n"
    "providers:\n"
    "  openai: { key: \"${OPENAI_API_KEY:-}\" }\n"
    "bots:\n"
    "  support:\n"
    "    models: [openai/gpt-4o-mini, offline]   # in order of preference\n"
    "    system: |\n"
    "      You are a support assistant for \"Tech Pro\".\n"
    "    max_tokens: 500\n"
    "    knowledge: [faq.md]\n"
    "    access: { anonymous: true, origins: [https://shop.example.com] }\n"
    "    limits: { messages_per_minute: 6, messages_per_day: 50 }\n"
    "```\n"
    "\n"
    "## Values\n"
    "\n"
    "- **Variables.** `$NAME`, `${NAME}` and `${NAME:-default}` in a value are replaced from the\n"
    "  environment; the default also stands in for an empty variable. A variable that is not set "
    "and\n"
    "  has no default is an error. `$$` is a dollar sign; a dollar before anything but a letter, "
    "`_`,\n"
    "  `{` or `$` is just that (`$5`). What a variable holds is never read as YAML.\n"
    "- **Durations** are a whole number and a unit: `500ms`, `10s`, `5min`, `1h`, `30d`.\n"
    "- **Sizes** are bytes or a whole number and a unit: `16384`, `16KiB`, `1MiB`, `1GiB`.\n"
    "- **Paths** are taken from the folder of the configuration file.\n"
    "- **Names** of bots and providers are made of `a-z`, `0-9`, `-` and `_`, at most 64 "
    "characters, the\n"
    "  first a letter or digit.\n"
    "- Only `true` and `false` are truth values; `no` is a word.\n"
    "- Anchors, aliases and merge keys (`<<: *name`) work. A key at the top that begins with `x-` "
    "is\n"
    "  passed over: a place for anchors.\n"
    "- Options marked ⟳ are read at the start only: a reload names those that have changed.\n";

static void write_words(struct buffer *out, const struct option *option) {
    if (option->type == OPTION_TREE) {
        buffer_append_string(out, option->form);
        return;
    }
    if (option->flags & OPTION_LIST)
        buffer_append_string(out, "list: ");
    if (option->type == OPTION_CHOICE) {
        for (const struct choice *choice = option->choices; choice->name; choice++)
            buffer_printf(out, "%s`%s`", choice == option->choices ? "" : ", ", choice->name);
    } else if (option->type == OPTION_API) {
        for (size_t i = 0; provider_at(i); i++)
            buffer_printf(out, "%s`%s`", i > 0 ? ", " : "", provider_at(i)->name);
    } else {
        buffer_append_string(out, value_type(option->type)->name);
    }
    bool numeric = option->type == OPTION_INTEGER || option->type == OPTION_COUNT ||
                   option->type == OPTION_SIZE || option->type == OPTION_DURATION ||
                   option->type == OPTION_NUMBER || option->type == OPTION_MONEY;
    if (numeric && (option->least != 0 || option->most != 0)) {
        buffer_append_string(out, ", ");
        value_show(option->type, option->least, out);
        buffer_append_string(out, " to ");
        value_show(option->type, option->most, out);
    }
    if (option->flags & OPTION_LIST)
        buffer_printf(out, ", at most %zu", option->length_max);
}

static void write_default(struct buffer *out, const struct option *option) {
    if (option->flags & OPTION_REQUIRED)
        buffer_append_string(out, "**required**");
    else if (option->fallback_text)
        buffer_append_string(out, option->fallback_text);
    else if (option->fallback && strcmp(option->fallback, "none") == 0)
        buffer_append_string(out, "none");
    else if (option->fallback)
        buffer_printf(out, "`%s`", option->fallback);
    else
        buffer_append_string(out, "none");
}

/* "bots.NAME.access" */
static void write_path(struct buffer *out, const char *path, const struct option *option) {
    buffer_printf(out, "%s%s%s%s", path, *path ? "." : "", option->name,
                  option->type == OPTION_MAP ? ".NAME" : "");
}

static bool is_nested(const struct option *option) {
    return option->type == OPTION_SECTION || option->type == OPTION_MAP;
}

static void write_section(struct buffer *out, const struct section *section, const char *path) {
    if (*path)
        buffer_printf(out, "\n## `%s`\n\n%s\n", path, section->help);
    else
        buffer_append_string(out, "\n## Top level\n");
    buffer_append_string(out, "\n| option | value | default | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < section->count; i++) {
        const struct option *option = &section->options[i];
        if (is_nested(option)) {
            buffer_printf(out, "| `%s` | section `", option->name);
            write_path(out, path, option);
            buffer_printf(out, "` | %s | %s |\n",
                          (option->flags & OPTION_REQUIRED) ? "**required**" : "", option->help);
            continue;
        }
        buffer_printf(out, "| `%s` | ", option->name);
        write_words(out, option);
        buffer_append_string(out, " | ");
        write_default(out, option);
        buffer_printf(out, " | %s%s |\n", option->help,
                      (option->flags & OPTION_RESTART) ? " ⟳" : "");
    }
    for (size_t i = 0; i < section->count; i++)
        if (is_nested(&section->options[i])) {
            struct buffer below = {0};
            write_path(&below, path, &section->options[i]);
            write_section(out, section->options[i].section, buffer_string(&below));
            buffer_finish(&below);
        }
}

void config_reference_write(struct buffer *out) {
    buffer_append_string(out, introduction);
    write_section(out, &config_section, "");
}
