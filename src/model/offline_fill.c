#include "model/offline_fill.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/day_words.h"
#include "base/fold.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/offline_terms.h"
#include <string.h>
#include <time.h>

enum { PARAMETERS_MAX = 64, TEXT_MAX = 500, LABEL_MAX = 120 };

struct parameter {
    struct slice name; /* as it stands in the schema */
    struct slice schema;
    bool required;
    struct offline_words called; /* the words of its name */
    struct offline_words told;   /* those of title and description, too */
    struct buffer value;         /* JSON; empty: none */
};

/* --- what a parameter is --- */

static bool list_has(const struct offline_words *words, const char *list) {
    for (size_t i = 0; i < words->count; i++) {
        struct slice rest = slice_of(list), one;
        while (slice_split(&rest, ' ', &one))
            if (slice_equal(words->list[i].low, one))
                return true;
    }
    return false;
}

static bool is_type(const struct parameter *parameter, const char *type) {
    struct slice types = json_get(parameter->schema, "type"), one;
    size_t cursor = 0;
    while (json_next_element(types, &cursor, &one))
        if (json_string_is(one, type))
            return true;
    return json_string_is(types, type);
}

static bool has_format(const struct parameter *parameter, const char *format) {
    return json_string_is(json_get(parameter->schema, "format"), format);
}

static bool is_highest(const struct parameter *parameter) {
    return list_has(&parameter->told, "max maximum maximal most highest upto below under until "
                                      "cheapest hochst hochste hochster hochstens hochstpreis "
                                      "obergrenze maximo maxima massimo jusqu'a максимум "
                                      "максимальна найбільша найвища");
}

static bool is_lowest(const struct parameter *parameter) {
    return list_has(&parameter->told, "min minimum minimal least lowest above mindest mindestens "
                                      "niedrigster untergrenze minimo minima мінімум мінімальна "
                                      "найменша");
}

static bool is_price(const struct parameter *parameter) {
    return list_has(&parameter->told,
                    "price prices cost budget amount money euro euros eur usd preis betrag kosten "
                    "prix montant precio importe coste prezzo importo ціна сума вартість бюджет");
}

static bool is_day(const struct parameter *parameter) {
    return has_format(parameter, "date") ||
           list_has(&parameter->called, "day date weekday when tag datum wochentag jour fecha dia "
                                        "data giorno день дата");
}

static bool is_time(const struct parameter *parameter) {
    return has_format(parameter, "time") ||
           list_has(&parameter->called, "time hour clock zeit uhrzeit heure hora ora час година");
}

static bool is_email(const struct parameter *parameter) {
    return has_format(parameter, "email") ||
           list_has(&parameter->called, "email mail correo courriel пошта");
}

/* "TP-1042": a text with digits in it. */
static bool is_code(const struct parameter *parameter) {
    return list_has(&parameter->called, "id ids number no nr code key sku reference ref tracking "
                                        "nummer kennung numero номер код phone telephone telefon "
                                        "zip postcode plz") ||
           list_has(&parameter->told, "number nummer numero номер");
}

/* --- values --- */

static void use(struct offline_filling *filling, struct offline_word *word, unsigned points) {
    word->used = true;
    filling->points += points;
}

static bool is_called(const struct parameter *parameter, const struct offline_word *word) {
    for (size_t i = 0; i < parameter->called.count; i++)
        if (offline_terms_alike(word->low, parameter->called.list[i].low))
            return true;
    return false;
}

/* "order 1042", "Bestellung Nr. 1042": beside a word of the parameter or of the tool. */
static bool is_near(const struct offline_filling *filling, const struct parameter *parameter,
                    size_t at) {
    for (size_t i = at > 2 ? at - 2 : 0; i < at + 2 && i < filling->question->count; i++) {
        const struct offline_word *word = &filling->question->list[i];
        if (i != at && word->kind == OFFLINE_WORD &&
            (filling->named[i] || is_called(parameter, word)))
            return true;
    }
    return false;
}

static bool in_range(const struct parameter *parameter, double number) {
    double least, most;
    return (!json_read_double(json_get(parameter->schema, "minimum"), &least) || number >= least) &&
           (!json_read_double(json_get(parameter->schema, "maximum"), &most) || number <= most);
}

/* An amount of money is no order number, and the number behind "under" is no number of pieces. */
static bool number_fits(const struct parameter *parameter, const struct offline_word *word) {
    bool money = word->kind == OFFLINE_MONEY;
    if (is_highest(parameter))
        return word->limit == -1 || (money && word->limit == 0);
    if (is_lowest(parameter))
        return word->limit == 1;
    if (is_price(parameter))
        return money && word->limit == 0;
    return word->kind == OFFLINE_NUMBER && word->limit == 0;
}

