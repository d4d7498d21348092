#include "base/buffer.h"
#include "base/memory.h"
#include "model/provider.h"
#include "model/tokens.h"
#include "support/literal_tokens.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Ids as the package tiktoken 1.0.22 gives them. */
static void gives_the_ids_of_tiktoken(void **state) {
    (void)state;
    static const struct {
        enum tokens_encoding encoding;
        const char *text;
        uint32_t ids[12];
    } rows[] = {
        {TOKENS_O200K_BASE, "hello world", {24912, 2375}},
        {TOKENS_O200K_BASE,
         "Hello, World! How are you today? \xF0\x9F\x8C\x8D",
         {13225, 11, 5922, 0, 3253, 553, 481, 4044, 30, 130321, 235}},
        {TOKENS_O200K_BASE, "<|endoftext|>", {27, 91, 419, 1440, 919, 91, 29}},
        {TOKENS_O200K_BASE, "مرحبا بالعالم", {158894, 26537, 101462, 12773}},
        {TOKENS_O200K_BASE, "你好，世界", {177519, 979, 28428}},
        {TOKENS_O200K_BASE,
         "antidisestablishmentarianism",
         {493, 129901, 376, 160388, 21203, 2367}},
        {TOKENS_CL100K_BASE, "hello world", {15339, 1917}},
        {TOKENS_CL100K_BASE, "<|endoftext|>", {27, 91, 8862, 728, 428, 91, 29}},
        {TOKENS_CL100K_BASE,
         "مرحبا بالعالم",
         {10386, 11318, 30925, 22071, 5821, 28946, 32482, 24102, 32482, 10386}},
        {TOKENS_CL100K_BASE, "你好，世界", {57668, 53901, 3922, 3574, 244, 98220}},
        {TOKENS_CL100K_BASE, "antidisestablishmentarianism", {519, 85342, 34500, 479, 8997, 2191}},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct tokens *tokens = tokens_create(rows[row].encoding);
        struct buffer ids = {0};
        size_t count = 0;
        while (count < 12 && rows[row].ids[count])
            count++;
        if (slice_starts_with(slice_of(rows[row].text), SLICE("Hello,")))
            count = 11;                           /* a comma is token 11, "!" is token 0 */
        for (int again = 0; again < 2; again++) { /* the second time from what was kept */
            buffer_clear(&ids);
            tokens_encode(tokens, slice_of(rows[row].text), &ids);
            assert_int_equal(ids.size, count * sizeof(uint32_t));
            assert_memory_equal(ids.data, rows[row].ids, ids.size);
            assert_int_equal(tokens_count(tokens, slice_of(rows[row].text)), count);
        }
        buffer_finish(&ids);
        tokens_destroy(tokens);
    }
}

/* Each row is a text cut into its pieces at the bars. */
static void cuts_where_the_expressions_do(void **state) {
    (void)state;
    static const struct {
        enum tokens_encoding encoding;
        const char *pieces;
    } cases[] = {
        {TOKENS_O200K_BASE, "hello| world"},
        {TOKENS_O200K_BASE, "don't| we'LL|'d| they're"},
        {TOKENS_O200K_BASE, "it'\u017F| so"}, /* the long s */
        {TOKENS_O200K_BASE, "get|URLFrom|JSON"},
        {TOKENS_O200K_BASE, "\u4E2D|ABC"}, /* capitals end what has no case */
        {TOKENS_O200K_BASE, "ABC\u4E2D"},
        {TOKENS_O200K_BASE, "\u0301|AB"}, /* a mark takes the part of a small letter … */
        {TOKENS_O200K_BASE, "\u0301ab\u0301c"},
        {TOKENS_O200K_BASE, "!\u0301a"},
        {TOKENS_O200K_BASE, "!!\u0301|a"}, /* … but among other characters it is one */
        {TOKENS_O200K_BASE, "123|456|7\u0663\u0664|\u0665|x"},
        {TOKENS_O200K_BASE, " |1"},
        {TOKENS_O200K_BASE, "\tab| !!!\n\r//\n|x"},
        {TOKENS_O200K_BASE, "a|   \n \r\n|  | b|  "},
        {TOKENS_O200K_BASE, "\u00A0|\u3000a"},
        {TOKENS_O200K_BASE, "\U0001F30D\U0001F30D|a"},
        {TOKENS_O200K_BASE, "\xFF\xC0\x80|a"},
        {TOKENS_CL100K_BASE, "don|'t| we|'LL|'d"},
        {TOKENS_CL100K_BASE, "it|'\u017F| so"},
        {TOKENS_CL100K_BASE, "'s|un"},
        {TOKENS_CL100K_BASE, "getURL\u4E2DFromJSON"},
        {TOKENS_CL100K_BASE, "a|\u0301b"},
        {TOKENS_CL100K_BASE, " !!!\n\r|//\n|x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer text = {0}, found = {0};
        struct slice rest = slice_of(cases[i].pieces), piece;
        while (slice_split(&rest, '|', &piece))
            buffer_append(&text, piece);
        for (rest = buffer_slice(&text); rest.size; rest = slice_from(rest, piece.size)) {
            piece = slice_first(rest, tokens_piece(cases[i].encoding, rest));
            if (found.size)
                buffer_append_byte(&found, '|');
            buffer_append(&found, piece);
        }
        assert_string_equal(buffer_string(&found), cases[i].pieces);
        buffer_finish(&text);
        buffer_finish(&found);
    }
}

/* A generator of numbers that is the same everywhere. */
static uint32_t random_below(uint64_t *seed, uint32_t limit) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*seed >> 33) % limit);
}

