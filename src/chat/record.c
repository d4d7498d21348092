#include "base/clock.h"
#include "base/log.h"
#include "chat/answer.h"
#include "chat/answer_cache.h"
#include "chat/confirm.h"
#include "chat/metrics.h"
#include "chat/redact_turn.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/summary.h"
#include "chat/tools.h"
#include "chat/turn_state.h"
#include "store/desk.h"

/* What these run functions read of the turn (on the writer's thread) does not change while they are
 * out. */
static struct turn *turn_of(struct store_job *job) {
    return ((struct turn_job *)job)->turn;
}

static void submit(struct turn *turn, struct turn_job *job, bool urgent,
                   bool (*run)(struct store_session *, struct store_job *, struct fault *),
                   void (*done)(struct store_job *, const struct fault *)) {
    turn->kept_text = turn_redacted(turn, REDACT_LOG, turn->user_text);
    turn->jobs++;
    *job = (struct turn_job){
        .job = {.run = run, .done = done, .loop = turn->chat->parts.loop, .urgent = urgent},
        .turn = turn};
    store_write(turn->chat->parts.store, &job->job);
}

/* The answer is worth more than its record: a failure is told and counted, and the turn goes on. */
static void note_failure(const struct turn *turn, const struct fault *fault) {
    if (!fault)
        return;
    atomic_fetch_add(&turn->chat->parts.metrics->log_failures, 1);
    log_error("the log did not take a turn", LOG_STRING("turn", turn->id.text),
              LOG_STRING("error", fault->message), LOG_STRING("detail", fault->detail), );
}

static void on_opened(struct store_job *job, const struct fault *fault) {
    struct turn *turn = turn_of(job);
    note_failure(turn, fault);
    turn->begun = turn->begun || !fault;
    turn_accept(turn); /* also where the log fails: the answer is worth more than its record */
    if (turn->step == TURN_SUMMARIZE)
        summary_committed(turn);
    else
        answer_committed(turn);
    turn_job_done(turn);
}

static void on_ended(struct store_job *job, const struct fault *fault) {
    struct turn *turn = turn_of(job);
    note_failure(turn, fault);
    bool deleted = !fault && turn->end.deleted;
    if (deleted)
        log_info("the conversation was deleted before its answer was recorded: nothing of it is "
                 "kept but what it cost",
                 LOG_STRING("turn", turn->id.text), );
    if (turn->step == TURN_RECORD) /* it waits, see turn.c */
        turn_advance(turn, fault || deleted ? TURN_DONE : TURN_SUMMARIZE);
    turn_job_done(turn);
}

static bool add_counters(struct store_session *session, const struct turn *turn,
                         struct fault *fault) {
    for (size_t i = 0; i < turn->limit_count; i++) {
        struct store_counter counter = {turn->limits[i].key, turn->limits[i].window_ms,
                                        turn->window_starts[i], 1};
        if (!store_counter_add(session, &counter, fault))
            return false;
    }
    return true;
}

static bool add_message(struct store_session *session, const struct turn *turn,
                        const struct store_message *message, struct fault *fault) {
    if (!store_message_add(session, message, fault))
        return false;
    for (size_t i = 0; i < turn->attachment_count; i++)
        if (!store_attachment_send(session, turn->attachments[i], message, fault))
            return false;
    return true;
}

/* Once for a turn, with its first call. */
static bool write_begin(struct store_session *session, const struct turn *turn,
                        struct fault *fault) {
    if (turn->begun || turn->help.size > 0)
        return true;
    const struct store_conversation conversation = {
        .id = id_slice(&turn->conversation_id),
        .bot = slice_of(turn->bot->name),
        .user = slice_of(turn->who.user),
        .door = slice_of(turn->door),
        .language = turn->language,
        .created_ms = turn->created_wall_ms,
    };
    const struct store_message message = {
        .id = id_slice(&turn->user_message_id),
        .conversation_id = conversation.id,
        .turn_id = id_slice(&turn->id),
        .role = SLICE("user"),
        .text = turn->kept_text,
        .status = SLICE("complete"),
        .created_ms = turn->created_wall_ms,
    };
    const struct store_sent sent = {
        .key = turn->key,
        .conversation_id = conversation.id,
        .turn_id = message.turn_id,
        .message_id = message.id,
        .answer_id = id_slice(&turn->answer_id),
    };
    bool reopened;
    return store_conversation_put(session, &conversation, fault) &&
           (!turn->reopens || store_handoff_reopen(session, conversation.id, turn->created_wall_ms,
                                                   &reopened, fault)) &&
           (turn->again ? store_answers_replace(session, conversation.id, fault)
                        : add_message(session, turn, &message, fault)) &&
           add_counters(session, turn, fault) &&
           (turn->key.size == 0 ||
            store_sent_add(session, &conversation, &sent, conversation.created_ms, fault));
}

