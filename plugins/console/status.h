/* SPDX-License-Identifier: MIT
 *
 * What a pipeline does, in one line of text. Knows neither terminal nor host.
 */
#ifndef CONSOLE_STATUS_H
#define CONSOLE_STATUS_H

#include <lrhost/lrhost.h>

#define STATUS_ROOM 512
#define STATUS_NAME 64

/* The last snapshot's figures and the rates since the one before. */
struct status {
    char pipeline[STATUS_NAME];
    int32_t state; /* LR_STATE_*; 0: no snapshot yet */
    uint32_t lanes;
    int64_t wall_ns, elapsed_ns;
    uint64_t read, delivered, bad, dead_letters, in_flight, rewinds;
    int64_t lag;
    double read_rate, delivered_rate; /* records/s */
    int64_t batch_id;                 /* of micro-batches; -1: none */
    double batch_rows, batch_ms;
};

void status_init(struct status *status);
void status_update(struct status *status, const struct lr_snapshot *snapshot);
void status_progress(struct status *status, const struct lr_progress *progress);

/* Everything; without a newline. */
void status_long(const struct status *status, char *text, size_t room);
/* The name, what goes out and what is wrong: for several pipelines side by side. */
void status_short(const struct status *status, char *text, size_t room);
/* The totals of a pipeline that has stopped. */
void status_final(const struct status *status, char *text, size_t room);

/* "950", "12.3 k", "4.56 M". */
void status_count(char *text, size_t room, double count);

#endif
