#include "base/arena.h"
#include "base/clock.h"
#include "chat/call.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "command/doctor.h"
#include "fetch/fetch.h"
#include "loop/loop.h"
#include "model/provider.h"
#include <time.h>

static const int64_t limit_ms = 10000;
static const int64_t clock_warning_s = 60, clock_failure_s = 300;
/* Deltas that came all at once, after so long a wait, were held back by something in between. */
enum { BUFFERED_DELTAS = 5 };
static const int64_t buffered_us = 700000;

struct probe {
    struct doctor *doctor;
    struct loop *loop;
    struct chat *chat;
    const struct model_choice *choice;
    struct provider_settings provider; /* with short deadlines */
    char subject[160];
    struct fault fault; /* why it failed; kind NONE when it did not */
    /* reaching it */
    bool reached;
    int64_t date_s; /* of the other side, 0 unknown */
    /* the call */
    size_t deltas, batches, in_batch;
};

/* --- reaching it: name, connection, clock --- */

static void on_head(void *user, const struct fetch_head *head) {
    struct probe *probe = user;
    struct slice date = fetch_header_get(head, "Date");
    char text[64];
    struct tm time = {0};
    probe->reached = true;
    if (date.size >= sizeof text)
        return;
    memcpy(text, date.data, date.size);
    text[date.size] = '\0';
    if (strptime(text, "%a, %d %b %Y %H:%M:%S", &time))
        probe->date_s = timegm(&time);
}

static void on_data(void *user, struct slice bytes) {
    (void)user;
    (void)bytes;
}

static void on_fetched(void *user, const struct fault *fault) {
    struct probe *probe = user;
    if (fault && !probe->reached)
        probe->fault = *fault;
    loop_stop(probe->loop);
}

static const struct fetch_handler reaching = {on_head, on_data, on_fetched};

const char *doctor_network_advice(const struct fault *fault) {
    if (strcmp(fault->code, "resolve") == 0)
        return "Check the host name in the address, and this machine's name servers.";
    if (strcmp(fault->code, "tls") == 0)
        return "Check the certificate of the server, this machine's clock, and the package "
               "ca-certificates.";
    if (fault->kind == FAULT_PROVIDER_STALLED)
        return "Check the firewall and the proxy between this machine and the provider.";
    return "Check that the server runs, the port in its address, and the firewall.";
}

static bool reach(struct probe *probe) {
    const char *url =
        probe->provider.url ? probe->provider.url : probe->provider.translator->base_url;
    const struct fetch_request request = {.method = "GET",
                                          .url = url,
                                          .connect_ms = limit_ms,
                                          .first_byte_ms = limit_ms,
                                          .idle_ms = limit_ms,
                                          .total_ms = limit_ms};
    fetch_start(chat_fetcher(probe->chat), &request, &reaching, probe);
    loop_run(probe->loop);
    if (probe->fault.kind == FAULT_NONE) {
        doctor_tell(probe->doctor, DOCTOR_OK, probe->subject, NULL, "can be reached");
        return true;
    }
    doctor_tell(probe->doctor, DOCTOR_FAILED, probe->subject, doctor_network_advice(&probe->fault),
                "cannot be reached: %s", probe->fault.message);
    return false;
}

static void check_clock(struct probe *probe) {
    int64_t off_s = probe->date_s - clock_wall_ms() / 1000;
    int64_t size_s = off_s < 0 ? -off_s : off_s;
    if (probe->date_s == 0 || size_s <= clock_warning_s)
        return;
    doctor_tell(probe->doctor, size_s > clock_failure_s ? DOCTOR_FAILED : DOCTOR_WARNING, "clock",
                "Set this machine's clock (`timedatectl set-ntp true`): tokens, certificates and "
                "limits depend on it.",
                "it is %lld s %s the clock of %s", (long long)size_s,
                off_s > 0 ? "behind" : "ahead of", probe->provider.name);
}

/* --- the call: key, model, streaming --- */

static void on_event(void *user, const struct model_event *event) {
    struct probe *probe = user;
    if (event->kind == MODEL_EVENT_TEXT || event->kind == MODEL_EVENT_REASONING)
        probe->in_batch++;
}

static void on_flush(void *user) {
    struct probe *probe = user;
    probe->batches += probe->in_batch > 0;
    probe->deltas += probe->in_batch;
    probe->in_batch = 0;
}

