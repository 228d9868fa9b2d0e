# SPDX-License-Identifier: MIT
"""A Kafka module that is wrong on purpose (wrong.sh): the harness must see it, or it sees nothing.

Each control runs the job with the wrong module under kills; `caught` is the number of lost and
duplicated records, and it has to be more than 0.
"""
import os

from attacks_kill import kills_over, start_two
from attacks_soak import grown
from programs import OURS

STANDSTILL_S = 8  # records that were skipped last are never committed
MODULE = os.path.join(OURS, "wrong", "kafka.so")


def wrong_job(run, wrong, guarantee, more=None):
    """A job with the wrong module for source and sink; the load uses the shipped one."""
    run.env["LRHOST_WRONG"] = wrong
    run.topics()
    return run.job(guarantee, "streaming", {"source": {"plugin": MODULE},
                                            "sink": {"plugin": MODULE}, **(more or {})})


def prepare(run, wrong, guarantee, more=None):
    start_two(run, wrong_job(run, wrong, guarantee, more))


def caught(run, *kinds):
    """The bar is turned around: a run without a finding is the failure."""
    run.judge(lost=None, duplicated=None, order=False)
    run.figures["kills"] = run.fleet.kills
    if not any(run.counts[kind] for kind in kinds):
        run.failures.append(f"nothing {' or '.join(kinds)}: the harness is blind to this")


def killed(run, wrong, guarantee, kinds, more=None):
    records, rate, kills = run.size((100_000, 5000, 20), (24_000, 4000, 6))
    prepare(run, wrong, guarantee, more)
    run.load(records, rate)
    kills_over(run, kills, run.load_s)
    run.finish(patience=STANDSTILL_S, hang=False)
    caught(run, *kinds)


# Records stay in the client for a while: a right module waits for them, a wrong one loses them.
LINGER = {"plugin": MODULE, "kafka.linger.ms": 1000}


def auto_commit(run):
    # A commit makes the client send what it has, so commits are rare.
    killed(run, "auto_commit", "at_least_once", ["lost"],
           {"sink": LINGER, "engine": {"commit_interval": "1s"}})


def early_settle(run):
    killed(run, "early_settle", "at_least_once", ["lost"], {"sink": LINGER})


def outside(run):
    killed(run, "outside", "exactly_once", ["lost", "duplicated"])


def aborted(run, wrong):
    """No kills: the aborts come by themselves."""
    records, rate = run.size((100_000, 5000), (20_000, 4000))
    prepare(run, wrong, "exactly_once")
    run.load(records, rate)
    run.finish(patience=STANDSTILL_S, hang=wrong == "aborts")


def no_rewind(run):
    aborted(run, "no_rewind")
    caught(run, "lost")


def aborts(run):
    """The counter-control: the same aborts with the rewind are harmless."""
    aborted(run, "aborts")
    run.judge()
    run.figures["aborted copies"] = copies = run.aborted_copies()
    if copies == 0:
        run.failures.append("no aborted copy: nothing was aborted")


def leak(run):
    """The soak's control: no record is lost, but each of them leaves 256 bytes behind."""
    job = run.fleet.add("leaking", wrong_job(run, "leak", "at_least_once"))
    if grown(run, job, *run.size((60, 40_000), (12, 40_000)), warm=2) <= 0:
        run.failures.append("memory did not grow: the harness is blind to this")
