# SPDX-License-Identifier: MIT
"""Instances that are killed while they work."""
import signal

from attacks_group import await_members
from newer import is_used, need_newer, version
from programs import Failed

MAX_IN_FLIGHT = 1000  # for each lane; small, so that the bound on duplicates means something
LANES = 2
# Micro-batches that follow each other, so that a kill meets one.
BUSY = {"streaming": {}, "microbatch": {"processing_time": "10ms"}}


def kills_over(run, kills, seconds):
    """Until there were so many SIGKILLs, at random over so many seconds; the killed one starts at
    once.

    Some come in pairs, so that an instance also dies while it starts.
    """
    mean = seconds / max(1, kills - run.fleet.kills)
    names = list(run.fleet.instances)
    while run.fleet.kills < kills:
        run.fleet.sleep(run.rng.uniform(0.4, 1.6) * mean)
        x = run.fleet.instances[run.rng.choice(names)]
        run.fleet.kill(x)
        if run.rng.random() < 0.15 and run.fleet.kills < kills:
            run.fleet.sleep(run.rng.uniform(0.02, 0.5))
            run.fleet.kill(x)


def start_two(run, ini, **words):
    """Both have joined, or the first kills, of few, meet instances that have nothing yet."""
    for name in ("a", "b"):
        run.fleet.add(name, ini, **words)
    await_members(run)


def kill9(run, guarantee, engine, kills=(200, 10), look=None):
    """kills: of the full form, of the short one. look() is called while both run."""
    records, rate = run.size((5000 * kills[0], 6000), (40_000, 5000))
    n = run.size(*kills)
    run.topics()
    ini = run.job(guarantee, engine, {"pipeline": {"max_in_flight": MAX_IN_FLIGHT},
                                      "engine": BUSY[engine]})
    start_two(run, ini)
    run.load(records, rate)
    if look:
        run.fleet.sleep(1)
        look()
    kills_over(run, n, run.load_s)
    run.finish()
    run.figures["kills"] = run.fleet.kills
    if guarantee == "exactly_once":
        run.judge()
        run.figures["aborted copies"] = copies = run.aborted_copies()
        if copies == 0:
            run.failures.append("no aborted copy: the kills hit nothing")
    elif guarantee == "at_least_once":
        bound = run.fleet.kills * LANES * MAX_IN_FLIGHT
        run.judge(duplicated=bound)
        run.figures["bound"] = bound
    else:
        run.judge(lost=None)


FROZEN_S = 9  # longer than a session, shorter than a transaction may be open


def frozen(run, guarantee):
    """An instance that stands still, is given up by its group, and wakes in the middle of its work."""
    times = run.size(8, 1)
    run.topics()
    start_two(run, run.job(guarantee))
    run.load((FROZEN_S + 6) * 3000 * times, 3000)
    for _ in range(times):
        run.fleet.sleep(run.rng.uniform(2, 4))
        x = run.fleet.instances[run.rng.choice("ab")]
        run.log(f"freeze {x.name}")
        x.signal(signal.SIGSTOP)
        run.fleet.sleep(FROZEN_S)
        run.log(f"wake {x.name}")
        x.signal(signal.SIGCONT)
    run.finish()
    run.judge()
    run.figures["times frozen"] = times


def kill9_newer(run):
    """The job with another librdkafka than the one it was built with."""
    folder = need_newer()

    def look():
        if not all(is_used(x.process, folder) for x in run.fleet if x.running()):
            raise Failed("the newer librdkafka is not used")

    run.env["LD_LIBRARY_PATH"] = folder
    run.full = False
    kill9(run, "exactly_once", "streaming", look=look)
    run.figures["librdkafka"] = version(folder)


def kill9_older_kafka(run):
    run.full = False
    kill9(run, "exactly_once", "streaming")


def torture(run):
    """Kills and a broker that goes away, in half a minute; for `make torture`."""
    run.topics()
    start_two(run, run.job("exactly_once", "streaming"))
    run.load(100_000, 4000)
    node = run.cluster.nodes[0]
    kills_over(run, 6, 7)
    run.log("kill the broker")
    node.kill()
    node.launch()
    run.fleet.until(node.is_open, 60, "the broker did not come back")
    kills_over(run, 12, 7)
    run.finish()
    run.figures["kills"] = run.fleet.kills
    run.figures["broker kills"] = 1
    run.judge()
    run.figures["aborted copies"] = run.aborted_copies()
