#include "command/doctor.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/log.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/service.h"
#include "config/config.h"
#include "loop/loop.h"
#include "model/provider.h"
#include "store/records.h"
#include "store/store.h"
#include <stdarg.h>

static const char *const level_names[] = {"ok", "warning", "FAILED"};

void doctor_tell(struct doctor *doctor, enum doctor_level level, const char *subject,
                 const char *advice, const char *format, ...) {
    char found[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    doctor->counts[level]++;
    if (!doctor->json) {
        printf("%-8s %s: %s\n", level_names[level], subject, found);
        if (level != DOCTOR_OK && advice)
            printf("         → %s\n", advice);
        fflush(stdout);
        return;
    }
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "level",
                       slice_of(level == DOCTOR_FAILED ? "failed" : level_names[level]));
    json_member_string(&json, "subject", slice_of(subject));
    json_member_string(&json, "found", slice_of(found));
    json_member_string(&json, "advice", slice_of(level != DOCTOR_OK && advice ? advice : ""));
    json_end_object(&json);
    printf("%s\n", buffer_string(&out));
    buffer_finish(&out);
}

/* --- the database --- */

/* A real write, undone by failing on purpose. */
static bool write_and_fail(struct store_session *session, void *user, struct fault *fault) {
    bool *written = user;
    const struct store_counter counter = {SLICE("doctor"), 1000, 0, 1};
    *written = store_counter_add(session, &counter, fault);
    if (*written)
        fault_set(fault, FAULT_CANCELLED, "undone");
    return false;
}

static const char write_advice[] =
    "Check that the disk is not full and that this user may write the file and its folder.";

static void check_database(struct doctor *doctor, const struct service *service) {
    struct fault fault;
    bool written = false;
    if (!store_run_now(service->store, write_and_fail, &written, &fault) && !written)
        doctor_tell(doctor, DOCTOR_FAILED, "database", write_advice, "%s (%s)", fault.message,
                    service->config->database);
    else
        doctor_tell(doctor, DOCTOR_OK, "database", NULL, "%s can be written",
                    service->config->database);
}

/* --- the providers --- */

/* A model of that provider which some bot uses. */
static const struct model_choice *choice_of(const struct settings *settings,
                                            const struct provider_settings *provider) {
    for (size_t i = 0; i < settings->bot_count; i++)
        for (size_t j = 0; j < settings->bots[i].model_count; j++)
            if (settings->bots[i].models[j].provider == provider)
                return &settings->bots[i].models[j];
    return NULL;
}

static void check_providers(struct doctor *doctor, struct service *service) {
    const struct settings *settings = service->config->settings;
    struct loop *loop = loop_create();
    struct chat_parts parts = service_parts(service, loop);
    struct chat *chat = chat_create(&parts, service->config->settings);
    for (size_t i = 0; i < settings->provider_count; i++) {
        const struct provider_settings *provider = &settings->providers[i];
        const struct model_choice *choice = choice_of(settings, provider);
        if (provider->off)
            doctor_tell(doctor, DOCTOR_WARNING, provider->name,
                        "Set the variable that holds its key, or leave the provider out.",
                        "is off: its key is empty");
        else if (choice && choice->model[0])
            doctor_provider(doctor, chat, loop, choice);
        else if (provider->translator->base_url || provider->url)
            doctor_tell(doctor, DOCTOR_WARNING, provider->name,
                        "Name one of its models in a bot's `models`, or leave the provider out.",
                        "no bot uses it");
    }
    chat_destroy(chat);
    loop_destroy(loop);
}

/* --- the whole --- */

/* Who only looks must not leave a database behind, which might then be another user's than the
 * server's. Takes the configuration over. */
static void check_service(struct doctor *doctor, struct config *config) {
    struct service service;
    struct fault fault;
    bool exists;
    if (!store_exists(config->database, &exists, &fault)) {
        doctor_tell(doctor, DOCTOR_FAILED, "database", write_advice, "%s", fault.message);
        service_open_without_store(&service, config);
    } else if (!exists) {
        doctor_tell(doctor, DOCTOR_OK, "database", NULL,
                    "%s can be written: there is none yet, `serve` creates it", config->database);
        service_open_without_store(&service, config);
    } else if (service_open(&service, config)) {
        check_database(doctor, &service);
    } else {
        doctor_tell(doctor, DOCTOR_FAILED, "database",
                    "Mend what is told above; the providers were not looked at.",
                    "it cannot be opened");
        return;
    }
    check_providers(doctor, &service);
    service_close(&service);
}

static void print_help(void) {
    puts("Usage: switchboard doctor -c FILE [--json]\n\n"
         "Looks whether everything works that the configuration needs: address, database, files,\n"
         "key sets, and each provider by one small call of a model: name, connection, clock, key, "
         "model,\n"
         "streaming. Tells what to do for each failure. Exits with 1 when anything failed.\n\n"
         "  -c, --config FILE   the configuration (default: switchboard.yaml)\n"
         "      --json          a JSON object a line");
}

int command_doctor(int argc, char **argv) {
    struct argument options[] = {{"--config", 'c', false, "switchboard.yaml"},
                                 {"--json", 0, true, NULL}};
    struct arguments arguments = {.options = options, .option_count = 2};
    if (!arguments_read(&arguments, argc, argv))
        return 2;
    if (arguments.help) {
        print_help();
        return 0;
    }
    struct doctor doctor = {.json = options[1].value != NULL};
    struct config *config = service_load_config(options[0].value);
    if (!config) {
        doctor_tell(&doctor, DOCTOR_FAILED, "configuration", "Mend the mistakes told above.",
                    "%s cannot be used", options[0].value);
        return 1;
    }
    doctor_tell(&doctor, DOCTOR_OK, "configuration", NULL, "%s, %zu bots", options[0].value,
                config->settings->bot_count);
    config->log_level = LOG_SILENT; /* what matters is told here */
    config->warning_count = 0;
    doctor_server(&doctor, config);
    doctor_keys(&doctor, config);
    doctor_tools(&doctor, config);
    check_service(&doctor, config);
    if (!doctor.json)
        printf("%zu ok, %zu warnings, %zu failed\n", doctor.counts[DOCTOR_OK],
               doctor.counts[DOCTOR_WARNING], doctor.counts[DOCTOR_FAILED]);
    return doctor.counts[DOCTOR_FAILED] > 0;
}