static void random_text(uint64_t *seed, struct buffer *text) {
    static const char *const bits[] = {"a",      "e",
                                       " the",   "ing",
                                       "B",      " ",
                                       "\n",     "1",
                                       "'",      "s",
                                       "\xFF",   "\u00E9",
                                       "/",      "\r",
                                       "\u0434", "\u0436\u0430",
                                       "\u4E2D", "\u56FD",
                                       "\u3042", "==",
                                       "\t",     "\u0627\u0644",
                                       "\u0301", "\U0001F30D",
                                       "\u200D", "_",
                                       "tion",   "-"};
    enum { BITS = sizeof bits / sizeof bits[0] };
    buffer_clear(text);
    uint32_t from = random_below(seed, BITS), kinds = 1 + random_below(seed, BITS);
    for (uint32_t left = random_below(seed, 60); left > 0; left--)
        buffer_append_string(text, bits[(from + random_below(seed, kinds)) % BITS]);
}

static void encodes_as_literal_merging_does(void **state) {
    (void)state;
    struct buffer text = {0}, ids = {0}, literal = {0}, back = {0};
    uint64_t seed = 20261123;
    for (unsigned encoding = 0; encoding < TOKENS_ENCODINGS; encoding++) {
        struct tokens *tokens = tokens_create(encoding);
        for (int i = 0; i < 3000; i++) {
            random_text(&seed, &text);
            buffer_clear(&ids);
            buffer_clear(&literal);
            buffer_clear(&back);
            tokens_encode(tokens, buffer_slice(&text), &ids);
            literal_tokens(encoding, buffer_slice(&text), &literal);
            if (!slice_equal(buffer_slice(&ids), buffer_slice(&literal)))
                fail_msg("%s: %s", tokens_encoding_name(encoding), buffer_string(&text));
            size_t count = ids.size / sizeof(uint32_t);
            assert_int_equal(tokens_count(tokens, buffer_slice(&text)), count);
            assert_true(tokens_decode(encoding, (const uint32_t *)(void *)ids.data, count, &back));
            assert_true(slice_equal(buffer_slice(&back), buffer_slice(&text)));
        }
        tokens_destroy(tokens);
    }
    buffer_finish(&text);
    buffer_finish(&ids);
    buffer_finish(&literal);
    buffer_finish(&back);
}

/* The test would not end if time grew with the square. */
static void takes_a_megabyte_without_a_break(void **state) {
    (void)state;
    static const char *const units[] = {"a", " ", "\n",   "A",  "\u4E2D",
                                        "=", "1", "\xFF", "ab", "\u0301"};
    enum { MEGABYTE = 1 << 20 };
    for (unsigned encoding = 0; encoding < TOKENS_ENCODINGS; encoding++) {
        struct tokens *tokens = tokens_create(encoding);
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
            struct buffer text = {0}, ids = {0}, back = {0};
            while (text.size < MEGABYTE)
                buffer_append_string(&text, units[i]);
            tokens_encode(tokens, buffer_slice(&text), &ids);
            assert_true(tokens_decode(encoding, (const uint32_t *)(void *)ids.data,
                                      ids.size / sizeof(uint32_t), &back));
            assert_true(slice_equal(buffer_slice(&back), buffer_slice(&text)));
            buffer_finish(&text);
            buffer_finish(&ids);
            buffer_finish(&back);
        }
        tokens_destroy(tokens);
    }
}

