/* SPDX-License-Identifier: MIT
 *
 * In order, but its words are many, and full of what roff would take for its own.
 */
#include "minimal.h"

struct settings {
    const char *ar;
    int32_t much;
};

#define TEN_TIMES(text) text text text text text text text text text text

static const struct lr_option options[] = {
    {.name = "Ar",
     .type = LR_OPT_STRING,
     .initial = "\\fB.\"'",
     .offset = offsetof(struct settings, ar),
     .doc = ".Sh 'at' the start of a line: \\fBback\\slash, ^hat, ~tilde, \"double\" and 'single' "
            "quotes, it's `code with blanks`, --set a-b=c, 1.5. 'Next' sentence"},
    {.name = "much",
     .type = LR_OPT_BOOL,
     .offset = offsetof(struct settings, much),
     .doc = TEN_TIMES(TEN_TIMES("There is a lot to say. ")) "This is the last word"},
};

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {
    MINIMAL_PLUGIN("prose"), .summary = ".Dd is no date, `nor this",
    .options = options,      .option_size = sizeof options[0],
    .n_options = 2,          .settings_size = sizeof(struct settings)};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("prose")};

LRHOST_MODULE(module, 1)
