#include "command/pid_file.h"
#include "base/fault.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static long read_number(int descriptor) {
    char text[32] = "";
    ssize_t size = pread(descriptor, text, sizeof text - 1, 0);
    return size > 0 ? strtol(text, NULL, 10) : 0;
}

bool pid_file_take(const char *path, int *ret_descriptor, struct fault *fault) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return fault_set(fault, FAULT_CONFIG, "Cannot write %s: %s.", path, strerror(errno));
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        long pid = read_number(descriptor);
        close(descriptor);
        return fault_set(fault, FAULT_CONFLICT, "A server runs already: process %ld holds %s.", pid,
                         path);
    }
    char text[32];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, text, (size_t)size, 0) != size) {
        fault_set(fault, FAULT_CONFIG, "Cannot write %s: %s.", path, strerror(errno));
        close(descriptor);
        return false;
    }
    *ret_descriptor = descriptor;
    return true;
}

void pid_file_release(const char *path, int descriptor) {
    unlink(path);
    close(descriptor);
}

long pid_file_read(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return 0;
    bool held = flock(descriptor, LOCK_SH | LOCK_NB) != 0;
    long pid = held ? read_number(descriptor) : 0;
    close(descriptor);
    return pid;
}
