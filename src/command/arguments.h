/* Command-line arguments: "--name value", "--name=value", "-c value" and words, in any order. */
#pragma once
#include <stdbool.h>

struct argument {
    const char *name;  /* "--config" */
    char letter;       /* 'c', or 0 */
    bool is_flag;      /* takes no value */
    const char *value; /* filled: the value, or "" for a flag that is given; else left as it was */
};

enum { ARGUMENT_WORDS_MAX = 8 };
struct arguments {
    struct argument *options;
    int option_count;
    const char *words[ARGUMENT_WORDS_MAX];
    int word_count;
    bool help; /* --help or -h was given */
};

/* Reads argv[1…]. False after telling on standard error what is wrong. */
bool arguments_read(struct arguments *arguments, int argc, char **argv);
