#include "model/offline_tools.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/day_words.h"
#include "base/json.h"
#include "model/offline_result.h"
#include "model/offline_texts.h"
#include "model/offline_words.h"

/* A word of the tool's name says more than one of its description; a value that fits one of its
 * parameters says as much as the latter. */
enum { NAME_POINTS = 2, POINTS_LEAST = 2, POINTS_SURE = 4, VOCABULARY_MAX = 300 };

/* --- what a tool's words are --- */

static size_t match_words(struct offline_question *question, struct slice text, int points,
                          struct arena *arena, bool *counted) {
    struct offline_question own = offline_words(text, arena);
    size_t sum = 0;
    for (size_t i = 0; i < question->count; i++) {
        struct offline_word *word = &question->words[i];
        if (word->kind != OFFLINE_WORD || counted[i] || offline_word_is_common(word->low))
            continue;
        for (size_t j = 0; j < own.count; j++)
            if (own.words[j].low.size > 2 && !offline_word_is_common(own.words[j].low) &&
                offline_words_alike(word->low, own.words[j].low)) {
                sum += (size_t)points;
                counted[i] = word->used = true;
                break;
            }
    }
    return sum;
}

static struct slice spaced(struct slice name, struct arena *arena) {
    struct slice copy = arena_copy(arena, name);
    for (size_t i = 0; i < copy.size; i++)
        if (copy.data[i] == '_' || copy.data[i] == '-')
            ((char *)(uintptr_t)copy.data)[i] = ' ';
    return copy;
}

/* --- filling parameters --- */

struct filling {
    struct offline_question *question;
    struct arena *arena;
    struct json_writer json;
    size_t points;
    struct slice missing;   /* the description or name of the first one that is not there */
    struct slice text_name; /* a required one that takes words: filled last, with what is left */
};

static bool has(struct slice name, const char *part) {
    return slice_find(name, slice_of(part)) != SIZE_MAX;
}

static bool is_highest(struct slice name) {
    return has(name, "max") || has(name, "most") || has(name, "up_to") || has(name, "below");
}

static bool is_price(struct slice name) {
    return has(name, "price") || has(name, "cost") || has(name, "budget") || has(name, "amount");
}

static void put(struct filling *filling, struct slice name, struct offline_word *word) {
    json_key_slice(&filling->json, name);
    word->used = true;
    filling->points++;
}

static bool fill_number(struct filling *filling, struct slice name, bool whole) {
    struct offline_question *question = filling->question;
    for (size_t i = 0; i < question->count; i++) {
        struct offline_word *word = &question->words[i];
        bool limited = i > 0 && offline_word_limits(question->words[i - 1].low);
        bool money = word->kind == OFFLINE_MONEY;
        if (word->used || (word->kind != OFFLINE_NUMBER && !money))
            continue;
        if (is_highest(name) ? !limited && !money : money != is_price(name) || limited)
            continue;
        if (whole && word->number != (double)(int64_t)word->number)
            continue;
        put(filling, name, word);
        if (limited)
            question->words[i - 1].used = true;
        if (whole)
            json_int(&filling->json, (int64_t)word->number);
        else
            json_double(&filling->json, word->number);
        return true;
    }
    return false;
}

static bool fill_kind(struct filling *filling, struct slice name, enum offline_word_kind kind) {
    for (size_t i = 0; i < filling->question->count; i++) {
        struct offline_word *word = &filling->question->words[i];
        if (word->used || word->kind != kind)
            continue;
        put(filling, name, word);
        json_string(&filling->json, word->text);
        return true;
    }
    return false;
}

static bool fill_day(struct filling *filling, struct slice name, bool dates_only) {
    int day;
    if (fill_kind(filling, name, OFFLINE_DATE))
        return true;
    for (size_t i = 0; i < filling->question->count && !dates_only; i++) {
        struct offline_word *word = &filling->question->words[i];
        if (word->used || !day_word(word->low, &day))
            continue;
        put(filling, name, word);
        json_string(&filling->json, word->low);
        return true;
    }
    return false;
}

