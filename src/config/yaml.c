#include "config/yaml.h"
#include "base/arena.h"
#include "base/memory.h"
#include "config/errors.h"
#include <assert.h>
#include <libfyaml.h>

enum {
    DEPTH_MAX = 32,
    NODES_MAX = 100000,
    PAIRS_MAX = 2000,   /* of one mapping: keys are compared with each other */
    MERGED_MAX = 20000, /* pairs that merge keys bring in, all together */
    ANCHORS_MAX = 256,
};

/* A sequence or mapping that is not closed yet. */
struct open_node {
    struct yaml_node *node;
    struct yaml_node **children; /* keys and values by turns in a mapping */
    size_t count;
    struct slice anchor; /* no data: none */
};

struct anchor {
    struct slice name;
    struct yaml_node *node; /* NULL while it is open: an alias inside would make a ring */
};

struct builder {
    struct slice text;
    struct arena *arena;
    struct error_list *errors;
    struct open_node open[DEPTH_MAX];
    size_t depth;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    size_t node_count, merged_count;
    struct yaml_node *root;
    struct yaml_node *filler; /* stands in for what could not be read */
    size_t documents;
    bool full; /* a cap was passed: give up */
};

/* --- pieces --- */

static struct yaml_node *new_node(struct builder *builder, enum yaml_kind kind, size_t start,
                                  size_t end) {
    struct yaml_node *node = arena_allocate(builder->arena, sizeof *node);
    node->kind = kind;
    node->start = start;
    node->end = end;
    if (++builder->node_count == NODES_MAX) {
        errors_add(builder->errors, start, NULL, "the file holds more than %d values",
                   (int)NODES_MAX);
        builder->full = true;
    }
    return node;
}

static struct slice token_text(struct builder *builder, struct fy_token *token) {
    size_t size = 0;
    const char *text = token ? fy_token_get_text(token, &size) : NULL;
    return text ? arena_copy(builder->arena, (struct slice){text, size}) : SLICE("");
}

/* Nothing is written where an empty value stands, so it has no marks of its own. */
static size_t offset_of(const struct builder *builder, const struct fy_mark *mark,
                        size_t otherwise) {
    if (!mark || mark->line < 0 || mark->input_pos > builder->text.size)
        return otherwise;
    return mark->input_pos;
}

static struct slice anchor_name(struct builder *builder, struct fy_event *event) {
    struct fy_token *token = fy_event_get_anchor_token(event);
    return token ? token_text(builder, token) : (struct slice){0};
}

static void remember_anchor(struct builder *builder, struct slice name, struct yaml_node *node,
                            size_t offset) {
    if (!name.data)
        return;
    for (size_t i = 0; i < builder->anchor_count; i++)
        if (slice_equal(builder->anchors[i].name, name)) {
            builder->anchors[i].node = node; /* YAML lets a name be used again */
            return;
        }
    if (builder->anchor_count == ANCHORS_MAX) {
        errors_add(builder->errors, offset, NULL, "more than %d anchors", (int)ANCHORS_MAX);
        builder->full = true;
        return;
    }
    builder->anchors[builder->anchor_count++] = (struct anchor){name, node};
}

static void check_tag(struct builder *builder, struct fy_event *event, size_t offset) {
    struct fy_token *token = fy_event_get_tag_token(event);
    if (!token)
        return;
    struct slice tag = token_text(builder, token);
    static const char *const known[] = {"str", "int", "float", "bool", "null", "map", "seq"};
    struct slice prefix = SLICE("tag:yaml.org,2002:");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_starts_with(tag, prefix) && slice_is(slice_from(tag, prefix.size), known[i]))
            return; /* the options table knows the type better */
    /* not repeated: a password may begin with an exclamation mark, or with a star */
    errors_add(builder->errors, offset, NULL,
               "tags are not used here: remove it, or put quotes around a text that begins with !");
}

