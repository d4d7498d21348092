#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "config/build.h"
#include "config/draft.h"
#include "config/errors.h"
#include "config/hide.h"
#include "config/read.h"
#include "config/value.h"
#include "config/yaml.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 4 * 1024 * 1024, PIECE = 64 * 1024, FIRST_BLOCK = 16 * 1024, REPAIRS_MAX = 8 };

/* --- the file --- */

/* Appends the file; or false with the mistake reported. */
static bool read_file(const char *path, struct error_list *errors, struct buffer *text) {
    /* not blocking, so that a named pipe is refused like every other thing that is no file */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    const char *why = NULL;
    if (file < 0 || fstat(file, &status) != 0)
        why = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        why = "this is not a file";
    while (!why && text->size <= FILE_MAX) {
        ssize_t size = read(file, buffer_reserve(text, PIECE), PIECE);
        if (size < 0 && errno != EINTR)
            why = strerror(errno);
        if (size == 0)
            break;
        if (size > 0)
            text->size += (size_t)size;
    }
    if (file >= 0)
        close(file);
    if (why)
        errors_add(errors, SIZE_MAX, NULL, "cannot be read: %s", why);
    return !why;
}

static const char *folder_of(const char *path, struct arena *arena) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? arena_string(arena, (struct slice){path, (size_t)(slash - path) + 1})
                         : arena_string(arena, SLICE("."));
    char resolved[PATH_MAX];
    return arena_string(arena, slice_of(realpath(folder, resolved) ? resolved : folder));
}

static bool check_text(struct slice text, struct error_list *errors) {
    size_t valid = utf8_valid_prefix(text);
    if (text.size > FILE_MAX) {
        errors_add(errors, SIZE_MAX, NULL, "is larger than 4 MiB");
        return false;
    }
    if (text.size >= 2 &&
        (memcmp(text.data, "\xFF\xFE", 2) == 0 || memcmp(text.data, "\xFE\xFF", 2) == 0)) {
        errors_add(errors, SIZE_MAX, NULL, "is UTF-16; save it as UTF-8");
        return false;
    }
    if (valid < text.size) {
        errors_add(errors, valid, NULL, "not valid UTF-8 (byte %02X); save the file as UTF-8",
                   (unsigned char)text.data[valid]);
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
            errors_add(errors, i, NULL, "control character U+%04X", c);
            return false;
        }
    }
    return true;
}

/* --- going on behind a syntax error --- */

static size_t line_start(struct slice text, size_t offset) {
    while (offset > 0 && text.data[offset - 1] != '\n' && text.data[offset - 1] != '\r')
        offset--;
    return offset;
}

static size_t line_end(struct slice text, size_t offset) {
    while (offset < text.size && text.data[offset] != '\n' && text.data[offset] != '\r')
        offset++;
    return offset;
}

static size_t indentation(struct slice text, size_t offset) {
    size_t size = 0;
    while (offset + size < text.size &&
           (text.data[offset + size] == ' ' || text.data[offset + size] == '\t'))
        size++;
    return size;
}

/* True if lines below belong to the one at `start`: without it they would be taken for something
 * else. */
static bool has_children(struct slice text, size_t start) {
    size_t own = indentation(text, start), next = start;
    do {
        next = line_end(text, next);
        while (next < text.size && (text.data[next] == '\n' || text.data[next] == '\r'))
            next++;
    } while (next < text.size && line_end(text, next) == next + indentation(text, next));
    return next < text.size && indentation(text, next) > own;
}

/* Blanks the value, or the whole line when there is none to blank, where the syntax broke. */
static bool blank_line(char *text, size_t size, size_t offset) {
    struct slice all = {text, size};
    size_t start = line_start(all, offset < size ? offset : size), end = line_end(all, start);
    if (has_children(all, start))
        return false;
    size_t from = start, colon = start;
    while (colon < end && text[colon] != ':')
        colon++;
    if (colon + 1 < end && colon < offset && text[colon + 1] == ' ' &&
        slice_trim((struct slice){text + colon + 1, end - colon - 1}).size > 0)
        from = colon + 1;
    bool changed = false;
    for (size_t i = from; i < end; i++) {
        changed = changed || text[i] != ' ';
        text[i] = ' ';
    }
    return changed;
}

