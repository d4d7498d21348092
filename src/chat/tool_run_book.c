#include "chat/tool_run_book.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/local_time.h"
#include "chat/settings.h"
#include "chat/tool_run_state.h"
#include "tool/builtin.h"
#include "tool/slots.h"

enum { ALTERNATIVES = 5, DAYS_SEARCHED = 14, TOPIC_MAX = 800 };
static const int64_t day_minutes = INT64_C(24) * 60;

/* --- local time --- */

static void write_day(struct json_writer *json, int64_t day) {
    char text[16];
    int year, month, of_month;
    slots_date(day, &year, &month, &of_month);
    snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, of_month);
    json_member_string(json, "weekday", slice_of(slots_weekday_name(slots_weekday(day))));
    json_member_string(json, "date", slice_of(text));
}

static void write_time(struct json_writer *json, const char *key, int64_t minutes) {
    char text[16];
    snprintf(text, sizeof text, "%02d:%02d", (int)(minutes % day_minutes / 60),
             (int)(minutes % 60));
    json_member_string(json, key, slice_of(text));
}

static struct slice zone_name(const struct bot *bot) {
    return slice_of(bot->budget.time_zone ? bot->budget.time_zone : "UTC");
}

void tool_run_now(struct tool_run *run) {
    int64_t now = local_minutes(run->bot->budget.zone, clock_wall_ms());
    struct json_writer json = json_writer_start(&run->result);
    json_begin_object(&json);
    write_day(&json, now / day_minutes);
    write_time(&json, "time", now);
    json_member_string(&json, "time_zone", zone_name(run->bot));
    json_end_object(&json);
    tool_run_end(run, NULL);
}

/* --- book_slot --- */

struct booking {
    struct store_session *session;
    const struct tool_run *run;
    const struct builtin_tool *calendar;
    int64_t now_ms, first, last; /* local minutes between which slots may begin */
    struct store_booking row;
    struct fault *fault;
};

static bool may_begin(const struct booking *booking, int64_t local) {
    return local >= booking->first && local <= booking->last;
}

static bool take(struct booking *booking, int64_t local, bool *ret_taken) {
    booking->row.start_ms = local_moment(booking->run->bot->budget.zone, local);
    return store_booking_take(booking->session, &booking->row, booking->calendar->capacity,
                              ret_taken, booking->fault);
}

/* "Monday at 2", said on a Monday evening, is the next one. */
static int64_t day_meant(const struct booking *booking, const struct slot_wish *wish) {
    int minutes[SLOTS_MAX];
    size_t count = slots_of(booking->calendar, wish->day, minutes);
    bool left = !wish->by_name || count == 0 || wish->day * day_minutes > booking->first;
    for (size_t i = 0; i < count && !left; i++)
        left = slots_fits(wish, minutes[i]) &&
               may_begin(booking, wish->day * day_minutes + minutes[i]);
    return left ? wish->day : wish->day + 7;
}

/* The first free slot that fits. */
static bool take_one(struct booking *booking, const struct slot_wish *wish, int64_t *ret_local,
                     bool *ret_taken) {
    int minutes[SLOTS_MAX];
    size_t count = slots_of(booking->calendar, wish->day, minutes);
    *ret_taken = false;
    for (size_t i = 0; i < count && !*ret_taken; i++) {
        int64_t local = wish->day * day_minutes + minutes[i];
        if (!slots_fits(wish, minutes[i]) || !may_begin(booking, local))
            continue;
        if (!take(booking, local, ret_taken))
            return false;
        *ret_local = local;
    }
    return true;
}

static void write_slot(struct json_writer *json, const struct builtin_tool *calendar,
                       int64_t local) {
    write_day(json, local / day_minutes);
    write_time(json, "time", local);
    write_time(json, "until", local + calendar->slot_minutes);
}

