/* Calls of tools that the vendors' services really made: each recorded reply becomes a round, is
 * answered, and goes back in the vendor's form, equal to the request that was recorded behind it
 * where there is one.
 *
 * The results are taken from that request, so that only the form is compared. */
#include "../model/oracle_anthropic.h"
#include "../model/oracle_gemini.h"
#include "../model/oracle_mistral.h"
#include "../model/oracle_openai.h"
#include "base/arena.h"
#include "chat/round.h"
#include "model/catalogue.h"
#include "model/mistral_messages.h"
#include "model/vendors.h"
#include "support/recorded.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { LATER_MAX = 12 }; /* requests looked at behind a reply */

typedef bool read_oracle(struct slice body, bool events, struct oracle_answer *ret_answer,
                         const char **ret_reason);

struct vendor {
    const char *name;
    const struct provider *provider;
    read_oracle *oracle;
    const char *messages; /* the member of a request that has them */
    const char *folders[24];
};

static const struct vendor vendors[] = {
    {"openai",
     &openai_provider,
     oracle_openai,
     "messages",
     {"openai-chat", "compat-alibaba", "compat-azure", "compat-cerebras", "compat-crusoe",
      "compat-deepseek", "compat-gpustack", "compat-groq", "compat-huggingface", "compat-moonshot",
      "compat-ollama", "compat-openrouter", "compat-other", "compat-perplexity", "compat-snowflake",
      "compat-vllm", "compat-xai", "compat-zai"}},
    {"anthropic", &anthropic_provider, oracle_anthropic, "messages", {"anthropic"}},
    {"gemini", &gemini_provider, oracle_gemini, "contents", {"google", "google-vertex"}},
    {"mistral", &mistral_provider, oracle_mistral, "messages", {"mistral"}},
};

struct work {
    const struct vendor *vendor;
    const char *folder;
    size_t rounds, parallel, compared, failed;
};

/* One reply on its way. */
struct play {
    struct work *work;
    const char *name;
    struct arena *arena;
    struct round round;
    struct buffer text;
    struct oracle_answer said;
    json_t *request; /* recorded behind it, or NULL */
    size_t at;       /* where in the request's messages the round begins */
};

static void report(struct play *play, const char *what) {
    print_error("%s/%s: %s\n", play->work->folder, play->name, what);
    play->work->failed++;
}

/* --- JSON --- */

static const char *string_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_t *value_of(struct slice text) {
    return json_loadb(text.data ? text.data : "", text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                      NULL);
}

static json_t *messages_of(const struct play *play, const json_t *body) {
    return json_object_get(body, play->work->vendor->messages);
}

static bool is(const struct play *play, const struct provider *provider) {
    return play->work->vendor->provider == provider;
}

/* What of a message asks for tools, or has their results: the list of all of it, each an object
 * with the call's or result's members. */
static json_t *picked(const json_t *list, const char *member, const char *type) {
    json_t *found = json_array(), *item;
    size_t i;
    json_array_foreach(list, i, item) {
        if (member && json_object_get(item, member))
            json_array_append(found, json_object_get(item, member));
        else if (type && strcmp(string_of(item, "type"), type) == 0)
            json_array_append(found, item);
    }
    return found;
}

static json_t *calls_of(const struct play *play, const json_t *message) {
    if (is(play, &gemini_provider))
        return picked(json_object_get(message, "parts"), "functionCall", NULL);
    if (is(play, &anthropic_provider))
        return picked(json_object_get(message, "content"), NULL, "tool_use");
    json_t *calls = json_object_get(message, "tool_calls");
    return json_is_array(calls) ? json_incref(calls) : json_array();
}

static const char *name_of(const struct play *play, const json_t *call) {
    bool openai = is(play, &openai_provider) || is(play, &mistral_provider);
    return string_of(openai ? json_object_get(call, "function") : call, "name");
}

/* A new reference: the arguments as a value. */
static json_t *arguments_of(const struct play *play, const json_t *call) {
    if (is(play, &gemini_provider) || is(play, &anthropic_provider)) {
        json_t *value = json_object_get(call, is(play, &gemini_provider) ? "args" : "input");
        return value ? json_incref(value) : json_object();
    }
    return value_of(slice_of(string_of(json_object_get(call, "function"), "arguments")));
}

