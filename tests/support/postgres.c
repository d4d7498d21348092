#include "support/postgres.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 256 };

/* The newest of Debian's, else that of the PATH. */
static bool find_programs(char folder[PATH_SIZE]) {
    glob_t found;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0 && found.gl_pathc > 0) {
        const char *path = found.gl_pathv[found.gl_pathc - 1];
        snprintf(folder, PATH_SIZE, "%.*s", (int)(strrchr(path, '/') - path), path);
        globfree(&found);
        return true;
    }
    const char *paths = getenv("PATH");
    for (const char *at = paths ? paths : ""; *at; at += *at == ':') {
        size_t size = strcspn(at, ":");
        char program[PATH_SIZE + 16];
        snprintf(folder, PATH_SIZE, "%.*s", (int)size, at);
        snprintf(program, sizeof program, "%s/initdb", folder);
        if (access(program, X_OK) == 0)
            return true;
        at += size;
    }
    return false;
}

/* PostgreSQL refuses to be run by root. */
static bool drop_privileges(const char *folder) {
    if (geteuid() != 0)
        return true;
    const struct passwd *user = getpwnam("postgres");
    if (!user)
        user = getpwnam("nobody");
    return user && (!folder || chown(folder, user->pw_uid, user->pw_gid) == 0) &&
           setgroups(0, NULL) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}

/* Runs it with its output to `output`; returns its id. */
static pid_t start(const char *const arguments[], const char *owned, int output) {
    pid_t parent = getpid(), pid = fork();
    if (pid != 0)
        return pid;
    /* Its end must not depend on the test reaching its own. */
    if (!drop_privileges(owned) || prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || getppid() != parent ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(126);
    const char *const environment[] = {"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=/usr/bin:/bin", NULL};
    execve(arguments[0], (char *const *)arguments, (char *const *)environment);
    _exit(127);
}

static bool initialize(const char *programs, const char *folder) {
    char program[PATH_SIZE + 16], data[128];
    snprintf(program, sizeof program, "%s/initdb", programs);
    snprintf(data, sizeof data, "%s/data", folder);
    const char *const arguments[] = {program,        "-D",         data,   "-U",       "tester",
                                     "--auth=trust", "--encoding", "UTF8", "--locale", "C",
                                     "--no-sync",    NULL};
    int quiet = open("/dev/null", O_RDWR | O_CLOEXEC), status;
    pid_t pid = start(arguments, folder, quiet);
    close(quiet);
    if (pid < 0)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* It says so when it is ready; nothing is polled. */
static bool wait_ready(int log) {
    char text[8192];
    size_t size = 0;
    ssize_t got;
    while (size + 1 < sizeof text && (got = read(log, text + size, sizeof text - size - 1)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        size += (size_t)got;
        text[size] = '\0';
        if (strstr(text, "ready to accept connections"))
            return true;
    }
    text[size] = '\0';
    fprintf(stderr, "PostgreSQL did not start:\n%s\n", text);
    return false;
}

bool postgres_start(struct postgres *server, bool *ret_absent) {
    char programs[PATH_SIZE], program[PATH_SIZE + 16], data[128];
    *ret_absent = !find_programs(programs);
    if (*ret_absent) {
        fprintf(stderr, "initdb and postgres are not on this machine; script/bootstrap --dev "
                        "installs them\n");
        return false;
    }
    *server = (struct postgres){.folder = "/tmp/switchboard-postgres-XXXXXX"};
    int log[2];
    if (!mkdtemp(server->folder) || chmod(server->folder, 0755) != 0 || pipe2(log, O_CLOEXEC) != 0)
        return false;
    snprintf(server->url, sizeof server->url, "postgres://tester@/postgres?host=%s",
             server->folder);
    snprintf(program, sizeof program, "%s/postgres", programs);
    snprintf(data, sizeof data, "%s/data", server->folder);
    const char *const arguments[] = {program,
                                     "-D",
                                     data,
                                     "-k",
                                     server->folder,
                                     "-c",
                                     "listen_addresses=",
                                     "-c",
                                     "fsync=off",
                                     "-c",
                                     "shared_buffers=16MB",
                                     "-c",
                                     "max_connections=20",
                                     "-c",
                                     "log_min_messages=log",
                                     NULL};
    if (!initialize(programs, server->folder)) {
        close(log[0]);
        close(log[1]);
        postgres_stop(server);
        return false;
    }
    server->pid = start(arguments, NULL, log[1]);
    close(log[1]);
    bool ready = server->pid > 0 && wait_ready(log[0]);
    close(log[0]); /* what it says later fails, and it does not mind */
    if (!ready)
        postgres_stop(server);
    return ready;
}

void postgres_stop(struct postgres *server) {
    if (server->pid > 0) {
        kill(server->pid, SIGINT);
        while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    const char *const arguments[] = {"rm", "-rf", "--", server->folder, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        execvp(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    server->pid = 0;
}