/* Words of other languages for what enums are mostly written with. */
static bool means(struct slice low, struct slice choice) {
    static const char *const parts[][12] = {
        {"morning", "vormittag", "vormittags", "matin", "matinée", "mattina", "manhã", "ранку",
         "вранці", "зранку", "ochtend", NULL},
        {"afternoon", "nachmittag", "nachmittags", "après-midi", "tarde", "pomeriggio", "обіду",
         "вдень", "middag", "popołudniu", NULL},
        {"evening", "abend", "abends", "soir", "soirée", "noche", "sera", "noite", "вечора",
         "ввечері", "avond", NULL},
    };
    if (slice_equal_nocase(low, choice))
        return true;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (size_t j = 0; slice_is(choice, parts[i][0]) && parts[i][j]; j++)
            if (slice_is(low, parts[i][j]))
                return true;
    return false;
}

static bool fill_choice(struct filling *filling, struct slice name, struct slice choices) {
    struct slice choice;
    size_t cursor = 0;
    while (json_next_element(choices, &cursor, &choice))
        for (size_t i = 0; i < filling->question->count; i++) {
            struct offline_word *word = &filling->question->words[i];
            if (word->used || !means(word->low, json_plain_string(choice)))
                continue;
            put(filling, name, word);
            json_raw(&filling->json, choice);
            return true;
        }
    return false;
}

/* What is left of the question, in its own words. */
static bool fill_text(struct filling *filling, struct slice name) {
    struct buffer text = {0};
    for (size_t i = 0; i < filling->question->count; i++) {
        const struct offline_word *word = &filling->question->words[i];
        if (word->used || word->kind != OFFLINE_WORD || offline_word_is_common(word->low) ||
            offline_word_limits(word->low))
            continue;
        buffer_append_string(&text, text.size > 0 ? " " : "");
        buffer_append(&text, word->text);
    }
    bool found = text.size > 0;
    if (found) {
        json_key_slice(&filling->json, name);
        json_string(&filling->json, buffer_slice(&text));
    }
    buffer_finish(&text);
    return found;
}

static bool fill(struct filling *filling, struct slice name, struct slice property, bool required) {
    struct slice choices = json_get(property, "enum"), type = json_get(property, "type"),
                 format = json_get(property, "format");
    if (json_type(choices) == JSON_ARRAY)
        return fill_choice(filling, name, choices);
    if (json_string_is(type, "integer") || json_string_is(type, "number"))
        return fill_number(filling, name, json_string_is(type, "integer"));
    if (!json_string_is(type, "string"))
        return false;
    if (json_string_is(format, "email") || has(name, "email"))
        return fill_kind(filling, name, OFFLINE_EMAIL);
    if (json_string_is(format, "date") || has(name, "day") || has(name, "date"))
        return fill_day(filling, name, json_string_is(format, "date"));
    if (json_string_is(format, "time") || slice_is(name, "time"))
        return fill_kind(filling, name, OFFLINE_TIME);
    if (required && filling->text_name.size == 0) {
        filling->text_name = name;
        return true;
    }
    return false;
}

static bool is_required(struct slice schema, struct slice name) {
    struct slice element;
    size_t cursor = 0;
    while (json_next_element(json_get(schema, "required"), &cursor, &element))
        if (slice_equal(json_plain_string(element), name))
            return true;
    return false;
}

