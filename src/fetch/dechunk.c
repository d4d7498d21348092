#include "fetch/dechunk.h"

enum state {
    SIZE, /* zero: the start */
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER,
    TRAILER_LF,
    LAST_LF,
    WRONG,
};

enum { DIGITS_MAX = 15 };

static int hex_digit(char byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static enum state after_size(struct dechunk *dechunk, char byte) {
    int digit = hex_digit(byte);
    if (digit >= 0) {
        dechunk->left = dechunk->left << 4 | (unsigned)digit;
        return ++dechunk->digits <= DIGITS_MAX ? SIZE : WRONG;
    }
    if (dechunk->digits == 0)
        return WRONG;
    dechunk->dropped = 0;
    if (byte == '\r')
        return SIZE_LF;
    /* Blanks behind the size are not allowed, but old servers pad with them. */
    return byte == ';' || byte == ' ' || byte == '\t' ? EXTENSION : WRONG;
}

static enum state after_size_line(struct dechunk *dechunk) {
    dechunk->digits = 0;
    dechunk->dropped = 0;
    return dechunk->left > 0 ? DATA : TRAILER_START;
}

static enum state after_dropped(struct dechunk *dechunk, char byte, size_t max, enum state same,
                                enum state line_end) {
    if (byte == '\r')
        return line_end;
    if (byte == '\n' || byte == '\0' || ++dechunk->dropped > max)
        return WRONG;
    return same;
}

/* The state after one byte that is not of the body. */
static enum state step(struct dechunk *dechunk, char byte) {
    switch ((enum state)dechunk->state) {
    case SIZE:
        return after_size(dechunk, byte);
    case EXTENSION:
        return after_dropped(dechunk, byte, DECHUNK_LINE_MAX, EXTENSION, SIZE_LF);
    case SIZE_LF:
        return byte == '\n' ? after_size_line(dechunk) : WRONG;
    case DATA_CR:
        return byte == '\r' ? DATA_LF : WRONG;
    case DATA_LF:
        return byte == '\n' ? SIZE : WRONG;
    case TRAILER_START:
        if (byte == '\r')
            return LAST_LF;
        return after_dropped(dechunk, byte, DECHUNK_TRAILERS_MAX, TRAILER, WRONG);
    case TRAILER:
        return after_dropped(dechunk, byte, DECHUNK_TRAILERS_MAX, TRAILER, TRAILER_LF);
    case TRAILER_LF:
        return byte == '\n' ? TRAILER_START : WRONG;
    default:
        return WRONG;
    }
}

enum dechunk_outcome dechunk_feed(struct dechunk *dechunk, char *bytes, size_t size,
                                  struct slice *ret_body, size_t *ret_used) {
    char *body = bytes;
    size_t gathered = 0, at = 0;
    enum dechunk_outcome outcome = DECHUNK_MORE;
    while (at < size && outcome == DECHUNK_MORE) {
        if (dechunk->state == DATA) {
            size_t count = dechunk->left < size - at ? (size_t)dechunk->left : size - at;
            if (gathered == 0)
                body = bytes + at; /* the first piece stays where it is */
            else
                memmove(body + gathered, bytes + at, count);
            gathered += count;
            at += count;
            dechunk->left -= count;
            if (dechunk->left == 0)
                dechunk->state = DATA_CR;
        } else if (dechunk->state == LAST_LF) {
            outcome = bytes[at++] == '\n' ? DECHUNK_DONE : DECHUNK_WRONG;
        } else {
            dechunk->state = (uint8_t)step(dechunk, bytes[at++]);
            if (dechunk->state == WRONG)
                outcome = DECHUNK_WRONG;
        }
    }
    *ret_body = (struct slice){body, gathered};
    *ret_used = at;
    return outcome;
}
