/* Appointments: no slot is given to more visitors than it takes. */
#include "store/records.h"
#include "store/session.h"

/* Who writes holds the database's write lock, so nobody comes between the count and the row; the
 * primary key would refuse it all the same. */
bool store_booking_take(struct store_session *session, const struct store_booking *booking,
                        int64_t capacity, bool *ret_taken, struct fault *fault) {
    static const char sql[] =
        "INSERT INTO bookings (calendar, start_ms, seat, id, bot, conversation_id, user_id, topic,"
        " created_ms)"
        " SELECT $1, $2, coalesce(max(seat) + 1, 0), $3, $4, $5, $6, $7, $8 FROM bookings"
        " WHERE calendar = $1 AND start_ms = $2 HAVING count(*) < $9";
    int64_t changes;
    if (!session_run(
            session, sql,
            SESSION_VALUES(session_text(booking->calendar), session_integer(booking->start_ms),
                           session_text(booking->id), session_text(booking->bot),
                           session_text(booking->conversation_id), session_text(booking->user),
                           session_text(booking->topic), session_integer(booking->created_ms),
                           session_integer(capacity)),
            &changes, fault))
        return false;
    *ret_taken = changes > 0;
    return true;
}

bool store_booking_count(struct store_session *session, struct slice calendar, int64_t start_ms,
                         int64_t *ret_count, struct fault *fault) {
    bool found;
    return session_query_integer(
        session, "SELECT count(*) FROM bookings WHERE calendar = $1 AND start_ms = $2",
        SESSION_VALUES(session_text(calendar), session_integer(start_ms)), &found, ret_count,
        fault);
}
