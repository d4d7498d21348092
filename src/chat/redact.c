/* How a place in the text is decided must not depend on how much of the text is there yet. So each
 * attempt is anchored at one place and sees REDACT_WINDOW bytes from there on, and
 * REDACT_LOOKBEHIND before. Where fewer are there, PCRE2_PARTIAL_HARD tells whether the attempt
 * looked beyond the end: then nothing is decided, and the text from there on is held back. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "chat/redact.h"
#include "base/arena.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/utf8.h"
#include "chat/redact_kinds.h"
#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOKBEHIND = 128,    /* bytes */
    LOOKBEHIND_MAX = 30, /* characters that a pattern may ask for: 4 bytes each fit */
    MATCH_LIMIT = 4000,  /* steps at one place: some 50 µs */
    HEAP_LIMIT_KIB = 1024,
    FAILURES_MAX = 40, /* in one text; then the rule is passed over in the rest of it */
    OPTIONS = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY,
};

struct rule {
    struct redact_rule_settings settings;
    const struct redact_kind *kind; /* NULL: a pattern of the owner's */
    struct slice mark;              /* "[card]" */
    pcre2_code *code;
    pcre2_match_context *context;
    unsigned char first[256]; /* bytes that a match may begin with */
    atomic_bool costly, told;
};

struct redact {
    struct arena *arena;
    struct rule rules[REDACT_RULES_MAX];
    size_t count;
    unsigned char first[256]; /* enum redact_place of the rules that may begin with the byte */
    unsigned places;
};

/* --- compiling --- */

bool redact_is_built_in(const char *name) {
    return redact_kind_find(name) != NULL;
}

static void *allocate(size_t size, void *arena) {
    return arena_allocate(arena, size);
}

static void forget(void *memory, void *arena) {
    (void)memory, (void)arena;
}

struct redact *redact_create(struct arena *arena) {
    struct redact *redact = arena_allocate(arena, sizeof *redact);
    redact->arena = arena;
    return redact;
}

static int on_callout(pcre2_callout_block *at, void *kind) {
    struct slice found = {(const char *)at->subject + at->start_match,
                          at->current_position - at->start_match};
    return ((const struct redact_kind *)kind)->accepts(found) ? 0 : 1;
}

static void note_first_bytes(struct redact *redact, struct rule *rule, const pcre2_code *studied) {
    const uint8_t *bitmap = NULL;
    uint32_t type = 0, unit = 0;
    pcre2_pattern_info(studied, PCRE2_INFO_FIRSTBITMAP, &bitmap);
    pcre2_pattern_info(studied, PCRE2_INFO_FIRSTCODETYPE, &type);
    pcre2_pattern_info(studied, PCRE2_INFO_FIRSTCODEUNIT, &unit);
    for (unsigned byte = 0; byte < 256; byte++) {
        if (byte >= 0x80 && byte < 0xc0)
            continue; /* in the middle of a character */
        if (bitmap)
            rule->first[byte] = bitmap[byte / 8] >> byte % 8 & 1;
        else if (type == 1) /* perhaps in either case, which other alphabets have, too */
            rule->first[byte] = (byte | 0x20) == (unit | 0x20) || byte >= 0x80;
        else
            rule->first[byte] = true;
        if (rule->first[byte])
            redact->first[byte] |= (unsigned char)rule->settings.from;
    }
}

/* Fits the window and matches something. */
static bool is_usable(const struct rule *rule, struct fault *fault) {
    uint32_t lookbehind = 0, empty = 0;
    pcre2_pattern_info(rule->code, PCRE2_INFO_MAXLOOKBEHIND, &lookbehind);
    pcre2_pattern_info(rule->code, PCRE2_INFO_MATCHEMPTY, &empty);
    if (empty)
        fault_set(fault, FAULT_CONFIG, "can match nothing at all, which is everywhere");
    else if (lookbehind > LOOKBEHIND_MAX)
        fault_set(fault, FAULT_CONFIG, "looks behind further than %d characters", LOOKBEHIND_MAX);
    return !empty && lookbehind <= LOOKBEHIND_MAX;
}