static bool fill_number(struct offline_filling *filling, struct parameter *parameter, bool whole) {
    struct offline_words *question = filling->question;
    struct offline_word *found = NULL;
    bool near = false, bounded = is_highest(parameter) || is_lowest(parameter);
    for (size_t i = 0; i < question->count; i++) {
        struct offline_word *word = &question->list[i];
        bool beside = is_near(filling, parameter, i);
        bool counted = word->kind == OFFLINE_QUANTITY && i + 1 < question->count &&
                       is_called(parameter, &question->list[i + 1]); /* "3 days" for `days` */
        if (word->used || (found && (near || !beside)) || word->kind < OFFLINE_NUMBER ||
            word->kind > OFFLINE_QUANTITY || !(counted || number_fits(parameter, word)) ||
            (whole && word->number != (double)(int64_t)word->number) ||
            !in_range(parameter, word->number))
            continue;
        if (!parameter->required && !bounded && !is_price(parameter) && !beside)
            continue; /* any number at all is not meant for it */
        found = word;
        near = beside;
    }
    if (!found)
        return false;
    use(filling, found, bounded && found->limit != 0 ? 2 : 1);
    filling->bounded = filling->bounded || (bounded && found->limit != 0);
    struct json_writer json = json_writer_start(&parameter->value);
    if (whole)
        json_int(&json, (int64_t)found->number);
    else
        json_double(&json, found->number);
    return true;
}

static struct offline_word *find_kind(const struct offline_filling *filling,
                                      enum offline_word_kind kind) {
    for (size_t i = 0; i < filling->question->count; i++)
        if (filling->question->list[i].kind == kind && !filling->question->list[i].used)
            return &filling->question->list[i];
    return NULL;
}

static void write_text(struct parameter *parameter, struct slice text) {
    struct json_writer json = json_writer_start(&parameter->value);
    int64_t most;
    if (json_read_int64(json_get(parameter->schema, "maxLength"), &most) && most >= 0 &&
        most < TEXT_MAX) /* in characters, of which each is a byte at least */
        text = slice_first(text, utf8_cut(text, (size_t)most));
    json_string(&json, slice_trim(slice_first(text, utf8_cut(text, TEXT_MAX))));
}

/* --- days --- */

/* A year that was not named is the one in which the date comes next. */
static bool write_date(const struct offline_filling *filling, const struct offline_word *word,
                       struct buffer *out) {
    int year = word->year;
    if (year == 0) {
        struct slice today = filling->today;
        int64_t now;
        char date[8];
        if (today.size != 10 || !slice_to_int64(slice_first(today, 4), &now))
            return false;
        snprintf(date, sizeof date, "%02d-%02d", word->month % 100, word->of_day % 100);
        year = (int)now + (memcmp(date, today.data + 5, 5) < 0);
    }
    buffer_printf(out, "%04d-%02d-%02d", year, word->month, word->of_day);
    return true;
}

/* A weekday is the next one of that name, today's own included. */
static bool write_day(struct slice today, int day, struct buffer *out) {
    int64_t year, month, of_month;
    if (today.size != 10 || !slice_to_int64(slice_first(today, 4), &year) ||
        !slice_to_int64(slice_first(slice_from(today, 5), 2), &month) ||
        !slice_to_int64(slice_from(today, 8), &of_month))
        return false;
    struct tm date = {.tm_year = (int)year - 1900,
                      .tm_mon = (int)month - 1,
                      .tm_mday = (int)of_month,
                      .tm_hour = 12};
    time_t moment = timegm(&date); /* sets the weekday */
    int ahead = day >= DAY_TODAY ? day - DAY_TODAY : (day - date.tm_wday + 7) % 7;
    moment += (time_t)ahead * 24 * 3600;
    if (!gmtime_r(&moment, &date))
        return false;
    buffer_printf(out, "%04d-%02d-%02d", date.tm_year + 1900, date.tm_mon + 1, date.tm_mday);
    return true;
}

static const char *day_name(int day) {
    static const char *const names[] = {"sunday", "monday",   "tuesday", "wednesday", "thursday",
                                        "friday", "saturday", "today",   "tomorrow"};
    return day <= DAY_TOMORROW ? names[day] : NULL;
}

static bool fill_day(struct offline_filling *filling, struct parameter *parameter) {
    struct offline_word *date = find_kind(filling, OFFLINE_DATE),
                        *day = find_kind(filling, OFFLINE_DAY);
    struct buffer text = {0};
    /* The tool knows best which day a name means, unless it wants a date. */
    const char *name = day && !has_format(parameter, "date") ? day_name(day->day) : NULL;
    if (date && write_date(filling, date, &text)) {
        use(filling, date, 1);
    } else if (name) {
        buffer_append_string(&text, name);
        use(filling, day, 1);
    } else if (day && write_day(filling->today, day->day, &text)) {
        use(filling, day, 1);
    }
    bool found = text.size > 0;
    if (found)
        write_text(parameter, buffer_slice(&text));
    buffer_finish(&text);
    return found;
}

