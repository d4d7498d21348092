#include "chat/settings.h"
#include "command/doctor.h"
#include "command/pid_file.h"
#include "config/config.h"
#include "http/server.h"
#include "loop/loop.h"
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FILES_BESIDE = 64 };
static const uint64_t room_least = UINT64_C(100) << 20;

static void ignore(void *user, struct http_exchange *exchange) {
    (void)user;
    (void)exchange;
}

static void check_address(struct doctor *doctor, const struct config *config) {
    long pid = pid_file_read(config->pid_file);
    if (pid > 0) {
        doctor_tell(doctor, DOCTOR_OK, "address", NULL, "%s is held by the running server (%ld)",
                    config->listen, pid);
        return;
    }
    struct http_options options = http_options_default();
    options.address = config->listen;
    struct loop *loop = loop_create();
    struct http_server *server = NULL;
    struct fault fault;
    if (http_server_create(loop, &options, ignore, NULL, &server, &fault))
        doctor_tell(doctor, DOCTOR_OK, "address", NULL, "%s is free", config->listen);
    else
        doctor_tell(doctor, DOCTOR_FAILED, "address",
                    "Stop the other program, or choose another port for `listen`.", "%s%s%s",
                    fault.message, fault.detail[0] ? " " : "", fault.detail);
    http_server_destroy(server);
    loop_destroy(loop);
}

/* Every open answer takes two sockets: the visitor's and the provider's. */
static void check_files(struct doctor *doctor, const struct config *config) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    unsigned long long wanted = 2ULL * config->connections_max + FILES_BESIDE;
    if (limit.rlim_max < wanted)
        doctor_tell(doctor, DOCTOR_WARNING, "open files",
                    "Raise the limit (`ulimit -Hn`, systemd: LimitNOFILE), or lower "
                    "http.connections_max.",
                    "at most %llu are allowed; %zu connections want %llu",
                    (unsigned long long)limit.rlim_max, config->connections_max, wanted);
    else
        doctor_tell(doctor, DOCTOR_OK, "open files", NULL, "%llu are allowed",
                    (unsigned long long)limit.rlim_max);
}

static void check_room(struct doctor *doctor, const struct config *config) {
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", strchr(config->database, ':') + 1);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    struct statvfs about;
    if (statvfs(folder, &about) != 0)
        return;
    uint64_t room = (uint64_t)about.f_bavail * about.f_frsize;
    if (room < room_least)
        doctor_tell(doctor, DOCTOR_WARNING, "disk", "Make room: the log grows with every answer.",
                    "%llu MiB are left where the database is", (unsigned long long)(room >> 20));
    else
        doctor_tell(doctor, DOCTOR_OK, "disk", NULL, "%llu MiB are left",
                    (unsigned long long)(room >> 20));
}

static void check_knowledge(struct doctor *doctor, const struct bot *bot) {
    size_t unreadable = 0;
    for (size_t i = 0; i < bot->knowledge_count; i++)
        if (access(bot->knowledge[i], R_OK) != 0) {
            unreadable++;
            doctor_tell(doctor, DOCTOR_FAILED, bot->name, "Let the server's user read the file.",
                        "cannot read %s", bot->knowledge[i]);
        }
    if (bot->knowledge_count > 0 && unreadable == 0)
        doctor_tell(doctor, DOCTOR_OK, bot->name, NULL, "%zu knowledge files can be read",
                    bot->knowledge_count);
}

void doctor_server(struct doctor *doctor, const struct config *config) {
    check_address(doctor, config);
    check_files(doctor, config);
    check_room(doctor, config);
    for (size_t i = 0; i < config->settings->bot_count; i++)
        check_knowledge(doctor, &config->settings->bots[i]);
}
