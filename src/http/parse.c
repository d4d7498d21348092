#include "http/parse.h"
#include "base/arena.h"
#include "http/chunk.h"
#include "http/syntax.h"
#include <http_parser.h>

enum {
    ARENA_SLACK = 512,        /* for what a handler allocates besides the request */
    BODY_IN_ARENA_MAX = 8192, /* a larger body gets memory of its own */
    LENGTH_DIGITS_MAX = 18,   /* more are not a size but an attempt to overflow one */
};

/* The head as it is taken apart: `message` is filled, the rest is needed until it is judged. */
struct head {
    struct http_message *message;
    struct http_header *headers;
    size_t count, capacity;
    struct slice target;
    struct slice host, length, coding, expect;
    size_t hosts, lengths, codings, expects;
    bool close, keep_alive;
};

static const char *const methods[] = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"};

void http_message_destroy(struct http_message *message) {
    if (!message)
        return;
    buffer_finish(&message->grown);
    arena_destroy(message->arena);
}

static void expect_head(struct http_parse *parse) {
    parse->at = parse->line = parse->start = 0;
    parse->lines = 0;
}

void http_parse_init(struct http_parse *parse, size_t header_max, size_t body_max) {
    *parse = (struct http_parse){.header_max = header_max, .body_max = body_max};
}

void http_parse_finish(struct http_parse *parse) {
    http_message_destroy(parse->message);
    parse->message = NULL;
}

struct http_message *http_parse_take(struct http_parse *parse) {
    struct http_message *message = parse->message;
    parse->message = NULL;
    return message;
}

/* --- Scanning: each line is judged as soon as it is complete, each byte as soon as it is there ---
 */

static bool method_known(struct slice method) {
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (slice_is(method, methods[i]))
            return true;
    return false;
}

static enum http_refusal check_version(struct slice version) {
    if (slice_is(version, "HTTP/1.1") || slice_is(version, "HTTP/1.0"))
        return HTTP_REFUSE_NONE;
    bool well_formed = version.size == 8 && slice_starts_with(version, SLICE("HTTP/")) &&
                       version.data[5] >= '0' && version.data[5] <= '9' && version.data[6] == '.' &&
                       version.data[7] >= '0' && version.data[7] <= '9';
    return well_formed ? HTTP_REFUSE_VERSION : HTTP_REFUSE_REQUEST_LINE;
}

static bool split_request_line(struct slice line, struct slice *ret_method,
                               struct slice *ret_target, struct slice *ret_version) {
    size_t first = slice_find_byte(line, ' ');
    if (first == SIZE_MAX)
        return false;
    struct slice rest = slice_from(line, first + 1);
    size_t second = slice_find_byte(rest, ' ');
    if (second == SIZE_MAX || second == 0)
        return false;
    *ret_method = slice_first(line, first);
    *ret_target = slice_first(rest, second);
    *ret_version = slice_from(rest, second + 1);
    return http_token_valid(*ret_method);
}

static enum http_refusal check_request_line(struct slice line) {
    struct slice method, target, version;
    if (!split_request_line(line, &method, &target, &version))
        return HTTP_REFUSE_REQUEST_LINE;
    enum http_refusal refusal = check_version(version);
    if (refusal != HTTP_REFUSE_NONE)
        return refusal;
    if (!method_known(
            method)) /* before the target, because CONNECT and "OPTIONS *" have other ones */
        return HTTP_REFUSE_METHOD;
    struct http_target ignored;
    return http_target_parse(target, &ignored);
}

static enum http_refusal check_header_line(struct slice line) {
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return HTTP_REFUSE_FOLD;
    size_t colon = http_span(line, 0, HTTP_TOKEN);
    if (colon < line.size && line.data[colon] == ':' && colon > 0)
        return HTTP_REFUSE_NONE;
    if (colon < line.size && (line.data[colon] == ' ' || line.data[colon] == '\t')) {
        while (colon < line.size && (line.data[colon] == ' ' || line.data[colon] == '\t'))
            colon++;
        if (colon < line.size && line.data[colon] == ':')
            return HTTP_REFUSE_NAME_SPACE;
    }
    return HTTP_REFUSE_NAME;
}

/* A complete line without its CRLF. Stores whether it ends the head. */
static enum http_refusal end_line(struct http_parse *parse, struct slice line, bool *ret_last) {
    *ret_last = false;
    if (parse->lines == 0) {
        if (line.size > 0) {
            parse->lines = 1;
            return check_request_line(line);
        }
        if (parse->start > 0)
            return HTTP_REFUSE_EMPTY_LINES;
        parse->start = 2; /* RFC 9112 2.2: old clients send a CRLF too many */
        return HTTP_REFUSE_NONE;
    }
    *ret_last = line.size == 0;
    if (*ret_last)
        return HTTP_REFUSE_NONE;
    if (parse->lines++ > HTTP_HEADERS_MAX)
        return HTTP_REFUSE_HEADERS_MANY;
    return check_header_line(line);
}

