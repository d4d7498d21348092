#include "base/buffer.h"
#include "base/json.h"
#include "chat/usage.h"

/* --- JSON --- */

static void write_row(struct json_writer *json, const char *by, const struct store_usage *row) {
    json_begin_object(json);
    if (by)
        json_member_string(json, by, row->group);
    if (by && strcmp(by, "key") == 0)
        json_member_string(json, "name", row->name);
    json_member_int(json, "calls", row->calls);
    json_member_int(json, "turns", row->turns);
    json_member_int(json, "errors", row->errors);
    json_member_int(json, "input_tokens", row->input_tokens);
    json_member_int(json, "cache_read_tokens", row->cache_read_tokens);
    json_member_int(json, "cache_write_tokens", row->cache_write_tokens);
    json_member_int(json, "output_tokens", row->output_tokens);
    json_member_int(json, "reasoning_tokens", row->reasoning_tokens);
    json_member_int(json, "cost_microdollars", row->microdollars);
    json_member_int(json, "estimated_microdollars", row->estimated_microdollars);
    json_member_int(json, "unpriced_calls", row->unpriced);
    json_member_int(json, "counted_prompt_tokens", row->counted_tokens);
    json_member_int(json, "reported_prompt_tokens", row->reported_tokens);
    json_end_object(json);
}

void usage_write_json(const struct usage_report *report, struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_string(&json, "by", slice_of(report->by));
    json_member_string(&json, "from", slice_of(report->from));
    json_member_string(&json, "to", slice_of(report->to));
    json_member_string(&json, "time_zone", slice_of(report->time_zone));
    json_key(&json, "rows");
    json_begin_array(&json);
    for (size_t i = 0; i < report->count; i++)
        write_row(&json, report->by, &report->rows[i]);
    json_end_array(&json);
    json_key(&json, "total");
    write_row(&json, NULL, &report->total);
    json_end_object(&json);
    buffer_append_byte(out, '\n');
}

/* --- CSV --- */

static void write_cell(struct slice text, struct buffer *out) {
    bool formula = text.size > 0 && text.data[0] && strchr("=+-@\t\r", text.data[0]);
    bool quoted = formula;
    for (size_t i = 0; i < text.size && !quoted; i++)
        quoted = text.data[i] && strchr(",\"\r\n", text.data[i]);
    if (quoted)
        buffer_append_byte(out, '"');
    if (formula)
        buffer_append_byte(out, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, text.data[i]);
    }
    if (quoted)
        buffer_append_byte(out, '"');
}

static void write_dollars(int64_t microdollars, struct buffer *out) {
    buffer_printf(out, "%lld.%06lld", (long long)(microdollars / 1000000),
                  (long long)(microdollars % 1000000));
}

static void write_line(const struct usage_report *report, const struct store_usage *row,
                       struct buffer *out) {
    write_cell(row->group, out);
    if (strcmp(report->by, "key") == 0) {
        buffer_append_byte(out, ',');
        write_cell(row->name, out);
    }
    const int64_t numbers[] = {row->calls,
                               row->turns,
                               row->errors,
                               row->input_tokens,
                               row->cache_read_tokens,
                               row->cache_write_tokens,
                               row->output_tokens,
                               row->reasoning_tokens};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        buffer_printf(out, ",%lld", (long long)numbers[i]);
    buffer_append_byte(out, ',');
    write_dollars(row->microdollars, out);
    buffer_append_byte(out, ',');
    write_dollars(row->estimated_microdollars, out);
    buffer_printf(out, ",%lld\r\n", (long long)row->unpriced);
}

void usage_write_csv(const struct usage_report *report, struct buffer *out) {
    buffer_printf(out,
                  "%s%s,calls,turns,errors,input_tokens,cache_read_tokens,cache_write_tokens,"
                  "output_tokens,reasoning_tokens,cost_dollars,estimated_dollars,unpriced_calls"
                  "\r\n",
                  report->by, strcmp(report->by, "key") == 0 ? ",name" : "");
    for (size_t i = 0; i < report->count; i++)
        write_line(report, &report->rows[i], out);
}

/* --- a table --- */

static void write_table_row(const char *group, const struct store_usage *row, bool drift,
                            struct buffer *out) {
    const int64_t prompt = row->input_tokens + row->cache_write_tokens;
    const int64_t answer = row->output_tokens + row->reasoning_tokens;
    struct buffer cost = {0};
    write_dollars(row->microdollars, &cost);
    buffer_printf(out, "%-40s %8lld %8lld %7lld %12lld %12lld %12lld %14s", group,
                  (long long)row->calls, (long long)row->turns, (long long)row->errors,
                  (long long)prompt, (long long)row->cache_read_tokens, (long long)answer,
                  buffer_string(&cost));
    if (drift && row->reported_tokens > 0)
        buffer_printf(out, " %+8.1f %%",
                      100.0 * (double)(row->counted_tokens - row->reported_tokens) /
                          (double)row->reported_tokens);
    buffer_append_byte(out, '\n');
    buffer_finish(&cost);
}

void usage_write_table(const struct usage_report *report, struct buffer *out) {
    bool drift = strcmp(report->by, "model") == 0;
    buffer_printf(out, "%s to %s (%s)\n\n", report->from, report->to, report->time_zone);
    buffer_printf(out, "%-40s %8s %8s %7s %12s %12s %12s %14s%s\n", report->by, "calls", "turns",
                  "errors", "tokens in", "cached", "tokens out", "cost in $",
                  drift ? "  our count" : "");
    for (size_t i = 0; i < report->count; i++) {
        const struct store_usage *row = &report->rows[i];
        char group[80];
        snprintf(group, sizeof group, "%.*s%s%.*s", SLICE_ARG(slice_first(row->group, 48)),
                 row->name.size ? " " : "", SLICE_ARG(slice_first(row->name, 24)));
        write_table_row(group, row, drift, out);
    }
    write_table_row("total", &report->total, drift, out);
    if (report->total.estimated_microdollars > 0) {
        buffer_append_string(out, "\nof the cost, estimated because no provider reported it: $");
        write_dollars(report->total.estimated_microdollars, out);
        buffer_append_byte(out, '\n');
    }
    if (report->total.unpriced > 0)
        buffer_printf(out, "\n%lld calls of models whose price nobody knows are not in the cost\n",
                      (long long)report->total.unpriced);
}
