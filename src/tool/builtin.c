#include "tool/builtin.h"

static const struct {
    const char *name, *description, *parameters;
} builtins[] = {
    [BUILTIN_NOW] = {"now", "Tells the current date, weekday and time.",
                     "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"},
    [BUILTIN_SEARCH_KNOWLEDGE] =
        {"search_knowledge",
         "Searches the site's own documents. Use it when the passages at hand do not answer the "
         "question.",
         "{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\",\"description\":"
         "\"What to search for, in words that the documents may use.\",\"minLength\":1,"
         "\"maxLength\":500}},\"required\":[\"query\"],\"additionalProperties\":false}"},
    [BUILTIN_BOOK_SLOT] =
        {"book_slot",
         "Books an appointment in the next free slot that fits, or tells which are free.",
         "{\"type\":\"object\",\"properties\":{"
         "\"day\":{\"type\":\"string\",\"description\":\"The day: a date as 2026-11-24, a weekday "
         "in "
         "English (the next one of that name), today or tomorrow.\",\"maxLength\":40},"
         "\"time\":{\"type\":\"string\",\"description\":\"The time it is to begin, as 14:30. Left "
         "out "
         "where the visitor named none.\",\"pattern\":\"^([01]?[0-9]|2[0-3]):[0-5][0-9]$\"},"
         "\"part\":{\"type\":\"string\",\"enum\":[\"morning\",\"afternoon\",\"evening\"],"
         "\"description\":\"The part of the day, where the visitor named one but no time.\"},"
         "\"topic\":{\"type\":\"string\",\"description\":\"What it is about, in a few words.\","
         "\"maxLength\":200}},"
         "\"required\":[\"day\"],\"additionalProperties\":false}"},
    [BUILTIN_CAPTURE_LEAD] =
        {"capture_lead",
         "Notes that the visitor wants to be contacted, and how. Use it when they show interest in "
         "an "
         "offer, ask for a call or cannot be helped here, once they have said how to reach them.",
         "{\"type\":\"object\",\"properties\":{"
         "\"name\":{\"type\":\"string\",\"description\":\"Their name.\",\"maxLength\":200},"
         "\"email\":{\"type\":\"string\",\"description\":\"Their e-mail "
         "address.\",\"maxLength\":200,"
         "\"pattern\":\"^[^@ ]+@[^@ ]+[.][^@ .]+$\"},"
         "\"phone\":{\"type\":\"string\",\"description\":\"Their telephone "
         "number.\",\"maxLength\":40,"
         "\"pattern\":\"^[+]?[0-9 ()/.-]{5,39}$\"},"
         "\"company\":{\"type\":\"string\",\"description\":\"Their company.\",\"maxLength\":200},"
         "\"message\":{\"type\":\"string\",\"description\":\"What it is "
         "about.\",\"maxLength\":1000}},"
         "\"minProperties\":1,\"additionalProperties\":false}"},
    [BUILTIN_QUICK_REPLIES] =
        {"quick_replies",
         "Shows the visitor buttons with short replies below your answer. Use it when you ask them "
         "to choose among a few things; write the replies as they would say them, in their "
         "language.",
         "{\"type\":\"object\",\"properties\":{\"replies\":{\"type\":\"array\",\"items\":{\"type\":"
         "\"string\",\"minLength\":1,\"maxLength\":80},\"minItems\":1,\"maxItems\":6}},"
         "\"required\":[\"replies\"],\"additionalProperties\":false}"},
    [BUILTIN_HANDOFF] =
        {"handoff_to_operator",
         "Hands the conversation over to a person of the team, once you have answered. Use it when "
         "the visitor asks for a person, is upset, or needs what you cannot give. Its result says "
         "whether somebody is there: tell the visitor what it says.",
         "{\"type\":\"object\",\"properties\":{"
         "\"reason\":{\"type\":\"string\",\"description\":\"Why, in a few "
         "words.\",\"minLength\":1,\"maxLength\":200},"
         "\"summary\":{\"type\":\"string\",\"description\":\"What the person needs to know: what "
         "the "
         "visitor wants and what was tried, in two or three sentences.\",\"maxLength\":1000}},"
         "\"required\":[\"reason\"],\"additionalProperties\":false}"},
};

bool builtin_find(struct slice name, enum builtin_kind *ret_kind) {
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++)
        if (slice_is(name, builtins[i].name)) {
            *ret_kind = (enum builtin_kind)i;
            return true;
        }
    return false;
}

struct slice builtin_description(enum builtin_kind kind) {
    return slice_of(builtins[kind].description);
}

struct slice builtin_parameters(enum builtin_kind kind) {
    return slice_of(builtins[kind].parameters);
}