/* Puts a finished node where it belongs. */
static void attach(struct builder *builder, struct yaml_node *node) {
    if (builder->depth == 0) {
        builder->root = node;
        return;
    }
    struct open_node *open = &builder->open[builder->depth - 1];
    /* full at 16, 32, 64 … */
    if (open->count == 0 || (open->count >= 16 && (open->count & (open->count - 1)) == 0)) {
        size_t capacity = open->count == 0 ? 16 : open->count * 2;
        open->children = memory_resize(open->children, capacity * sizeof(void *));
    }
    open->children[open->count++] = node;
}

/* --- mappings --- */

static const struct yaml_pair *pair_find(const struct yaml_node *node, struct slice key) {
    for (size_t i = 0; i < node->count; i++)
        if (slice_equal(node->pairs[i].key->text, key))
            return &node->pairs[i];
    return NULL;
}

/* Brings in what the node's own keys (and earlier merges) do not say. */
static void merge_mapping(struct builder *builder, struct yaml_node *node,
                          const struct yaml_node *other, size_t capacity, size_t offset) {
    for (size_t i = 0; i < other->count && !builder->full; i++) {
        if (pair_find(node, other->pairs[i].key->text))
            continue;
        if (node->count == capacity || ++builder->merged_count > MERGED_MAX) {
            errors_add(builder->errors, offset, NULL, "merge keys bring in too much");
            builder->full = true;
            return;
        }
        node->pairs[node->count++] = other->pairs[i];
    }
}

static size_t merge_size(const struct yaml_node *source) {
    size_t size = source->kind == YAML_MAPPING ? source->count : 0;
    if (source->kind == YAML_SEQUENCE)
        for (size_t i = 0; i < source->count && size <= PAIRS_MAX; i++)
            size += source->items[i]->kind == YAML_MAPPING ? source->items[i]->count : 0;
    return size;
}

static void merge_all(struct builder *builder, struct yaml_node *node,
                      const struct yaml_node *source, size_t offset) {
    bool right = source->kind != YAML_SCALAR || source == builder->filler;
    if (source->kind == YAML_SEQUENCE)
        for (size_t i = 0; i < source->count; i++)
            right = right && source->items[i]->kind == YAML_MAPPING;
    if (!right) {
        errors_add(builder->errors, offset, NULL,
                   "<< takes an alias of a section, as in <<: *name");
        return;
    }
    size_t capacity = node->count + merge_size(source);
    if (capacity > PAIRS_MAX)
        capacity = PAIRS_MAX;
    struct yaml_pair *pairs = arena_array(builder->arena, capacity, sizeof *pairs);
    if (node->count > 0)
        memcpy(pairs, node->pairs, node->count * sizeof *pairs);
    node->pairs = pairs;
    if (source->kind == YAML_MAPPING)
        merge_mapping(builder, node, source, capacity, offset);
    else
        for (size_t i = 0; i < source->count; i++)
            merge_mapping(builder, node, source->items[i], capacity, offset);
}

/* The places around what is being closed: each open mapping ends with the key it waits for the
 * value of. */
static const struct place *open_places(const struct builder *builder,
                                       struct place places[DEPTH_MAX]) {
    const struct place *parent = NULL;
    for (size_t i = 0; i < builder->depth; i++) {
        const struct open_node *open = &builder->open[i];
        places[i] = (struct place){.parent = parent, .index = open->count};
        if (open->node->kind == YAML_MAPPING && open->count > 0)
            places[i].name = open->children[open->count - 1]->text;
        parent = &places[i];
    }
    return parent;
}

static void report_duplicate(struct builder *builder, const struct yaml_node *key,
                             const struct yaml_node *first) {
    struct place places[DEPTH_MAX];
    struct place place = {.parent = open_places(builder, places), .name = key->text};
    errors_add(builder->errors, key->start, &place, "given twice; the first is on line %zu",
               errors_line(builder->errors, first->start));
}

