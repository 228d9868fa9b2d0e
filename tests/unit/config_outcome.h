/* SPDX-License-Identifier: MIT
 *
 * For tests of the configuration: a text is parsed, and what it holds and what is said about it
 * come back as two strings.
 */
#ifndef TESTS_UNIT_CONFIG_OUTCOME_H
#define TESTS_UNIT_CONFIG_OUTCOME_H

#include <stdio.h>
#include <string.h>

#include "host/config.h"
#include "unit/unit.h"

#define NAME "t.ini"

/* Everything a configuration holds, "[a]\nk=v\n", and everything that was wrong with it. */
struct outcome {
    lr_status status;
    char config[2048];
    char problems[4096];
};

static inline void collect(struct lrh_config *config, struct lrh_problems *problems,
                           struct outcome *out)
{
    FILE *file = fmemopen(out->config, sizeof out->config, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (uint32_t i = 0; config && i < config->n_sections; i++) {
        const struct lrh_section *section = &config->sections[i];

        (void)fprintf(file, "[%s]\n", section->name);
        for (uint32_t j = 0; j < section->n_entries; j++)
            (void)fprintf(file, "%s=%s\n", section->entries[j].key, section->entries[j].value);
    }
    (void)fclose(file);
    file = fmemopen(out->problems, sizeof out->problems, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    lrh_problems_print(problems, file);
    (void)fclose(file);
    lrh_config_destroy(config);
    lrh_problems_finish(problems);
}

static inline void parse_bytes(const void *text, size_t size, const char *override,
                               struct outcome *out)
{
    struct lrh_override overrides[1] = {{override}};
    struct lrh_problems problems = {0};
    struct lrh_config *config;

    memset(out, 0, sizeof *out);
    out->status =
        lrh_config_parse(NAME, text, size, "/", overrides, override != NULL, &problems, &config);
    collect(config, &problems, out);
}

static inline int equal(const char *got, const char *wanted)
{
    if (strcmp(got, wanted) == 0)
        return 1;
    (void)printf("\n    got:    %s\n    wanted: %s\n", got, wanted);
    return 0;
}

#endif
