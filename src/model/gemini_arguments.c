#include "model/gemini_arguments.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

enum { PLACES_MAX = 1024, DEPTH_MAX = 32 };

enum kind { UNKNOWN, OBJECT, ARRAY, STRING, VALUE };

/* What stands between the quotes in JSON: pieces one after another are valid, too. */
struct text {
    struct text *next;
    struct slice escaped;
};

struct gemini_argument {
    struct gemini_argument *next;
    struct gemini_argument *first, *last; /* members or elements */
    enum kind kind;
    struct slice key;   /* in its object */
    struct slice value; /* JSON */
    struct text *text, *last_text;
};

static struct gemini_argument *add(struct gemini_arguments *arguments,
                                   struct gemini_argument *parent) {
    if (arguments->count == PLACES_MAX)
        return NULL;
    arguments->count++;
    struct gemini_argument *child = arena_allocate(arguments->arena, sizeof *child);
    if (parent && parent->last)
        parent->last->next = child;
    else if (parent)
        parent->first = child;
    if (parent)
        parent->last = child;
    return child;
}

/* --- paths --- */

struct step {
    bool is_index;
    size_t index;
    struct slice key;
};

/* "[0]" or "['a key']". */
static bool read_bracket(struct slice *path, struct step *step) {
    char quote = path->size > 1 ? path->data[1] : '\0';
    if (quote == '\'' || quote == '"') {
        size_t end = slice_find_byte(slice_from(*path, 2), quote);
        if (end == SIZE_MAX)
            return false;
        step->key = slice_first(slice_from(*path, 2), end);
        *path = slice_from(*path, end + 3);
        if (path->size == 0 || path->data[0] != ']')
            return false;
        *path = slice_from(*path, 1);
        return true;
    }
    size_t end = slice_find_byte(*path, ']');
    int64_t index;
    if (end == SIZE_MAX || !slice_to_int64(slice_first(slice_from(*path, 1), end - 1), &index) ||
        index < 0 || index >= PLACES_MAX)
        return false;
    step->is_index = true;
    step->index = (size_t)index;
    *path = slice_from(*path, end + 1);
    return true;
}

/* Cuts off the first step of ".a[0].b". */
static bool next_step(struct slice *path, struct step *ret_step) {
    *ret_step = (struct step){0};
    if (path->data[0] == '[')
        return read_bracket(path, ret_step);
    if (path->data[0] != '.')
        return false;
    size_t end = 1;
    while (end < path->size && path->data[end] != '.' && path->data[end] != '[')
        end++;
    ret_step->key = slice_from(slice_first(*path, end), 1);
    *path = slice_from(*path, end);
    return ret_step->key.size > 0;
}

static struct gemini_argument *element(struct gemini_arguments *arguments,
                                       struct gemini_argument *array, size_t index) {
    struct gemini_argument *child = array->first;
    for (size_t i = 0; i < index && child; i++)
        child = child->next ? child->next : add(arguments, array);
    return child || index > 0 ? child : add(arguments, array);
}

static struct gemini_argument *member(struct gemini_arguments *arguments,
                                      struct gemini_argument *object, struct slice key) {
    for (struct gemini_argument *child = object->first; child; child = child->next)
        if (slice_equal(child->key, key))
            return child;
    struct gemini_argument *child = add(arguments, object);
    if (child)
        child->key = arena_copy(arguments->arena, key);
    return child;
}

static struct gemini_argument *find_step(struct gemini_arguments *arguments,
                                         struct gemini_argument *place, const struct step *step) {
    enum kind kind = step->is_index ? ARRAY : OBJECT;
    if (place->kind == UNKNOWN)
        place->kind = kind;
    if (place->kind != kind)
        return NULL;
    if (!step->is_index)
        return member(arguments, place, step->key);
    if (!place->first && !add(arguments, place))
        return NULL;
    return element(arguments, place, step->index);
}

static struct gemini_argument *find(struct gemini_arguments *arguments, struct slice path) {
    if (!slice_starts_with(path, SLICE("$")))
        return NULL;
    path = slice_from(path, 1);
    if (!arguments->root) {
        arguments->root = add(arguments, NULL);
        arguments->root->kind = OBJECT;
    }
    struct gemini_argument *place = arguments->root;
    struct step step;
    for (size_t depth = 0; path.size > 0 && place; depth++) {
        if (depth == DEPTH_MAX || !next_step(&path, &step))
            return NULL;
        place = find_step(arguments, place, &step);
    }
    return place;
}

/* --- values --- */

static void append_text(struct gemini_arguments *arguments, struct gemini_argument *place,
                        struct slice value) {
    if (place->kind == UNKNOWN)
        place->kind = STRING;
    if (place->kind != STRING || value.size <= 2)
        return;
    struct text *text = arena_allocate(arguments->arena, sizeof *text);
    text->escaped = arena_copy(arguments->arena, slice_first(slice_from(value, 1), value.size - 2));
    if (place->last_text)
        place->last_text->next = text;
    else
        place->text = text;
    place->last_text = text;
}

static void set_value(struct gemini_arguments *arguments, struct gemini_argument *place,
                      struct slice value) {
    if (place->kind != UNKNOWN && place->kind != VALUE)
        return;
    place->kind = VALUE;
    place->value = arena_copy(arguments->arena, value);
}

void gemini_arguments_take(struct gemini_arguments *arguments, struct slice piece) {
    struct buffer path = {0};
    struct slice string = slice_trim(json_get(piece, "stringValue"));
    struct slice number = json_get(piece, "numberValue"), truth = json_get(piece, "boolValue");
    json_read_string(json_get(piece, "jsonPath"), &path);
    struct gemini_argument *place = find(arguments, buffer_slice(&path));
    if (place && json_type(string) == JSON_STRING)
        append_text(arguments, place, string);
    else if (place && json_type(number) == JSON_NUMBER)
        set_value(arguments, place, number);
    else if (place && json_type(truth) == JSON_BOOLEAN)
        set_value(arguments, place, truth);
    else if (place && json_type(json_get(piece, "nullValue")) != JSON_MISSING)
        set_value(arguments, place, SLICE("null"));
    buffer_finish(&path);
}

/* --- writing --- */

static void write_text(struct json_writer *json, const struct text *text) {
    struct buffer string = {0};
    buffer_append_byte(&string, '"');
    for (; text; text = text->next)
        buffer_append(&string, text->escaped);
    buffer_append_byte(&string, '"');
    json_raw(json, buffer_slice(&string));
    buffer_finish(&string);
}

static void write_place(struct json_writer *json, const struct gemini_argument *place) {
    if (place->kind == OBJECT) {
        json_begin_object(json);
        for (const struct gemini_argument *child = place->first; child; child = child->next) {
            json_key_slice(json, child->key);
            write_place(json, child);
        }
        json_end_object(json);
    } else if (place->kind == ARRAY) {
        json_begin_array(json);
        for (const struct gemini_argument *child = place->first; child; child = child->next)
            write_place(json, child);
        json_end_array(json);
    } else if (place->kind == STRING) {
        write_text(json, place->text);
    } else {
        json_raw(json, place->value);
    }
}

void gemini_arguments_write(const struct gemini_arguments *arguments, struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    if (arguments->root) {
        write_place(&json, arguments->root);
    } else {
        json_begin_object(&json);
        json_end_object(&json);
    }
}