/* --- what was said --- */

static void on_event(void *user, const struct model_event *event) {
    struct play *play = user;
    round_event(&play->round, event);
    if (event->kind == MODEL_EVENT_TEXT || event->kind == MODEL_EVENT_REFUSAL)
        buffer_append(&play->text, event->text);
}

/* False where the reply breaks off: nobody gives that back. */
static bool read_reply(struct play *play, struct slice body) {
    const struct provider *provider = play->work->vendor->provider;
    struct fault fault = {0};
    struct model_stream *stream = provider->open(play->arena, on_event, play);
    if (provider->feed(stream, body, &fault))
        return provider->end(stream, &fault);
    provider->close(stream);
    return false;
}

/* The calls are those that the reply has, read by other means; the ids where the vendor has any. */
static void compare_with_reply(struct play *play, const json_t *calls) {
    if (json_array_size(calls) != play->said.call_count) {
        report(play, "not as many calls come out as were made");
        return;
    }
    for (size_t i = 0; i < play->said.call_count; i++) {
        const struct oracle_call *said = &play->said.calls[i];
        const json_t *call = json_array_get(calls, i);
        struct slice written = buffer_slice(&said->arguments);
        json_t *sent = arguments_of(play, call);
        /* none at all are those of a tool without parameters; and what broke off is not given
         * back, since vendors refuse it */
        json_t *expected = value_of(written);
        if (!json_is_object(expected)) {
            json_decref(expected);
            expected = json_object();
        }
        if (!slice_is(buffer_slice(&said->name), name_of(play, call)))
            report(play, "the name of a call is another");
        /* Mistral refuses ids of another form, which some servers of its protocol use: they become
         * others, and only have to fit together */
        bool free_id = is(play, &mistral_provider) && said->id.size != MISTRAL_ID_SIZE;
        if (said->id.size > 0 && !free_id &&
            !slice_is(buffer_slice(&said->id), string_of(call, "id")))
            report(play, "the id of a call is another");
        if (!json_equal(sent, expected))
            report(play, "the arguments of a call are others");
        json_decref(sent);
        json_decref(expected);
    }
}

/* --- the request behind it --- */

/* The same calls. Gemini's have no ids of their own: clients make them up, or leave them out. */
static bool has_calls(const struct play *play, const json_t *message) {
    json_t *calls = calls_of(play, message);
    bool same = json_array_size(calls) == play->round.calls;
    for (size_t i = 0; i < play->round.calls && same; i++) {
        const struct round_part *part = round_call(&play->round, i);
        const json_t *call = json_array_get(calls, i);
        same = slice_is(part->name, name_of(play, call)) &&
               (is(play, &gemini_provider) || slice_is(part->id, string_of(call, "id")));
        if (same && is(play, &gemini_provider)) {
            json_t *ours = value_of(buffer_slice(&part->text)), *theirs = arguments_of(play, call);
            same = json_equal(ours, theirs);
            json_decref(ours);
            json_decref(theirs);
        }
    }
    json_decref(calls);
    return same;
}

static json_t *load_request(const struct play *play, size_t series, long number) {
    const char *shared = getenv("SWITCHBOARD_SHARED");
    const char *path = arena_printf(play->arena, "%s/fixtures/%s/%.*s__%ld.http.req.json",
                                    shared ? shared : SOURCE_ROOT "/../shared", play->work->folder,
                                    (int)series, play->name, number);
    json_t *file = json_load_file(path, JSON_ALLOW_NUL, NULL);
    json_t *body = json_incref(json_object_get(file, "body"));
    if (json_is_string(body)) {
        json_t *parsed = value_of(slice_of(json_string_value(body)));
        json_decref(body);
        body = parsed;
    }
    json_decref(file);
    return body;
}

/* A conversation goes on under higher numbers; not each of its requests was kept, and what has the
 * next number may be another conversation. */
