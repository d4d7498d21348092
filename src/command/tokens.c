#include "model/tokens.h"
#include "base/buffer.h"
#include "base/fault.h"
#include "command/arguments.h"
#include "command/command.h"
#include "model/catalogue.h"
#include <errno.h>

enum { TEXT_MAX = 256 * 1024 * 1024 };

struct tokens_command {
    enum tokens_encoding encoding;
    struct tokens *tokens;
    bool ids;        /* print them in place of their number */
    bool many_texts; /* with a NUL behind each */
};

static void print_help(void) {
    puts("Usage: switchboard tokens [--model MODEL | --encoding NAME] FILE|-...\n\n"
         "Counts the tokens of texts, exactly as OpenAI's models do. For other vendors' models, "
         "whose\n"
         "tokens are not public, it counts those of o200k_base, and says so on standard error.\n"
         "Text that looks like a special token counts as text.\n\n"
         "  -m, --model MODEL    as the vendor names it (default: one with o200k_base)\n"
         "  -e, --encoding NAME  o200k_base or cl100k_base\n"
         "      --ids            print the tokens' ids instead of their number\n"
         "  -0, --null           the input is many texts with a NUL behind each; a line for each");
}

/* Tells on standard error what is wrong, or what is not exact. */
static bool choose_encoding(const char *model, const char *name,
                            enum tokens_encoding *ret_encoding) {
    *ret_encoding = TOKENS_O200K_BASE;
    if (name) {
        if (tokens_encoding_find(slice_of(name), ret_encoding))
            return true;
        fprintf(stderr,
                "switchboard tokens: there is no encoding %s, only o200k_base and cl100k_base\n",
                name);
        return false;
    }
    if (!model)
        return true;
    const struct model_info *info = catalogue_find(NULL, slice_of(model));
    if (!info) {
        fprintf(stderr,
                "switchboard tokens: the model %s is not known; name an --encoding instead\n",
                model);
        return false;
    }
    if (!info->tokenizer || !tokens_encoding_find(slice_of(info->tokenizer), ret_encoding))
        fprintf(stderr,
                "switchboard tokens: the tokens of %s are not public; this is a count with %s, "
                "which may be a third off\n",
                info->id, tokens_encoding_name(*ret_encoding));
    return true;
}

static bool read_all(const char *path, struct buffer *ret_text) {
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "switchboard tokens: %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t size;
    do {
        size = fread(buffer_reserve(ret_text, 65536), 1, 65536, file);
        ret_text->size += size;
    } while (size > 0 && ret_text->size <= TEXT_MAX);
    bool ok = !ferror(file) && ret_text->size <= TEXT_MAX;
    if (!ok)
        fprintf(stderr, "switchboard tokens: %s: %s\n", path,
                ret_text->size > TEXT_MAX ? "larger than 256 MiB" : strerror(errno));
    if (!is_stdin)
        fclose(file);
    return ok;
}

static void print_text(const struct tokens_command *command, struct slice text) {
    if (!command->ids) {
        printf("%zu", tokens_count(command->tokens, text));
        return;
    }
    struct buffer ids = {0}, line = {0};
    tokens_encode(command->tokens, text, &ids);
    const uint32_t *numbers = (const uint32_t *)(void *)ids.data;
    for (size_t i = 0; i < ids.size / sizeof *numbers; i++) {
        if (i > 0)
            buffer_append_byte(&line, ' ');
        buffer_append_int64(&line, numbers[i]);
    }
    fwrite(line.data, 1, line.size, stdout);
    buffer_finish(&ids);
    buffer_finish(&line);
}

static bool print_file(const struct tokens_command *command, const char *path, bool with_name) {
    struct buffer content = {0};
    bool ok = read_all(path, &content);
    struct slice rest = buffer_slice(&content), text = rest;
    while (ok) {
        if (command->many_texts) {
            size_t size = slice_find_byte(rest, '\0');
            if (rest.size == 0)
                break;
            text = slice_first(rest, size);
            rest = size < rest.size ? slice_from(rest, size + 1) : (struct slice){NULL, 0};
        }
        print_text(command, text);
        if (with_name)
            printf("  %s", path);
        putchar('\n');
        if (!command->many_texts)
            break;
    }
    buffer_finish(&content);
    return ok;
}

int command_tokens(int argc, char **argv) {
    struct argument options[] = {{"--model", 'm', false, NULL},
                                 {"--encoding", 'e', false, NULL},
                                 {"--ids", 0, true, NULL},
                                 {"--null", '0', true, NULL}};
    struct arguments arguments = {.options = options, .option_count = 4};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    if (arguments.word_count == 0 || (options[0].value && options[1].value)) {
        fputs("switchboard tokens: say FILE, or - for standard input, and --model or --encoding, "
              "not both; try --help\n",
              stderr);
        return 2;
    }
    struct tokens_command command = {.ids = options[2].value, .many_texts = options[3].value};
    if (!choose_encoding(options[0].value, options[1].value, &command.encoding))
        return 1;
    command.tokens = tokens_create(command.encoding);
    bool ok = true;
    for (int i = 0; i < arguments.word_count; i++)
        ok = print_file(&command, arguments.words[i], arguments.word_count > 1) && ok;
    tokens_destroy(command.tokens);
    return fflush(stdout) == 0 && ok ? 0 : 1;
}