static enum http_refusal bad_byte(char byte) {
    return byte == '\n' ? HTTP_REFUSE_BARE_LF : HTTP_REFUSE_BYTE;
}

/* How far to look: never beyond what a head may have, and a request line may have less. */
static size_t scan_end(const struct http_parse *parse, size_t size, bool *ret_limited) {
    size_t limit = parse->header_max;
    if (parse->lines == 0 && parse->line + HTTP_REQUEST_LINE_MAX < limit)
        limit = parse->line + HTTP_REQUEST_LINE_MAX;
    *ret_limited = size >= limit;
    return *ret_limited ? limit : size;
}

/* MORE, COMPLETE (parse->at is behind the head) or REFUSED. */
static enum http_parse_event scan(struct http_parse *parse, struct slice bytes,
                                  enum http_refusal *ret_refusal) {
    for (;;) {
        bool limited;
        struct slice seen = slice_first(bytes, scan_end(parse, bytes.size, &limited));
        size_t at = http_span(seen, parse->at, parse->lines == 0 ? HTTP_LINE : HTTP_VALUE);
        parse->at = at;
        if (at == seen.size || (seen.data[at] == '\r' && at + 1 == seen.size)) {
            if (!limited)
                return HTTP_PARSE_MORE;
            *ret_refusal = parse->lines == 0 ? HTTP_REFUSE_TARGET_LONG : HTTP_REFUSE_HEADERS_LARGE;
            return HTTP_PARSE_REFUSED;
        }
        enum http_refusal refusal;
        bool last = false;
        if (seen.data[at] != '\r')
            refusal = bad_byte(seen.data[at]);
        else if (seen.data[at + 1] != '\n')
            refusal = HTTP_REFUSE_BARE_CR;
        else
            refusal =
                end_line(parse, (struct slice){seen.data + parse->line, at - parse->line}, &last);
        if (refusal != HTTP_REFUSE_NONE) {
            *ret_refusal = refusal;
            return HTTP_PARSE_REFUSED;
        }
        parse->at = parse->line = at + 2;
        if (last)
            return HTTP_PARSE_COMPLETE;
    }
}

/* --- The complete head --- */

static struct slice trim_blanks(struct slice value) {
    while (value.size > 0 && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = slice_from(value, 1);
    while (value.size > 0 &&
           (value.data[value.size - 1] == ' ' || value.data[value.size - 1] == '\t'))
        value.size--;
    return value;
}

static void read_connection(struct head *head, struct slice value) {
    struct slice part;
    while (slice_split(&value, ',', &part)) {
        part = trim_blanks(part);
        if (slice_equal_nocase(part, SLICE("close")))
            head->close = true;
        else if (slice_equal_nocase(part, SLICE("keep-alive")))
            head->keep_alive = true;
    }
}

/* Notes the headers that decide about framing and routing. */
static void note_header(struct head *head, struct slice name, struct slice value) {
    switch (name.size) {
    case 4:
        if (slice_equal_nocase(name, SLICE("host"))) {
            head->host = value;
            head->hosts++;
        }
        break;
    case 6:
        if (slice_equal_nocase(name, SLICE("expect"))) {
            head->expect = value;
            head->expects++;
        }
        break;
    case 10:
        if (slice_equal_nocase(name, SLICE("connection")))
            read_connection(head, value);
        break;
    case 14:
        if (slice_equal_nocase(name, SLICE("content-length"))) {
            head->length = value;
            head->lengths++;
        }
        break;
    case 17:
        if (slice_equal_nocase(name, SLICE("transfer-encoding"))) {
            head->coding = value;
            head->codings++;
        }
        break;
    default:
        break;
    }
}

/* Text that scan() has let through, so that every line has its CRLF and every header its colon. */
static void split_head(struct head *head, struct slice text) {
    struct http_message *message = head->message;
    struct slice version = {NULL, 0};
    size_t end = slice_find_byte(text, '\r');
    (void)split_request_line(slice_first(text, end), &message->request.method, &head->target,
                             &version);
    message->http_1_0 = slice_is(version, "HTTP/1.0");
    for (;;) {
        text = slice_from(text, end + 2);
        end = slice_find_byte(text, '\r');
        if (end == 0)
            break;
        struct slice line = slice_first(text, end);
        size_t colon = slice_find_byte(line, ':');
        struct http_header *header = &head->headers[head->count++];
        header->name = slice_first(line, colon);
        header->value = trim_blanks(slice_from(line, colon + 1));
        note_header(head, header->name, header->value);
    }
    message->request.headers = head->headers;
    message->request.header_count = head->count;
}

static enum http_refusal judge_length(struct head *head, size_t body_max) {
    if (head->lengths > 1)
        return HTTP_REFUSE_LENGTH_TWICE;
    struct slice text = head->length;
    if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
        return HTTP_REFUSE_LENGTH;
    if (text.size > LENGTH_DIGITS_MAX)
        return HTTP_REFUSE_LENGTH;
    uint64_t length = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return HTTP_REFUSE_LENGTH;
        length = length * 10 + (unsigned)(text.data[i] - '0');
    }
    if (length > body_max)
        return HTTP_REFUSE_BODY_LARGE;
    head->message->length = length;
    return HTTP_REFUSE_NONE;
}

