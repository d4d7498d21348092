#include "model/offline_tools.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/offline_fill.h"
#include "model/offline_result.h"
#include "model/offline_terms.h"
#include "model/offline_texts.h"
#include "model/offline_words.h"

/* A word of the tool's name says more than one of its description. */
enum { NAME_POINTS = 2, POINTS_LEAST = 2, POINTS_SURE = 3, EARLIER_MAX = 3 };

/* What speaks for a tool. */
struct candidate {
    const struct model_tool *tool;
    unsigned words, values; /* points of its words in the question, and of values for it */
    bool named;             /* one of them is of its name */
    bool bounded; /* one of the values is a highest or lowest number, as it was asked for */
    bool leads;   /* the question begins with one: "find …" */
    size_t known, unknown; /* words that say something: of the tool or its values, and others */
    struct slice arguments, missing;
    bool impossible;
};

/* --- words --- */

/* A word of the question by itself or by what it is about. Kinds of values ("day", "number") stand
 * in the descriptions of most tools and tell them apart only where there are no values. */
static bool is_of(const struct offline_word *word, const struct offline_words *own, bool kinds) {
    for (size_t i = 0; i < own->count; i++) {
        const struct offline_word *other = &own->list[i];
        bool same = (word->about & other->about) != 0 || offline_terms_alike(word->low, other->low);
        if (same && (kinds || (!offline_term_is(TERM_KIND, other->low) &&
                               !offline_term_is(TERM_COMMON, other->low))))
            return true;
    }
    return false;
}

static struct offline_words words_of(struct slice text, struct arena *arena) {
    struct offline_words words = offline_words_of_tool(text, arena);
    for (size_t i = 0; i < words.count; i++)
        words.list[i].about = offline_term_about(words.list[i].low);
    return words;
}

static void match(struct candidate *candidate, const struct offline_words *question,
                  unsigned char *named, struct arena *arena) {
    const struct model_tool *tool = candidate->tool;
    struct offline_words name = words_of(tool->name, arena),
                         description = words_of(tool->description, arena);
    struct slice properties = json_get(tool->schema, "properties"), key, value;
    size_t cursor = 0;
    bool bare = !json_next_member(properties, &cursor, &key, &value), first = true;
    for (size_t i = 0; i < question->count; i++) {
        const struct offline_word *word = &question->list[i];
        if (word->kind != OFFLINE_WORD || word->common || word->used)
            continue;
        if (is_of(word, &name, true)) {
            candidate->words += NAME_POINTS;
            candidate->named = true;
            named[i] = NAME_POINTS;
        } else if (is_of(word, &description, bare)) {
            candidate->words++;
            named[i] = 1;
        }
        candidate->leads = candidate->leads || (first && named[i]);
        first = false;
    }
}

/* Words that only ask for something to be looked for say nothing against a tool. */
static void count_words(struct candidate *candidate, const struct offline_filling *filling) {
    for (size_t i = 0; i < filling->question->count; i++) {
        const struct offline_word *word = &filling->question->list[i];
        if (filling->named[i] || (word->used && word->kind != OFFLINE_WORD))
            candidate->known++;
        else if (!word->used && !word->common && !(word->about & OFFLINE_ABOUT_SEARCH) &&
                 !offline_term_is(TERM_KIND, word->low))
            candidate->unknown++;
    }
}

static struct candidate judge(const struct model_call *call, const struct model_tool *tool,
                              const struct offline_words *asked, struct arena *arena) {
    struct offline_words question = offline_words_copy(asked, arena);
    unsigned char *named = arena_array(arena, question.count + 1, sizeof *named);
    struct candidate candidate = {.tool = tool};
    match(&candidate, &question, named, arena);
    /* A word of the description alone may be a value: "such as headphones". */
    unsigned char *names = arena_array(arena, question.count + 1, sizeof *names);
    for (size_t i = 0; i < question.count; i++)
        names[i] = named[i] == NAME_POINTS;
    struct offline_filling filling = {.schema = tool->schema,
                                      .today = call->today,
                                      .question = &question,
                                      .named = names,
                                      .arena = arena};
    offline_fill(&filling);
    filling.named = named;
    candidate.values = filling.points;
    candidate.arguments = filling.arguments;
    candidate.missing = filling.missing;
    candidate.impossible = filling.impossible;
    candidate.bounded = filling.bounded;
    count_words(&candidate, &filling);
    return candidate;
}

/* --- choosing --- */

static unsigned points_of(const struct candidate *candidate) {
    return candidate->words + candidate->values + (candidate->missing.size == 0 ? 1 : 0);
}

static bool is_better(const struct candidate *a, const struct candidate *b) {
    if (points_of(a) != points_of(b))
        return points_of(a) > points_of(b);
    return a->named && !b->named;
}

static struct candidate choose(const struct model_call *call, const struct offline_words *question,
                               struct arena *arena) {
    struct candidate best = {0};
    bool one = call->tool_choice == MODEL_TOOL_NAMED;
    for (size_t i = 0; i < call->tool_count; i++) {
        if (one && !slice_equal(call->tools[i].name, call->tool_choice_name))
            continue;
        struct candidate candidate = judge(call, &call->tools[i], question, arena);
        if (!candidate.impossible && (!best.tool || is_better(&candidate, &best)))
            best = candidate;
    }
    return best;
}