static bool fill_time(struct offline_filling *filling, struct parameter *parameter) {
    struct offline_word *word = find_kind(filling, OFFLINE_TIME);
    if (!word)
        return false;
    use(filling, word, 1);
    write_text(parameter, slice_of(arena_printf(filling->arena, "%02d:%02d%s", word->minutes / 60,
                                                word->minutes % 60,
                                                has_format(parameter, "time") ? ":00Z" : "")));
    return true;
}

static bool fill_email(struct offline_filling *filling, struct parameter *parameter) {
    struct offline_word *word = find_kind(filling, OFFLINE_EMAIL);
    if (!word)
        return false;
    use(filling, word, 1);
    write_text(parameter, word->text);
    return true;
}

static bool fill_code(struct offline_filling *filling, struct parameter *parameter) {
    for (size_t i = 0; i < filling->question->count; i++) {
        struct offline_word *word = &filling->question->list[i];
        bool digits = false;
        for (size_t j = 0; j < word->text.size; j++)
            digits = digits || (word->text.data[j] >= '0' && word->text.data[j] <= '9');
        if (!digits || word->used || word->limit != 0 ||
            (word->kind != OFFLINE_WORD && word->kind != OFFLINE_NUMBER))
            continue;
        use(filling, word, 1);
        write_text(parameter, word->text);
        return true;
    }
    return false;
}

/* --- choices --- */

static bool means(const struct offline_word *word, struct slice choice) {
    static const char *const parts[] = {"morning", "afternoon", "evening"};
    int day;
    if (word->kind == OFFLINE_PART)
        return slice_is(choice, parts[word->part]);
    if (word->kind == OFFLINE_DAY && day_word(choice, &day))
        return day == word->day;
    return word->kind == OFFLINE_WORD && slice_equal(word->low, choice);
}

/* All words of the choice stand in the question; forms of them count where the word is long. */
static bool is_said(const struct offline_filling *filling, const struct offline_words *choice,
                    struct offline_word **ret_last) {
    for (size_t i = 0; i < choice->count; i++) {
        struct offline_word *found = NULL;
        for (size_t j = 0; j < filling->question->count && !found; j++) {
            struct offline_word *word = &filling->question->list[j];
            bool same = means(word, choice->list[i].low) ||
                        (word->kind == OFFLINE_WORD && !word->common && !filling->named[j] &&
                         offline_terms_alike(word->low, choice->list[i].low));
            if (!word->used && same)
                found = word;
        }
        if (!found)
            return false;
        *ret_last = found;
    }
    return choice->count > 0;
}

static bool fill_choice(struct offline_filling *filling, struct parameter *parameter) {
    struct slice choice;
    size_t cursor = 0;
    while (json_next_element(json_get(parameter->schema, "enum"), &cursor, &choice)) {
        struct offline_words words =
            offline_words_of_tool(json_plain_string(choice), filling->arena);
        struct offline_word *last;
        if (!is_said(filling, &words, &last))
            continue;
        use(filling, last, 1);
        buffer_append(&parameter->value, choice);
        return true;
    }
    return false;
}

/* --- words --- */

static bool is_free(const struct offline_filling *filling, size_t at) {
    const struct offline_word *word = &filling->question->list[at];
    return word->kind == OFFLINE_WORD && !word->used && !word->common && !filling->named[at] &&
           !(word->about & OFFLINE_ABOUT_SEARCH);
}

static bool take_words(struct offline_filling *filling, struct parameter *parameter, size_t from,
                       bool until_common) {
    struct buffer text = {0};
    for (size_t i = from; i < filling->question->count; i++) {
        if (until_common && text.size > 0 && !is_free(filling, i))
            break;
        if (!is_free(filling, i))
            continue;
        buffer_append_string(&text, text.size > 0 ? " " : "");
        buffer_append(&text, filling->question->list[i].text);
        filling->question->list[i].used = true;
    }
    bool found = text.size > 0;
    if (found)
        write_text(parameter, buffer_slice(&text));
    buffer_finish(&text);
    return found;
}

/* "from Berlin to Paris" for `from` and `to`; "about headphones" for a topic. */
static bool fill_marked(struct offline_filling *filling, struct parameter *parameter) {
    for (size_t i = 0; i + 1 < filling->question->count; i++) {
        struct slice low = filling->question->list[i].low;
        bool own = parameter->called.count == 1 && slice_equal(low, parameter->called.list[0].low);
        bool about = !parameter->required && offline_term_is(TERM_ABOUT, low);
        if ((own && is_free(filling, i + 1)) || about)
            return take_words(filling, parameter, i + 1, own);
    }
    return false;
}

