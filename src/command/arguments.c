#include "command/arguments.h"

static struct argument *find(struct arguments *arguments, const char *text, int name_size) {
    for (int i = 0; i < arguments->option_count; i++) {
        struct argument *option = &arguments->options[i];
        if ((int)strlen(option->name) == name_size &&
            strncmp(option->name, text, (size_t)name_size) == 0)
            return option;
        if (option->letter && text[0] == '-' && text[1] == option->letter && text[2] == '\0')
            return option;
    }
    return NULL;
}

static bool read_option(struct arguments *arguments, int argc, char **argv, int *at) {
    const char *text = argv[*at];
    const char *equals = strncmp(text, "--", 2) == 0 ? strchr(text, '=') : NULL;
    struct argument *option =
        find(arguments, text, equals ? (int)(equals - text) : (int)strlen(text));
    if (!option) {
        fprintf(stderr, "switchboard %s: unknown option %s; try --help\n", argv[0], text);
        return false;
    }
    if (option->is_flag) {
        option->value = "";
        return true;
    }
    if (equals) {
        option->value = equals + 1;
    } else if (*at + 1 < argc) {
        option->value = argv[++*at];
    } else {
        fprintf(stderr, "switchboard %s: %s needs a value\n", argv[0], text);
        return false;
    }
    return true;
}

bool arguments_read(struct arguments *arguments, int argc, char **argv) {
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        if (!only_words && (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)) {
            arguments->help = true;
        } else if (!only_words && strcmp(text, "--") == 0) {
            only_words = true;
        } else if (!only_words && text[0] == '-' && text[1] != '\0') {
            if (!read_option(arguments, argc, argv, &i))
                return false;
        } else if (arguments->word_count < ARGUMENT_WORDS_MAX) {
            arguments->words[arguments->word_count++] = text;
        } else {
            fprintf(stderr, "switchboard %s: too many arguments\n", argv[0]);
            return false;
        }
    }
    return true;
}