static void find_request(struct play *play) {
    struct slice name = slice_of(play->name);
    size_t series = SIZE_MAX;
    for (size_t i = 0; i + 2 < name.size; i++)
        if (name.data[i] == '_' && name.data[i + 1] == '_' && slice_ends_with(name, SLICE(".http")))
            series = i;
    if (series == SIZE_MAX)
        return;
    long number = strtol(play->name + series + 2, NULL, 10);
    for (long next = number + 1; next <= number + LATER_MAX && !play->request; next++) {
        json_t *body = load_request(play, series, next), *message;
        size_t i;
        json_array_foreach(messages_of(play, body), i, message) {
            if (!has_calls(play, message))
                continue;
            if (!play->request)
                play->request = json_incref(body);
            play->at = i; /* the last, where the same was asked for again */
        }
        json_decref(body);
    }
}

/* --- the results --- */

/* In the arena. A list of texts is one text. */
static struct slice text_of(const struct play *play, const json_t *content) {
    struct buffer text = {0};
    json_t *part;
    size_t i;
    if (json_is_string(content))
        buffer_append_string(&text, json_string_value(content));
    json_array_foreach(content, i, part) {
        buffer_append_string(&text, string_of(part, "text"));
    }
    struct slice copy = arena_copy(play->arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

/* All results that stand behind the calls, whoever's they are. */
static json_t *results_behind(const struct play *play) {
    json_t *all = json_array(), *messages = messages_of(play, play->request);
    for (size_t i = play->at + 1; i < json_array_size(messages); i++) {
        json_t *message = json_array_get(messages, i), *found = NULL;
        if (is(play, &gemini_provider))
            found = picked(json_object_get(message, "parts"), "functionResponse", NULL);
        else if (is(play, &anthropic_provider))
            found = picked(json_object_get(message, "content"), NULL, "tool_result");
        else if (strcmp(string_of(message, "role"), "tool") == 0)
            json_array_append(all, message);
        json_array_extend(all, found);
        json_decref(found);
    }
    return all;
}

static const char *result_id(const struct play *play, const json_t *result) {
    return string_of(result, is(play, &anthropic_provider) ? "tool_use_id" : "tool_call_id");
}

static struct model_part result_of(const struct play *play, const json_t *results, size_t index) {
    const struct round_part *call = round_call(&play->round, index);
    struct model_part part = {
        .kind = MODEL_PART_TOOL_RESULT,
        .tool_id = call->id,
        .tool_name = call->name,
        .text = slice_of(arena_printf(play->arena, "result %zu", index)),
    };
    if (is(play, &gemini_provider)) { /* in the order of the calls */
        json_t *value = json_object_get(json_array_get(results, index), "response");
        char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
        if (text)
            part.text = arena_copy(play->arena, slice_of(text));
        free(text);
        return part;
    }
    json_t *result;
    size_t i;
    json_array_foreach(results, i, result) {
        if (!slice_is(call->id, result_id(play, result)))
            continue;
        part.text = text_of(play, json_object_get(result, "content"));
        part.is_error = json_is_true(json_object_get(result, "is_error"));
        break;
    }
    return part;
}

/* --- what we send --- */

static struct slice model_of(const struct play *play) {
    const char *model = string_of(play->request, "model");
    struct slice name = slice_of(play->name);
    if (*model || !is(play, &gemini_provider))
        return slice_of(model);
    /* stands in the URL; whether it thinks by levels decides about signatures */
    return slice_find(name, SLICE("gemini-3")) != SIZE_MAX ? SLICE("gemini-3-pro-preview")
                                                           : SLICE("gemini-2.5-flash");
}

/* A new reference; NULL with the mistake reported. As chat/tools.c does it: the model's own
 * message, then one with all results in the order of its calls. */
static json_t *encode(struct play *play) {
    static const struct model_part asked = {.kind = MODEL_PART_TEXT,
                                            .text = {"As recorded.", sizeof "As recorded." - 1}};
    json_t *results = play->request ? results_behind(play) : NULL;
    struct model_part *parts = arena_array(play->arena, play->round.calls, sizeof *parts);
    for (size_t i = 0; i < play->round.calls; i++)
        parts[i] = result_of(play, results, i);
    json_decref(results);
    const struct model_message messages[] = {
        {MODEL_USER, &asked, 1},
        round_message(&play->round, buffer_slice(&play->text), play->arena),
        {MODEL_TOOL, parts, play->round.calls},
    };
    struct model_call call = model_call_default();
    struct model_request request;
    struct fault fault;
    call.model = model_of(play);
    call.info = catalogue_find(play->work->vendor->name, call.model);
    call.messages = messages;
    call.message_count = 3;
    call.max_tokens = 1000;
    if (!play->work->vendor->provider->encode(&call, play->arena, &request, &fault)) {
        report(play, fault.message);
        return NULL;
    }
    json_t *body = value_of(request.body);
    if (!body)
        report(play, "what is sent is no JSON");
    return body;
}

/* --- normal forms: what each protocol leaves free --- */

static void drop_members(json_t *object, const char *const *names) {
    for (; *names; names++)
        json_object_del(object, *names);
}

/* A list of one text is that text, for these vendors. */
static void join_text(json_t *message) {
    json_t *content = json_object_get(message, "content");
    if (json_array_size(content) == 1 &&
        strcmp(string_of(json_array_get(content, 0), "type"), "text") == 0)
        json_object_set(message, "content", json_object_get(json_array_get(content, 0), "text"));
}

/* OpenAI's and Mistral's. */
static void normalise_openai(json_t *message) {
    /* extensions of servers that give their reasoning back to clients which show it; `name` of a
     * result is optional, the id says whose it is */
    static const char *const extensions[] = {"reasoning", "reasoning_content", "reasoning_details",
                                             "name", NULL};
    json_t *call;
    size_t i;
    drop_members(message, extensions);
    join_text(message);
    /* beside calls no content, null and "" are the same */
    if (json_object_get(message, "tool_calls") && !*string_of(message, "content"))
        json_object_del(message, "content");
    json_array_foreach(json_object_get(message, "tool_calls"), i, call) {
        json_t *function = json_object_get(call, "function");
        /* the arguments are text that holds JSON: blanks in it and the order of keys say nothing */
        json_t *arguments = value_of(slice_of(string_of(function, "arguments")));
        if (arguments)
            json_object_set_new(function, "arguments", arguments);
        /* there is no other type, and it is the default; the index is the stream's */
        json_object_del(call, "type");
        json_object_del(call, "index");
    }
}

static void normalise_anthropic(json_t *message) {
    /* where a cache is to begin is said by whoever pays for it */
    static const char *const cache[] = {"cache_control", NULL};
    json_t *block;
    size_t i;
    json_array_foreach(json_object_get(message, "content"), i, block) {
        drop_members(block, cache);
        join_text(block);
        /* false is the default */
        if (json_is_false(json_object_get(block, "is_error")))
            json_object_del(block, "is_error");
    }
}

static void normalise_gemini(json_t *content) {
    json_t *part;
    size_t i;
    json_array_foreach(json_object_get(content, "parts"), i, part) {
        json_t *call = json_object_get(part, "functionCall");
        json_t *result = json_object_get(part, "functionResponse");
        /* made up by clients; that call and result have the same is checked in compare_ids */
        json_object_del(call, "id");
        json_object_del(result, "id");
        /* Base64 is written with either alphabet, as in all of Google's JSON */
        char *signature = strdup(string_of(part, "thoughtSignature"));
        for (char *c = signature; *c; c++)
            *c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
        if (*signature)
            json_object_set_new(part, "thoughtSignature", json_string(signature));
        free(signature);
    }
}

static void normalise(const struct play *play, json_t *message) {
    if (is(play, &gemini_provider))
        normalise_gemini(message);
    else if (is(play, &anthropic_provider))
        normalise_anthropic(message);
    else
        normalise_openai(message);
}

/* --- the comparison --- */

static void compare_message(struct play *play, const json_t *sent, const json_t *recorded) {
    json_t *ours = json_deep_copy(sent), *theirs = json_deep_copy(recorded);
    normalise(play, ours);
    normalise(play, theirs);
    if (!json_equal(ours, theirs)) {
        char *a = json_dumps(ours, JSON_SORT_KEYS), *b = json_dumps(theirs, JSON_SORT_KEYS);
        report(play, "the form is another than in the recorded request");
        print_error("  sent     %.2000s\n  recorded %.2000s\n", a, b ? b : "nothing");
        free(a);
        free(b);
    }
    json_decref(ours);
    json_decref(theirs);
}

/* Each result is of its call. */
static void compare_ids(struct play *play, const json_t *calls, const json_t *messages) {
    json_t *results = NULL;
    if (is(play, &gemini_provider))
        results =
            picked(json_object_get(json_array_get(messages, 2), "parts"), "functionResponse", NULL);
    else if (is(play, &anthropic_provider))
        results =
            picked(json_object_get(json_array_get(messages, 2), "content"), NULL, "tool_result");
    for (size_t i = 0; i < play->round.calls; i++) {
        const char *id = string_of(json_array_get(calls, i), "id");
        const char *of = results && is(play, &gemini_provider)
                             ? string_of(json_array_get(results, i), "id")
                             : result_id(play, results ? json_array_get(results, i)
                                                       : json_array_get(messages, 2 + i));
        if (!*id || strcmp(id, of) != 0)
            report(play, "a result is not of the call in its place");
    }
    json_decref(results);
}

static void compare(struct play *play, const json_t *body) {
    json_t *messages = messages_of(play, body);
    size_t own = json_array_size(messages);
    json_t *calls = calls_of(play, json_array_get(messages, 1));
    compare_with_reply(play, calls);
    compare_ids(play, calls, messages);
    json_decref(calls);
    if (!play->request)
        return;
    play->work->compared++;
    for (size_t i = 1; i < own; i++)
        compare_message(play, json_array_get(messages, i),
                        json_array_get(messages_of(play, play->request), play->at + i - 1));
}

/* --- the recordings --- */

static void play_reply(struct work *work, const struct recorded *reply, struct slice body) {
    struct play play = {.work = work, .name = reply->name, .arena = arena_create(64 * 1024)};
    const char *reason;
    round_begin(&play.round, play.arena);
    bool whole = work->vendor->oracle(body, reply->events, &play.said, &reason) &&
                 play.said.fault == FAULT_NONE && read_reply(&play, body);
    if (whole && play.round.calls > 0) {
        work->rounds++;
        work->parallel += play.round.calls > 1;
        find_request(&play);
        json_t *sent = encode(&play);
        if (sent)
            compare(&play, sent);
        json_decref(sent);
    } else if (whole && play.said.call_count > 0) {
        report(&play, "its calls got lost");
    }
    json_decref(play.request);
    oracle_answer_finish(&play.said);
    round_finish(&play.round);
    buffer_finish(&play.text);
    arena_destroy(play.arena);
}

/* Some files of Anthropic's hold the replies of a whole conversation, one after the other. */
static void visit(void *user, const struct recorded *reply) {
    struct work *work = user;
    struct slice rest = reply->body;
    if (reply->status != 200)
        return;
    bool several = work->vendor->provider == &anthropic_provider && reply->events;
    do {
        size_t stop = several ? slice_find(rest, SLICE("\"type\":\"message_stop\"")) : SIZE_MAX;
        size_t next = slice_find(slice_from(rest, stop), SLICE("data: "));
        size_t size = stop == SIZE_MAX || next == SIZE_MAX ? rest.size : stop + next;
        play_reply(work, reply, slice_first(rest, size));
        rest = slice_from(rest, size);
    } while (rest.size > 0);
}

static void test_vendor(void **state) {
    const struct vendor *vendor = *state;
    struct work work = {.vendor = vendor};
    bool there = false;
    for (size_t i = 0; vendor->folders[i]; i++) {
        work.folder = vendor->folders[i];
        there = recorded_each(work.folder, visit, &work) || there;
    }
    if (!there) {
        print_message("SKIPPED: there are no recorded replies of %s here\n", vendor->name);
        skip();
    }
    print_message("%-10s %3zu recorded replies with calls, %2zu of them parallel; %2zu compared "
                  "with the request behind them, %zu failed\n",
                  vendor->name, work.rounds, work.parallel, work.compared, work.failed);
    assert_int_equal(work.failed, 0);
    if (!getenv("SWITCHBOARD_FIXTURES")) /* else others were asked for by name */
        assert_true(work.rounds > 0);
}

int main(void) {
    enum { VENDORS = sizeof vendors / sizeof vendors[0] };
    struct CMUnitTest tests[VENDORS];
    for (size_t i = 0; i < VENDORS; i++)
        tests[i] = (struct CMUnitTest){vendors[i].name, test_vendor, NULL, NULL,
                                       (void *)(uintptr_t)&vendors[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