static bool compile(struct redact *redact, struct rule *rule, struct fault *fault) {
    struct slice text = rule->kind ? slice_of(rule->kind->pattern) : rule->settings.pattern;
    int error;
    PCRE2_SIZE offset;
    pcre2_general_context *memory = pcre2_general_context_create(allocate, forget, redact->arena);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    PCRE2_SPTR bytes = (PCRE2_SPTR)text.data;
    const pcre2_code *studied = pcre2_compile(bytes, text.size, OPTIONS, &error, &offset, context);
    /* The shortcuts of a study are not taken where more of the text may come: so that an attempt is
     * the same with less of it, none takes them. */
    rule->code = pcre2_compile(bytes, text.size, OPTIONS | PCRE2_NO_START_OPTIMIZE, &error, &offset,
                               context);
    if (!studied || !rule->code) {
        char why[128];
        pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof why);
        fault_set(fault, FAULT_CONFIG, "does not compile: %s, at byte %zu of it", why,
                  (size_t)offset + 1);
        return false;
    }
    rule->context = pcre2_match_context_create(memory);
    pcre2_set_match_limit(rule->context, MATCH_LIMIT);
    pcre2_set_heap_limit(rule->context, HEAP_LIMIT_KIB);
    if (rule->kind && rule->kind->accepts)
        pcre2_set_callout(rule->context, on_callout, (void *)(uintptr_t)rule->kind);
    if (!is_usable(rule, fault))
        return false;
    note_first_bytes(redact, rule, studied);
    return true;
}

bool redact_add(struct redact *redact, const struct redact_rule_settings *settings,
                struct fault *fault) {
    struct rule *rule = &redact->rules[redact->count];
    if (redact->count == REDACT_RULES_MAX || settings->pattern.size > REDACT_PATTERN_MAX) {
        fault_set(fault, FAULT_CONFIG, "is too long or one too many");
        return false;
    }
    rule->settings = *settings;
    rule->kind = settings->pattern.size == 0 ? redact_kind_find(settings->name) : NULL;
    rule->mark = slice_of(arena_printf(redact->arena, "[%s]", settings->name));
    atomic_init(&rule->costly, false);
    atomic_init(&rule->told, false);
    if (!compile(redact, rule, fault))
        return false;
    redact->places |= settings->from;
    redact->count++;
    return true;
}

bool redact_has(const struct redact *redact, enum redact_place place) {
    return redact && redact->places & place;
}

void redact_describe(const struct redact *redact, struct buffer *out) {
    for (size_t i = 0; redact && i < redact->count; i++) {
        const struct redact_rule_settings *it = &redact->rules[i].settings;
        buffer_printf(out, "%s %u %zu:%.*s %zu", it->name, it->from, it->pattern.size,
                      SLICE_ARG(it->pattern), it->keep_count);
        for (size_t j = 0; j < it->keep_count; j++)
            buffer_printf(out, " %zu:%s", strlen(it->keep[j]), it->keep[j]);
    }
}

const char *redact_take_costly(const struct redact *redact) {
    for (size_t i = 0; redact && i < redact->count; i++) {
        struct rule *rule = (struct rule *)(uintptr_t)&redact->rules[i];
        if (atomic_load(&rule->costly) && !atomic_exchange(&rule->told, true))
            return rule->settings.name;
    }
    return NULL;
}

/* --- what stays --- */

static char plain(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* How a number is grouped means nothing. */
static bool is_meant(char c, bool number) {
    return !number || !((unsigned char)c >= 0x80 || strchr(" ./()-", c));
}

/* `*` stands for any run of characters. */
static bool fits(const char *wanted, struct slice text, bool number) {
    const char *star = NULL;
    size_t at = 0, again = 0;
    while (true) {
        while (*wanted && !is_meant(*wanted, number))
            wanted++;
        while (at < text.size && !is_meant(text.data[at], number))
            at++;
        if (*wanted == '*') {
            star = ++wanted;
            again = at;
        } else if (at < text.size && *wanted && plain(*wanted) == plain(text.data[at])) {
            wanted++;
            at++;
        } else if (at == text.size && !*wanted) {
            return true;
        } else if (star && again < text.size) {
            wanted = star;
            at = ++again;
        } else {
            return false;
        }
    }
}

static bool stays(const struct rule *rule, struct slice found) {
    for (size_t i = 0; i < rule->settings.keep_count; i++)
        if (fits(rule->settings.keep[i], found, rule->kind && rule->kind->is_number))
            return true;
    return false;
}

/* --- one place of the text --- */

/* What of it is there; `over`: no more will come. */
struct view {
    struct slice text;
    bool over;
};

/* Without a character whose end is missing. */
static size_t whole_characters(const char *text, size_t size) {
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char byte = (unsigned char)text[size - back];
        if (byte < 0x80)
            return size;
        if (byte >= 0xc0) {
            size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            return wanted > back ? size - back : size;
        }
    }
    return size;
}

