/* Stands for the generated widget_assets.c in a checkout without web/widget. */
#include "api/widget_files.h"
const struct widget_asset widget_assets[] = {{0}};
const struct widget_language widget_languages[] = {{"en", {"{}", 2}}, {0}};
