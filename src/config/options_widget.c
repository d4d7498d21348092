/* The rows of how the widget looks and what it says. */
#include "config/draft.h"
#include "config/rows.h"

#define WIDGET(name, type, member, ...)                                                            \
    ROW(name, type, struct draft_bot, bot.widget.member, __VA_ARGS__)

static const struct choice positions[] = {{"right", 0, NULL}, {"left", 1, NULL}, {NULL, 0, NULL}};

static const struct option widget_options[] = {
    WIDGET("title", OPTION_STRING, title, RANGE(1, 80),
           .help = "What stands above the conversation.", .fallback_text = "the bot's name"),
    WIDGET("color", OPTION_STRING, color, RANGE(4, 7),
           .help = "Of the button and the visitor's messages: `\"#2563eb\"`.",
           .fallback_text = "the widget's own blue"),
    WIDGET("position", OPTION_CHOICE, left, .choices = positions, .fallback = "right",
           .help = "In which lower corner of the page it is."),
    WIDGET("sound", OPTION_BOOLEAN, sound, .fallback = "false",
           .help = "A short soft sound when an answer is complete, or a person writes, while the "
                   "chat is closed or the page hidden. The visitor can turn it off."),
    ROW("welcome", OPTION_TREE, struct draft_bot, welcome, .form = "text, or language: text",
        .help = "What the visitor reads first."),
    ROW("suggestions", OPTION_TREE, struct draft_bot, suggestions,
        .form = "list of texts, or language: list",
        .help = "Questions to begin with, one press each."),
    ROW("pages", OPTION_TREE, struct draft_bot, pages,
        .form = "list of `match`, `welcome` and `suggestions`",
        .help = "What is said on some pages in place of that: `match` is a path such as "
                "`/products/*`, or an address that begins with `https://`; `*` stands for any "
                "text. The first page that matches counts."),
    WIDGET("image_hosts", OPTION_STRING, image_hosts,
           LIST(struct draft_bot, bot.widget.image_host_count, 32), RANGE(1, 200),
           .flags = OPTION_LIST,
           .help = "From where images in answers are loaded. Others are shown as links: an address "
                   "that a model wrote can carry away what was said.",
           .fallback_text = "none"),
};
static const struct option lead_options[] = {
    ROW("ask", OPTION_TREE, struct draft_bot, lead_ask,
        .form = "`before`, `tool`, `offline`, or a list of them",
        .help = "When: `before` the chat, by a form of the widget; by the bot, which gets the "
                "`tool` capture_lead for it; `offline`, by the form once nobody can answer.",
        .fallback_text = "`before`"),
    ROW("fields", OPTION_STRING, struct draft_bot, bot.lead.fields,
        LIST(struct draft_bot, bot.lead.field_count, 5), RANGE(1, 32),
        .flags = OPTION_LIST | OPTION_REQUIRED, .help = "Of " LEAD_FIELDS "."),
    ROW("required", OPTION_STRING, struct draft_bot, bot.lead.required,
        LIST(struct draft_bot, bot.lead.required_count, 5), RANGE(1, 32), .flags = OPTION_LIST,
        .help = "Those that must be filled in.", .fallback_text = "none"),
    ROW("consent", OPTION_TREE, struct draft_bot, lead_consent, .form = "text, or language: text",
        .help = "What the visitor must agree to; it is kept with what they said.",
        .fallback_text = "nothing"),
    ROW("webhook", OPTION_URL, struct draft_bot, bot.lead.webhook.url,
        .help = "Where each is posted, new or with more said (see [webhooks](webhooks.md))."),
    ROW("webhook_secret", OPTION_SECRET, struct draft_bot, bot.lead.webhook.secret,
        RANGE(1, 4 * KIB), .help = WEBHOOK_SECRET_HELP),
};
const struct section lead_section = {.name = "lead",
                                     .help =
                                         "What visitors are asked for, so that you can reach them.",
                                     ROWS(lead_options)};

#define ATTACHMENTS(name, type, member, ...)                                                       \
    ROW(name, type, struct draft_bot, bot.attachments.member, __VA_ARGS__)