/* Where a lookbehind from `at` may begin: what is between is valid UTF-8. */
static size_t behind(const char *text, size_t at) {
    size_t from = at > LOOKBEHIND ? at - LOOKBEHIND : 0;
    while (from < at) {
        size_t valid = utf8_valid_prefix((struct slice){text + from, at - from});
        if (from + valid == at)
            break;
        from += valid + 1;
    }
    return from;
}

/* What an attempt sees, and how. Bytes that are not UTF-8 end the text as its end does. */
struct sight {
    size_t from, end;
    uint32_t options;
};

static struct sight look(const struct view *view, size_t at) {
    const char *text = view->text.data;
    struct sight sight = {behind(text, at), view->text.size, PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK};
    uint32_t partial = 0;
    if (view->text.size - at >= REDACT_WINDOW) {
        sight.end = whole_characters(text, at + REDACT_WINDOW);
        sight.options |= PCRE2_NOTEOL;
    } else if (!view->over) {
        sight.end = whole_characters(text, sight.end);
        partial = PCRE2_PARTIAL_HARD;
    }
    if (sight.end < at)
        sight.end = at;
    size_t valid = at + utf8_valid_prefix((struct slice){text + at, sight.end - at});
    sight.options |= valid < sight.end ? PCRE2_NOTEOL : partial;
    sight.end = valid;
    return sight;
}

enum verdict { NOTHING, FOUND, UNDECIDED };

static enum verdict ask(struct redactor *redactor, size_t index, const char *text, size_t at,
                        const struct sight *sight, size_t *ret_end) {
    struct rule *rule = (struct rule *)(uintptr_t)&redactor->redact->rules[index];
    pcre2_match_data *data = redactor->matches;
    int found = pcre2_match(rule->code, (PCRE2_SPTR)text + sight->from, sight->end - sight->from,
                            at - sight->from, sight->options, data, rule->context);
    if (found == PCRE2_ERROR_PARTIAL)
        return UNDECIDED;
    if (found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_HEAPLIMIT) {
        redactor->failures[index]++;
        atomic_store(&rule->costly, true);
    }
    *ret_end = found >= 0 ? sight->from + pcre2_get_ovector_pointer(data)[1] : 0;
    return *ret_end > at ? FOUND : NOTHING;
}

/* The first rule that has an opinion. */
static enum verdict decide(struct redactor *redactor, const struct view *view, size_t at,
                           size_t *ret_index, size_t *ret_end) {
    const struct redact *redact = redactor->redact;
    unsigned char byte = (unsigned char)view->text.data[at];
    if (!(redact->first[byte] & redactor->place))
        return NOTHING;
    const struct sight sight = look(view, at);
    if (sight.end == at) /* not UTF-8, or not all of the character is there */
        return sight.options & PCRE2_PARTIAL_HARD ? UNDECIDED : NOTHING;
    for (size_t i = 0; i < redact->count; i++) {
        const struct rule *rule = &redact->rules[i];
        if (!(rule->settings.from & redactor->place) || !rule->first[byte] ||
            redactor->failures[i] >= FAILURES_MAX)
            continue;
        enum verdict verdict = ask(redactor, i, view->text.data, at, &sight, ret_end);
        *ret_index = i;
        if (verdict != NOTHING)
            return verdict;
    }
    return NOTHING;
}

/* --- the text --- */

/* Appends what is decided of the text from `at` on; returns where the rest begins. */
static size_t go_on(struct redactor *redactor, const struct view *view, size_t at,
                    struct buffer *out) {
    struct slice text = view->text;
    size_t from = at, index = 0, end = 0;
    if (!redactor->matches && at < text.size) {
        redactor->matches = pcre2_match_data_create(1, NULL);
        if (!redactor->matches)
            abort();
    }
    while (at < text.size) {
        enum verdict verdict = decide(redactor, view, at, &index, &end);
        if (verdict == UNDECIDED)
            break;
        if (verdict == NOTHING) {
            at++;
            continue;
        }
        const struct rule *rule = &redactor->redact->rules[index];
        if (!stays(rule, (struct slice){text.data + at, end - at})) {
            buffer_append(out, (struct slice){text.data + from, at - from});
            buffer_append(out, rule->mark);
            redactor->changed = true;
            from = end;
        }
        at = end;
    }
    if (at > from)
        buffer_append(out, (struct slice){text.data + from, at - from});
    return at;
}