static void on_end(void *user, const struct fault *fault) {
    struct probe *probe = user;
    if (fault)
        probe->fault = *fault;
    loop_stop(probe->loop);
}

static const struct call_handler calling = {on_event, on_flush, on_end};

static void tell_failure(struct probe *probe) {
    const char *advice = "See the provider's status page, and try again.";
    switch (probe->fault.kind) {
    case FAULT_PROVIDER_AUTH:
        advice = "Check the key in the configuration (or the variable that holds it), and that it "
                 "may use this model.";
        break;
    case FAULT_PROVIDER_QUOTA:
        advice = "Top up the account at the provider, or use another key.";
        break;
    case FAULT_PROVIDER_RATE_LIMITED:
        advice = "Wait, ask the provider for higher limits, or configure several keys.";
        break;
    case FAULT_PROVIDER_MODEL_NOT_FOUND:
        advice = "Check the model's name (`switchboard models`), and that the account may use it.";
        break;
    case FAULT_PROVIDER_BAD_REQUEST:
        advice = "Check `api` and `url`: the server may speak another language or refuse the "
                 "bot's settings.";
        break;
    case FAULT_PROVIDER_MALFORMED:
    case FAULT_PROVIDER_TRUNCATED:
        advice = "Check `api` and `url`: what answers there does not speak that language.";
        break;
    case FAULT_PROVIDER_NETWORK:
    case FAULT_PROVIDER_STALLED:
        advice = doctor_network_advice(&probe->fault);
        break;
    default:
        break;
    }
    doctor_tell(probe->doctor, DOCTOR_FAILED, probe->subject, advice, "%s", probe->fault.message);
}

static void tell_success(struct probe *probe, const struct call *call) {
    const struct provider_settings *provider = &probe->provider;
    char others[160] = "";
    /* One call a provider: this must not look as if each key had been tried. */
    if (provider->key_count > 1)
        snprintf(others, sizeof others, " %s (the first of %zu; the others were not tried)",
                 provider->keys[0].name, provider->key_count);
    doctor_tell(probe->doctor, DOCTOR_OK, probe->subject, NULL,
                "takes the key%s and answers (first token after %lld ms)", others,
                (long long)(call->first_token_us / 1000));
    if (probe->batches == 1 && probe->deltas >= BUFFERED_DELTAS &&
        call->first_token_us > buffered_us)
        doctor_tell(probe->doctor, DOCTOR_WARNING, probe->subject,
                    "Look for a proxy between this machine and the provider that collects "
                    "replies, and turn its buffering off.",
                    "does not stream: all %zu pieces came at once", probe->deltas);
    else
        doctor_tell(probe->doctor, DOCTOR_OK, probe->subject, NULL, "streams (%zu pieces)",
                    probe->deltas);
}

static void call(struct probe *probe) {
    struct arena *arena = arena_create(4096);
    struct model_part part = {
        .kind = MODEL_PART_TEXT,
        .text = SLICE("Count from 1 to 20 in digits, separated by blanks. Write nothing else.")};
    const struct model_message message = {MODEL_USER, &part, 1};
    struct model_call what = model_call_default();
    call_address(&what, probe->choice, 0);
    what.messages = &message;
    what.message_count = 1;
    what.max_tokens = 60;
    struct call *it =
        call_create(probe->chat, &probe->provider, probe->choice->model, arena, &calling, probe);
    call_start(it, &what);
    if (!it->ended)
        loop_run(probe->loop);
    if (probe->fault.kind == FAULT_NONE)
        tell_success(probe, it);
    else
        tell_failure(probe);
    arena_destroy(arena);
}

void doctor_provider(struct doctor *doctor, struct chat *chat, struct loop *loop,
                     const struct model_choice *choice) {
    struct probe probe = {.doctor = doctor,
                          .loop = loop,
                          .chat = chat,
                          .choice = choice,
                          .provider = *choice->provider};
    probe.provider.connect_ms = probe.provider.first_byte_ms = limit_ms;
    probe.provider.idle_ms = limit_ms;
    probe.provider.total_ms = 3 * limit_ms;
    snprintf(probe.subject, sizeof probe.subject, "%s", choice->provider->name);
    if (!reach(&probe))
        return;
    check_clock(&probe);
    snprintf(probe.subject, sizeof probe.subject, "%s/%s", choice->provider->name, choice->model);
    call(&probe);
}
