#include "chat/tool_result.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/utf8.h"
#include "chat/money.h"
#include "chat/settings.h"
#include "chat/turn_state.h"
#include "model/tokens.h"
#include <sodium.h>

enum { LOGGED_MAX = 4096, CLAIMS_MAX = 64 };

/* --- results --- */

/* The longest beginning of at most so many tokens: cut by proportion until it fits. */
static struct slice cut(struct tokens *tokens, struct slice text, size_t most) {
    while (text.size > most) { /* a token is a byte at least */
        size_t count = tokens_count(tokens, text);
        if (count <= most)
            break;
        size_t size = (size_t)((unsigned __int128)text.size * most / count);
        text = slice_first(text, utf8_cut(text, size < text.size ? size : text.size - 1));
    }
    return text;
}

struct slice tool_result_fit(struct turn *turn, const struct tool *tool, struct slice result) {
    const struct model_info *info = turn->choices[turn->choice].info;
    struct slice kept = cut(money_tokens(turn->chat, info), result, (size_t)tool->output_max);
    bool is_json = json_validate(result, NULL);
    const char *mark = is_json ? "" : MODEL_RESULT_MARK;
    if (kept.size == result.size)
        return slice_of(arena_printf(turn->arena, "%s%.*s", mark, SLICE_ARG(kept)));
    return slice_of(arena_printf(turn->arena,
                                 "%s%.*s\n(Cut: %zu of %zu bytes are shown. Ask for less.)", mark,
                                 SLICE_ARG(kept), kept.size, result.size));
}

/* --- bindings --- */

static void add_claims(const struct turn *turn, struct tool_binding *bindings, size_t *count) {
    struct slice key, value;
    size_t cursor = 0, claims = 0;
    while (claims < CLAIMS_MAX && json_next_member(turn->who.claims, &cursor, &key, &value)) {
        struct buffer text = {0};
        enum json_type type = json_type(value);
        if (type == JSON_STRING)
            json_read_string(value, &text);
        else if (type == JSON_NUMBER || type == JSON_BOOLEAN)
            buffer_append(&text, value);
        else
            continue;
        bindings[*count].name = slice_of(arena_printf(turn->arena, "user.%.*s", SLICE_ARG(key)));
        bindings[(*count)++].value = arena_copy(turn->arena, buffer_slice(&text));
        buffer_finish(&text);
        claims++;
    }
}

static void hash_part(crypto_generichash_state *state, struct slice part) {
    const uint64_t size = part.size; /* so that "a","bc" and "ab","c" differ */
    crypto_generichash_update(state, (const unsigned char *)&size, sizeof size);
    crypto_generichash_update(state, (const unsigned char *)part.data, part.size);
}

/* The same for the same call in the same place of the same conversation: a request that is sent
 * again (by a client that lost the answer, say) brings the same messages. */
static struct slice key_of(const struct turn *turn, const struct tool *tool,
                           struct slice arguments) {
    crypto_generichash_state state;
    unsigned char digest[32];
    char text[2 * sizeof digest + 1];
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    hash_part(&state, slice_of(turn->bot->name));
    hash_part(&state, slice_of(turn->who.user));
    hash_part(&state, turn->goes_on ? id_slice(&turn->conversation_id) : SLICE(""));
    for (size_t i = 0; i < turn->message_count; i++)
        for (size_t j = 0; j < turn->messages[i].part_count; j++)
            hash_part(&state, turn->messages[i].parts[j].text);
    hash_part(&state, slice_of(tool->name));
    hash_part(&state, arguments);
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(text, sizeof text, digest, sizeof digest);
    return arena_copy(turn->arena, slice_of(text));
}

void tool_bindings(struct turn *turn, const struct tool *tool, struct slice arguments,
                   struct tool_run_request *request) {
    struct tool_binding *bindings = arena_array(turn->arena, CLAIMS_MAX + 6, sizeof *bindings);
    size_t count = 0;
    struct slice key = key_of(turn, tool, arguments);
    /* The server's own names come first: a claim named "id" does not replace the verified one. */
    if (turn->who.kind == IDENTITY_USER)
        bindings[count++] = (struct tool_binding){
            SLICE("user.id"), slice_from(slice_of(turn->who.user), strlen("user:"))};
    bindings[count++] =
        (struct tool_binding){SLICE("conversation.id"), id_slice(&turn->conversation_id)};
    bindings[count++] = (struct tool_binding){SLICE("visitor.key"), slice_of(turn->who.user)};
    if (turn->language.size > 0)
        bindings[count++] = (struct tool_binding){SLICE("visitor.language"), turn->language};
    bindings[count++] = (struct tool_binding){SLICE("bot.name"), slice_of(turn->bot->name)};
    bindings[count++] = (struct tool_binding){SLICE("call.key"), key};
    if (turn->who.kind == IDENTITY_USER)
        add_claims(turn, bindings, &count);
    request->bindings = bindings;
    request->binding_count = count;
    if (tool->write)
        request->key = key;
}

/* --- the log --- */

struct slice tool_arguments_redacted(const struct tool *tool, struct slice arguments,
                                     bool is_object, struct arena *arena) {
    struct buffer out = {0};
    struct slice key, value;
    size_t cursor = 0;
    if (!tool || !is_object) {
        /* Nobody said what of it is private. */
        json_append_string(&out, tool && tool->redact_count == 0
                                     ? slice_first(arguments, utf8_cut(arguments, 200))
                                     : SLICE("(not kept)"));
    } else {
        struct json_writer json = json_writer_start(&out);
        json_begin_object(&json);
        while (json_next_member(arguments, &cursor, &key, &value) && out.size < LOGGED_MAX) {
            json_key_slice(&json, key);
            if (tool_redacts(tool, key))
                json_string(&json, SLICE("(redacted)"));
            else if (value.size > LOGGED_MAX)
                json_string(&json, SLICE("(long)"));
            else
                json_raw(&json, value);
        }
        json_end_object(&json);
    }
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}