void redactor_init(struct redactor *redactor, const struct redact *redact,
                   enum redact_place place) {
    *redactor = (struct redactor){.redact = redact, .place = place};
}

void redactor_feed(struct redactor *redactor, struct slice text, struct buffer *out) {
    if (!redact_has(redactor->redact, redactor->place)) {
        buffer_append(out, text);
        return;
    }
    buffer_append(&redactor->text, text);
    const struct view view = {buffer_slice(&redactor->text), false};
    redactor->at = go_on(redactor, &view, redactor->at, out);
    if (redactor->at > (size_t)8 * LOOKBEHIND) {
        buffer_consume(&redactor->text, redactor->at - LOOKBEHIND);
        redactor->at = LOOKBEHIND;
    }
}

void redactor_end(struct redactor *redactor, struct buffer *out) {
    if (redactor->text.size > redactor->at) {
        const struct view view = {buffer_slice(&redactor->text), true};
        go_on(redactor, &view, redactor->at, out);
    }
    buffer_clear(&redactor->text);
    redactor->at = 0;
    memset(redactor->failures, 0, sizeof redactor->failures);
}

void redactor_finish(struct redactor *redactor) {
    pcre2_match_data_free(redactor->matches);
    buffer_finish(&redactor->text);
    redactor->matches = NULL;
    redactor->at = 0;
}

/* --- in one piece --- */

static bool take_out(const struct redact *redact, enum redact_place place, struct slice text,
                     struct buffer *out) {
    struct redactor redactor;
    redactor_init(&redactor, redact, place);
    const struct view view = {text, true};
    go_on(&redactor, &view, 0, out);
    redactor_finish(&redactor);
    return redactor.changed;
}

struct slice redact_text(const struct redact *redact, enum redact_place place, struct slice text,
                         struct arena *arena) {
    if (!redact_has(redact, place) || text.size == 0)
        return text;
    struct buffer out = {0};
    if (take_out(redact, place, text, &out))
        text = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return text;
}

struct json_walk {
    const struct redact *redact;
    enum redact_place place;
    struct json_writer json;
    struct buffer plain, fresh; /* one string at a time */
    bool changed;
};

/* True with walk->fresh when something was found in walk->plain. */
static bool is_found(struct json_walk *walk) {
    buffer_clear(&walk->fresh);
    bool found = take_out(walk->redact, walk->place, buffer_slice(&walk->plain), &walk->fresh);
    walk->changed = walk->changed || found;
    return found;
}

static void walk_key(struct json_walk *walk, struct slice key) {
    buffer_clear(&walk->plain);
    buffer_printf(&walk->fresh, "\"%.*s\"", SLICE_ARG(key));
    json_read_string(buffer_slice(&walk->fresh), &walk->plain);
    json_key_slice(&walk->json, buffer_slice(is_found(walk) ? &walk->fresh : &walk->plain));
}

static void walk_value(struct json_walk *walk, struct slice value) {
    struct slice key, inner;
    size_t cursor = 0;
    buffer_clear(&walk->plain);
    switch (json_type(value)) {
    case JSON_OBJECT:
        json_begin_object(&walk->json);
        while (json_next_member(value, &cursor, &key, &inner)) {
            buffer_clear(&walk->fresh);
            walk_key(walk, key);
            walk_value(walk, inner);
        }
        json_end_object(&walk->json);
        return;
    case JSON_ARRAY:
        json_begin_array(&walk->json);
        while (json_next_element(value, &cursor, &inner))
            walk_value(walk, inner);
        json_end_array(&walk->json);
        return;
    case JSON_STRING:
        json_read_string(value, &walk->plain);
        break;
    case JSON_NUMBER:
        buffer_append(&walk->plain, slice_trim(value));
        break;
    default:
        json_raw(&walk->json, value);
        return;
    }
    if (is_found(walk))
        json_string(&walk->json, buffer_slice(&walk->fresh));
    else
        json_raw(&walk->json, value);
}

struct slice redact_json(const struct redact *redact, enum redact_place place, struct slice text,
                         struct arena *arena) {
    if (!redact_has(redact, place) || text.size == 0)
        return text;
    if (!json_validate(text, NULL))
        return redact_text(redact, place, text, arena);
    struct buffer out = {0};
    struct json_walk walk = {.redact = redact, .place = place, .json = json_writer_start(&out)};
    walk_value(&walk, text);
    if (walk.changed)
        text = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&walk.plain);
    buffer_finish(&walk.fresh);
    buffer_finish(&out);
    return text;
}