/* Parses; where a line is broken, what stands below is looked at as well if it can be read without
 * it, so that one slip of the pen does not hide nine others. */
static struct yaml_tree parse(struct slice text, struct error_list *errors) {
    struct yaml_tree tree = yaml_parse(text, errors->arena, errors);
    if (!tree.broken || tree.broken_at == SIZE_MAX)
        return tree;
    char *copy = arena_string(errors->arena, text);
    size_t broken_at = tree.broken_at;
    struct error_list kept = errors_start(errors->file, errors->arena);
    for (int i = 0; i < REPAIRS_MAX && blank_line(copy, text.size, broken_at); i++) {
        struct error_list found = errors_start(errors->file, errors->arena);
        found.text = text;
        struct yaml_tree again = yaml_parse((struct slice){copy, text.size}, errors->arena, &found);
        errors_add_all(&kept, &found);
        errors_finish(&found);
        if (!again.broken) {
            errors_add_all(errors, &kept);
            tree.root = again.root;
            break;
        }
        if (again.broken_at == SIZE_MAX)
            break;
        broken_at = again.broken_at;
    }
    errors_finish(&kept);
    return tree;
}

/* --- loading --- */

static struct config *load_text(const char *path, struct slice text, struct error_list *errors) {
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        text = slice_from(text, 3);
    errors->text = text;
    if (!check_text(text, errors)) {
        hide_in_text(text, errors);
        return NULL;
    }
    struct yaml_tree tree = parse(text, errors);
    if (tree.broken)
        hide_in_text(text, errors);
    hide_in_tree(tree.root, errors);
    struct arena *arena = arena_create(FIRST_BLOCK);
    struct draft *draft = arena_allocate(errors->arena, sizeof *draft);
    read_config(&tree, folder_of(path, arena), arena, errors, draft);
    if (!tree.broken && tree.root)
        return build_config(draft, tree.root, arena, errors);
    arena_destroy(arena);
    return NULL;
}

static struct config_result finish(struct config *config, struct error_list *errors) {
    struct config_result result = {.config = config, .arena = errors->arena};
    result.errors = errors_sorted(errors, &result.error_count);
    errors_finish(errors);
    return result;
}

struct config_result config_load_text(const char *path, struct slice text) {
    struct error_list errors = errors_start(path, arena_create(FIRST_BLOCK));
    struct config *config = load_text(path, text, &errors);
    return finish(config, &errors);
}

struct config_result config_load(const char *path) {
    struct error_list errors = errors_start(path, arena_create(FIRST_BLOCK));
    struct buffer text = {0};
    struct config *config = NULL;
    if (read_file(path, &errors, &text))
        config = load_text(path, buffer_slice(&text), &errors);
    struct config_result result = finish(config, &errors);
    buffer_finish(&text);
    return result;
}

void config_result_finish(struct config_result *result) {
    config_destroy(result->config);
    if (result->arena)
        arena_destroy(result->arena);
    *result = (struct config_result){0};
}

struct config *config_take(struct config_result *result) {
    struct config *config = result->config;
    result->config = NULL;
    return config;
}

void config_destroy(struct config *config) {
    if (config)
        settings_release(config->settings); /* the config lies in the same arena */
}

/* --- reloading --- */

static void compare(const struct section *section, const char *path, const char *a, const char *b,
                    struct buffer *out) {
    for (size_t i = 0; i < section->count; i++) {
        const struct option *option = &section->options[i];
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", path, *path ? "." : "", option->name);
        if (option->type == OPTION_SECTION) {
            size_t offset = option->section->size > 0 ? option->offset : 0;
            compare(option->section, name, a + offset, b + offset, out);
        } else if ((option->flags & OPTION_RESTART) &&
                   !value_same(option->type, a + option->offset, b + option->offset)) {
            buffer_printf(out, "%s%s", out->size > 0 ? ", " : "", name);
        }
    }
}

bool config_needs_restart(const struct config *running, const struct config *next,
                          struct buffer *out) {
    struct draft a = {.config = *running}, b = {.config = *next};
    struct buffer names = {0};
    compare(&config_section, "", (const char *)&a, (const char *)&b, &names);
    bool any = names.size > 0;
    buffer_append(out, buffer_slice(&names));
    buffer_finish(&names);
    return any;
}