static enum http_refusal judge_framing(struct head *head, size_t body_max) {
    struct http_message *message = head->message;
    if (head->lengths > 0 && head->codings > 0)
        return HTTP_REFUSE_LENGTH_AND_CODING;
    if (head->lengths > 0)
        return judge_length(head, body_max);
    if (head->codings == 0)
        return HTTP_REFUSE_NONE;
    if (head->codings > 1 || !slice_is(head->coding, "chunked"))
        return HTTP_REFUSE_CODING;
    if (message->http_1_0)
        return HTTP_REFUSE_CODING_1_0;
    message->chunked = arena_allocate(message->arena, sizeof *message->chunked);
    return HTTP_REFUSE_NONE;
}

static enum http_refusal judge_target(struct head *head) {
    struct http_request *request = &head->message->request;
    struct http_target target;
    enum http_refusal refusal = http_target_parse(head->target, &target);
    if (refusal != HTTP_REFUSE_NONE)
        return refusal;
    if (head->hosts == 0 && !head->message->http_1_0)
        return HTTP_REFUSE_HOST_MISSING;
    if (head->hosts > 1)
        return HTTP_REFUSE_HOST_TWICE;
    if (head->hosts == 1 && !http_host_valid(head->host))
        return HTTP_REFUSE_HOST;
    if (target.authority.size > 0 && head->hosts == 1 &&
        !slice_equal_nocase(target.authority, head->host))
        return HTTP_REFUSE_HOST_OTHER;
    request->query = target.query;
    return http_path_decode(target.path, head->message->arena, &request->path);
}

/* It would mean nothing, and where an intermediary does not expect it, it is the next request. */
static bool body_unwanted(const struct http_message *message) {
    struct slice method = message->request.method;
    return (message->length > 0 || message->chunked) &&
           (slice_is(method, "GET") || slice_is(method, "HEAD"));
}

static enum http_refusal judge_head(struct head *head, size_t body_max) {
    struct http_message *message = head->message;
    message->keep_alive = !head->close && (!message->http_1_0 || head->keep_alive);
    enum http_refusal refusal = judge_target(head);
    if (refusal == HTTP_REFUSE_NONE)
        refusal = judge_framing(head, body_max);
    if (refusal == HTTP_REFUSE_NONE && body_unwanted(message))
        refusal = HTTP_REFUSE_BODY_UNWANTED;
    if (refusal != HTTP_REFUSE_NONE || head->expects == 0)
        return refusal;
    if (head->expects > 1 || !slice_equal_nocase(head->expect, SLICE("100-continue")))
        return HTTP_REFUSE_EXPECT;
    message->wants_continue = !message->http_1_0; /* RFC 9110 10.1.1: ignored from HTTP/1.0 */
    return HTTP_REFUSE_NONE;
}

/* --- The second opinion --- */

struct opinion {
    const struct head *head;
    size_t names, values;
    bool agreed, complete;
};

static int on_url(http_parser *parser, const char *at, size_t size) {
    struct opinion *opinion = parser->data;
    if (at != opinion->head->target.data || size != opinion->head->target.size)
        opinion->agreed = false;
    return 0;
}

static int on_name(http_parser *parser, const char *at, size_t size) {
    struct opinion *opinion = parser->data;
    size_t i = opinion->names++;
    if (i >= opinion->head->count || at != opinion->head->headers[i].name.data ||
        size != opinion->head->headers[i].name.size)
        opinion->agreed = false;
    return 0;
}

/* http-parser leaves trailing blanks on, and tells of an empty value or not, as it likes. */
static int on_value(http_parser *parser, const char *at, size_t size) {
    struct opinion *opinion = parser->data;
    if (opinion->names == 0 || opinion->names > opinion->head->count) {
        opinion->agreed = false;
        return 0;
    }
    struct slice ours = opinion->head->headers[opinion->names - 1].value;
    struct slice theirs = trim_blanks((struct slice){at, size});
    if (!slice_equal(ours, theirs) || (ours.size > 0 && ours.data != theirs.data))
        opinion->agreed = false;
    opinion->values++;
    return 0;
}