/* Not of the mapping, but config/hide wants to see it. */
static void drop(struct builder *builder, struct yaml_node *node, struct yaml_pair pair,
                 size_t capacity) {
    if (!node->dropped)
        node->dropped = arena_array(builder->arena, capacity, sizeof *node->dropped);
    node->dropped[node->dropped_count++] = pair;
}

static void close_mapping(struct builder *builder, struct yaml_node *node,
                          struct yaml_node **children, size_t count) {
    if (count / 2 > PAIRS_MAX) {
        errors_add(builder->errors, node->start, NULL, "more than %d keys", (int)PAIRS_MAX);
        builder->full = true;
        return;
    }
    node->pairs = arena_array(builder->arena, count / 2, sizeof *node->pairs);
    struct yaml_pair merge = {0};
    for (size_t i = 0; i + 1 < count; i += 2) {
        struct yaml_pair pair = {children[i], children[i + 1]};
        const struct yaml_node *key = pair.key;
        if (key->kind != YAML_SCALAR) {
            errors_add(builder->errors, key->start, NULL, "a name must be a plain word");
            drop(builder, node, pair, count / 2);
            continue;
        }
        bool merges = !key->quoted && slice_is(key->text, "<<");
        const struct yaml_node *first = merges ? merge.key : NULL;
        for (size_t j = 0; j < node->count && !first; j++)
            if (slice_equal(node->pairs[j].key->text, key->text))
                first = node->pairs[j].key;
        if (first)
            report_duplicate(builder, key, first);
        if (first || merges)
            drop(builder, node, pair, count / 2);
        else
            node->pairs[node->count++] = pair;
        if (merges && !first)
            merge = pair;
    }
    if (merge.key)
        merge_all(builder, node, merge.value, merge.key->start);
}

/* --- events --- */

static void on_scalar(struct builder *builder, struct fy_event *event) {
    struct fy_token *token = fy_event_get_token(event);
    enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
    size_t after_key = builder->text.size;
    if (builder->depth > 0) {
        /* An empty value is reported at its key. */
        const struct open_node *open = &builder->open[builder->depth - 1];
        after_key = open->count > 0 ? open->children[open->count - 1]->start : open->node->start;
    }
    size_t start = offset_of(builder, fy_event_start_mark(event), after_key);
    size_t end = offset_of(builder, fy_event_end_mark(event), start);
    struct yaml_node *node = new_node(builder, YAML_SCALAR, start, end < start ? start : end);
    node->quoted = style != FYSS_PLAIN && style != FYSS_ANY;
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) {
        node->start -= node->start > 0;
        node->end += node->end < builder->text.size;
    }
    node->text = token_text(builder, token);
    check_tag(builder, event, node->start);
    remember_anchor(builder, anchor_name(builder, event), node, node->start);
    attach(builder, node);
}

static void on_alias(struct builder *builder, struct fy_event *event) {
    struct slice name = token_text(builder, fy_event_get_token(event));
    size_t start = offset_of(builder, fy_event_start_mark(event), builder->text.size);
    start -= start > 0 && start < builder->text.size; /* the mark stands behind the star */
    bool known = false;
    struct yaml_node *node = NULL;
    for (size_t i = 0; i < builder->anchor_count && !known; i++)
        if (slice_equal(builder->anchors[i].name, name)) {
            known = true;
            node = builder->anchors[i].node;
        }
    if (!node) {
        errors_add(builder->errors, start, NULL,
                   known ? "this alias is part of what it stands for"
                         : "no anchor of this name stands above; put quotes around a text that "
                           "begins with *");
        node = builder->filler;
    }
    attach(builder, node);
}

