# SPDX-License-Identifier: MIT
"""Brokers that are killed, frozen, and come back."""
import statistics
import time

from programs import ask

FROZEN_S = 5
RATE = 2500


def next_result(run, since, seconds=60):
    """How long after `since` (seconds since 1970) the next result became visible."""
    run.fleet.until(lambda: any(when > since for when, _, _ in run.seen()[-50:]), seconds,
                    "no result after the broker was back")
    return min(when for when, _, _ in run.seen() if when > since) - since


def told(times):
    return f"{statistics.median(times):.1f} s median, {max(times):.1f} s longest"


def prepare(run, guarantee, engine):
    run.topics()
    ini = run.job(guarantee, engine)
    run.look()
    for name in ("a", "b"):
        run.fleet.add(name, ini)
    run.load(None, RATE)
    run.fleet.until(run.seen, 30, "no first result")
    run.fleet.sleep(run.rng.uniform(0.5, 1.5))


def end(run, times, guarantee):
    """at_least_once: a session that ran out during the fault makes records come again."""
    run.finish()
    run.judge(duplicated=0 if guarantee == "exactly_once" else None)
    run.figures["recovery"] = told(times)
    run.figures["longest silence of a partition"] = f"{run.silence():.1f} s"


def broker_killed(run, guarantee="exactly_once", engine="streaming"):
    faults = run.size(10, 1)
    prepare(run, guarantee, engine)
    node, times = run.cluster.nodes[0], []
    for _ in range(faults):
        run.log("kill the broker")
        node.kill()
        run.fleet.sleep(run.rng.uniform(0, 1.5))
        node.launch()
        run.fleet.until(node.is_open, 60, "the broker did not come back")
        back = time.time()
        run.log("the broker is up")
        times.append(next_result(run, back))
        run.fleet.sleep(run.rng.uniform(0.5, 3))
    run.figures["broker kills"] = faults
    end(run, times, guarantee)


def broker_frozen(run, guarantee="exactly_once", engine="streaming"):
    faults = run.size(10, 1)
    prepare(run, guarantee, engine)
    node, times = run.cluster.nodes[0], []
    for _ in range(faults):
        run.log("freeze the broker")
        node.freeze()
        run.fleet.sleep(FROZEN_S)
        node.thaw()
        back = time.time()
        run.log("the broker goes on")
        times.append(next_result(run, back))
        run.fleet.sleep(run.rng.uniform(0.5, 3))
    run.figures["broker stops"] = f"{faults} of {FROZEN_S} s"
    end(run, times, guarantee)


# ---- three brokers ----------------------------------------------------------------------

def java_hash(text):
    """String.hashCode of Java, as a 32-bit number without its sign bit (Kafka's Utils.abs)."""
    h = 0
    for c in text:
        h = (31 * h + ord(c)) & 0xFFFFFFFF
    return h & 0x7FFFFFFF


def coordinator(run, topic, key):
    """The node that leads the partition of __transaction_state or __consumer_offsets."""
    n = len(ask(run.cluster.servers, "leaders", topic).splitlines())
    return run.cluster.leader(topic, java_hash(key) % n)


def choose(run, turn, guarantee):
    """Whom to kill: in turn a leader of the input, of the output, a transaction's coordinator,
    the group's coordinator."""
    kind = ("input", "output", "transaction", "group")[turn % 4]
    if kind == "transaction" and guarantee == "exactly_once":
        node = coordinator(run, "__transaction_state", f"job-{run.rng.choice('ab')}-0")
    elif kind == "group":
        node = coordinator(run, "__consumer_offsets", run.group)
    else:
        node = run.cluster.leader(run.topic_in if kind == "input" else run.topic_out,
                                  run.rng.randrange(10))
    return kind, node or run.cluster.nodes[turn % 3]


def three_brokers(run, guarantee="exactly_once", engine="streaming"):
    faults = run.size(12, 2)
    prepare(run, guarantee, engine)
    times = []
    for turn in range(faults):
        kind, node = choose(run, turn + run.size(0, 2), guarantee)
        run.log(f"kill node {node.number} ({kind})")
        node.kill()
        gone = time.time()
        run.fleet.sleep(run.rng.uniform(1, run.size(5, 3)))
        node.launch()
        run.fleet.until(node.is_open, 60, "the broker did not come back")
        run.cluster.await_brokers(3)
        run.log(f"node {node.number} is up")
        times.append(next_result(run, gone + 0.5))
        run.fleet.sleep(run.rng.uniform(1, run.size(4, 2)))
    run.figures["broker kills"] = faults
    end(run, times, guarantee)
