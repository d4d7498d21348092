/* Cuts the files that a bot knows into passages: pieces short enough to be found by a question and
 * handed to a model. Markdown and plain text. */
#pragma once
#include "store/records.h"
struct arena;

enum {
    KNOWLEDGE_VERSION = 2,         /* of the way files are cut: another one has them learnt again */
    KNOWLEDGE_PASSAGE_SIZE = 1200, /* bytes of text a passage has at most, … */
    KNOWLEDGE_CODE_SIZE =
        4800, /* … but for one that is a block of code, which is kept whole up to here */
    KNOWLEDGE_TITLE_SIZE = 300,
};

/* A passage holds blocks (paragraphs, lists, code) of one section in their order; `title` is the
 * path of headings above it ("Shipping > Countries"), `bot` and `source` are left empty. Headings
 * are those of Markdown, lines in bold that stand alone, and questions marked "Q:". Any bytes:
 * malformed UTF-8 becomes U+FFFD, and no sequence is cut. Passages are allocated in `arena`; none
 * for an empty text. */
void knowledge_split(struct slice text, struct arena *arena, struct store_passage **ret_passages,
                     size_t *ret_count);
