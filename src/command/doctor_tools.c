#include "chat/settings.h"
#include "command/doctor.h"
#include "config/config.h"
#include "tool/sql_tool.h"

/* Prepares the tool's query; runs nothing. */
static void try_tool(struct doctor *doctor, const struct tool *tool) {
    struct fault fault;
    char subject[80];
    snprintf(subject, sizeof subject, "tool %s", tool->name);
    if (sql_tool_try(tool->sql, &fault))
        doctor_tell(doctor, DOCTOR_OK, subject, NULL, "its query fits its database");
    else if (fault.kind == FAULT_UNAVAILABLE)
        doctor_tell(doctor, DOCTOR_FAILED, subject,
                    "Check its address in `databases`, its user and password, and that it runs.",
                    "its database cannot be reached: %s", fault.detail);
    else
        doctor_tell(doctor, DOCTOR_FAILED, subject,
                    "Mend its `query`, or the rights of the user in the database's address.",
                    "its query cannot be run: %s", fault.message);
}

void doctor_tools(struct doctor *doctor, const struct config *config) {
    for (size_t i = 0; i < config->settings->tool_count; i++)
        if (config->settings->tools[i].kind == TOOL_SQL)
            try_tool(doctor, &config->settings->tools[i]);
}
