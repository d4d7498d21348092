#include "model/tokens_estimate.h"
#include "base/buffer.h"
#include <math.h>

/* Below this the wrapping of the messages, which differs by vendor, outweighs the text. */
enum { COUNTED_MIN = 16 };
/* Larger than any window; keeps the arithmetic exact. */
static const int64_t tokens_max = INT64_C(1) << 40;
static const double start_error = 0.3, error_min = 0.005, error_max = 1;
/* How much the latest report counts once there are many. */
static const double weight_min = 0.05;

struct tokens_estimate tokens_estimate_start(void) {
    return (struct tokens_estimate){.ratio = 1, .error = start_error};
}

static double clamp(double value, double least, double most) {
    return fmin(fmax(value, least), most);
}

static int64_t scaled(double factor, int64_t counted) {
    if (counted <= 0)
        return 0;
    return (int64_t)ceil(factor * (double)(counted < tokens_max ? counted : tokens_max));
}

int64_t tokens_estimate_of(const struct tokens_estimate *estimate, int64_t counted) {
    return scaled(estimate->ratio, counted);
}

int64_t tokens_estimate_most(const struct tokens_estimate *estimate, int64_t counted) {
    return scaled(estimate->ratio * (1 + 2 * estimate->error), counted);
}

void tokens_estimate_learn(struct tokens_estimate *estimate, int64_t counted, int64_t reported) {
    if (counted < COUNTED_MIN || counted > tokens_max || reported <= 0 || reported > tokens_max)
        return;
    /* In logarithms, so that twice as much and half as much weigh the same. */
    double seen = clamp((double)reported / (double)counted, TOKENS_RATIO_MIN, TOKENS_RATIO_MAX);
    double off = log(seen / estimate->ratio);
    /* One report beyond what is usual pulls no further than three times the usual error; many of
     * them widen the error, and with it their pull. The first sets the ratio, hardly checked. */
    double pull = fmax(3 * estimate->error, 0.05);
    double weight = fmax(1.0 / (double)(estimate->samples + 1), weight_min);
    double step = estimate->samples ? clamp(off, -pull, pull) : clamp(off, -1, 1);
    estimate->ratio =
        clamp(estimate->ratio * exp(weight * step), TOKENS_RATIO_MIN, TOKENS_RATIO_MAX);
    if (estimate->samples) { /* the first was no forecast to be checked */
        double surprise = fmin(fabs(expm1(off)), 2 * pull);
        double error_weight = fmax(1.0 / (double)(estimate->samples + 1), 2 * weight_min);
        estimate->error += error_weight * (surprise - estimate->error);
        estimate->error = clamp(estimate->error, error_min, error_max);
    }
    if (estimate->samples < INT64_MAX)
        estimate->samples++;
}

void tokens_estimate_write(const struct tokens_estimate *estimate, struct buffer *out) {
    buffer_printf(out, "1 %lld %lld %lld", llround(estimate->ratio * 1e6),
                  llround(estimate->error * 1e6), (long long)estimate->samples);
}

static bool read_number(struct slice *rest, int64_t *ret_number) {
    struct slice word;
    return slice_split(rest, ' ', &word) && slice_to_int64(word, ret_number);
}

bool tokens_estimate_read(struct slice text, struct tokens_estimate *ret_estimate) {
    int64_t version, ratio, error, samples;
    if (!read_number(&text, &version) || version != 1 || !read_number(&text, &ratio) ||
        !read_number(&text, &error) || !read_number(&text, &samples) || text.data)
        return false;
    struct tokens_estimate read = {(double)ratio / 1e6, (double)error / 1e6, samples};
    if (!(read.ratio >= TOKENS_RATIO_MIN && read.ratio <= TOKENS_RATIO_MAX &&
          read.error >= error_min && read.error <= error_max && samples >= 0))
        return false;
    *ret_estimate = read;
    return true;
}