static bool write_free_of(struct booking *booking, int64_t day, int *left,
                          struct json_writer *json) {
    int minutes[SLOTS_MAX];
    size_t count = slots_of(booking->calendar, day, minutes);
    for (size_t i = 0; i<count && * left> 0; i++) {
        int64_t local = day * day_minutes + minutes[i], taken;
        if (!may_begin(booking, local))
            continue;
        if (!store_booking_count(booking->session, booking->row.calendar,
                                 local_moment(booking->run->bot->budget.zone, local), &taken,
                                 booking->fault))
            return false;
        if (taken >= booking->calendar->capacity)
            continue;
        json_begin_object(json);
        write_slot(json, booking->calendar, local);
        json_end_object(json);
        (*left)--;
    }
    return true;
}

/* What is free on that day and the next ones. */
static bool write_free(struct booking *booking, const struct slot_wish *wish,
                       struct json_writer *json) {
    int left = ALTERNATIVES;
    int64_t from =
        wish->day * day_minutes < booking->first ? booking->first / day_minutes : wish->day;
    json_key(json, "free");
    json_begin_array(json);
    for (int64_t day = from; day < from + DAYS_SEARCHED && left > 0; day++)
        if (!write_free_of(booking, day, &left, json))
            return false;
    json_end_array(json);
    return true;
}

static struct slice argument(const struct tool_run *run, const char *name) {
    struct buffer text = {0};
    json_read_string(json_get(run->input.arguments, name), &text);
    struct slice copy = arena_copy(run->arena, slice_first(buffer_slice(&text), TOPIC_MAX));
    buffer_finish(&text);
    return copy;
}

static bool book_wish(struct booking *booking, const struct slot_wish *wish, struct buffer *out) {
    int64_t local = 0;
    bool taken;
    if (!take_one(booking, wish, &local, &taken))
        return false;
    buffer_clear(out);
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_member_bool(&json, "booked", taken);
    bool ok = true;
    if (taken) {
        write_slot(&json, booking->calendar, local);
        json_member_string(&json, "reference", booking->row.id);
    } else {
        json_member_string(&json, "reason", SLICE("no free slot fits"));
        ok = write_free(booking, wish, &json);
    }
    json_member_string(&json, "time_zone", zone_name(booking->run->bot));
    json_end_object(&json);
    return ok;
}

static bool book(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    const struct builtin_tool *calendar = run->tool->builtin;
    int64_t now_ms = clock_wall_ms(), now = local_minutes(run->bot->budget.zone, now_ms);
    struct slot_wish wish;
    if (!slots_read_wish(argument(run, "day"), argument(run, "time"), argument(run, "part"),
                         now / day_minutes, &wish))
        return fault_set(fault, FAULT_BAD_INPUT,
                         "The day, the time or the part of the day is none. Ask the visitor which "
                         "day is meant.");
    struct id id = id_create();
    struct booking booking = {
        .session = session,
        .run = run,
        .calendar = calendar,
        .now_ms = now_ms,
        .first = now + calendar->notice_minutes,
        .last = now + calendar->days_ahead * day_minutes,
        .row = {.calendar = slice_of(calendar->calendar),
                .id = arena_copy(run->arena, id_slice(&id)),
                .bot = slice_of(run->bot->name),
                .conversation_id = tool_binding_get(&run->input, SLICE("conversation.id")),
                .user = tool_binding_get(&run->input, SLICE("user.id")),
                .topic = argument(run, "topic"),
                .created_ms = now_ms},
        .fault = fault,
    };
    wish.day = day_meant(&booking, &wish);
    return book_wish(&booking, &wish, &run->result);
}

static void on_booked(struct store_job *job, const struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    struct fault own;
    run->out = false;
    if (fault && fault->kind != FAULT_BAD_INPUT) {
        fault_set(&own, FAULT_STORE, "The calendar cannot be written at the moment.");
        fault_detail(&own, "%s %s", fault->message, fault->detail);
        fault = &own;
    }
    tool_run_end(run, fault);
}

void tool_run_book(struct tool_run *run) {
    tool_run_store(run, true, book, on_booked);
}
