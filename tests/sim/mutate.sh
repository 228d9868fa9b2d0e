#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Breaks the lane on purpose: a filter over one file of host/ that puts the mutants of
# tests/sim/mutant_ids.h into a copy of it. MUTANT(name) is true when that one is asked for.
#
#   tests/sim/mutate.sh lane_move <host/lane_move.c >copy.c
set -eu
. "$(dirname "$0")/../change.sh"

change lane_write 'return s && work->epochs[span] == s->read_epoch;' \
    'return MUTANT(stale_rows_written) || (s && work->epochs[span] == s->read_epoch);'
change lane_write 'return fs->live && s->ours && fs->epoch == s->write_epoch;' \
    'return fs->live && (MUTANT(stale_rows_written) || (s->ours && fs->epoch == s->write_epoch));'

change lane_write 'if (other->held && other->serial < work->serial)' \
    'if (!MUTANT(written_out_of_order) && other->held && other->serial < work->serial)'

change lane_read 'lane->ledger.streams[i].ours &&
            lane->ledger.streams[i].read < lane->ledger.streams[i].until)' \
    '(lane->ledger.streams[i].ours || MUTANT(plan_survives_revoke)) &&
            lane->ledger.streams[i].read < lane->ledger.streams[i].until)'
change lane_move 'COMMIT_AGAIN_NS);
    lane->reset = 1;' 'COMMIT_AGAIN_NS);
    lane->reset |= !(MUTANT(plan_survives_revoke) && lane->plan);'

change lane_commit 'remember_poison(lane, &flight->first);' \
    'if (!MUTANT(refusal_not_remembered)) remember_poison(lane, &flight->first);'

change lane_commit 'lr_status status = lrh__lane_drain(lane, INT64_MAX);' \
    'lr_status status = MUTANT(commit_without_drain) ? LR_OK : lrh__lane_drain(lane, INT64_MAX);'
change lane_commit 'if (lane->recover || !lrh_ledger_settled(&lane->ledger))' \
    'if (lane->recover || (!MUTANT(commit_without_drain) && !lrh_ledger_settled(&lane->ledger)))'

change lane_move 'status = sink->ops->abort(sink->self, &err);' \
    'status = sink->ops->abort(sink->self, &err);
        if (MUTANT(abort_not_awaited) && status == LR_AGAIN) status = LR_OK;'

change lane_move 'lrh_ledger_revoke(&lane->ledger, event->streams[i]->id);' \
    'if (!MUTANT(lost_streams_committed) || event->kind == LR_EVENT_REVOKE) lrh_ledger_revoke(&lane->ledger, event->streams[i]->id);'

change lane_read 'if (lrh__lane_poll_source(lane) != LR_OK)' \
    'if (!MUTANT(empty_plan_never_polls) && lrh__lane_poll_source(lane) != LR_OK)'

change lane_commit 'if (!fs->live || fs->epoch != s->write_epoch)' \
    'if (!fs->live || (!MUTANT(no_epoch) && fs->epoch != s->write_epoch))'
change ledger 'if (epoch != s->write_epoch || segment < s->head || segment >= s->tail)' \
    'if ((!MUTANT(no_epoch) && epoch != s->write_epoch) || segment < s->head || segment >= s->tail)'
change ledger 's->head = s->tail;' 's->head = s->tail = MUTANT(no_epoch) ? 0 : s->tail;'

finish_changes