static const struct option attachment_options[] = {
    ATTACHMENTS("images", OPTION_COUNT, images, RANGE(0, 8), .fallback = "0",
                .help =
                    "Most in one message; 0 takes none. One of the bot's models must see images."),
    ATTACHMENTS("size", OPTION_SIZE, size_max, RANGE(1 * KIB, 32 * MIB), .fallback = "1MiB",
                .help =
                    "Most of one; at most `http.body_max`. The widget makes larger ones smaller "
                    "before it sends them."),
    ATTACHMENTS("types", OPTION_STRING, types,
                LIST(struct draft_bot, bot.attachments.type_count, 4), RANGE(1, 32),
                .flags = OPTION_LIST, .help = "Of " ATTACHMENT_TYPES ".",
                .fallback_text = "all of these"),
};
const struct section attachment_section = {.name = "attachments",
                                           .help = "Images that visitors may send with a message.",
                                           ROWS(attachment_options)};

#define HANDOFF(name, type, member, ...)                                                           \
    ROW(name, type, struct draft_bot, bot.handoff.member, __VA_ARGS__)
static const struct choice nobodies[] = {{"lead", 0, NULL}, {"wait", 1, NULL}, {NULL, 0, NULL}};
static const struct option handoff_options[] = {
    ROW("enabled", OPTION_BOOLEAN, struct draft_bot, bot.handoff.enabled, .fallback = "false",
        .help = "Whether visitors may ask for a person, and operators may take conversations over "
                "(`switchboard operator add`, then `/desk`)."),
    ROW("hours", OPTION_TREE, struct draft_bot, handoff_hours, .form = "weekday: hours",
        .help = "When somebody is there, in the bot's time zone (`budget.time_zone`): `monday: "
                "\"9:00-17:00\"`, or a list of such.",
        .fallback_text = "always"),
    HANDOFF("holidays", OPTION_STRING, hours.holidays,
            LIST(struct draft_bot, bot.handoff.hours.holiday_count, 100), RANGE(5, 10),
            .flags = OPTION_LIST,
            .help = "Days on which nobody is: `2026-12-24`, or `12-25` for each year's."),
    HANDOFF("nobody", OPTION_CHOICE, waits, .choices = nobodies, .fallback = "lead",
            .help =
                "What becomes of a call while no operator is present, or all have as many "
                "conversations as they may: the visitor is told so and goes on with the bot, and "
                "is asked how they can be reached where `lead.ask` has `offline`; or they wait "
                "all the same. Outside `hours` they are told in any case."),
    HANDOFF("chats", OPTION_COUNT, chats, RANGE(0, 1000), .fallback = "0",
            .help = "Most conversations of one operator at once; with 0 there is no limit."),
    HANDOFF("wait_max", OPTION_DURATION, wait_ms, RANGE(0, DAY), .fallback = "10min",
            .help =
                "How long a visitor waits before they are told that nobody comes; `0s`: for ever."),
    HANDOFF("keywords", OPTION_STRING, keywords,
            LIST(struct draft_bot, bot.handoff.keyword_count, 50), RANGE(2, 100),
            .flags = OPTION_LIST,
            .help = "A message that holds one of these words, or is one of these sentences, calls "
                    "for a person: `operator`, `talk to a human`. Upper and lower case are the "
                    "same."),
    HANDOFF("webhook", OPTION_URL, webhook.url,
            .help = "Where each change of who answers is posted (see [webhooks](webhooks.md))."),
    HANDOFF("webhook_secret", OPTION_SECRET, webhook.secret,
            .help = "What it is signed with: `whsec_…`, as lead.webhook_secret."),
    HANDOFF("tool", OPTION_BOOLEAN, tool, .fallback = "true",
            .help = "Whether the model may call for a person: it gets the tool "
                    "`handoff_to_operator`."),
};
const struct section handoff_section = {.name = "handoff",
                                        .help = "When a person is called for, instead of the bot.",
                                        ROWS(handoff_options)};

const struct section widget_section = {
    .name = "widget",
    .help = "How it looks on a page (`<script src=\"…/widget.js\" data-bot=\"NAME\" async>`).",
    ROWS(widget_options)};
