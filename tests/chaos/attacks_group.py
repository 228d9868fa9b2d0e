# SPDX-License-Identifier: MIT
"""Members that come and go, and topics that grow: what a group goes through in its life."""
import time

from jobs import SHUTDOWN_S, announced
from programs import Failed, ask


def await_members(run, instances=None, seconds=30):
    """Each has been told its partitions at least once in this life."""
    run.fleet.until(lambda: all(announced(x) for x in instances or run.fleet), seconds,
                    "members did not get partitions")


def joins_and_leaves(run, guarantee, assignor="range"):
    """One member stays; others join and leave (SIGTERM: clean revokes), two or more at times."""
    events = run.size(50, 8)
    records, rate = run.size((600_000, 4000), (48_000, 4000))
    run.topics()
    ini = run.job(guarantee, more={"source": {
        "membership": "dynamic", "kafka.partition.assignment.strategy": assignor}})
    run.fleet.add("stays", ini)
    run.look()
    run.fleet.until(lambda: announced(run.fleet.instances["stays"]), 30, "no first member")
    mean = run.load(records, rate) / events
    here, number = [], 0
    for _ in range(events):
        run.fleet.sleep(run.rng.uniform(0.3, 1.7) * mean)
        if here and (len(here) > 2 or run.rng.random() < 0.5):
            run.fleet.stop(here.pop(run.rng.randrange(len(here))))
        else:
            number += 1
            here.append(run.fleet.add(f"guest{number}", ini))
    run.finish()
    run.judge()
    run.figures["joins and leaves"] = events
    run.figures["longest silence of a partition"] = f"{run.silence():.1f} s"


# ---- stops ------------------------------------------------------------------------------

def sigterm(run, guarantee):
    """SIGTERM at random moments of two instances' lives: while they start, join, work, are idle.

    Twelve lanes for ten partitions, so that some have nothing to do.
    """
    stops = run.size(100, 12)
    limit = 10
    records, rate = run.size((600_000, 4000), (40_000, 4000))
    run.topics()
    ini = run.job(guarantee, more={"pipeline": {"lanes": 6, "shutdown_timeout": f"{limit}s"}})
    for name in ("a", "b"):
        run.fleet.add(name, ini)
    mean = run.load(records, rate) / stops
    longest = 0.0
    for _ in range(stops):
        run.fleet.sleep(run.rng.choice((0.05, 0.3, 1.0, 1.6)) * run.rng.uniform(0.5, 1.5) * mean)
        x = run.fleet.instances[run.rng.choice("ab")]
        longest = max(longest, run.fleet.stop(x, limit + 1))
        x.start()
    run.finish()
    run.judge()
    run.figures["stops"] = stops
    run.figures["longest stop"] = f"{longest:.1f} s"


def rolling(run, guarantee, membership):
    """Three instances restarted one after the other; then the last one leaves for good."""
    rounds = run.size(4, 1)
    pace = run.size(4.0, 0.7)
    run.topics()
    ini = run.job(guarantee, more={"source": {"membership": membership}})
    for name in ("a", "b", "c"):
        run.fleet.add(name, ini)
    run.look()
    await_members(run)
    run.load(None, 3000)
    run.fleet.until(run.seen, 30, "no first result")
    for _ in range(rounds):
        for x in run.fleet:
            run.fleet.sleep(run.rng.uniform(0.5, 1.5) * pace)
            run.fleet.stop(x)
            x.start()
            await_members(run, [x])
    run.fleet.sleep(pace)
    updated = run.silence()
    run.fleet.stop(run.fleet.instances.pop("c"))
    run.fleet.sleep(10)  # longer than a session: somebody has taken over what it had
    run.finish()
    run.judge()
    run.figures["restarts"] = rounds * 3
    run.figures["longest silence of a partition"] = \
        f"{updated:.1f} s by restarts, {run.silence():.1f} s by the scale-down"


# ---- a topic that grows -----------------------------------------------------------------

QUICK = {"kafka": {"kafka.topic.metadata.refresh.interval.ms": 1000}}


def grow(run, guarantee):
    """10 -> 12 partitions under load, and a kill after that; start = latest."""
    before = 2000
    records, rate = run.size((200_000, 4000), (36_000, 4000))
    run.topics(10, 12)
    run.load(before, before)
    run.await_load()
    ini = run.job(guarantee, more={"source": {"start": "latest"}, **QUICK})
    for name in ("a", "b"):
        run.fleet.add(name, ini)
    await_members(run)
    since = [line.split() for line in ask(run.cluster.servers, "ends", run.topic_in).splitlines()]
    seconds = run.load(records, rate, QUICK)
    run.fleet.sleep(seconds * 0.25)
    run.log("12 partitions")
    ask(run.cluster.servers, "grow", run.topic_in, 12)
    run.fleet.sleep(seconds * 0.25)
    run.fleet.kill(run.fleet.instances["a"])
    run.finish()
    run.judge("--since", ",".join(f"{partition}:{high}" for partition, _, high in since))
    run.figures["owed"] = run.counts["owed"]
    late = sum(int(line.split()[2]) for line in
               ask(run.cluster.servers, "ends", run.topic_in).splitlines()[10:])
    run.figures["in new partitions"] = late
    if late == 0 or run.counts["owed"] != records:
        raise Failed(f"not the attack that was meant: {late} records in new partitions")


# ---- a network that is cut --------------------------------------------------------------

def cut_off(run, guarantee, hosts):
    """Two instances on two hosts; one host's cable is pulled for a while."""
    cuts = run.size(3, 1)
    seconds = run.size(30, 16)
    run.topics()
    ini = run.job(guarantee)
    run.look()
    for host in hosts.hosts:
        run.fleet.add(host.name, ini, prefix=host.prefix,
                      env={"KAFKA": run.cluster.servers_at[host.listener]})
    await_members(run)
    run.load(None, 2000)
    run.fleet.until(run.seen, 30, "no first result")
    for turn in range(cuts):
        host = hosts.hosts[turn % 2]
        run.fleet.sleep(run.rng.uniform(1, 3))
        run.log(f"cut {host.name} off")
        host.cut()
        run.fleet.sleep(seconds)
        host.mend()
        run.log(f"{host.name} is back")
        back = time.time()
        run.fleet.sleep(run.rng.uniform(3, 6))
    run.finish(patience=60 + SHUTDOWN_S)
    run.judge(duplicated=0 if guarantee == "exactly_once" else None)
    run.figures["cuts"] = f"{cuts} of {seconds} s"
    run.figures["longest silence of a partition"] = f"{run.silence():.1f} s"
    run.figures["after the last return"] = f"{run.silence(since=back):.1f} s"