static struct slice described(struct slice name, struct slice property, struct arena *arena) {
    struct buffer text = {0};
    if (!json_read_string(json_get(property, "description"), &text))
        buffer_append(&text, spaced(name, arena));
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

static void fill_all(struct filling *filling, struct slice schema) {
    struct slice name, property;
    size_t cursor = 0;
    json_begin_object(&filling->json);
    while (json_next_member(json_get(schema, "properties"), &cursor, &name, &property)) {
        bool required = is_required(schema, name);
        if (!fill(filling, name, property, required) && required && filling->missing.size == 0)
            filling->missing = described(name, property, filling->arena);
    }
    if (filling->text_name.size > 0 && !fill_text(filling, filling->text_name) &&
        filling->missing.size == 0) {
        char *path = arena_string(filling->arena, filling->text_name);
        filling->missing = described(
            filling->text_name, json_get(json_get(schema, "properties"), path), filling->arena);
    }
    json_end_object(&filling->json);
}

/* --- choosing --- */

struct candidate {
    const struct model_tool *tool;
    size_t points;
    struct slice arguments, missing;
    bool loose; /* a parameter takes whatever words the question has */
    bool whole; /* the question says nothing that the tool does not know of */
};

static bool is_whole(const struct offline_question *question) {
    for (size_t i = 0; i < question->count; i++)
        if (!question->words[i].used && !offline_word_is_common(question->words[i].low) &&
            question->words[i].low.size > 2)
            return false;
    return true;
}

static struct candidate judge(const struct model_tool *tool, struct slice text,
                              struct arena *arena) {
    struct offline_question question = offline_words(text, arena);
    bool *counted = arena_array(arena, question.count, sizeof *counted);
    size_t points = match_words(&question, spaced(tool->name, arena), NAME_POINTS, arena, counted);
    points += match_words(&question, tool->description, 1, arena, counted);
    struct candidate candidate = {.tool = tool};
    if (points == 0)
        return candidate;
    struct buffer arguments = {0};
    struct filling filling = {
        .question = &question, .arena = arena, .json = json_writer_start(&arguments)};
    fill_all(&filling, tool->schema);
    candidate.points = points + filling.points;
    candidate.arguments = arena_copy(arena, buffer_slice(&arguments));
    candidate.missing = filling.missing;
    candidate.loose = filling.text_name.size > 0 && filling.points == 0;
    candidate.whole = is_whole(&question);
    buffer_finish(&arguments);
    return candidate;
}

static bool is_better(const struct candidate *a, const struct candidate *b) {
    if ((a->missing.size == 0) != (b->missing.size == 0) && a->points >= POINTS_LEAST &&
        b->points >= POINTS_LEAST)
        return a->missing.size == 0;
    return a->points > b->points;
}

static struct candidate choose(const struct model_call *call, struct slice question,
                               struct arena *arena) {
    struct candidate best = {0};
    for (size_t i = 0; i < call->tool_count; i++) {
        struct candidate candidate = judge(&call->tools[i], question, arena);
        if (candidate.points > 0 && (!best.tool || is_better(&candidate, &best)))
            best = candidate;
    }
    return best;
}

static struct slice last_text(const struct model_call *call, enum model_role role) {
    for (size_t i = call->message_count; i > 0; i--)
        if (call->messages[i - 1].role == role && i < call->message_count)
            for (size_t j = 0; j < call->messages[i - 1].part_count; j++)
                if (call->messages[i - 1].parts[j].kind == MODEL_PART_TEXT)
                    return call->messages[i - 1].parts[j].text;
    return (struct slice){NULL, 0};
}

/* Whoever was asked for something that was missing answers with just that. */
static struct slice completed(const struct model_call *call, struct slice question,
                              struct arena *arena) {
    struct slice asked = last_text(call, MODEL_ASSISTANT);
    struct slice before = last_text(call, MODEL_USER);
    if (asked.size == 0 || before.size == 0 || !offline_texts_asked(asked))
        return question;
    return slice_of(arena_printf(arena, "%.*s %.*s", SLICE_ARG(before), SLICE_ARG(question)));
}

struct offline_decision offline_tools_decide(const struct model_call *call, struct slice question,
                                             bool covered, struct arena *arena) {
    struct offline_decision decision = {.move = OFFLINE_PASSAGES};
    if (call->message_count > 0 && call->messages[call->message_count - 1].role == MODEL_TOOL) {
        decision.move = OFFLINE_SAY;
        decision.say = offline_results(call, arena);
        return decision;
    }
    if (call->tool_count == 0 || call->tool_choice == MODEL_TOOL_NONE)
        return decision;
    struct candidate best = choose(call, completed(call, question, arena), arena);
    size_t least = !covered ? 1 : best.loose ? POINTS_SURE : POINTS_LEAST;
    if (best.points < least)
        return decision;
    if (best.missing.size == 0) {
        decision.move = OFFLINE_CALL;
        decision.tool = best.tool->name;
        decision.arguments = best.arguments;
    } else if (!covered || best.whole || best.points >= POINTS_SURE) {
        decision.move = OFFLINE_SAY;
        decision.say = slice_of(arena_printf(
            arena, "%s %.*s", offline_texts_for(call->language)->missing, SLICE_ARG(best.missing)));
    }
    return decision;
}
