/* The subcommands: each gets its own arguments (argv[0] is its name) and returns the exit status: 0
 * done, 1 failed, 2 called wrongly. */
#pragma once

int command_serve(int argc, char **argv);
int command_check(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_reload(int argc, char **argv);
int command_ask(int argc, char **argv);
int command_key(int argc, char **argv);
int command_operator(int argc, char **argv);
int command_leads(int argc, char **argv);
int command_webhooks(int argc, char **argv);
int command_models(int argc, char **argv);
int command_tokens(int argc, char **argv);
int command_tool(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_export(int argc, char **argv);
int command_erase(int argc, char **argv);
int command_usage(int argc, char **argv);
int command_version(int argc, char **argv);