struct store_call record_row(const struct turn *turn, const struct call *call) {
    return (struct store_call){
        .id = id_slice(&call->id),
        .turn_id = id_slice(&turn->id),
        .conversation_id = id_slice(&turn->conversation_id),
        .bot = slice_of(turn->bot->name),
        .user = slice_of(turn->who.user),
        .provider = slice_of(call->provider->name),
        .provider_key = slice_of(call->key_name),
        .model = slice_of(call->model),
        .purpose = slice_of(call->purpose),
        .started_ms = call->started_wall_ms,
        .duration_ms = call->ended ? call->duration_us / 1000 : -1,
        .first_token_ms = call->first_token_us < 0 ? -1 : call->first_token_us / 1000,
        .input_tokens = call->usage.input,
        .cache_read_tokens = call->usage.cache_read,
        .cache_write_tokens = call->usage.cache_write,
        .cache_write_1h_tokens = call->usage.cache_write_1h,
        .output_tokens = call->usage.output,
        .reasoning_tokens = call->usage.reasoning,
        .counted_tokens = call->counted,
        .left_out = (int64_t)turn->left_out,
        .reserved_microdollars = call->reserved.microdollars,
        .reserved_tokens = call->reserved.tokens,
        .cost_microdollars = call->cost,
        .estimated = call->estimated,
        .finish_reason = slice_of(call->fault ? "" : model_finish_name(call->finish)),
        .error_kind = slice_of(call->fault ? fault_kind_name(call->fault->kind) : ""),
        .error_detail = slice_of(call->fault ? call->fault->detail : ""),
        .upstream_status = call->status,
        .upstream_request_id = call->request_id,
    };
}

static bool write_open(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct turn *turn = turn_of(job);
    const struct store_call row = record_row(turn, turn->call);
    return write_begin(session, turn, fault) && store_call_open(session, &row, fault);
}

void record_open(struct turn *turn) {
    submit(turn, &turn->open, true, write_open, on_opened);
}

static bool write_answer(struct store_session *session, struct store_job *job,
                         struct fault *fault) {
    struct turn *turn = turn_of(job);
    return write_begin(session, turn, fault) && confirm_take(session, turn, fault);
}

static void on_answered(struct store_job *job, const struct fault *fault) {
    struct turn *turn = turn_of(job);
    turn->begun = !fault;
    confirm_taken(turn, fault);
    turn_job_done(turn);
}

void record_answer(struct turn *turn) {
    submit(turn, &turn->open, true, write_answer, on_answered);
}

static bool write_call(struct store_session *session, const struct turn *turn,
                       const struct call *call, struct fault *fault) {
    const struct store_call row = record_row(turn, call);
    return store_call_settle(session, &row, fault);
}

/* Who deletes a conversation while it is answered wants nothing of it kept; but what it cost is
 * settled. */
static bool add_answer(struct store_session *session, const struct store_message *answer,
                       bool *ret_deleted, struct fault *fault) {
    bool added = store_message_add(session, answer, fault);
    if (!added && fault->kind != FAULT_NOT_FOUND)
        return false;
    *ret_deleted = !added;
    return true;
}

static bool write_end(struct store_session *session, struct store_job *job, struct fault *fault) {
    const struct turn *turn = turn_of(job);
    bool *deleted = &((struct turn_job *)job)->deleted;
    const struct store_message answer = {
        .id = id_slice(&turn->answer_id),
        .conversation_id = id_slice(&turn->conversation_id),
        .turn_id = id_slice(&turn->id),
        .role = SLICE("assistant"),
        .text = turn->kept_answer,
        .status = slice_of(!turn->fault && !turn->cut ? "complete"
                           : turn->kept_answer.size   ? "partial"
                                                      : "failed"),
        .created_ms = turn->ended_wall_ms,
        .replies = turn->replies,
    };
    /* Who was taken over from before the first word has said nothing. */
    bool silent = turn->help.size > 0 || (turn->cut && turn->seen.size == 0);
    if (!write_begin(session, turn, fault) ||
        (!silent && !add_answer(session, &answer, deleted, fault)))
        return false;
    for (const struct call *call = turn->ended_calls; call; call = call->next)
        if (!write_call(session, turn, call, fault))
            return false;
    return *deleted ||
           (tools_record(session, turn, fault) && answer_cache_keep(session, turn, fault));
}

void record_end(struct turn *turn) {
    turn->ended_wall_ms = clock_wall_ms();
    turn->kept_answer =
        turn_redacted(turn, REDACT_LOG, turn->cut ? turn->seen : buffer_slice(&turn->answer));
    turn_warn_of_costly_rules(turn);
    submit(turn, &turn->end, false, write_end, on_ended);
}