/* --- all --- */

static bool fill_one(struct offline_filling *filling, struct parameter *parameter) {
    if (json_type(json_get(parameter->schema, "enum")) == JSON_ARRAY)
        return fill_choice(filling, parameter);
    if (is_type(parameter, "integer") || is_type(parameter, "number"))
        return fill_number(filling, parameter, !is_type(parameter, "number"));
    if (!is_type(parameter, "string")) {
        filling->impossible = filling->impossible || parameter->required;
        return false;
    }
    return is_email(parameter)  ? fill_email(filling, parameter)
           : is_day(parameter)  ? fill_day(filling, parameter)
           : is_time(parameter) ? fill_time(filling, parameter)
           : is_code(parameter) ? fill_code(filling, parameter)
                                : fill_marked(filling, parameter);
}

static bool takes_words(const struct parameter *parameter) {
    return is_type(parameter, "string") && !is_email(parameter) && !is_day(parameter) &&
           !is_time(parameter) && !is_code(parameter) &&
           json_type(json_get(parameter->schema, "enum")) != JSON_ARRAY;
}

static bool is_required(struct slice schema, struct slice name) {
    struct slice element;
    size_t cursor = 0;
    while (json_next_element(json_get(schema, "required"), &cursor, &element))
        if (slice_equal(json_plain_string(element), name))
            return true;
    return false;
}

static size_t read_parameters(const struct offline_filling *filling, struct parameter *parameters) {
    struct slice name, schema;
    size_t cursor = 0, count = 0;
    while (count < PARAMETERS_MAX &&
           json_next_member(json_get(filling->schema, "properties"), &cursor, &name, &schema)) {
        struct buffer told = {0};
        buffer_append(&told, name);
        buffer_append_byte(&told, ' ');
        json_read_string(json_get(schema, "title"), &told);
        buffer_append_byte(&told, ' ');
        json_read_string(json_get(schema, "description"), &told);
        parameters[count++] = (struct parameter){
            .name = name,
            .schema = schema,
            .required = is_required(filling->schema, name),
            .called = offline_words_of_tool(name, filling->arena),
            .told = offline_words_of_tool(arena_copy(filling->arena, buffer_slice(&told)),
                                          filling->arena),
        };
        buffer_finish(&told);
    }
    return count;
}

/* "The order's number, such as 1042": up to the first mark. */
static struct slice label_of(const struct parameter *parameter, struct arena *arena) {
    struct buffer text = {0};
    if (!json_read_string(json_get(parameter->schema, "title"), &text) &&
        !json_read_string(json_get(parameter->schema, "description"), &text))
        buffer_append(&text, parameter->name);
    struct slice label = buffer_slice(&text);
    size_t end = 0;
    while (end < label.size && !strchr(":;,(\n", label.data[end]) &&
           !(label.data[end] == '.' && (end + 1 == label.size || label.data[end + 1] == ' ')))
        end++;
    if (end > 0)
        label = slice_first(label, end);
    label = arena_copy(arena, slice_trim(slice_first(label, utf8_cut(label, LABEL_MAX))));
    for (size_t i = 0; i < label.size; i++)
        if (label.data[i] == '_')
            ((char *)(uintptr_t)label.data)[i] = ' ';
    buffer_finish(&text);
    return label;
}

static void write_arguments(struct offline_filling *filling, struct parameter *parameters,
                            size_t count) {
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    for (size_t i = 0; i < count; i++) {
        if (parameters[i].value.size > 0) {
            json_key_slice(&json, parameters[i].name);
            json_raw(&json, buffer_slice(&parameters[i].value));
        } else if (parameters[i].required && filling->missing.size == 0) {
            filling->missing = label_of(&parameters[i], filling->arena);
        }
        buffer_finish(&parameters[i].value);
    }
    json_end_object(&json);
    filling->arguments = arena_copy(filling->arena, buffer_slice(&out));
    buffer_finish(&out);
}

void offline_fill(struct offline_filling *filling) {
    struct parameter *parameters = arena_array(filling->arena, PARAMETERS_MAX, sizeof *parameters);
    size_t count = read_parameters(filling, parameters);
    for (size_t i = 0; i < count; i++)
        fill_one(filling, &parameters[i]);
    /* The first text that must be there takes what the others left. */
    for (size_t i = 0; i < count && !filling->words; i++)
        if (parameters[i].required && parameters[i].value.size == 0 && takes_words(&parameters[i]))
            filling->words = take_words(filling, &parameters[i], 0, false);
    write_arguments(filling, parameters, count);
}