static void on_open(struct builder *builder, struct fy_event *event, enum yaml_kind kind) {
    size_t start = offset_of(builder, fy_event_start_mark(event), builder->text.size);
    if (builder->depth == DEPTH_MAX) {
        errors_add(builder->errors, start, NULL, "nested more than %d deep", (int)DEPTH_MAX);
        builder->full = true;
        return;
    }
    struct yaml_node *node = new_node(builder, kind, start, start);
    check_tag(builder, event, start);
    struct slice anchor = anchor_name(builder, event);
    remember_anchor(builder, anchor, NULL, start);
    builder->open[builder->depth++] = (struct open_node){.node = node, .anchor = anchor};
}

static void on_close(struct builder *builder, size_t end) {
    assert(builder->depth > 0);
    struct open_node open = builder->open[--builder->depth];
    open.node->end = end > open.node->start ? end : open.node->start;
    if (open.node->kind == YAML_MAPPING) {
        close_mapping(builder, open.node, open.children, open.count);
    } else {
        open.node->items = arena_array(builder->arena, open.count, sizeof(void *));
        if (open.count > 0)
            memcpy(open.node->items, open.children, open.count * sizeof(void *));
        open.node->count = open.count;
    }
    free(open.children);
    remember_anchor(builder, open.anchor, open.node, open.node->start);
    attach(builder, open.node);
}

static void on_event(struct builder *builder, struct fy_event *event) {
    if (builder->documents > 1)
        return;
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (++builder->documents == 2)
            errors_add(builder->errors,
                       offset_of(builder, fy_event_start_mark(event), builder->text.size), NULL,
                       "a second document begins here; one file is one document");
        break;
    case FYET_SCALAR:
        on_scalar(builder, event);
        break;
    case FYET_ALIAS:
        on_alias(builder, event);
        break;
    case FYET_MAPPING_START:
        on_open(builder, event, YAML_MAPPING);
        break;
    case FYET_SEQUENCE_START:
        on_open(builder, event, YAML_SEQUENCE);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        on_close(builder, offset_of(builder, fy_event_end_mark(event), builder->text.size));
        break;
    default:
        break;
    }
}

/* --- the library --- */

static void swallow(struct fy_diag *diag, void *user, const char *text, size_t size) {
    (void)diag, (void)user, (void)text, (void)size;
}

static struct fy_diag *create_diag(void) {
    struct fy_diag_cfg configuration;
    fy_diag_cfg_default(&configuration);
    configuration.fp = NULL;
    configuration.output_fn = swallow; /* nothing may be printed, whatever the library thinks of */
    configuration.show_source = false;
    configuration.level = FYET_ERROR;
    struct fy_diag *diag = fy_diag_create(&configuration);
    assert(diag);
    fy_diag_set_collect_errors(diag, true);
    return diag;
}