static void knows_each_token_by_its_bytes(void **state) {
    (void)state;
    static const uint32_t counts[] = {199998, 100256};
    for (unsigned encoding = 0; encoding < TOKENS_ENCODINGS; encoding++) {
        struct buffer bytes = {0};
        for (uint32_t id = 0; id < counts[encoding]; id++) {
            buffer_clear(&bytes);
            assert_true(tokens_decode(encoding, &id, 1, &bytes));
            assert_true(bytes.size >= 1 && bytes.size <= 128);
            assert_int_equal(tokens_find(encoding, buffer_slice(&bytes)), id);
        }
        buffer_clear(&bytes);
        const uint32_t beyond[] = {1, counts[encoding]};
        assert_false(tokens_decode(encoding, beyond, 2, &bytes));
        assert_int_equal(bytes.size, 0);
        assert_int_equal(tokens_find(encoding, SLICE("no such token")), TOKENS_NONE);
        assert_int_equal(tokens_find(encoding, SLICE("")), TOKENS_NONE);
        assert_int_equal(tokens_count(NULL, SLICE("")), 0);
        buffer_finish(&bytes);
    }
}

static void knows_its_encodings(void **state) {
    (void)state;
    enum tokens_encoding encoding = TOKENS_O200K_BASE;
    assert_true(tokens_encoding_find(SLICE("cl100k_base"), &encoding));
    assert_int_equal(encoding, TOKENS_CL100K_BASE);
    assert_true(tokens_encoding_find(SLICE("o200k_base"), &encoding));
    assert_int_equal(encoding, TOKENS_O200K_BASE);
    encoding = TOKENS_CL100K_BASE;
    assert_false(tokens_encoding_find(SLICE("o200k"), &encoding));
    assert_false(tokens_encoding_find(SLICE(""), &encoding));
    assert_int_equal(encoding, TOKENS_CL100K_BASE);
    assert_string_equal(tokens_encoding_name(TOKENS_O200K_BASE), "o200k_base");
}

static void counts_a_call(void **state) {
    (void)state;
    struct tokens *tokens = tokens_create(TOKENS_O200K_BASE);
    struct model_call call = model_call_default();
    assert_int_equal(tokens_count_call(tokens, &call), 3);
    call.system = SLICE("hello world");
    const struct model_part text = {.kind = MODEL_PART_TEXT, .text = SLICE("hello world")};
    const struct model_part image = {.kind = MODEL_PART_IMAGE, .url = SLICE("https://a.example/")};
    const struct model_part tool = {.kind = MODEL_PART_TOOL_CALL,
                                    .tool_name = SLICE("hello"),
                                    .arguments = SLICE("hello world")};
    const struct model_part parts[] = {text, image};
    const struct model_message messages[] = {
        {MODEL_USER, &text, 1}, {MODEL_USER, parts, 2}, {MODEL_ASSISTANT, &tool, 1}};
    call.messages = messages;
    call.message_count = 1;
    assert_int_equal(tokens_count_call(tokens, &call), 3 + (4 + 2) + (4 + 2));
    call.message_count = 3;
    assert_int_equal(tokens_count_call(tokens, &call), 15 + (4 + 2 + 765) + (4 + 8 + 1 + 2));
    const struct model_tool tools[] = {{SLICE("hello"), SLICE("hello world"), SLICE("{}")}};
    call.tools = tools;
    call.tool_count = 1;
    assert_int_equal(tokens_count_call(tokens, &call), 15 + 771 + 15 + (12 + 1 + 2 + 1));
    tokens_destroy(tokens);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_ids_of_tiktoken),
        cmocka_unit_test(cuts_where_the_expressions_do),
        cmocka_unit_test(encodes_as_literal_merging_does),
        cmocka_unit_test(takes_a_megabyte_without_a_break),
        cmocka_unit_test(knows_each_token_by_its_bytes),
        cmocka_unit_test(knows_its_encodings),
        cmocka_unit_test(counts_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
