#include "chat/settings.h"
#include "command/doctor.h"
#include "config/config.h"
#include "tool/sql_tool.h"

/* Prepares the tool's query; runs nothing. False: its database cannot be reached. */
static bool try_tool(struct doctor *doctor, const struct tool *tool) {
    struct fault fault;
    char subject[80];
    snprintf(subject, sizeof subject, "tool %s", tool->name);
    if (sql_tool_try(tool->sql, &fault))
        doctor_tell(doctor, DOCTOR_OK, subject, NULL, "its query fits its database");
    else if (fault.kind == FAULT_UNAVAILABLE) {
        doctor_tell(doctor, DOCTOR_FAILED, subject,
                    "Check its address in `databases`, its user and password, and that it runs.",
                    "its database cannot be reached: %s", fault.detail);
        return false;
    } else
        doctor_tell(doctor, DOCTOR_FAILED, subject,
                    "Mend its `query`, or the rights of the user in the database's address.",
                    "its query cannot be run: %s", fault.message);
    return true;
}

void doctor_tools(struct doctor *doctor, const struct config *config) {
    const char *gone = NULL;
    for (size_t i = 0; i < config->settings->tool_count; i++) {
        const struct tool *tool = &config->settings->tools[i];
        /* Each would wait for as long as the first, and say the same. */
        if (tool->kind == TOOL_SQL && !(gone && strcmp(gone, tool->sql->database) == 0) &&
            !try_tool(doctor, tool))
            gone = tool->sql->database;
    }
}
