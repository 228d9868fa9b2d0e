#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Running and counting for tests/bench/latency.sh.

  latency.py run SERVERS BROKER_PID BUILD MODEL ROUNDS SECONDS [CASE...] > ROWS
  latency.py table < ROWS

A case is NAME=VALUE,NAME=VALUE...: what (alone, raw, score, lrhost), rate, partitions, keys,
scatter, partition (of the sink), guarantee, isolation, set (options for lrhost: set=sink.kafka.linger.ms:1),
label. In each round every case runs once, beginning with another one each time, on topics and a
group of its own. A row is the driver's line of JSON with the case, the round, the CPU of the
system and of the broker while the schedule ran, and how busy the machine was otherwise.
"""
import json
import os
import signal
import statistics
import subprocess
import sys
import time

from measure import cpu_of, machine

WARMUP = 5  # the first records of a partition take the broker long
# What is published, and at which rates. `scatter`: what is read together spreads over all partitions.
CASES = [
    ("10000 1000", "what=alone"),
    ("10000 1000", "what=raw"),
    ("10000 1000", "what=score"),
    ("10000 1000", "what=lrhost"),
    ("10000 1000", "what=lrhost,partition=input"),
    ("10000 1000", "what=lrhost,partition=key,keys=1000"),
    ("10000", "what=lrhost,partition=key,keys=1000,scatter=1"),
    ("10000 1000", "what=alone,partitions=50"),
    ("10000 1000", "what=lrhost,partitions=50"),
    ("10000 1000", "what=lrhost,partition=input,partitions=50"),
    ("10000 1000", "what=lrhost,partition=key,partitions=50,keys=1000"),
    ("10000", "what=lrhost,partition=key,partitions=50,keys=1000,scatter=1"),
    ("10000", "what=lrhost,guarantee=exactly_once"),
    ("10000", "what=lrhost,guarantee=exactly_once,isolation=read_uncommitted"),
]


def parse(text):
    case = {"what": "lrhost", "rate": "10000", "partitions": "10", "partition": "auto",
            "guarantee": "at_least_once", "isolation": "read_committed", "keys": "0", "scatter": "",
            "set": ""}
    case.update(part.split("=", 1) for part in text.split(","))
    return case


def command_of(case, servers, build, model, source, sink):
    if case["what"] == "alone":
        return None
    if case["what"] in ("raw", "score"):
        command = [f"{build}/tests/bench/reference/reference", case["what"], servers,
                   "group-" + sink, source, sink, "1000000000"]
        return command + ([model] if case["what"] == "score" else [])
    here = os.path.dirname(os.path.abspath(__file__))
    command = [f"{build}/lrhost", "-q", "--set", f"model.load={model}"]
    for option in filter(None, case["set"].split("+")):
        command += ["--set", option.replace(":", "=", 1)]
    return command + [here + "/latency.ini"]


def run(servers, broker, build, model, seconds, case, name):
    source, sink = f"in-{name}", f"out-{name}"
    driver = [f"{build}/tests/bench/driver", servers]
    options = ["--rate", case["rate"], "--partitions", case["partitions"], "--keys", case["keys"],
               "--isolation", case["isolation"], "--warmup", str(WARMUP), "--label", case["what"]]
    if case["scatter"]:
        options.append("--scatter")
    command = command_of(case, servers, build, model, source, sink)
    if not command:
        sink = source
    # Makes the topics before the system looks for them.
    subprocess.run(driver + [source, sink, "--prepare", "--partitions", case["partitions"]],
                   check=True)
    env = dict(os.environ, KAFKA=servers, FROM=source, TO=sink, GROUP="group-" + sink,
               PARTITION=case["partition"], GUARANTEE=case["guarantee"])
    system = command and subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)
    before, broker_before = machine(), cpu_of(broker)
    try:
        out = subprocess.run(driver + [source, sink, "--seconds", str(seconds)] + options,
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        if system and system.poll() is not None:
            sys.exit(f"{command[0]} ended early: {system.returncode}")
        row = json.loads(out)
        busy, _, total = (b - a for a, b in zip(before, machine()))
        row["broker_cpu_s"] = cpu_of(broker) - broker_before
        row["cpu_s"] = cpu_of(system.pid if system else 0)
        own = row["broker_cpu_s"] + row["cpu_s"] + row["driver_cpu_s"]
        row["others"] = round(max(0, busy - own) / total, 3)
    finally:
        if system:
            system.send_signal(signal.SIGTERM)
            try:
                system.wait(15)
            except subprocess.TimeoutExpired:
                system.kill()
                system.wait()
    return row


def run_all(servers, broker, build, model, rounds, seconds, *texts):
    texts = texts or [f"{t},rate={r}" for rates, t in CASES for r in rates.split()]
    cases = [parse(t) for t in texts]
    for number in range(int(rounds)):
        for i in range(len(cases)):
            at = (i + number) % len(cases)
            row = run(servers, int(broker), build, model, seconds, cases[at],
                      f"{number}-{at}-{int(time.time())}")
            row.update(round=number, text=texts[at], case=cases[at])
            print(json.dumps(row), flush=True)


def table():
    groups = {}
    for line in sys.stdin:
        row = json.loads(line)
        groups.setdefault(row["text"], []).append(row)
    percentiles = ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")
    width = max(len(text) for text in groups)
    print(f"{'medians of rounds, ms (p99: lowest to highest)':{width}}  n    p50    p90    p99 "
          "(range)           p99.9     max | slip p99    max | CPU us/record, broker | lost twice")
    for text, rows in sorted(groups.items()):
        def middle(key):
            return statistics.median(row[key] for row in rows)
        p50, p90, p99, p999, top = map(middle, percentiles)
        low, high = (f(row["p99_ms"] for row in rows) for f in (min, max))
        records = [row["count"] * (1 + row["warmup"] / row["seconds"]) for row in rows]
        cpu = statistics.median(r["cpu_s"] / n * 1e6 for r, n in zip(rows, records))
        broker = statistics.median(r["broker_cpu_s"] / n * 1e6 for r, n in zip(rows, records))
        print(f"{text:{width}} {len(rows):2} {p50:6.2f} {p90:6.2f} {p99:6.2f} "
              f"{'(%.2f..%.2f)' % (low, high):17} {p999:7.2f} {top:7.2f} | "
              f"{middle('slip_p99_ms'):8.2f} {middle('slip_max_ms'):6.2f} | {cpu:13.1f} {broker:7.1f} |"
              f" {sum(r['lost'] for r in rows):4} {sum(r['duplicates'] for r in rows):5}")
    others = [row["others"] for rows in groups.values() for row in rows]
    print(f"Other programs took {statistics.median(others):.0%} of the machine "
          f"(at most {max(others):.0%}).")


if sys.argv[1] == "run":
    run_all(*sys.argv[2:])
else:
    table()