static int on_head(http_parser *parser) {
    struct opinion *opinion = parser->data;
    const struct http_message *ours = opinion->head->message;
    bool chunked = (parser->flags & F_CHUNKED) != 0;
    uint64_t length = parser->flags & F_CONTENTLENGTH ? parser->content_length : 0;
    opinion->complete = true;
    if (chunked != (ours->chunked != NULL) || length != ours->length || parser->http_major != 1 ||
        parser->http_minor != (ours->http_1_0 ? 0 : 1) ||
        !slice_is(ours->request.method, http_method_str((enum http_method)parser->method)))
        opinion->agreed = false;
    return 1; /* no body: that is read by our own decoder */
}

static bool http_parser_agrees(const struct head *head, struct slice text) {
    static const http_parser_settings settings = {
        .on_url = on_url,
        .on_header_field = on_name,
        .on_header_value = on_value,
        .on_headers_complete = on_head,
    };
    struct opinion opinion = {.head = head, .agreed = true};
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &opinion;
    size_t used = http_parser_execute(&parser, &settings, text.data, text.size);
    return HTTP_PARSER_ERRNO(&parser) == HPE_OK && used == text.size && opinion.complete &&
           opinion.agreed && opinion.names == head->count;
}

/* --- Putting it together --- */

/* Makes the message of a head that scan() has let through; `behind` is what came after it. */
static enum http_refusal take_head(struct http_parse *parse, struct slice text, size_t behind) {
    size_t count = parse->lines - 1u;
    size_t body = behind < BODY_IN_ARENA_MAX ? behind : 0;
    struct arena *arena = arena_create(text.size + count * sizeof(struct http_header) + body +
                                       sizeof(struct http_message) + ARENA_SLACK);
    struct http_message *message = arena_allocate(arena, sizeof *message);
    message->arena = arena;
    struct head head = {.message = message, .capacity = count};
    head.headers = arena_array(arena, count, sizeof *head.headers);
    text = arena_copy(arena, text);
    split_head(&head, text);
    enum http_refusal refusal = judge_head(&head, parse->body_max);
    if (refusal == HTTP_REFUSE_NONE && !http_parser_agrees(&head, text))
        refusal = HTTP_REFUSE_DISAGREEMENT;
    if (refusal == HTTP_REFUSE_NONE)
        parse->message = message;
    else
        http_message_destroy(message);
    return refusal;
}

static enum http_parse_event feed_head(struct http_parse *parse, struct slice bytes,
                                       size_t *ret_used, enum http_refusal *ret_refusal) {
    enum http_parse_event event = scan(parse, bytes, ret_refusal);
    if (event != HTTP_PARSE_COMPLETE)
        return event;
    size_t end = parse->at;
    struct slice text = slice_from(slice_first(bytes, end), parse->start);
    enum http_refusal refusal = take_head(parse, text, bytes.size - end);
    expect_head(parse);
    if (refusal != HTTP_REFUSE_NONE) {
        *ret_refusal = refusal;
        return HTTP_PARSE_REFUSED;
    }
    *ret_used = end;
    bool body = parse->message->chunked || parse->message->length > 0;
    return body ? HTTP_PARSE_HEAD : HTTP_PARSE_COMPLETE;
}

static enum http_parse_event feed_sized(struct http_message *message, struct slice bytes,
                                        size_t *ret_used) {
    struct buffer *grown = &message->grown;
    struct slice part = slice_first(bytes, message->length - grown->size);
    *ret_used = part.size;
    if (part.size == message->length && part.size < BODY_IN_ARENA_MAX) {
        message->request.body = arena_copy(message->arena, part);
        return HTTP_PARSE_COMPLETE;
    }
    buffer_append(grown, part);
    message->request.body = buffer_slice(grown);
    return grown->size == message->length ? HTTP_PARSE_COMPLETE : HTTP_PARSE_MORE;
}

static enum http_parse_event feed_chunked(struct http_parse *parse, struct slice bytes,
                                          size_t *ret_used, enum http_refusal *ret_refusal) {
    struct http_message *message = parse->message;
    enum http_chunked_outcome outcome = http_chunked_feed(message->chunked, bytes, &message->grown,
                                                          parse->body_max, ret_used, ret_refusal);
    message->request.body = buffer_slice(&message->grown);
    return outcome == HTTP_CHUNKED_MORE   ? HTTP_PARSE_MORE
           : outcome == HTTP_CHUNKED_DONE ? HTTP_PARSE_COMPLETE
                                          : HTTP_PARSE_REFUSED;
}

enum http_parse_event http_parse_feed(struct http_parse *parse, struct slice bytes,
                                      size_t *ret_used, enum http_refusal *ret_refusal) {
    *ret_used = 0;
    if (!parse->message)
        return feed_head(parse, bytes, ret_used, ret_refusal);
    if (parse->message->chunked)
        return feed_chunked(parse, bytes, ret_used, ret_refusal);
    return feed_sized(parse->message, bytes, ret_used);
}
