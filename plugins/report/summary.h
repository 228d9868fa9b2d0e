/* SPDX-License-Identifier: MIT
 *
 * A tally in words and as JSON. The JSON's keys are documented in docs/report-schema.md.
 */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "tally.h"

void summary_log(const struct lr_host *host, const struct tally *tally, int32_t numbered);
/* `final`: the pipeline has stopped. */
lr_status summary_save(const char *path, const struct lr_host *host, const struct tally *tally,
                       int32_t numbered, int32_t final, struct lr_error *err);

#endif