/* How the question is put. */
struct manner {
    bool asks;    /* "how do I …": rather for the documents, where they answer it */
    bool mine;    /* but "where is my …" is not */
    bool covered; /* the documents do */
};

/* All that it needs was said. */
static bool is_called_for(const struct candidate *best, const struct manner *manner) {
    if (best->missing.size > 0 || best->known < best->unknown)
        return false;
    if (best->words > 0 && best->values > 0 && best->words + best->values >= POINTS_SURE)
        return true;
    if (!manner->covered)
        return best->words >= POINTS_LEAST || best->bounded ||
               (best->words > 0 && best->unknown == 0);
    return !manner->asks && (best->bounded || (best->words >= POINTS_LEAST && best->leads));
}

static bool is_half_said(const struct candidate *best, const struct manner *manner) {
    return best->missing.size > 0 && best->named && best->known > best->unknown &&
           (!manner->covered || (best->unknown == 0 && (!manner->asks || manner->mine)));
}

/* --- what was said before --- */

static struct slice text_of(const struct model_message *message) {
    for (size_t i = message->part_count; i > 0; i--)
        if (message->parts[i - 1].kind == MODEL_PART_TEXT)
            return message->parts[i - 1].text;
    return (struct slice){NULL, 0};
}

/* Whoever was asked for what was missing answers with just that: what was said before belongs to
 * it. NULL data where nothing was asked for. `ret_asked`: how often. */
static struct slice said_before(const struct model_call *call, struct arena *arena,
                                size_t *ret_asked) {
    size_t last = call->message_count;
    struct slice before = {NULL, 0};
    while (last > 0 && call->messages[last - 1].role != MODEL_USER)
        last--;
    for (*ret_asked = 0; last >= 3 && *ret_asked < EARLIER_MAX; last -= 2, (*ret_asked)++) {
        const struct model_message *answer = &call->messages[last - 2],
                                   *question = &call->messages[last - 3];
        if (answer->role != MODEL_ASSISTANT || question->role != MODEL_USER ||
            !offline_texts_asked(text_of(answer)))
            break;
        before = slice_of(
            arena_printf(arena, "%.*s\n%.*s", SLICE_ARG(text_of(question)), SLICE_ARG(before)));
    }
    return before;
}

/* --- deciding --- */

static struct offline_decision call_of(const struct candidate *best) {
    return (struct offline_decision){
        .move = OFFLINE_CALL, .tool = best->tool->name, .arguments = best->arguments};
}

static struct offline_decision ask_for(const struct candidate *best, struct slice language,
                                       struct arena *arena) {
    return (struct offline_decision){
        .move = OFFLINE_SAY,
        .say = slice_of(arena_printf(arena, "%s %.*s", offline_texts_for(language)->missing,
                                     SLICE_ARG(best->missing)))};
}

/* Goes on with what was begun, where the new message brings it further: else it is a message of its
 * own. */
static bool go_on(const struct model_call *call, struct slice question, struct slice language,
                  struct arena *arena, struct offline_decision *ret_decision) {
    size_t asked;
    struct slice before = said_before(call, arena, &asked);
    if (before.size == 0)
        return false;
    struct offline_words words = offline_words_of_question(before, arena);
    struct candidate then = choose(call, &words, arena);
    struct slice whole =
        slice_of(arena_printf(arena, "%.*s\n%.*s", SLICE_ARG(before), SLICE_ARG(question)));
    words = offline_words_of_question(whole, arena);
    struct candidate now =
        then.tool ? judge(call, then.tool, &words, arena) : (struct candidate){0};
    if (!now.tool || slice_equal(now.missing, then.missing))
        return false;
    *ret_decision = now.missing.size == 0 ? call_of(&now) : ask_for(&now, language, arena);
    return true;
}

struct offline_decision offline_tools_decide(const struct model_call *call, struct slice question,
                                             struct slice language, bool covered,
                                             struct arena *arena) {
    struct offline_decision decision = {.move = OFFLINE_PASSAGES};
    if (call->message_count > 0 && call->messages[call->message_count - 1].role == MODEL_TOOL) {
        decision.move = OFFLINE_SAY;
        decision.say = offline_results(call, language, arena);
        return decision;
    }
    if (call->tool_count == 0 || call->tool_choice == MODEL_TOOL_NONE || question.size == 0)
        return decision;
    struct offline_words words = offline_words_of_question(question, arena);
    const struct manner manner = {offline_words_ask(&words), offline_words_mine(&words), covered};
    bool forced = call->tool_choice == MODEL_TOOL_REQUIRED || call->tool_choice == MODEL_TOOL_NAMED;
    if (!(manner.asks && covered) && go_on(call, question, language, arena, &decision))
        return decision;
    struct candidate best = choose(call, &words, arena);
    if (!best.tool)
        return decision;
    if (is_called_for(&best, &manner) || (forced && best.missing.size == 0))
        return call_of(&best);
    if (is_half_said(&best, &manner) || forced)
        return ask_for(&best, language, arena);
    return decision;
}

struct slice offline_tools_language(const struct model_call *call, struct slice question,
                                    struct arena *arena) {
    if (call->language.size > 0)
        return call->language;
    struct offline_words words = offline_words_of_question(question, arena);
    return offline_words_language(&words);
}
