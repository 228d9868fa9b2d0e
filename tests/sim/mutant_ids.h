/* SPDX-License-Identifier: MIT
 *
 * Numbers of the mutants, for the simulation and for the changed copy of the lane (mutate.sh).
 */
#ifndef SIM_MUTANT_IDS_H
#define SIM_MUTANT_IDS_H

enum {
    MUTANT_none,
    /* from outside */
    MUTANT_commit_before_settle,
    MUTANT_abort_without_rewind,
    MUTANT_offsets_outside_transaction,
    MUTANT_doubt_resolved_from_memory,
    MUTANT_letter_in_own_transaction,
    MUTANT_letter_sent_at_read,
    MUTANT_one_record_retried_in_place,
    MUTANT_plan_ends_by_record_offset,
    MUTANT_rebalance_answered_first,
    MUTANT_position_stored_after_write,
    /* in the lane */
    MUTANT_stale_rows_written,
    MUTANT_written_out_of_order,
    MUTANT_plan_survives_revoke,
    MUTANT_refusal_not_remembered,
    MUTANT_commit_without_drain,
    MUTANT_lost_streams_committed,
    MUTANT_empty_plan_never_polls,
    MUTANT_no_epoch,
    MUTANT_abort_not_awaited,
    MUTANTS
};
#define MUTANT_FIRST_IN_LANE MUTANT_stale_rows_written

extern int sim_mutant;
#define MUTANT(name) (sim_mutant == MUTANT_##name)

#endif