/* What to do about it, where the library's words leave that open. */
static const char *hint(const char *message) {
    static const struct {
        const char *begins, *hint;
    } hints[] = {
        {"invalid multiline plain key", "is a colon missing, or a line indented too far?"},
        {"invalid nested block mapping",
         "put quotes around a value that holds a colon and a blank"},
        {"invalid indentation", "indent it like the lines that it belongs to"},
        {"plain scalar cannot start", "put quotes around the value"},
        {"invalid trailing content", "put quotes around the whole value"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (slice_starts_with(slice_of(message), slice_of(hints[i].begins)))
            return hints[i].hint;
    return NULL;
}

/* The bracket that was still open where the syntax broke, if it stands on a line above: the library
 * notices only where the file goes on, or ends. SIZE_MAX: none. */
static size_t open_bracket(const struct builder *builder, size_t offset) {
    for (size_t i = builder->depth; i-- > 0;) {
        size_t start = builder->open[i].node->start;
        /* "[a: b" opens a mapping that has no bracket of its own */
        if (start >= builder->text.size || !strchr("[{", builder->text.data[start]))
            continue;
        bool above = errors_line(builder->errors, start) < errors_line(builder->errors, offset);
        return above ? start : SIZE_MAX;
    }
    return SIZE_MAX;
}

/* "{ key: ${NAME} }": the brace of the variable is taken for one of YAML's. */
static bool is_bare_variable(const struct builder *builder, size_t offset) {
    struct slice before = slice_first(builder->text, offset);
    return slice_ends_with(before, SLICE("${")) || slice_ends_with(before, SLICE("$")) ||
           slice_starts_with(slice_from(builder->text, offset), SLICE("${"));
}

/* Returns where it stands. */
static size_t report_syntax(struct builder *builder, const struct fy_diag_error *error) {
    size_t offset = errors_offset(builder->errors, (size_t)error->line,
                                  error->column > 0 ? (size_t)error->column : 1);
    size_t bracket = open_bracket(builder, offset);
    if (bracket != SIZE_MAX) {
        errors_add(builder->errors, bracket, NULL,
                   "this %c is not closed: not YAML from line %d on", builder->text.data[bracket],
                   error->line);
        return bracket;
    }
    const char *advice =
        is_bare_variable(builder, offset) ? "put quotes around ${…}" : hint(error->msg);
    /* the one of its words that repeats what stands there at any length */
    const char *prefix = "undefined tag prefix";
    const char *words =
        slice_starts_with(slice_of(error->msg), slice_of(prefix)) ? prefix : error->msg;
    errors_add(builder->errors, offset, NULL, "not YAML: %s%s%s", words, advice ? "; " : "",
               advice ? advice : "");
    return offset;
}

/* Returns where it is; SIZE_MAX where the library does not say. */
static size_t take_errors(struct builder *builder, struct fy_diag *diag) {
    void *iterator = NULL;
    const struct fy_diag_error *error;
    while ((error = fy_diag_errors_iterate(diag, &iterator)))
        if (error->msg && error->line >= 1)
            return report_syntax(builder, error); /* what comes after follows from it */
    errors_add(builder->errors, 0, NULL, "not YAML 1.2");
    return SIZE_MAX;
}

struct yaml_tree yaml_parse(struct slice text, struct arena *arena, struct error_list *errors) {
    struct builder builder = {.text = text, .arena = arena, .errors = errors};
    builder.filler = arena_allocate(arena, sizeof *builder.filler);
    builder.filler->unusable = builder.filler->substituted = true;
    struct yaml_tree tree = {.broken_at = SIZE_MAX};
    if (text.size == 0)
        return tree; /* the library takes an empty string for a missing one */

    struct fy_diag *diag = create_diag();
    struct fy_parse_cfg configuration = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                 FYPCF_SLOPPY_FLOW_INDENTATION,
        .diag = diag,
    };
    struct fy_parser *parser = fy_parser_create(&configuration);
    assert(parser);
    bool broken = fy_parser_set_string(parser, text.data, text.size) != 0;
    struct fy_event *event;
    while (!broken && !builder.full && (event = fy_parser_parse(parser))) {
        on_event(&builder, event);
        fy_parser_event_free(parser, event);
    }
    if (!builder.full && (broken || fy_parser_get_stream_error(parser))) {
        tree.broken_at = take_errors(&builder, diag);
        broken = true;
    }
    /* What stands before a syntax error is checked as well. */
    while (builder.depth > 0)
        on_close(&builder, text.size);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    tree.root = builder.root;
    tree.broken = broken || builder.full;
    return tree;
}

const struct yaml_pair *yaml_pair(const struct yaml_node *node, const char *key) {
    return node && node->kind == YAML_MAPPING ? pair_find(node, slice_of(key)) : NULL;
}

struct yaml_node *yaml_get(const struct yaml_node *node, const char *key) {
    const struct yaml_pair *pair = yaml_pair(node, key);
    return pair ? pair->value : NULL;
}

bool yaml_is_null(const struct yaml_node *node) {
    return node->kind == YAML_SCALAR && !node->quoted && !node->unusable &&
           (node->text.size == 0 || slice_is(node->text, "~") || slice_is(node->text, "null") ||
            slice_is(node->text, "Null") || slice_is(node->text, "NULL"));
}
