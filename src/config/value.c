#include "config/value.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "config/errors.h"
#include "model/provider.h"
#include "tool/sql_tool.h"
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

struct unit {
    const char *name;
    int64_t factor;
};
/* from the smallest */
static const struct unit durations[] = {{"ms", 1},      {"s", 1000},     {"min", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {{"", 1},          {"B", 1},         {"KiB", 1 << 10},
                                    {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};

/* Always false. Where `echo`, what was found follows. */
__attribute__((format(printf, 3, 4))) static bool refuse(struct value_context *context, bool echo,
                                                         const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context->why, sizeof context->why, format, arguments);
    va_end(arguments);
    context->echo = echo;
    return false;
}

static bool refuse_type(struct value_context *context) {
    return refuse(context, true, "expected %s", value_type(context->option->type)->wants);
}

/* --- numbers --- */

void value_show(enum option_type type, double value, struct buffer *out) {
    const struct unit *units = type == OPTION_DURATION ? durations
                               : type == OPTION_SIZE   ? sizes
                                                       : NULL;
    const struct unit *best = NULL;
    for (const struct unit *unit = units; unit && unit->name; unit++)
        if (value > 0 && fmod(value, (double)unit->factor) == 0 &&
            (!best || unit->factor > best->factor))
            best = unit;
    if (best)
        buffer_printf(out, "%.0f%s", value / (double)best->factor, best->name);
    else
        buffer_printf(out, "%.15g%s", value, type == OPTION_DURATION ? "s" : "");
}

static bool in_range(struct value_context *context, double value) {
    const struct option *option = context->option;
    if ((option->least == 0 && option->most == 0) ||
        (value >= option->least && value <= option->most))
        return true;
    struct buffer bounds = {0};
    buffer_append_string(&bounds, "must be between ");
    value_show(option->type, option->least, &bounds);
    buffer_append_string(&bounds, " and ");
    value_show(option->type, option->most, &bounds);
    refuse(context, true, "%s", buffer_string(&bounds));
    buffer_finish(&bounds);
    return false;
}

static bool is_none(const struct value_context *context, struct slice text) {
    return (context->option->flags & OPTION_NONE) && slice_is(text, "none");
}

static bool read_boolean(struct value_context *context, struct slice text, void *ret_value) {
    bool truth = slice_is(text, "true");
    if (!truth && !slice_is(text, "false"))
        return refuse_type(context);
    memcpy(ret_value, &truth, sizeof truth);
    return true;
}

/* Digits with an optional sign; too many of them are out of range, not a wrong type. */
static bool is_whole(struct slice text) {
    size_t i = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    if (i == text.size)
        return false;
    for (; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

static bool read_whole(struct value_context *context, struct slice text, int64_t *ret_number) {
    if (is_none(context, text)) {
        *ret_number = -1;
        return true;
    }
    if (!is_whole(text))
        return refuse_type(context);
    int64_t number = 0;
    if (!slice_to_int64(text, &number))
        number = text.data[0] == '-' ? INT64_MIN : INT64_MAX;
    if (!in_range(context, (double)number))
        return false;
    *ret_number = number;
    return true;
}

static bool read_integer(struct value_context *context, struct slice text, void *ret_value) {
    int64_t number = 0;
    if (!read_whole(context, text, &number))
        return false;
    memcpy(ret_value, &number, sizeof number);
    return true;
}

static bool read_count(struct value_context *context, struct slice text, void *ret_value) {
    int64_t number = 0;
    if (!read_whole(context, text, &number))
        return false;
    if (number < 0)
        return refuse(context, true, "must not be negative");
    size_t count = (size_t)number;
    memcpy(ret_value, &count, sizeof count);
    return true;
}

static bool read_number(struct value_context *context, struct slice text, void *ret_value) {
    double number = NAN;
    if (!is_none(context, text)) {
        /* strtod takes hexadecimal, "inf" and "nan" as well */
        bool plain = text.size > 0 && text.size < 64;
        for (size_t i = 0; i < text.size && plain; i++)
            plain = text.data[i] && strchr("0123456789+-.eE", text.data[i]);
        if (!plain)
            return refuse_type(context);
        char copy[64];
        memcpy(copy, text.data, text.size);
        copy[text.size] = '\0';
        char *end;
        number = strtod(copy, &end);
        if (*end || end == copy)
            return refuse_type(context);
        if (!in_range(context, number))
            return false;
    }
    memcpy(ret_value, &number, sizeof number);
    return true;
}

/* Exactly as written: up to six places, as a microdollar is the least there is. */
static bool read_money(struct value_context *context, struct slice text, void *ret_value) {
    int64_t amount = -1;
    if (!is_none(context, text)) {
        struct slice whole = text, places = {"", 0};
        size_t point = slice_find_byte(text, '.');
        if (point != SIZE_MAX) {
            whole = slice_first(text, point);
            places = slice_from(text, point + 1);
        }
        int64_t dollars = 0, micro = 0;
        bool right = whole.size > 0 && whole.size <= 12 && places.size <= 6 &&
                     (point == SIZE_MAX || places.size > 0) && is_whole(whole) &&
                     (places.size == 0 || (is_whole(places) && places.data[0] >= '0')) &&
                     slice_to_int64(whole, &dollars) &&
                     (places.size == 0 || slice_to_int64(places, &micro));
        if (!right)
            return refuse_type(context);
        for (size_t i = places.size; i < 6; i++)
            micro *= 10;
        if (whole.data[0] == '-')
            micro = -micro;
        amount = dollars * 1000000 + micro;
        if (!in_range(context, (double)amount / 1e6))
            return false;
    }
    memcpy(ret_value, &amount, sizeof amount);
    return true;
}

/* A whole number and a unit. */
static bool read_with_unit(struct value_context *context, struct slice text,
                           const struct unit *units, int64_t *ret_number) {
    size_t digits = 0;
    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    struct slice unit_name = slice_trim(slice_from(text, digits));
    const struct unit *unit = units;
    while (unit->name && !slice_is(unit_name, unit->name))
        unit++;
    if (digits == 0 || !unit->name)
        return refuse_type(context);
    int64_t number = 0;
    if (!slice_to_int64(slice_first(text, digits), &number) ||
        __builtin_mul_overflow(number, unit->factor, &number))
        number = INT64_MAX;
    if (!in_range(context, (double)number))
        return false;
    *ret_number = number;
    return true;
}

static bool read_duration(struct value_context *context, struct slice text, void *ret_value) {
    int64_t number = 0;
    if (!read_with_unit(context, text, durations, &number))
        return false;
    memcpy(ret_value, &number, sizeof number);
    return true;
}

static bool read_size(struct value_context *context, struct slice text, void *ret_value) {
    int64_t number = 0;
    if (!read_with_unit(context, text, sizes, &number))
        return false;
    size_t size = (size_t)number;
    memcpy(ret_value, &size, sizeof size);
    return true;
}

/* --- texts --- */

static bool has_control(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7F)
            return true;
    return false;
}

static bool has_blank(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= 0x20 || text.data[i] == 0x7F)
            return true;
    return false;
}

static bool length_in_range(struct value_context *context, struct slice text) {
    const struct option *option = context->option;
    if (option->least == 0 && option->most == 0)
        return true;
    if ((double)text.size < option->least)
        return text.size == 0
                   ? refuse(context, false, "must not be empty")
                   : refuse(context, false, "must be at least %.0f bytes long", option->least);
    if ((double)text.size > option->most)
        return refuse(context, false, "must be at most %.0f bytes long", option->most);
    return true;
}

static bool store_string(struct value_context *context, struct slice text, void *ret_value) {
    const char *string = arena_string(context->arena, text);
    memcpy(ret_value, &string, sizeof string);
    return true;
}

static bool read_string(struct value_context *context, struct slice text, void *ret_value) {
    if (has_control(text))
        return refuse(context, false, "must be one line without control characters");
    return length_in_range(context, text) && store_string(context, text, ret_value);
}

static bool read_text(struct value_context *context, struct slice text, void *ret_value) {
    if (!length_in_range(context, text))
        return false;
    struct slice copy = arena_copy(context->arena, text);
    memcpy(ret_value, &copy, sizeof copy);
    return true;
}

/* Secrets travel in headers: a line break that came with a variable would end up there. */
static bool read_secret(struct value_context *context, struct slice text, void *ret_value) {
    if (has_control(text))
        return refuse(context, false,
                      "must be one line; a line break or control character is in it");
    if (text.size > 0 && slice_trim(text).size != text.size)
        return refuse(context, false, "begins or ends with a blank");
    if (text.size > 0 && !length_in_range(context, text))
        return false;
    struct slice copy = arena_copy(context->arena, text);
    memcpy(ret_value, &copy, sizeof copy);
    return true;
}

static bool read_choice(struct value_context *context, struct slice text, void *ret_value) {
    const char *names[32];
    size_t count = 0;
    struct buffer list = {0};
    for (const struct choice *choice = context->option->choices; choice->name; choice++) {
        if (slice_is(text, choice->name)) {
            memcpy(ret_value, &choice->value, sizeof choice->value);
            buffer_finish(&list);
            return true;
        }
        buffer_printf(&list, "%s%s", count > 0 ? ", " : "", choice->name);
        assert(count + 1 < sizeof names / sizeof *names);
        names[count++] = choice->name;
    }
    names[count] = NULL;
    const char *nearest = nearest_name(text, names);
    refuse(context, true, "expected one of %s%s%s%s", buffer_string(&list),
           nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    buffer_finish(&list);
    return false;
}

static bool read_api(struct value_context *context, struct slice text, void *ret_value) {
    const struct provider *provider = provider_find(text);
    if (provider) {
        *(const struct provider **)ret_value = provider;
        return true;
    }
    struct buffer list = {0};
    for (size_t i = 0; provider_at(i); i++)
        buffer_printf(&list, "%s%s", i > 0 ? ", " : "", provider_at(i)->name);
    refuse(context, true, "unknown api; known are %s", buffer_string(&list));
    buffer_finish(&list);
    return false;
}

static bool read_model(struct value_context *context, struct slice text, void *ret_value) {
    if (text.size == 0 || text.size > 256 || has_blank(text) || text.data[0] == '/')
        return refuse_type(context);
    return store_string(context, text, ret_value);
}

/* --- addresses --- */

static bool is_port(struct slice text) {
    int64_t port;
    return text.size > 0 && text.size <= 5 && text.data[0] >= '0' && text.data[0] <= '9' &&
           slice_to_int64(text, &port) && port <= 65535;
}

static bool is_host_byte(char c, bool bracketed) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           (bracketed ? c == ':' : c == '-' || c == '_');
}

/* "host", "host:8080", "[::1]:8080"; `ret_port` has no data where there is none. */
static bool split_host(struct slice text, struct slice *ret_host, struct slice *ret_port) {
    bool bracketed = text.size > 0 && text.data[0] == '[';
    struct slice host, port = {0}, inner;
    if (bracketed) {
        size_t close = slice_find_byte(text, ']');
        if (close == SIZE_MAX)
            return false;
        host = slice_first(text, close + 1);
        inner = (struct slice){text.data + 1, close - 1};
    } else {
        size_t colon = slice_find_byte(text, ':');
        inner = host = slice_first(text, colon);
    }
    struct slice rest = slice_from(text, host.size);
    if (rest.size > 0) {
        if (rest.data[0] != ':')
            return false;
        port = slice_from(rest, 1);
        if (!is_port(port))
            return false;
    }
    for (size_t i = 0; i < inner.size; i++)
        if (!is_host_byte(inner.data[i], bracketed))
            return false;
    if (inner.size == 0 || inner.size > 253)
        return false;
    *ret_host = host;
    *ret_port = port;
    return true;
}

static bool read_address(struct value_context *context, struct slice text, void *ret_value) {
    struct slice host, port;
    if (!split_host(text, &host, &port) || !port.data)
        return refuse_type(context);
    return store_string(context, text, ret_value);
}

static bool split_scheme(struct slice text, struct slice *ret_scheme, struct slice *ret_rest) {
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < 2; i++) {
        struct slice scheme = slice_first(text, strlen(schemes[i]));
        if (slice_equal_nocase(scheme, slice_of(schemes[i]))) {
            *ret_scheme = slice_of(schemes[i]);
            *ret_rest = slice_from(text, scheme.size);
            return true;
        }
    }
    return false;
}

static size_t host_end(struct slice text) {
    size_t end = 0;
    while (end < text.size && text.data[end] != '/' && text.data[end] != '?' &&
           text.data[end] != '#')
        end++;
    return end;
}

static bool check_url(struct value_context *context, struct slice text) {
    struct slice scheme, rest, host, port;
    if (has_blank(text) || text.size > 2048 || !split_scheme(text, &scheme, &rest))
        return refuse_type(context);
    struct slice authority = slice_first(rest, host_end(rest));
    if (slice_find_byte(authority, '@') != SIZE_MAX)
        return refuse(context, false, "a URL must not hold a user name or password");
    if (!split_host(authority, &host, &port))
        return refuse_type(context);
    if (slice_find_byte(text, '#') != SIZE_MAX)
        return refuse(context, true, "a URL must not have a fragment here");
    return true;
}

static bool read_url(struct value_context *context, struct slice text, void *ret_value) {
    return check_url(context, text) && store_string(context, text, ret_value);
}

static bool read_base_url(struct value_context *context, struct slice text, void *ret_value) {
    if (!check_url(context, text))
        return false;
    if (slice_find_byte(text, '?') != SIZE_MAX)
        return refuse(context, false, "a base URL must not have a query");
    while (text.size > 0 && text.data[text.size - 1] == '/')
        text.size--;
    return store_string(context, text, ret_value);
}

/* As browsers send it: lower case, no default port. */
static bool read_origin(struct value_context *context, struct slice text, void *ret_value) {
    if (slice_is(text, "*"))
        return store_string(context, text, ret_value);
    struct slice scheme, rest, host, port;
    if (has_blank(text) || !split_scheme(text, &scheme, &rest))
        return refuse_type(context);
    if (host_end(rest) < rest.size)
        return refuse(context, true, "an origin is scheme://host[:port] without a path");
    if (!split_host(rest, &host, &port))
        return refuse_type(context);
    bool is_default = slice_is(port, slice_is(scheme, "https://") ? "443" : "80");
    char *origin = arena_printf(context->arena, "%.*s%.*s%s%.*s", SLICE_ARG(scheme),
                                SLICE_ARG(host), port.data && !is_default ? ":" : "",
                                is_default ? 0 : (int)port.size, port.data ? port.data : "");
    for (char *c = origin; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    memcpy(ret_value, &origin, sizeof origin);
    return true;
}

/* --- files --- */

enum { PATH_LENGTH_MAX = 4000 };

static const char *absolute_path(const struct value_context *context, struct slice text) {
    if (text.data[0] == '/')
        return arena_string(context->arena, text);
    while (slice_starts_with(text, SLICE("./")) && text.size > 2 && text.data[2] != '/')
        text = slice_from(text, 2);
    return arena_printf(context->arena, "%s/%.*s",
                        strcmp(context->folder, "/") == 0 ? "" : context->folder, SLICE_ARG(text));
}

static bool read_path(struct value_context *context, struct slice text, bool folder,
                      void *ret_value) {
    if (text.size == 0 || text.size > PATH_LENGTH_MAX || has_control(text))
        return refuse_type(context);
    const char *path = absolute_path(context, text);
    if (context->option->flags & OPTION_EXISTS) {
        struct stat status;
        if (stat(path, &status) != 0)
            return refuse(context, true, "%s", errno == ENOENT ? "no such file" : strerror(errno));
        if (folder ? !S_ISDIR(status.st_mode) : !S_ISREG(status.st_mode))
            return refuse(context, true, folder ? "this is not a folder" : "this is not a file");
        if (access(path, folder ? R_OK | X_OK : R_OK) != 0)
            return refuse(context, true, "cannot be read");
    }
    memcpy(ret_value, &path, sizeof path);
    return true;
}

static bool read_file(struct value_context *context, struct slice text, void *ret_value) {
    return read_path(context, text, false, ret_value);
}

static bool read_folder(struct value_context *context, struct slice text, void *ret_value) {
    return read_path(context, text, true, ret_value);
}

static bool read_database(struct value_context *context, struct slice text, void *ret_value) {
    struct slice prefix = SLICE("sqlite:");
    struct slice path = slice_from(text, prefix.size);
    if (!slice_starts_with(text, prefix) || path.size == 0 || path.size > PATH_LENGTH_MAX ||
        has_control(text))
        return refuse_type(context);
    if (path.data[0] == ':')
        return refuse(context, true, "the database must be a file");
    const char *url = arena_printf(context->arena, "sqlite:%s", absolute_path(context, path));
    memcpy(ret_value, &url, sizeof url);
    return true;
}

static bool read_site_database(struct value_context *context, struct slice text, void *ret_value) {
    struct fault fault;
    if (slice_starts_with(text, SLICE("sqlite:")))
        return read_database(context, text, ret_value);
    const char *url = arena_string(context->arena, text);
    if (has_control(text) || !sql_database_legal(url, &fault))
        return refuse(context, false, "%s",
                      has_control(text) ? "has control characters" : fault.message);
    memcpy(ret_value, &url, sizeof url);
    return true;
}

/* --- the types --- */

#define STRING "\"type\":\"string\""

static const struct value_type types[OPTION_TYPE_COUNT] = {
    [OPTION_BOOLEAN] = {"true or false", "true or false", sizeof(bool), true, read_boolean,
                        "\"type\":\"boolean\""},
    [OPTION_INTEGER] = {"whole number", "a whole number", sizeof(int64_t), true, read_integer,
                        NULL},
    [OPTION_COUNT] = {"whole number", "a whole number", sizeof(size_t), true, read_count, NULL},
    [OPTION_SIZE] = {"size", "a size such as 16KiB or 1MiB", sizeof(size_t), false, read_size,
                     "\"type\":[\"integer\",\"string\"],\"minimum\":0,"
                     "\"pattern\":\"^[0-9]+ ?(B|KiB|MiB|GiB)?$\""},
    [OPTION_DURATION] = {"duration", "a duration such as 500ms, 10s, 5min or 1h", sizeof(int64_t),
                         false, read_duration, STRING ",\"pattern\":\"^[0-9]+ ?(ms|s|min|h|d)$\""},
    [OPTION_NUMBER] = {"number", "a number", sizeof(double), true, read_number, NULL},
    [OPTION_MONEY] = {"dollars", "an amount of dollars such as 0.50, with up to six places",
                      sizeof(int64_t), true, read_money, NULL},
    [OPTION_STRING] = {"text", "a text", sizeof(char *), false, read_string, STRING},
    [OPTION_TEXT] = {"text", "a text", sizeof(struct slice), false, read_text, STRING},
    [OPTION_SECRET] = {"secret", "a text", sizeof(struct slice), false, read_secret, STRING},
    [OPTION_CHOICE] = {"choice", "one of the choices", sizeof(int), false, read_choice, NULL},
    [OPTION_ADDRESS] = {"address", "an address and port such as 127.0.0.1:8080", sizeof(char *),
                        false, read_address, STRING ",\"pattern\":\":[0-9]{1,5}$\""},
    [OPTION_URL] = {"URL", "a URL that begins with https:// or http://", sizeof(char *), false,
                    read_url, STRING ",\"format\":\"uri\",\"pattern\":\"^https?://\""},
    [OPTION_BASE_URL] = {"URL", "a URL that begins with https:// or http://", sizeof(char *), false,
                         read_base_url, STRING ",\"format\":\"uri\",\"pattern\":\"^https?://\""},
    [OPTION_ORIGIN] = {"origin", "an origin such as https://shop.example.com", sizeof(char *),
                       false, read_origin, STRING ",\"pattern\":\"^(\\\\*|https?://[^/?#]+)$\""},
    [OPTION_FILE] = {"file", "the path of a file", sizeof(char *), false, read_file,
                     STRING ",\"minLength\":1"},
    [OPTION_FOLDER] = {"folder", "the path of a folder", sizeof(char *), false, read_folder,
                       STRING ",\"minLength\":1"},
    [OPTION_DATABASE] = {"database", "sqlite: and a path, such as sqlite:switchboard.db",
                         sizeof(char *), false, read_database,
                         STRING ",\"pattern\":\"^sqlite:[^:]\""},
    [OPTION_SITE_DATABASE] = {"database", "the address of a database", sizeof(char *), false,
                              read_site_database,
                              STRING ",\"pattern\":\"^(sqlite:[^:]|postgres(ql)?://)\""},
    [OPTION_API] = {"API", "the name of an API", sizeof(struct provider *), false, read_api, NULL},
    [OPTION_MODEL] = {"model", "a model such as openai/gpt-4o-mini, or just a provider's name",
                      sizeof(char *), false, read_model,
                      STRING ",\"pattern\":\"^[a-z0-9][a-z0-9_-]*(/.+)?$\""},
};

const struct value_type *value_type(enum option_type type) {
    assert(type < OPTION_TYPE_COUNT);
    return &types[type];
}

bool value_read(struct value_context *context, struct slice text, void *ret_value) {
    const struct value_type *type = value_type(context->option->type);
    if (memchr(text.data ? text.data : "", '\0', text.size))
        return refuse(context, false, "a NUL character is in it");
    if (type->typed && context->quoted && !is_none(context, text))
        return refuse(context, true, "expected %s without quotes", type->wants);
    return type->read(context, text, ret_value);
}

bool value_same(enum option_type type, const void *a, const void *b) {
    switch (type) {
    case OPTION_TEXT:
    case OPTION_SECRET: {
        struct slice x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return slice_equal(x, y);
    }
    case OPTION_STRING:
    case OPTION_ADDRESS:
    case OPTION_URL:
    case OPTION_BASE_URL:
    case OPTION_ORIGIN:
    case OPTION_FILE:
    case OPTION_FOLDER:
    case OPTION_DATABASE:
    case OPTION_SITE_DATABASE:
    case OPTION_MODEL: {
        const char *x, *y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return x && y ? strcmp(x, y) == 0 : x == y;
    }
    default:
        return memcmp(a, b, value_type(type)->size) == 0;
    }
}
