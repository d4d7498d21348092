/* Whatever is asked, only distinct, bounded words of letters and digits come out: they go into a
 * query between quotes. */
#include "base/utf8.h"
#include "store/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct question question;
    question_read((struct slice){(const char *)data, size}, &question);
    if (question.count > QUESTION_WORDS_MAX)
        __builtin_trap();
    for (size_t i = 0; i < question.count; i++) {
        struct slice word = question.words[i].text;
        if (word.size == 0 || word.size > QUESTION_WORD_SIZE_MAX || !utf8_valid(word))
            __builtin_trap();
        for (size_t j = 0; j < word.size; j++) {
            unsigned char c = (unsigned char)word.data[j];
            bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || c >= 0x80;
            if (!good)
                __builtin_trap();
        }
    }
    return 0;
}
