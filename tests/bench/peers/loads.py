# SPDX-License-Identifier: MIT
"""A contestant under a steady load of tests/bench/driver, and idle."""
import json
import subprocess
import time

import contestants
from runs import Broken, Noise, Run

PROBE_S, SETTLE_S, READY_S = 0.05, 5, 90
SHORT_S = 3  # a warm-up of what has no compiler at work


class Span:
    """CPU and memory of a tree between two moments; nothing is asked in between."""

    def __init__(self, tree):
        self.tree = tree
        self.began = time.monotonic(), tree.cpu()

    def end(self):
        wall, cpu = (b - a for a, b in zip(self.began, (time.monotonic(), self.tree.cpu())))
        now, peak = self.tree.memory()
        return {"wall_s": round(wall, 3), "cpu_s": round(cpu, 2), "rss_kib": now,
                "peak_rss_kib": peak}


def drive(bench, run, source, target, rate, warmup, seconds):
    """What the driver says, and the tree's CPU and memory in the seconds that count."""
    warm = bench.ends.sum(source) + int(warmup * rate)
    words = [f"{contestants.build}/tests/bench/driver", bench.servers, source, target,
             "--rate", str(rate), "--warmup", str(warmup), "--seconds", str(seconds),
             "--ready", str(READY_S)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as driver:
        while driver.poll() is None and run.alive() and bench.ends.sum(source) < warm:
            time.sleep(PROBE_S)
        if driver.poll() is not None or not run.alive():
            driver.terminate()
            raise Broken("the driver or the contestant ended early")
        span, noise = Span(run.tree), Noise(bench, driver.pid)
        time.sleep(seconds)
        used = span.end()
        used |= noise.until_now(used["cpu_s"])
        told = driver.communicate(timeout=120)[0]
    if driver.returncode:
        raise Broken(f"the driver: exit {driver.returncode}")
    told = json.loads(told)
    if told["lost"] or told["not_delivered"]:
        raise Broken(f"{told['lost']} records lost, {told['not_delivered']} not delivered")
    return {"load": used, "driver": told}


class Nothing:
    """In place of a contestant and its tree: driver and broker alone."""

    def __init__(self):
        self.tree = self

    def alive(self):
        return True

    def cpu(self):
        return 0

    def memory(self):
        return 0, 0


def latency(bench, name, number, rates, warmup, seconds):
    """One row for each rate; the first warm-up is also that of a JVM's compiler."""
    source, target = f"in-{name}-{number}", f"out-{name}-{number}"
    rows = []

    def measure(run, into):
        for rate in rates:
            warm = SHORT_S if rows or not contestants.is_jvm(name) else warmup
            found = drive(bench, run, source, into, rate, warm, seconds)
            rows.append({"contestant": name, "rate": rate, **found})

    bench.topics("create", source, target)
    if name == "driver":
        measure(Nothing(), source)
    else:
        with Run(bench, name, "latency", source, target) as run:
            measure(run, target)
    bench.topics("delete", source, target)
    return rows


def steady(bench, name, number, rate, warmup, seconds):
    """At a rate, then idle."""
    source, target = f"in-{name}-{number}", f"out-{name}-{number}"
    bench.topics("create", source, target)
    with Run(bench, name, "steady", source, target) as run:
        found = drive(bench, run, source, target, rate, warmup, seconds)
        time.sleep(SETTLE_S)
        span = Span(run.tree)
        time.sleep(seconds)
        found["idle"] = span.end()
    bench.topics("delete", source, target)
    return {"contestant": name, "rate": rate, **found}
